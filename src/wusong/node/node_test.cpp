// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/node.hpp"

#include <gtest/gtest.h>

#include "wusong/exec/errors.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/testkit/node_cluster.hpp"

namespace wusong::node {
namespace {

using namespace std::chrono_literals;
using testkit::NodeCluster;

const Bytes kSecret(32, 7);

Address rich() {
  return crypto::address_of(
      crypto::Scheme::secp256k1,
      (*crypto::make_signer(crypto::Scheme::secp256k1, kSecret))->public_key());
}

Genesis funded() {
  Genesis genesis;
  genesis.accounts[rich()].balance = U256{1'000'000};
  return genesis;
}

types::Transaction payment(std::uint64_t nonce, std::uint64_t value = 1) {
  types::Transaction out;
  out.type = types::TransactionType::dynamic_fee;
  out.chain_id = 5'918;
  out.nonce = nonce;
  out.gas_limit = 21'000;
  out.to = Address::from(Bytes(20, 9));
  out.value = U256{value};
  EXPECT_TRUE(types::sign(out, kSecret));
  return out;
}

/// Height of the block that holds transactions, on one node.
Height height_with_transactions(NodeCluster::Member& member) {
  for (const BlockPtr& block : member.executed) {
    if (!block->block.transactions.empty()) return block->block.header.number;
  }
  return Height{0};
}

/// Payments of the rich account that this node has executed.
std::uint64_t paid(NodeCluster::Member& member) {
  const auto view = *member.state->view(member.node->executed_height());
  return view->account(rich())->nonce;
}

TEST(Node, FourAgreeOnATransactionAndItsRootsThenRest) {
  NodeCluster cluster{4, funded()};
  ASSERT_TRUE(cluster.submit(2, {payment(0)}).front());
  ASSERT_TRUE(cluster.run(20s, [&] { return height_with_transactions(cluster[0]) != Height{0}; }));
  const Height height = height_with_transactions(cluster[0]);
  // The roots are carried exactly root_delay blocks later, and nothing follows until the heartbeat.
  const Height covered = height.plus(cluster.genesis().root_delay);
  ASSERT_TRUE(cluster.run(20s, [&] { return cluster.all_executed(covered); }));
  EXPECT_FALSE(cluster.run(20s, [&] { return cluster[0].node->final_height() > covered; }));
  for (std::size_t i = 0; i < 4; ++i) {
    const BlockPtr& block = cluster[i].executed.at(height.value - 1);
    EXPECT_EQ(block->roots, cluster[0].executed.at(height.value - 1)->roots);
    EXPECT_TRUE(block->receipts.front().success);
    const types::Header& header = cluster[i].executed.at(covered.value - 1)->block.header;
    EXPECT_EQ(header.executed, height);
    EXPECT_EQ(header.roots.back(), block->roots);
    EXPECT_EQ(cluster[i].node->pool().counts().pending, 0u);
  }
}

TEST(Node, AnIdleChainBeatsItsHeart) {
  NodeCluster cluster{4};
  ASSERT_TRUE(cluster.run(10s, [&] { return cluster.all_executed(Height{1}); }))
      << "a new chain shows at once that it agrees";
  const Height before = cluster[0].node->final_height();
  EXPECT_FALSE(cluster.run(25s, [&] { return cluster[0].node->final_height() > before; }));
  EXPECT_TRUE(cluster.run(15s, [&] { return cluster[0].node->final_height() > before; }));
}

TEST(Node, ATransactionThatCannotPayIsSkippedAndSaysWhy) {
  NodeCluster cluster{4, funded()};
  // Both may be admitted, as each is affordable by itself when the pool sees it; together they are
  // not.
  const auto outcomes = cluster.submit(0, {payment(0, 900'000), payment(1, 900'000)});
  ASSERT_TRUE(outcomes[0]);
  EXPECT_FALSE(outcomes[1]) << "a sender's transactions together never cost more than it has";
  ASSERT_TRUE(cluster.run(20s, [&] { return height_with_transactions(cluster[1]) != Height{0}; }));
}

TEST(Node, RefusesWhatTheChainDoesNotTake) {
  NodeCluster cluster{1, funded()};
  types::Transaction wrong_chain = payment(0);
  wrong_chain.chain_id = 1;
  ASSERT_TRUE(types::sign(wrong_chain, kSecret));
  EXPECT_EQ(cluster.submit(0, {wrong_chain}).front().error(), Error{err::wrong_chain_id});
  types::Transaction little_gas = payment(0);
  little_gas.gas_limit = 20'999;
  ASSERT_TRUE(types::sign(little_gas, kSecret));
  EXPECT_EQ(cluster.submit(0, {little_gas}).front().error(),
            Error{exec::err::intrinsic_gas_too_low});
}

TEST(Node, PermissionsHoldAtTheDoor) {
  Genesis genesis = funded();
  genesis.transact.open = false;
  NodeCluster closed{1, genesis};
  EXPECT_EQ(closed.submit(0, {payment(0)}).front().error(), Error{exec::err::sender_not_permitted});
  genesis.transact.members = {rich()};
  genesis.deploy.open = false;
  NodeCluster member{1, genesis};
  EXPECT_TRUE(member.submit(0, {payment(0)}).front());
  types::Transaction create = payment(1);
  create.to.reset();
  create.gas_limit = 100'000;
  ASSERT_TRUE(types::sign(create, kSecret));
  EXPECT_EQ(member.submit(0, {create}).front().error(), Error{exec::err::deployment_not_permitted});
}

TEST(Node, ADeadValidatorDoesNotStopTheOthersAndCatchesUp) {
  NodeCluster cluster{4, funded()};
  ASSERT_TRUE(cluster.run(10s, [&] { return cluster.all_executed(Height{1}); }));
  cluster.kill(3);
  for (std::uint64_t nonce = 0; nonce < 40; ++nonce) {
    ASSERT_TRUE(cluster.submit(nonce % 3, {payment(nonce)}).front());
    ASSERT_TRUE(cluster.run(60s, [&] { return paid(cluster[0]) == nonce + 1; })) << nonce;
  }
  const Height height = cluster[0].node->final_height();
  cluster.start(3);
  ASSERT_TRUE(cluster.run(60s, [&] { return cluster.all_executed(height); }));
  EXPECT_EQ(cluster[3].state->root_at(height), cluster[0].state->root_at(height));
  EXPECT_FALSE(cluster[3].halted);
}

TEST(Node, AllKilledAtOnceGoOnWhereTheyWere) {
  NodeCluster cluster{4, funded()};
  for (std::uint64_t nonce = 0; nonce < 5; ++nonce) {
    ASSERT_TRUE(cluster.submit(0, {payment(nonce)}).front());
    ASSERT_TRUE(cluster.run(20s, [&] { return paid(cluster[0]) == nonce + 1; }));
  }
  const Height before = cluster[0].node->final_height();
  const Hash root = *cluster[0].state->root_at(cluster[0].node->executed_height());
  for (std::size_t i = 0; i < 4; ++i) cluster.kill(i);
  for (std::size_t i = 0; i < 4; ++i) cluster.start(i);
  EXPECT_GE(cluster[0].node->final_height(), before);
  EXPECT_EQ(*cluster[0].state->root_at(before), root);
  ASSERT_TRUE(cluster.submit(3, {payment(5)}).front());
  EXPECT_TRUE(cluster.run(20s, [&] { return paid(cluster[2]) == 6; }));
}

TEST(Node, WhoAsksForBlocksWithoutEndIsAnsweredTurnByTurn) {
  NodeCluster cluster{4, funded()};
  ASSERT_TRUE(cluster.run(10s, [&] { return cluster.all_executed(Height{1}); }));
  Node& node = *cluster[0].node;
  for (std::uint64_t id = 1; id <= 1'000; ++id) {
    const net::SyncMessage message =
        id % 2 == 0
            ? net::SyncMessage{net::RangeRequest{.id = id, .from = Height{1}, .count_max = 9}}
            : net::SyncMessage{net::EpochsRequest{.id = id, .from = 0}};
    node.on_frame(3, net::Channel::sync, net::encode(message));
  }
  EXPECT_FALSE(cluster.run(1s, [] { return false; }));
  EXPECT_EQ(node.counters().range_requests_dropped, 996u);
  EXPECT_GT(node.counters().range_bytes_served, 0u);
  EXPECT_LT(node.counters().range_bytes_served, 4'000u) << "four answers";
}

TEST(Node, AClockFarAheadIsOutvoted) {
  NodeCluster cluster{4, funded()};
  cluster.clock_skew_ms = 3'600'000;
  for (std::uint64_t nonce = 0; nonce < 8; ++nonce) {
    ASSERT_TRUE(cluster.submit(1, {payment(nonce)}).front());
    ASSERT_TRUE(cluster.run(120s, [&] { return paid(cluster[1]) == nonce + 1; })) << nonce;
  }
  for (const BlockPtr& block : cluster[1].executed) EXPECT_NE(block->block.header.proposer, 0u);
  EXPECT_GT(cluster[1].refusals, 0u) << "the fault really happened";
}

TEST(Node, ABlockWithForeignRootsIsRefused) {
  NodeCluster cluster{4, funded()};
  ASSERT_TRUE(cluster.run(10s, [&] { return cluster.all_executed(Height{1}); }));
  const types::Header parent = cluster[0].executed.back()->block.header;
  const Hash parent_hash = cluster[0].executed.back()->hash;
  types::Header child = parent;
  child.parent_hash = parent_hash;
  child.number = parent.number.next();
  child.view = parent.view.next();
  child.proposer = proposer_of(child.view, 4);
  child.beneficiary = cluster.genesis().validators[child.proposer].beneficiary;
  child.executed = parent.executed;
  child.roots.clear();
  EXPECT_TRUE(check_header(child, parent, parent_hash, first_epoch(cluster.genesis())));
  child.executed = child.number;  // it cannot know its own roots
  child.roots.resize(child.executed.value - parent.executed.value);
  EXPECT_EQ(check_header(child, parent, parent_hash, first_epoch(cluster.genesis())).error(),
            Error{err::wrong_header});
  child.executed = parent.executed;
  child.roots.clear();
  child.proposer = (child.proposer + 1) % 4;
  EXPECT_EQ(check_header(child, parent, parent_hash, first_epoch(cluster.genesis())).error(),
            Error{err::wrong_header});
}

}  // namespace
}  // namespace wusong::node
