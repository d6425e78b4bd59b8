// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/genesis.hpp"

#include <gtest/gtest.h>

#include "wusong/node/errors.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::node {
namespace {

Genesis sample() {
  Genesis genesis;
  genesis.chain_id = 5'918;
  genesis.timestamp = UnixMillis{1'700'000'000'000};
  for (std::uint8_t i = 1; i <= 2; ++i) {
    genesis.validators.push_back({.name = "node" + std::to_string(i),
                                  .scheme = crypto::Scheme::ed25519,
                                  .vote_key = Bytes(32, i),
                                  .node_key = Bytes(32, static_cast<std::uint8_t>(100 + i)),
                                  .beneficiary = Address::from(Bytes(20, i))});
  }
  genesis.observers.push_back({.name = "watcher", .node_key = Bytes(32, 50)});
  genesis.deploy = {.open = false, .members = {Address::from(Bytes(20, 3))}};
  GenesisAccount& account = genesis.accounts[Address::from(Bytes(20, 4))];
  account.balance = U256{12'345};
  account.code = {0x60, 0x00};
  account.storage[to_hash(U256{1})] = U256{2};
  return genesis;
}

TEST(Genesis, ReadsBackWhatItWrites) {
  const std::string json = to_json(sample());
  const auto parsed = parse_genesis(json);
  ASSERT_TRUE(parsed) << parsed.error().where;
  EXPECT_EQ(to_json(*parsed), json);
}

TEST(Genesis, TheHashBindsEveryRule) {
  const auto hash = [](const Genesis& genesis) {
    state::MemoryState state;
    state.apply(genesis_state(genesis));
    return types::hash_of(genesis_header(genesis, state.root()));
  };
  Genesis other = sample();
  other.deploy.members.clear();
  EXPECT_NE(hash(sample()), hash(other));
  other = sample();
  other.root_delay = 5;
  EXPECT_NE(hash(sample()), hash(other));
  EXPECT_EQ(hash(sample()), hash(sample()));
}

/// Where the fault is after replacing `from` by `to` in a good file.
std::string fault_after(const std::string& from, const std::string& to) {
  std::string json = to_json(sample());
  const auto at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  json.replace(at, from.size(), to);
  const auto parsed = parse_genesis(json);
  return parsed ? "accepted" : parsed.error().where;
}

TEST(Genesis, NamesTheMemberThatIsWrong) {
  EXPECT_EQ(fault_after("\"gasLimit\"", "\"gasLimits\""), "gasLimits");
  EXPECT_EQ(fault_after("\"Osaka\"", "\"Osaca\""), "fork");
  EXPECT_EQ(fault_after("\"rootDelay\":4", "\"rootDelay\":0"), "rootDelay");
  EXPECT_EQ(fault_after("\"chainId\":5918", "\"chainId\":0"), "chainId");
  EXPECT_EQ(fault_after("\"scheme\":\"ed25519\"", "\"scheme\":\"rsa\""), "validators[0].scheme");
  EXPECT_EQ(fault_after("0x0202", "0x01"), "validators[1].voteKey");
  EXPECT_EQ(fault_after("\"open\":true", "\"open\":1"), "permissions.transact.open");
}

TEST(Genesis, TwoValidatorsDoNotShareAKey) {
  Genesis genesis = sample();
  genesis.validators[1].vote_key = genesis.validators[0].vote_key;
  const auto parsed = parse_genesis(to_json(genesis));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().error, Error{err::duplicate_validator});
}

}  // namespace
}  // namespace wusong::node
