// SPDX-License-Identifier: Apache-2.0
// The registry's contract, executed, and what nodes read of it.
#include "wusong/node/registry.hpp"

#include <gtest/gtest.h>

#include "wusong/exec/execute.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/registry_calls.hpp"
#include "wusong/node/validation.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::node {
namespace {

using crypto::Scheme;

std::unique_ptr<crypto::Signer> key(char kind, std::size_t who, Scheme scheme = Scheme::ed25519) {
  Bytes secret = to_bytes(
      hash::keccak256(Bytes{static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(who)}));
  const std::size_t size = crypto::find_scheme(static_cast<std::uint8_t>(scheme))->secret_key_size;
  while (secret.size() < size) append(secret, hash::keccak256(secret));
  return *crypto::make_signer(scheme, secret);
}
Address governor(std::size_t who) {
  return crypto::address_of(Scheme::secp256k1, key('g', who, Scheme::secp256k1)->public_key());
}
Bytes node_key(std::size_t who) {
  return to_bytes(key('n', who)->public_key());
}
types::Validator validator(std::size_t who, Scheme scheme = Scheme::ed25519) {
  return {.name = "node" + std::to_string(who),
          .scheme = scheme,
          .vote_key = to_bytes(key('v', who, scheme)->public_key()),
          .node_key = node_key(who),
          .beneficiary = governor(who)};
}
Bytes proof(BytesView of_node, const crypto::Signer& signer) {
  return signer.sign(possession_message(7, of_node, signer.scheme(), signer.public_key()));
}
NewValidator joining(std::size_t who, Scheme scheme = Scheme::ed25519) {
  return {.validator = validator(who, scheme),
          .governor = governor(who),
          .vote_proof = proof(node_key(who), *key('v', who, scheme)),
          .node_proof = proof(node_key(who), *key('n', who))};
}

/// With the key itself before it, where it is too long for the change.
std::vector<Bytes> changes_to_add(const NewValidator& who) {
  std::vector<Bytes> out;
  if (is_laid_down(who.validator.vote_key))
    out.push_back(change_lay_down_key(who.validator.vote_key));
  out.push_back(change_add_validator(who));
  return out;
}

Genesis genesis(std::size_t count, Scheme scheme = Scheme::ed25519) {
  Genesis out;
  out.chain_id = 7;
  std::vector<Address> governors;
  for (std::size_t i = 0; i < count; ++i) {
    out.validators.push_back(validator(i, scheme));
    governors.push_back(governor(i));
  }
  out.observers.push_back({.name = "watcher", .node_key = node_key(90)});
  add_registry(out, governors, 5);
  return out;
}

/// A chain of one transaction a block.
class Chain {
 public:
  explicit Chain(std::size_t validators, Scheme scheme = Scheme::ed25519)
      : genesis_{genesis(validators, scheme)} {
    state_.apply(genesis_state(genesis_));
  }
  /// @return whether it took effect
  bool send(const Address& from, const Bytes& call) {
    types::Block block;
    block.header.number = Height{++height_};
    block.header.gas_limit = genesis_.gas_limit;
    types::Transaction transaction;
    transaction.type = types::TransactionType::dynamic_fee;
    transaction.chain_id = genesis_.chain_id;
    transaction.nonce = nonces_[from]++;
    transaction.gas_limit = 16'000'000;
    transaction.to = kRegistryAddress;
    transaction.data = call;
    block.transactions.push_back(std::move(transaction));
    const std::vector<Address> senders{from};
    auto outcome = exec::execute_block(
        block, senders, state_, exec::context_of(block.header, nullptr), chain_rules(genesis_));
    EXPECT_TRUE(outcome);
    state_.apply(outcome->diff);
    return !outcome->refusals.front() && outcome->receipts.front().success;
  }
  bool propose(const std::vector<Bytes>& changes, std::size_t who = 0) {
    return send(governor(who), call_propose(changes));
  }
  bool approve(std::uint64_t id, std::size_t who) { return send(governor(who), call_approve(id)); }
  Registry registry() { return *read_registry(state_); }
  std::vector<OpenProposal> open() { return *open_proposals(state_); }

 private:
  Genesis genesis_;
  state::MemoryState state_;
  std::map<Address, std::uint64_t> nonces_;
  std::uint64_t height_{0};
};

TEST(Registry, TheGenesisIsReadBackAsItWasWritten) {
  for (const auto& info : crypto::scheme_table()) {
    const Genesis made = genesis(4, info.scheme);
    EXPECT_TRUE(registry_agrees(made)) << info.name;
    const auto parsed = parse_genesis(to_json(made));
    ASSERT_TRUE(parsed) << info.name;
    EXPECT_EQ(to_json(*parsed), to_json(made));
    Chain chain{4, info.scheme};
    EXPECT_EQ(chain.registry().validators, made.validators) << info.name;
  }
  const Genesis made = genesis(4);
  Chain chain{4};
  const Registry registry = chain.registry();
  EXPECT_EQ(registry.validators, made.validators);
  EXPECT_EQ(registry.observers, made.observers);
  EXPECT_EQ(registry.parameters, first_epoch(made).parameters);
  EXPECT_EQ(registry.threshold, 3u);
  EXPECT_EQ(registry.epoch_blocks, 5u);
  EXPECT_EQ(registry.governors[3], governor(3));
}

TEST(Registry, AGenesisWhoseRegistryIsOfOthersIsRefused) {
  Genesis changed = genesis(4);
  changed.validators[2].name = "mallory";
  EXPECT_FALSE(parse_genesis(to_json(changed)));
  changed = genesis(4);
  changed.gas_limit += 1;
  EXPECT_FALSE(parse_genesis(to_json(changed)));
}

TEST(Registry, MoreThanTwoThirdsOfTheGovernorsChangeTheSet) {
  Chain chain{4};
  ASSERT_TRUE(
      chain.propose({change_add_validator(joining(4)), change_remove_observer(node_key(90))}));
  ASSERT_EQ(chain.open().size(), 1u);
  EXPECT_EQ(chain.open().front().approvals, std::vector<Address>{governor(0)});
  EXPECT_EQ(chain.open().front().changes.front(), change_add_validator(joining(4)));
  ASSERT_TRUE(chain.approve(1, 1));
  EXPECT_EQ(chain.registry().version, 0u);
  EXPECT_FALSE(chain.approve(1, 1)) << "nobody counts twice";
  EXPECT_FALSE(chain.approve(1, 4)) << "nor who does not govern yet";
  ASSERT_TRUE(chain.approve(1, 3));
  const Registry after = chain.registry();
  EXPECT_EQ(after.version, 1u);
  EXPECT_EQ(after.validators.back(), validator(4));
  EXPECT_TRUE(after.observers.empty());
  EXPECT_TRUE(chain.open().empty());
  EXPECT_FALSE(chain.approve(1, 2)) << "it is done";
  EXPECT_EQ(after.threshold, 4u);
}

TEST(Registry, NobodyAloneChangesAnything) {
  Chain chain{4};
  EXPECT_FALSE(chain.send(governor(0), change_remove_validator(node_key(3))));
  EXPECT_FALSE(chain.send(governor(9), call_propose({{change_remove_validator(node_key(3))}})));
  EXPECT_FALSE(
      chain.send(kRegistryAddress, call_propose({{change_remove_validator(node_key(3))}})));
  EXPECT_EQ(chain.registry().version, 0u);
}

TEST(Registry, WhatWouldBreakTheChainIsRefusedWhenItIsProposed) {
  Chain chain{4};
  const auto refused = [&](std::vector<Bytes> changes) { return !chain.propose(changes); };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(
      refused({change_remove_validator(node_key(0)), change_remove_validator(node_key(1)),
               change_remove_validator(node_key(2)), change_remove_validator(node_key(3))}));
  EXPECT_TRUE(refused({change_remove_validator(node_key(7))}));
  EXPECT_TRUE(refused({change_remove_observer(node_key(0))}));
  EXPECT_TRUE(refused({change_add_validator(joining(2))})) << "it is there";
  EXPECT_TRUE(refused({change_add_validator(joining(4)), change_add_validator(joining(4))}));
  NewValidator other = joining(4);
  other.governor = governor(1);
  EXPECT_TRUE(refused({change_add_validator(other)})) << "one account governs for one validator";
  other.governor = Address{};
  EXPECT_TRUE(refused({change_add_validator(other)}));
  other = joining(4);
  other.validator.name.clear();
  EXPECT_TRUE(refused({change_add_validator(other)}));
  EXPECT_TRUE(refused({Bytes{1, 2, 3, 4}})) << "no change of the contract";
  const types::ChainParameters fine;
  EXPECT_TRUE(refused({change_set_parameters(fine, 0)}));
  for (const auto spoil :
       {+[](types::ChainParameters& p) { p.gas_limit = 20'999; },
        +[](types::ChainParameters& p) { p.heartbeat_ms = 999; },
        +[](types::ChainParameters& p) { p.block_interval_ms = 60'001; },
        +[](types::ChainParameters& p) { p.block_bytes_max = kBlockBytesMax + 1; },
        +[](types::ChainParameters& p) { p.base_fee = U256{0, 0, 1, 0}; }}) {
    types::ChainParameters wrong;
    spoil(wrong);
    EXPECT_TRUE(refused({change_set_parameters(wrong, 5)}));
  }
  EXPECT_TRUE(chain.open().empty());
  types::ChainParameters large;
  large.block_bytes_max = kBlockBytesMax;  // as a genesis may have it
  EXPECT_TRUE(chain.propose({change_set_parameters(large, 6)}));
}

TEST(Registry, AKeyIsTakenOnlyWithProofThatItIsHeld) {
  Chain chain{1};
  NewValidator forged = joining(4);
  forged.vote_proof = forged.node_proof;
  EXPECT_FALSE(chain.propose({change_add_validator(forged)}));
  forged = joining(4);
  forged.vote_proof[5] ^= 1;
  EXPECT_FALSE(chain.propose({change_add_validator(forged)}));
  forged = joining(4);
  forged.node_proof = proof(node_key(4), *key('n', 5));
  EXPECT_FALSE(chain.propose({change_add_validator(forged)}));
  forged = joining(4);  // another's key, with the proof that was made for another node
  forged.validator.vote_key = validator(5).vote_key;
  forged.vote_proof = joining(5).vote_proof;
  EXPECT_FALSE(chain.propose({change_add_validator(forged)}));
  forged = joining(4);
  forged.vote_proof.clear();
  EXPECT_FALSE(chain.propose({change_add_validator(forged)}));
  EXPECT_EQ(chain.registry().version, 0u);
  std::size_t who = 4;
  for (const auto& info : crypto::scheme_table()) {
    Chain fresh{1};
    EXPECT_TRUE(fresh.propose(changes_to_add(joining(who, info.scheme)))) << info.name;
    EXPECT_EQ(fresh.registry().validators.back(), validator(who, info.scheme));
    ++who;
  }
}

TEST(Registry, ALongKeyIsLaidDownBeforeItIsNamed) {
  Chain chain{1};
  const NewValidator who = joining(4, Scheme::ed25519_ml_dsa_44);
  EXPECT_FALSE(chain.propose({change_add_validator(who)})) << "nobody has brought it";
  Bytes cut = who.validator.vote_key;
  cut.pop_back();
  NewValidator shorter = who;  // its last byte before the signature, so that all bytes are the same
  shorter.validator.vote_key = cut;
  shorter.vote_proof.insert(shorter.vote_proof.begin(), who.validator.vote_key.back());
  EXPECT_FALSE(chain.propose({change_lay_down_key(cut), change_add_validator(shorter)}));
  NewValidator other = who;  // the same bytes under the number of another scheme
  other.validator.scheme = Scheme::ml_dsa_44;
  EXPECT_FALSE(chain.propose(changes_to_add(other)));
  ASSERT_TRUE(chain.propose(changes_to_add(who)));
  EXPECT_EQ(chain.registry().validators.back(), who.validator);
  NewValidator twice = joining(5, Scheme::ed25519_ml_dsa_44);
  twice.validator.vote_key = who.validator.vote_key;
  twice.vote_proof = proof(node_key(5), *key('v', 4, Scheme::ed25519_ml_dsa_44));
  EXPECT_FALSE(chain.propose(changes_to_add(twice), 4)) << "it votes already";
}

TEST(Registry, ALongKeyIsReplacedAndGoesWithItsValidator) {
  Chain chain{1, Scheme::ed25519_ml_dsa_44};
  const auto replace = [&](char kind, Scheme scheme) {
    const auto next = key(kind, 0, scheme);
    std::vector<Bytes> changes;
    if (is_laid_down(next->public_key()))
      changes.push_back(change_lay_down_key(next->public_key()));
    changes.push_back(change_replace_vote_key({.node_key = node_key(0),
                                               .scheme = scheme,
                                               .vote_key = to_bytes(next->public_key()),
                                               .proof = proof(node_key(0), *next)}));
    return chain.propose(changes) &&
           chain.registry().validators.front().vote_key == to_bytes(next->public_key());
  };
  EXPECT_TRUE(replace('w', Scheme::ml_dsa_65));
  EXPECT_TRUE(replace('w', Scheme::ed25519));
  EXPECT_TRUE(replace('v', Scheme::ed25519_ml_dsa_44)) << "what was replaced is free again";
  ASSERT_TRUE(chain.propose(changes_to_add(joining(4, Scheme::sm2_ml_dsa_44))));
  const std::vector<Bytes> leave{change_remove_validator(node_key(4))};
  ASSERT_TRUE(chain.propose(leave));
  ASSERT_TRUE(chain.approve(5, 4));
  EXPECT_EQ(chain.registry().validators.size(), 1u);
  EXPECT_TRUE(chain.propose(changes_to_add(joining(4, Scheme::sm2_ml_dsa_44))));
}

TEST(Registry, AChangeOutdatesTheOtherProposals) {
  Chain chain{4};
  ASSERT_TRUE(chain.propose({change_remove_validator(node_key(3))}, 0));
  ASSERT_TRUE(chain.propose({change_remove_validator(node_key(0))}, 1));
  EXPECT_EQ(chain.open().size(), 2u);
  ASSERT_TRUE(chain.approve(1, 1));
  ASSERT_TRUE(chain.approve(1, 2));
  EXPECT_TRUE(chain.open().empty());
  EXPECT_FALSE(chain.approve(2, 0));
  EXPECT_FALSE(chain.approve(2, 3)) << "its validator has left";
  EXPECT_EQ(chain.registry().validators.size(), 3u);
}

TEST(Registry, AProposalIsWithdrawnByWhoMadeIt) {
  Chain chain{4};
  ASSERT_TRUE(chain.propose({change_remove_validator(node_key(3))}));
  EXPECT_FALSE(chain.send(governor(1), call_withdraw(1)));
  EXPECT_TRUE(chain.send(governor(0), call_withdraw(1)));
  EXPECT_TRUE(chain.open().empty());
  EXPECT_FALSE(chain.approve(1, 1));
}

TEST(Registry, AGovernorProposesSoManyTimesForOneVersion) {
  Chain chain{4};
  const std::vector<Bytes> plan{change_remove_validator(node_key(3))};
  for (std::uint64_t i = 0; i < kProposalsPerGovernorMax; ++i) ASSERT_TRUE(chain.propose(plan));
  EXPECT_EQ(chain.open().size(), kProposalsPerGovernorMax);
  EXPECT_FALSE(chain.propose(plan));
  ASSERT_TRUE(chain.send(governor(0), call_withdraw(1)));
  EXPECT_FALSE(chain.propose(plan)) << "what is withdrawn has cost the others as much";
  ASSERT_TRUE(chain.propose(plan, 1)) << "each governor has its own";
  // Every governor at the bound: all are shown, and nothing else is kept from being done.
  for (std::size_t who = 1; who < 4; ++who)
    while (chain.propose(plan, who)) {
    }
  EXPECT_EQ(chain.open().size(), 4 * kProposalsPerGovernorMax - 1);
  EXPECT_EQ(chain.open().back().id, 4 * kProposalsPerGovernorMax);
  ASSERT_TRUE(chain.approve(2, 1));
  ASSERT_TRUE(chain.approve(2, 2));
  EXPECT_TRUE(chain.open().empty());
  EXPECT_TRUE(chain.propose({change_remove_validator(node_key(2))})) << "the version is another";
  EXPECT_EQ(chain.open().size(), 1u);
}

TEST(Registry, AProposalThatIsTooLongIsRefused) {
  Chain chain{4};
  Bytes padded = change_remove_validator(node_key(3));
  padded.resize(8'192);
  EXPECT_TRUE(chain.propose({padded}));
  padded.resize(8'193);
  EXPECT_FALSE(chain.propose({padded}));
  const Bytes change = change_remove_observer(node_key(90));
  EXPECT_FALSE(chain.propose(std::vector<Bytes>(1'001, change)));
  EXPECT_EQ(chain.open().size(), 1u);
}

TEST(Registry, KeysAreReplacedAndFreedAgain) {
  Chain chain{1};
  const auto next = key('w', 0, Scheme::sm2);
  const Bytes next_key = to_bytes(next->public_key());
  ASSERT_TRUE(chain.propose({change_replace_vote_key({.node_key = node_key(0),
                                                      .scheme = Scheme::sm2,
                                                      .vote_key = next_key,
                                                      .proof = proof(node_key(0), *next)})}));
  EXPECT_EQ(chain.registry().validators.front().vote_key, next_key);
  EXPECT_EQ(chain.registry().validators.front().scheme, Scheme::sm2);
  ASSERT_TRUE(
      chain.propose({change_replace_node_key({.node_key = node_key(0),
                                              .next_key = node_key(50),
                                              .proof = proof(node_key(50), *key('n', 50))})}));
  EXPECT_EQ(chain.registry().validators.front().node_key, node_key(50));
  // The old node key is free: another may come with it.
  ASSERT_TRUE(chain.propose({change_add_observer({.name = "old", .node_key = node_key(0)},
                                                 proof(node_key(0), *key('n', 0)))}));
  EXPECT_EQ(chain.registry().observers.back().name, "old");
  EXPECT_EQ(chain.registry().version, 3u);
}

TEST(Registry, AnEpochFollowsAnotherVersionOnceItIsOldEnough) {
  Chain chain{1};
  const types::Epoch first = first_epoch(genesis(1));
  EXPECT_FALSE(following_epoch(first, chain.registry(), Height{100}));
  ASSERT_TRUE(chain.propose({change_add_validator(joining(4))}));
  const Registry registry = chain.registry();
  EXPECT_FALSE(following_epoch(first, registry, Height{4}));
  const auto next = following_epoch(first, registry, Height{5});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->first, Height{6});
  EXPECT_EQ(next->number, 1u);
  EXPECT_EQ(next->validators.size(), 2u);
  EXPECT_EQ(*types::decode_epoch(types::encode(*next)), *next);
  EXPECT_FALSE(following_epoch(*next, registry, Height{100}));
  EXPECT_NE(types::vote_domain(Hash{}, *next), types::vote_domain(Hash{}, first));
}

}  // namespace
}  // namespace wusong::node
