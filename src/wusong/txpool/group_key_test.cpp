// SPDX-License-Identifier: Apache-2.0
// A key that nobody holds signs an ordinary Ethereum transaction, and the pool takes it as any
// other.
#include <gtest/gtest.h>

#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/ecdsa_quorum.hpp"
#include "wusong/threshold/test_world.hpp"
#include "wusong/txpool/internal/test_pool.hpp"

namespace wusong::txpool {
namespace {

using testing_pool::make;
using testing_pool::TestPool;
using threshold::EcdsaQuorumSigning;
using threshold::KeyGeneration;
using threshold::Network;
using threshold::Party;

class GroupKey : public ::testing::Test {
 protected:
  static constexpr std::uint8_t kCustodians = 3;
  testkit::SeededEntropy entropy;
  Network<KeyGeneration> keys;

  void SetUp() override {
    for (const Party party : threshold::all_parties(kCustodians))
      keys.machines.emplace(party, *KeyGeneration::create({.group = &threshold::secp256k1_group(),
                                                           .threshold = {2, kCustodians},
                                                           .self = party,
                                                           .session = {}},
                                                          entropy));
    keys.start();
    keys.run(1);
  }
  Address address() {
    const threshold::Point key = keys.machines.at(Party{1}).result()->shares.key();
    return crypto::address_of(crypto::Scheme::secp256k1, key.bytes);
  }
  /// Each custodian looks at the transaction and computes what it signs.
  crypto::EcdsaSignature sign(const types::Transaction& transaction) {
    Network<EcdsaQuorumSigning> signing;
    for (const auto& [party, made] : keys.machines)
      signing.machines.emplace(
          party, *EcdsaQuorumSigning::create(*made.result(),
                                             {.signers = threshold::all_parties(kCustodians),
                                              .digest = types::signing_hash(transaction),
                                              .session = types::signing_hash(transaction)},
                                             entropy));
    signing.start();
    signing.run(1);
    return *signing.machines.at(Party{1}).signature();
  }
};

TEST_F(GroupKey, SignsTransactionsThatThePoolTakes) {
  TestPool pool;
  for (const auto type : {types::TransactionType::legacy, types::TransactionType::access_list,
                          types::TransactionType::dynamic_fee}) {
    types::Transaction transaction = make(1, 0).transaction;
    transaction.type = type;
    transaction.nonce = static_cast<std::uint64_t>(pool->counts().pending);
    transaction.value = 7;
    transaction.signature = sign(transaction);
    // As it comes in over the network: low s, and a sender that follows from the signature.
    const Bytes encoded = types::encode(transaction);
    const auto decoded = types::decode_transaction(encoded);
    ASSERT_TRUE(decoded);
    const auto sender = types::recover_sender(*decoded);
    ASSERT_TRUE(sender);
    EXPECT_EQ(*sender, address());
    EXPECT_TRUE(pool.add({.transaction = *decoded,
                          .sender = *sender,
                          .hash = types::hash_of(*decoded),
                          .encoded_size = encoded.size()}));
  }
  EXPECT_EQ(pool->counts().pending, 3u);
  EXPECT_EQ(pool.build().size(), 3u);
}

}  // namespace
}  // namespace wusong::txpool
