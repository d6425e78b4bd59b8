// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/receipt.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/types/block.hpp"

namespace wusong::types {
namespace {

Log log_with(std::size_t topics) {
  Log log;
  log.address.bytes[19] = 7;
  for (std::size_t i = 0; i < topics; ++i) {
    Hash topic;
    topic.bytes[0] = static_cast<std::uint8_t>(i + 1);
    log.topics.push_back(topic);
  }
  log.data = Bytes(33, 0xcd);
  return log;
}

Receipt receipt_with(std::size_t logs) {
  Receipt receipt;
  receipt.type = TransactionType::dynamic_fee;
  receipt.success = true;
  receipt.cumulative_gas_used = 1'000'000;
  receipt.gas_used = 21'000;
  receipt.effective_gas_price = U256{5};
  for (std::size_t i = 0; i < logs; ++i) receipt.logs.push_back(log_with(i % 5));
  receipt.logs_bloom = bloom_of(receipt.logs);
  return receipt;
}

TEST(Receipt, StoredOnesReadBackWhole) {
  for (const std::size_t logs : {0u, 1u, 5u, 200u}) {
    Receipt receipt = receipt_with(logs);
    EXPECT_EQ(decode_stored_receipt(encode_stored(receipt)), receipt);
    receipt.contract_address = Address{};
    receipt.success = false;
    EXPECT_EQ(decode_stored_receipt(encode_stored(receipt)), receipt);
  }
}

TEST(Receipt, EveryCutIsRefused) {
  Bytes encoded = encode_stored(receipt_with(3));
  while (!encoded.empty()) {
    encoded.pop_back();
    ASSERT_FALSE(decode_stored_receipt(encoded));
  }
}

TEST(Receipt, TheHashedFormCarriesItsTypeInFront) {
  Receipt receipt = receipt_with(1);
  const Bytes typed = encode_consensus(receipt);
  EXPECT_EQ(typed[0], 2);
  receipt.type = TransactionType::legacy;
  EXPECT_EQ(encode_consensus(receipt), Bytes(typed.begin() + 1, typed.end()));
}

TEST(Receipt, FieldsThatAreNotHashedDoNotChangeTheHashedForm) {
  Receipt receipt = receipt_with(2);
  const Bytes before = encode_consensus(receipt);
  receipt.gas_used += 1;
  receipt.effective_gas_price = U256{6};
  receipt.contract_address = Address{};
  EXPECT_EQ(encode_consensus(receipt), before);
}

TEST(Bloom, AnEntrySetsOneToThreeBitsAndIsFound) {
  for (std::uint8_t i = 0; i < 200; ++i) {
    const Bytes entry{i, 1, 2};
    Bloom bloom;
    bloom_add(bloom, entry);
    int bits = 0;
    for (const std::uint8_t byte : bloom.bytes) bits += __builtin_popcount(byte);
    EXPECT_GE(bits, 1);
    EXPECT_LE(bits, 3);
    EXPECT_TRUE(bloom_may_contain(bloom, entry));
  }
}

TEST(Bloom, BitsAreTheFirstThreePairsOfTheHash) {
  Bloom bloom;
  bloom_add(bloom, as_bytes("testtest"));
  const Hash hash = hash::keccak256(as_bytes("testtest"));
  for (std::size_t i = 0; i < 6; i += 2) {
    const unsigned bit = (hash.bytes[i] * 256u + hash.bytes[i + 1]) % 2048;
    EXPECT_NE(bloom.bytes[255 - bit / 8] & 1u << (bit % 8), 0) << bit;
  }
}

TEST(Bloom, UnionFindsWhatEitherFinds) {
  Bloom all;
  for (std::size_t i = 0; i < 5; ++i) all |= bloom_of({log_with(i)});
  EXPECT_TRUE(bloom_may_contain(all, log_with(0).address));
  for (const Hash& topic : log_with(4).topics) EXPECT_TRUE(bloom_may_contain(all, topic));
  EXPECT_FALSE(bloom_may_contain(Bloom{}, log_with(0).address));
  EXPECT_EQ(bloom_of({}), Bloom{});
}

TEST(LogsHash, OfNothingIsTheHashOfAnEmptyList) {
  // The "logs" of state tests without logs.
  EXPECT_EQ(codec::to_hex(logs_hash({})),
            "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
  EXPECT_NE(logs_hash({log_with(1)}), logs_hash({log_with(2)}));
}

}  // namespace
}  // namespace wusong::types
