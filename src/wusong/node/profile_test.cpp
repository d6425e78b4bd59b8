// SPDX-License-Identifier: Apache-2.0
// Chains of the guomi profile (ADR 0027).
#include <gtest/gtest.h>

#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/state/proof.hpp"
#include "wusong/testkit/node_cluster.hpp"

namespace wusong::node {
namespace {

using namespace std::chrono_literals;
using testkit::NodeCluster;

/// The process serves guomi chains for as long as it lives.
class GuomiChain : public testing::Test {
 protected:
  GuomiChain() { hash::set_chain_profile(hash::Profile::guomi); }
  ~GuomiChain() override { hash::set_chain_profile(hash::Profile::standard); }
};

const Bytes kSecret(32, 7);

std::unique_ptr<crypto::Signer> signer(crypto::Scheme scheme) {
  return *crypto::make_signer(scheme, kSecret);
}

Address account(crypto::Scheme scheme) {
  return crypto::address_of(scheme, signer(scheme)->public_key());
}

types::Transaction payment(types::TransactionType type) {
  types::Transaction out;
  out.type = type;
  out.chain_id = 5'918;
  out.gas_limit = 21'000;
  out.to = Address::from(Bytes(20, 9));
  out.value = U256{1};
  return out;
}

TEST_F(GuomiChain, ItsOwnDigestsAreSm3AndThoseOfClientsAreNot) {
  Genesis genesis;
  genesis.profile = hash::Profile::guomi;
  genesis.accounts[account(crypto::Scheme::sm2)].balance = U256{1'000};
  genesis.accounts[account(crypto::Scheme::secp256k1)].balance = U256{1'000};
  NodeCluster cluster{4, genesis};
  types::Transaction ours = payment(types::TransactionType::native);
  types::sign_native(ours, *signer(crypto::Scheme::sm2));
  types::Transaction ethereum = payment(types::TransactionType::dynamic_fee);
  ASSERT_TRUE(types::sign(ethereum, kSecret));
  for (const auto& outcome : cluster.submit(0, {ours, ethereum})) ASSERT_TRUE(outcome);
  EXPECT_EQ(types::hash_of(ours), hash::sm3(types::encode(ours)));
  EXPECT_EQ(types::hash_of(ethereum), hash::keccak256(types::encode(ethereum)));

  const auto paid = [&] {
    const auto view = *cluster[0].state->view(cluster[0].node->executed_height());
    const auto found = view->account(Address::from(Bytes(20, 9)));
    return found && found->balance == U256{2};
  };
  ASSERT_TRUE(cluster.run(20s, paid));
  const Height height = cluster[0].node->executed_height();
  ASSERT_TRUE(cluster.run(20s, [&] { return cluster.all_executed(height); }));
  const BlockPtr& block = cluster[0].executed.at(height.value - 1);
  EXPECT_EQ(types::hash_of(block->block.header), hash::sm3(types::encode(block->block.header)));
  for (std::size_t i = 1; i < 4; ++i)
    EXPECT_EQ(cluster[i].executed.at(height.value - 1)->roots, block->roots);
  const auto proof = *cluster[0].state->proof(height, account(crypto::Scheme::sm2), {});
  EXPECT_EQ(hash::sm3(proof.nodes.front()), block->roots.state_root);
}

TEST_F(GuomiChain, TheGenesisNamesTheProfile) {
  Genesis genesis;
  genesis.chain_id = 5'918;
  genesis.validators.push_back(NodeCluster::validator(0));
  const std::string standard = to_json(genesis);
  EXPECT_EQ(standard.find("profile"), std::string::npos) << "older chains keep their id";
  EXPECT_EQ(parse_genesis(standard)->profile, hash::Profile::standard);
  genesis.profile = hash::Profile::guomi;
  std::string guomi = to_json(genesis);
  EXPECT_EQ(parse_genesis(guomi)->profile, hash::Profile::guomi);
  guomi.replace(guomi.find("guomi"), 5, "other");
  EXPECT_EQ(parse_genesis(guomi).error().where, "profile");
}

}  // namespace
}  // namespace wusong::node
