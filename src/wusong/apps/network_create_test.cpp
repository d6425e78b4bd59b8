// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/network_create.hpp"

#include <gtest/gtest.h>

#include "wusong/apps/keys.hpp"
#include "wusong/node/account_keys.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/testkit/test_folder.hpp"

namespace wusong::apps {
namespace {

using testkit::TestFolder;

NetworkPlan plan_in(const TestFolder& folder) {
  NetworkPlan plan;
  plan.folder = folder.path() / "net";
  plan.validators = 2;
  plan.observers = 1;
  plan.dev = true;
  return plan;
}

node::Genesis genesis_of(const NetworkPlan& plan) {
  const auto text = platform::read_text((plan.folder / "genesis.json").string());
  EXPECT_TRUE(text);
  auto genesis = node::parse_genesis(*text);
  EXPECT_TRUE(genesis);
  return *std::move(genesis);
}

TEST(NetworkCreate, EveryFileReadsBack) {
  const TestFolder folder;
  const NetworkPlan plan = plan_in(folder);
  const auto created = create_network(plan);
  ASSERT_TRUE(created) << created.error().detail;
  const node::Genesis genesis = genesis_of(plan);
  EXPECT_EQ(genesis.chain_id, 5918u);
  ASSERT_EQ(genesis.validators.size(), 2u);
  EXPECT_EQ(genesis.observers.size(), 1u);
  EXPECT_EQ(genesis.accounts.size(), kDevAccounts.size() + 2);  // registry and keys
  EXPECT_TRUE(node::has_registry(genesis) && node::has_account_keys(genesis));

  const auto folders = node_folders(plan.folder);
  ASSERT_TRUE(folders);
  ASSERT_EQ(folders->size(), 3u);
  for (std::size_t i = 0; i < folders->size(); ++i) {
    const auto config = load_config((*folders)[i] / "node.toml");
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_EQ(config->role, i < 2 ? "validator" : "observer");
    EXPECT_EQ(config->peers.size(), 2u);
    const auto password = read_password(config->password_file);
    ASSERT_TRUE(password) << password.error().detail;
    EXPECT_TRUE(read_key(config->node_key, *password));
    if (i == 2) continue;
    const auto vote = read_key(config->vote_key, *password);
    ASSERT_TRUE(vote) << vote.error().detail;
    const auto signer = crypto::make_signer(vote->scheme, vote->secret.view());
    ASSERT_TRUE(signer);
    EXPECT_TRUE(std::ranges::equal((*signer)->public_key(), genesis.validators[i].vote_key));
  }
}

TEST(NetworkCreate, AnExistingNetworkIsLeftAlone) {
  const TestFolder folder;
  const NetworkPlan plan = plan_in(folder);
  ASSERT_TRUE(create_network(plan));
  const auto before = platform::read_text((plan.folder / "genesis.json").string());
  const auto again = create_network(plan);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().name(), "apps.already_exists");
  EXPECT_EQ(platform::read_text((plan.folder / "genesis.json").string()), before);
}

TEST(NetworkCreate, VotesMayBeSignedWithSm2) {
  const TestFolder folder;
  NetworkPlan plan = plan_in(folder);
  plan.scheme = "sm2";
  ASSERT_TRUE(create_network(plan));
  EXPECT_EQ(genesis_of(plan).validators[0].scheme, crypto::Scheme::sm2);
}

TEST(NetworkCreate, NoMoneyWithoutDevOrFund) {
  const TestFolder folder;
  NetworkPlan plan = plan_in(folder);
  plan.dev = false;
  ASSERT_TRUE(create_network(plan));
  for (const auto& [address, account] : genesis_of(plan).accounts)
    EXPECT_EQ(account.balance, U256{});
}

TEST(NetworkCreate, EachValidatorHasAGovernorInTheRegistry) {
  const TestFolder folder;
  NetworkPlan plan = plan_in(folder);
  ASSERT_TRUE(create_network(plan));
  EXPECT_TRUE(node::registry_agrees(genesis_of(plan)));
  std::size_t keys = 0;
  for (const auto& file : std::filesystem::directory_iterator{plan.folder / "governors"})
    keys += file.path().extension() == ".json" ? 1u : 0u;
  EXPECT_EQ(keys, plan.validators);
  const TestFolder other;
  plan = plan_in(other);
  plan.registry = false;
  ASSERT_TRUE(create_network(plan));
  EXPECT_FALSE(node::has_registry(genesis_of(plan)));
}

TEST(NetworkCreate, RolesListTheirMembers) {
  const TestFolder folder;
  NetworkPlan plan = plan_in(folder);
  plan.deployers = {kDevAccounts[0].address};
  ASSERT_TRUE(create_network(plan));
  const node::Genesis genesis = genesis_of(plan);
  EXPECT_TRUE(genesis.transact.open);
  EXPECT_FALSE(genesis.deploy.open);
  EXPECT_EQ(genesis.deploy.members.size(), 1u);
}

TEST(NetworkCreate, WrongPlansAreRefusedAndWriteNothing) {
  const TestFolder folder;
  const auto refused = [&](auto change) {
    NetworkPlan plan = plan_in(folder);
    change(plan);
    const auto created = create_network(plan);
    return !created && created.error().name() == "apps.bad_argument" &&
           !platform::file_exists(plan.folder.string());
  };
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.validators = 0; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.validators = 101; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.fork = "London2"; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.scheme = "rsa"; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.port_base = 64'600; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.port_base = 0; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.chain_id = 0; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.gas_limit = 20'999; }));
  EXPECT_TRUE(refused(
      [](NetworkPlan& plan) { plan.funded = {"0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.funded = {"0x12"}; }));
  EXPECT_TRUE(refused([](NetworkPlan& plan) { plan.deployers = {"nobody"}; }));
}

TEST(NetworkCreate, NodesWithoutAGenesisAreNotOverwritten) {
  const TestFolder folder;
  const NetworkPlan plan = plan_in(folder);
  ASSERT_TRUE(create_network(plan));
  std::filesystem::remove(plan.folder / "genesis.json");
  const auto again = create_network(plan);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().name(), "apps.already_exists");
  EXPECT_NE(again.error().detail.find("genesis.json is missing"), std::string::npos);
}

TEST(NodeFolders, AGapOrAMissingFileHidesNoOtherNode) {
  const TestFolder folder;
  for (const char* name : {"node0", "node2", "node10", "node", "nodex", "other"}) {
    std::filesystem::create_directory(folder.path() / name);
  }
  const auto folders = node_folders(folder.path());
  ASSERT_TRUE(folders);
  ASSERT_EQ(folders->size(), 3u);
  EXPECT_EQ(folders->at(1).filename(), "node2");
  EXPECT_EQ(folders->at(2).filename(), "node10");
}

TEST(NodeFolders, AnEmptyFolderSaysHowToMakeOne) {
  const TestFolder folder;
  const auto folders = node_folders(folder.path());
  ASSERT_FALSE(folders);
  EXPECT_EQ(folders.error().name(), "apps.not_found");
  EXPECT_NE(folders.error().detail.find("wusong network create"), std::string::npos);
}

}  // namespace
}  // namespace wusong::apps
