// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/light_node.hpp"

#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/node/epoch_ends.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/service.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/storage/memory_store.hpp"
#include "wusong/sync/errors.hpp"
#include "wusong/testkit/final_chain.hpp"

namespace wusong::node {
namespace {

using namespace std::chrono_literals;
using consensus::PeerId;
using testkit::FinalChain;

const Address kAlice = Address::from(Bytes(20, 0xaa));
constexpr std::uint64_t kEpochEnds = 333;
const Hash kSlot = to_hash(U256{3});

/// A chain whose heights all have one state, and peers that serve it.
struct World {
  World() {
    types::StateDiff diff;
    auto& alice = diff.accounts[kAlice];
    alice.after = types::Account{.nonce = 5, .balance = U256{77}};
    alice.slots[kSlot] = U256{9};
    for (std::uint64_t i = 0; i < 40; ++i)
      diff.accounts[Address::from(hash::keccak256(as_bytes(std::to_string(i))).view().first(20))]
          .after = types::Account{.nonce = i, .balance = U256{i}};
    state = *state::StateDb::open(
        segments,
        {.history = 10'000, .segment_bytes = 1u << 20, .cached_accounts = 0, .cached_slots = 0});
    roots.state_root = *state->commit(Height{0}, diff);
    for (std::uint64_t h = 1; h <= 700; ++h) EXPECT_TRUE(state->commit(Height{h}, {}));
    chain.emplace(700, 7, 0, 4, kEpochEnds, [this](Height) { return roots; });
    open();
  }
  void open() {
    node.reset();
    ledger = *storage::Ledger::open(store, {.chain_id = 1, .genesis_hash = chain->genesis()});
    types::Header genesis;
    genesis.roots = {roots};
    node = *LightNode::create({.genesis_hash = chain->genesis(),
                               .genesis_header = genesis,
                               .first_epoch = chain->first_epoch(),
                               .voters_of = FinalChain::voters_of},
                              *ledger, now);
  }
  /// Peers answer whatever is asked until nobody asks any more. Odd peers alter proofs.
  void settle() {
    while (true) {
      LightActions actions = node->take();
      for (auto& proof : actions.proofs) proofs.push_back(std::move(proof));
      for (const auto& rejection : actions.rejections) rejections.push_back(rejection);
      ASSERT_FALSE(actions.halt) << actions.halt->name();
      if (actions.frames.empty()) return;
      for (const Frame& frame : actions.frames) answer(*frame.to, *frame.payload);
    }
  }
  void answer(PeerId peer, const Bytes& payload) {
    const auto message = net::decode_sync(payload);
    if (const auto* range = std::get_if<net::RangeRequest>(&*message)) {
      EXPECT_TRUE(range->headers_only);
      ++ranges;
      node->on_frame(peer, net::Channel::sync,
                     net::encode(net::SyncMessage{*sync::serve_range(*chain, *range)}));
    } else if (const auto* question = std::get_if<net::ProofRequest>(&*message)) {
      auto response = *net::decode_sync(*serve_proof(*state, *question));
      auto& proof = std::get<net::ProofResponse>(response);
      if (peer % 2 == 1) proof.account.back().back() ^= 1;
      node->on_frame(peer, net::Channel::sync, net::encode(response));
    }
  }

  Instant now{Instant{} + 1s};
  io::MemorySegmentStore segments;
  std::unique_ptr<state::StateDb> state;
  types::ExecutionRoots roots;
  std::optional<FinalChain> chain;
  storage::MemoryStore store;
  std::unique_ptr<storage::Ledger> ledger;
  std::unique_ptr<LightNode> node;
  std::vector<LightActions::Proved> proofs;
  std::vector<consensus::Rejection> rejections;
  int ranges{0};
};

TEST(LightNode, FollowsTheChainByHeadersAndCertificates) {
  World world;
  world.node->on_connected(2, Height{700});
  world.settle();
  EXPECT_EQ(world.ledger->final_head(), Height{700});
  EXPECT_EQ(world.ledger->executed_head(), Height{696});
  EXPECT_EQ(*world.ledger->block_hash(Height{555}), world.chain->hash(555));
  EXPECT_EQ((*world.ledger->roots(Height{696}))->state_root, world.roots.state_root);
  EXPECT_TRUE(world.rejections.empty());
  // It went on to the second epoch, and can tell others how the first one ended.
  EXPECT_EQ(world.node->epoch().number, 1u);
  EXPECT_EQ(*serve_epochs(*world.ledger, {.id = 0, .from = 0}), world.chain->serve_epochs({}));
  const int before = world.ranges;
  world.open();  // again, after whatever ended it
  world.node->on_connected(2, Height{700});
  world.settle();
  EXPECT_EQ(world.ranges, before);
}

TEST(LightNode, PassesOnProofsThatHoldAndNamesWhoLies) {
  World world;
  for (const PeerId peer : {1u, 2u}) world.node->on_connected(peer, Height{700});
  world.settle();
  world.node->prove(77, Height{600}, kAlice, {kSlot, to_hash(U256{4})});
  world.settle();
  ASSERT_EQ(world.proofs.size(), 1u);
  EXPECT_EQ(world.proofs[0].token, 77u);
  ASSERT_TRUE(world.proofs[0].proof) << world.proofs[0].proof.error().name();
  EXPECT_EQ(world.proofs[0].proof->account->balance, U256{77});
  EXPECT_EQ(world.proofs[0].proof->storage[0].value, U256{9});
  EXPECT_TRUE(world.proofs[0].proof->storage[1].value.is_zero());
  ASSERT_EQ(world.rejections.size(), 1u);
  EXPECT_EQ(world.rejections[0].peer, 1u);
  EXPECT_EQ(world.rejections[0].error, Error{state::err::bad_proof});
}

TEST(LightNode, WhatNobodyProvesIsRefused) {
  World world;
  world.node->on_connected(1, Height{700});  // who lies
  world.settle();
  world.node->prove(1, Height{600}, kAlice, {});
  world.node->prove(2, Height{699}, kAlice, {});  // no header carries its root yet
  world.node->prove(3, Height{600}, kAlice, std::vector<Hash>(net::kProofSlotsMax + 1));
  world.settle();
  ASSERT_EQ(world.proofs.size(), 3u);
  for (const auto& proved : world.proofs) {
    ASSERT_FALSE(proved.proof);
    const Error expected = proved.token == 1   ? Error{err::no_proof_peer}
                           : proved.token == 2 ? Error{err::unknown_block}
                                               : Error{err::too_many_slots};
    EXPECT_EQ(proved.proof.error(), expected) << proved.token;
  }
}

TEST(LightNode, ASilentPeerIsReplacedAndALateAnswerIgnored) {
  World world;
  for (const PeerId peer : {2u, 4u}) world.node->on_connected(peer, Height{700});
  world.settle();
  world.node->prove(9, Height{600}, kAlice, {});
  const LightActions first = world.node->take();
  ASSERT_EQ(first.frames.size(), 1u);
  EXPECT_EQ(world.node->wake_at(), world.now + 3s);
  world.node->begin(world.now + 3s);
  world.node->tick();
  const LightActions second = world.node->take();
  ASSERT_EQ(second.frames.size(), 1u);
  EXPECT_NE(second.frames[0].to, first.frames[0].to);
  world.answer(*first.frames[0].to, *first.frames[0].payload);
  EXPECT_TRUE(world.node->take().proofs.empty());
  world.answer(*second.frames[0].to, *second.frames[0].payload);
  EXPECT_EQ(world.node->take().proofs.size(), 1u);
}

TEST(LightNode, ServesHeadersAndNoBlocks) {
  World world;
  world.node->on_connected(2, Height{700});
  world.settle();
  for (const bool headers_only : {true, false}) {
    world.node->on_frame(
        headers_only ? 8 : 9, net::Channel::sync,
        net::encode(net::SyncMessage{net::RangeRequest{
            .id = 4, .from = Height{1}, .count_max = 20, .headers_only = headers_only}}));
    world.node->tick();
    const LightActions actions = world.node->take();
    ASSERT_EQ(actions.frames.size(), 1u);
    const auto message = *net::decode_sync(*actions.frames[0].payload);
    EXPECT_EQ(std::get<net::RangeResponse>(message).blocks.empty(), !headers_only);
  }
}

TEST(LightNode, WhoAsksWithoutEndWaitsForEachAnswer) {
  World world;
  world.node->on_connected(2, Height{700});
  world.settle();
  const auto answers_at = [&](Instant now) {
    world.node->begin(now);
    world.node->tick();
    return world.node->take().frames.size();
  };
  for (const net::SyncMessage& message :
       {net::SyncMessage{net::EpochsRequest{.id = 1, .from = 0}},
        net::SyncMessage{
            net::RangeRequest{.id = 2, .from = Height{1}, .count_max = 20, .headers_only = true}}})
    world.node->on_frame(8, net::Channel::sync, net::encode(message));
  EXPECT_EQ(answers_at(world.now), 1u);
  EXPECT_EQ(answers_at(world.now), 0u);
  const Instant paid = world.node->wake_at();
  EXPECT_GT(paid, world.now);
  EXPECT_EQ(answers_at(paid), 1u);
}

}  // namespace
}  // namespace wusong::node
