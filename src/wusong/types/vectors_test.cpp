// SPDX-License-Identifier: Apache-2.0
// ethereum/tests: BasicTests/txtest, transactions with their keys and encodings.
#include <gtest/gtest.h>

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/testkit/vectors.hpp"
#include "wusong/types/errors.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::types {
namespace {

constexpr std::size_t kCases = 2;

TEST(TransactionVectors, SigningGivesTheSignedBytes) {
  testkit::record_vectors("ethereum/tests BasicTests", kCases);
  const auto text = testkit::read_vector("ethereum-tests/BasicTests/txtest.json");
  if (!text) GTEST_SKIP() << "vectors not found";
  const auto document = codec::JsonDocument::parse(*text);
  ASSERT_TRUE(document);
  std::size_t count = 0;
  for (const codec::JsonValue& test : document->root().items()) {
    Transaction tx;
    tx.nonce = *test.at("nonce")->u64();
    tx.max_fee = tx.max_priority_fee = U256{*test.at("gasprice")->u64()};
    tx.gas_limit = *test.at("startgas")->u64();
    if (const auto to = *test.string_at("to"); !to.empty()) {
      tx.to = codec::fixed_from_hex<Address>(to).value();
    }
    tx.value = U256{*test.at("value")->u64()};
    tx.data = *codec::from_hex(*test.string_at("data"));
    const Bytes key = *codec::from_hex(*test.string_at("key"));
    const Bytes signed_bytes = *codec::from_hex(*test.string_at("signed"));
    ASSERT_TRUE(sign(tx, key));
    ++count;
    const auto decoded = decode_transaction(signed_bytes);
    if (!decoded) {
      // Written before EIP-2: s is above n/2. Everything up to the signature still agrees.
      EXPECT_EQ(decoded.error(), Error{err::bad_signature_values});
      const Bytes ours = encode(tx);
      EXPECT_TRUE(std::equal(ours.begin() + 2, ours.end() - 67, signed_bytes.begin() + 2));
      continue;
    }
    EXPECT_EQ(encode(*decoded), signed_bytes);
    // The file's nonces are not RFC 6979's, so its signatures are checked by their signer.
    EXPECT_EQ(signing_hash(tx), signing_hash(*decoded));
    EXPECT_EQ(recover_sender(tx), recover_sender(*decoded));
  }
  EXPECT_EQ(count, kCases);
}

}  // namespace
}  // namespace wusong::types
