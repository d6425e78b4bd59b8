// SPDX-License-Identifier: Apache-2.0
// Whole nodes from one epoch to the next. What governors send is what the command line sends.
#include <gtest/gtest.h>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/consensus/validator_keys.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/epoch_frame.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/registry_calls.hpp"
#include "wusong/testkit/node_cluster.hpp"

namespace wusong::node {
namespace {

using namespace std::chrono_literals;
using testkit::NodeCluster;

constexpr std::uint64_t kChain = 5'918;

Bytes possession(BytesView node_key, const crypto::Signer& key) {
  return key.sign(possession_message(kChain, node_key, key.scheme(), key.public_key()));
}

Bytes join(std::size_t who) {
  const types::Validator validator = NodeCluster::validator(who);
  return change_add_validator(
      {.validator = validator,
       .governor = NodeCluster::governor(who),
       .vote_proof = possession(validator.node_key, *NodeCluster::make_key('v', who)),
       .node_proof = possession(validator.node_key, *NodeCluster::make_key('n', who))});
}

Bytes leave(std::size_t who) {
  return change_remove_validator(NodeCluster::validator(who).node_key);
}

/// Governors and their nonces: sends to the first node that is up.
class Governors {
 public:
  explicit Governors(NodeCluster& cluster) : cluster_{cluster} {}

  void send(std::size_t governor, Bytes call) {
    types::Transaction out;
    out.type = types::TransactionType::dynamic_fee;
    out.chain_id = kChain;
    out.nonce = nonces_[governor]++;
    out.gas_limit = 16'000'000;
    out.to = kRegistryAddress;
    out.data = std::move(call);
    const Hash secret = hash::keccak256(Bytes{'g', static_cast<std::uint8_t>(governor)});
    ASSERT_TRUE(types::sign(out, secret));
    ASSERT_TRUE(cluster_.submit(via, {out}).front());
  }
  /// Proposes as the first of `governors` and approves as the others, one after another.
  void decide(const std::vector<Bytes>& changes, const std::vector<std::size_t>& governors) {
    send(governors.front(), call_propose(changes));
    wait();
    ++proposals_;
    for (std::size_t i = 1; i < governors.size(); ++i) {
      send(governors[i], call_approve(proposals_));
      wait();
    }
  }
  std::size_t via{0};

 private:
  void wait() {
    ASSERT_TRUE(cluster_.run(30s, [&] {
      return cluster_[via].node->pool().counts().pending == 0 &&
             cluster_[via].node->executed_height() == cluster_[via].node->final_height();
    }));
  }

  NodeCluster& cluster_;
  std::map<std::size_t, std::uint64_t> nonces_;
  std::uint64_t proposals_{0};
};

bool all_in(NodeCluster& cluster, std::uint64_t epoch) {
  for (std::size_t i = 0; i < cluster.size(); ++i)
    if (cluster[i].up() && cluster[i].node->epoch().number != epoch) return false;
  return true;
}

/// The proof that a member holds of an epoch's last block.
consensus::FinalityProof proof_of_end(NodeCluster::Member& member, std::uint64_t next) {
  const Height last = member.ledger->epochs()->at(next).minus(1);
  const auto bytes = *member.ledger->certificate(storage::CertificateKind::finality, last);
  return *consensus::decode_finality_proof(*bytes);
}

TEST(NodeEpochs, AChainGrowsAndShrinksAndGoesOn) {
  NodeCluster cluster{4, {}, 3};
  Governors governors{cluster};
  governors.decide({join(4), join(5), join(6)}, {0, 1, 2});
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 1); }));
  EXPECT_EQ(cluster[5].node->epoch().validators.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_TRUE(cluster[i].node->votes());
  // Five of seven agree now; the first two of those who began the chain go.
  governors.via = 4;
  governors.decide({leave(0), leave(1)}, {2, 3, 4, 5, 6});
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 2); }));
  EXPECT_EQ(cluster[4].node->epoch().validators.size(), 5u);
  EXPECT_FALSE(cluster[0].node->votes());
  const Height then = cluster[4].node->final_height();
  ASSERT_TRUE(cluster.run(60s, [&] { return cluster.all_executed(then.plus(1)); }));
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    EXPECT_FALSE(cluster[i].halted);
    EXPECT_EQ(*cluster[i].ledger->epochs(), *cluster[0].ledger->epochs());
  }
}

TEST(NodeEpochs, TooFewApprovalsChangeNothing) {
  NodeCluster cluster{4, {}, 1};
  Governors governors{cluster};
  governors.decide({join(4)}, {0, 1});
  EXPECT_FALSE(cluster.run(60s, [&] { return all_in(cluster, 1); }));
  EXPECT_EQ(cluster[0].node->epoch().number, 0u);
}

TEST(NodeEpochs, AKeyIsReplacedWithoutARestart) {
  NodeCluster cluster{4, {}, 1};
  Governors governors{cluster};
  const auto next = NodeCluster::make_key('w', 2);
  const Bytes node_key = NodeCluster::validator(2).node_key;
  governors.decide({change_replace_vote_key({.node_key = node_key,
                                             .scheme = next->scheme(),
                                             .vote_key = to_bytes(next->public_key()),
                                             .proof = possession(node_key, *next)})},
                   {0, 1, 3});
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 1); }));
  EXPECT_TRUE(cluster[2].node->votes());
  EXPECT_EQ(cluster[0].node->epoch().validators[2].vote_key, to_bytes(next->public_key()));
}

/// A running chain leaves classical votes behind: hybrid first, post-quantum alone after.
TEST(NodeEpochs, VotesMoveToHybridKeysAndOnToPostQuantumOnes) {
  NodeCluster cluster{4, {}, 1};
  Governors governors{cluster};
  std::uint64_t epoch = 0;
  for (const auto& [kind, scheme] : {std::pair{'x', crypto::Scheme::ed25519_ml_dsa_44},
                                     std::pair{'y', crypto::Scheme::ml_dsa_44}}) {
    std::vector<Bytes> changes;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto next = NodeCluster::make_key(kind, i, scheme);
      const Bytes node_key = NodeCluster::validator(i).node_key;
      changes.push_back(change_lay_down_key(next->public_key()));
      changes.push_back(change_replace_vote_key({.node_key = node_key,
                                                 .scheme = scheme,
                                                 .vote_key = to_bytes(next->public_key()),
                                                 .proof = possession(node_key, *next)}));
      if (i % 2 == 0) continue;  // two validators a proposal: a transaction's gas holds no more
      governors.decide(changes, {0, 1, 3});
      changes.clear();
      ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, epoch + 1); }));
      ++epoch;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(cluster[i].node->votes());
      EXPECT_EQ(cluster[0].node->epoch().validators[i].scheme, scheme);
    }
    const Height height = cluster[0].node->final_height();
    ASSERT_TRUE(cluster.run(60s, [&] { return cluster[0].node->final_height() > height; }))
        << "the chain goes on with the new keys alone";
  }
}

TEST(NodeEpochs, ParametersHoldFromTheNextEpochOn) {
  NodeCluster cluster{4, {}, 1};
  Governors governors{cluster};
  types::ChainParameters parameters = cluster[0].node->epoch().parameters;
  parameters.gas_limit = 77'000'000;
  parameters.heartbeat_ms = 5'000;
  governors.decide({change_set_parameters(parameters, 9)}, {3, 2, 1});
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 1); }));
  const Height first = cluster[0].node->epoch().first;
  ASSERT_TRUE(cluster.run(20s, [&] { return cluster.all_executed(first); }));
  EXPECT_EQ(cluster[0].executed.at(first.value - 1)->block.header.gas_limit, 77'000'000u);
  EXPECT_NE(cluster[0].executed.at(first.value - 2)->block.header.gas_limit, 77'000'000u);
}

TEST(NodeEpochs, AMemberThatWasAwayFindsItsWayThroughEpochs) {
  NodeCluster cluster{4, {}, 2};
  cluster.kill(3);
  Governors governors{cluster};
  governors.decide({join(4)}, {0, 1, 2});
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 1); }));
  governors.decide({join(5)}, {0, 1, 2, 4});
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 2); }));
  cluster.start(3);
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 2); }));
  EXPECT_TRUE(cluster[3].node->votes());
}

TEST(NodeEpochs, AllKilledAtOnceGoOnInTheEpochTheyWereIn) {
  NodeCluster cluster{4, {}, 1};
  Governors governors{cluster};
  governors.decide({join(4)}, {0, 1, 2});
  // At any moment on either side of the boundary.
  for (int round = 0; round < 12; ++round) {
    cluster.run(20ms, [] { return false; });
    for (std::size_t i = 0; i < cluster.size(); ++i) cluster.kill(i);
    for (std::size_t i = 0; i < cluster.size(); ++i) cluster.start(i);
  }
  ASSERT_TRUE(cluster.run(60s, [&] { return all_in(cluster, 1); }));
  const Height then = cluster[0].node->final_height();
  ASSERT_TRUE(cluster.run(60s, [&] { return cluster.all_executed(then.plus(1)); }));
  for (std::size_t i = 0; i < cluster.size(); ++i) EXPECT_FALSE(cluster[i].halted);
}

TEST(NodeEpochs, ALastBlockWhoseVotesAreLostIsClosedByAnother) {
  NodeCluster cluster{4, {}, 1};
  std::set<Hash> last_blocks;
  cluster.lose = [&](std::size_t, std::size_t, const Frame& frame) {
    if (frame.channel != net::Channel::consensus) return false;
    const auto tagged = untag_frame(*frame.payload);
    const auto message = consensus::decode_message(tagged->message, consensus::kPayloadBytesMax);
    if (!message || tagged->epoch != 0) return false;
    if (const auto* proposal = std::get_if<consensus::Proposal>(&*message)) {
      const auto header = types::header_of(proposal->block.payload);
      if (header && !header->next_epoch.empty()) last_blocks.insert(proposal->block.ref.id);
    }
    const auto* vote = std::get_if<consensus::Vote>(&*message);
    return vote != nullptr && vote->subject.kind == consensus::VoteKind::finalize &&
           last_blocks.contains(vote->subject.block_id);
  };
  Governors governors{cluster};
  governors.decide({join(4)}, {0, 1, 2});
  ASSERT_TRUE(cluster.run(120s, [&] { return all_in(cluster, 1); }));
  const auto proof = proof_of_end(cluster[0], 1);
  EXPECT_EQ(proof.kind, consensus::FinalityProof::Kind::closing);
  const types::Epoch first = first_epoch(cluster.genesis());
  EXPECT_TRUE(consensus::verify_finality_proof(consensus::KeyVerifier{consensus::keys_of(first)},
                                               cluster.genesis_hash(), proof));
  const Height then = cluster[0].node->final_height();
  ASSERT_TRUE(cluster.run(60s, [&] { return cluster.all_executed(then.plus(1)); }));
}

}  // namespace
}  // namespace wusong::node
