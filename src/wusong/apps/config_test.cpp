// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/config.hpp"

#include <gtest/gtest.h>

#include <random>

namespace wusong::apps {
namespace {

const std::string kKey = "0x" + std::string(64, 'a');
const std::string kGood = R"([node]
name = "node0"
genesis = "../genesis.json"
data = "chain"
node_key = "node_key.json"
vote_key = "vote_key.json"
password_file = "password"
)";

struct Fault {
  std::string row;
  std::string detail;
};
Fault refused(const std::string& text) {
  const auto config = parse_config(text, "/net/node0");
  if (config) return {"accepted", ""};
  return {std::string{config.error().name()}, config.error().detail};
}

TEST(Config, TheLeastFileGetsDefaults) {
  const auto config = parse_config(kGood, "/net/node0");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->name, "node0");
  EXPECT_EQ(config->genesis, "/net/genesis.json");
  EXPECT_EQ(config->data, "/net/node0/chain");
  EXPECT_EQ(config->role, "validator");
  EXPECT_EQ(config->rpc_listen, "127.0.0.1:8545");
  EXPECT_EQ(config->prune_states, 10'000u);
  EXPECT_EQ(config->prune_bodies, 0u);
  EXPECT_EQ(config->sync_mode, "auto");
}

TEST(Config, AnUnknownKeyNamesLineAndNearest) {
  const Fault fault = refused(kGood + "[rpc]\nlisen = \"127.0.0.1:1\"\n");
  EXPECT_EQ(fault.row, "apps.unknown_key");
  EXPECT_EQ(fault.detail, "line 9: unknown key \"lisen\" in [rpc]; did you mean \"listen\"?");
}

TEST(Config, WhatTheParserCannotGetOverIsRefusedWithItsLine) {
  for (const char* text : {"[", "[[", "[\n", "[[[", "[.", "[ ", "x = ", "x = [", "\xff"}) {
    const Fault fault = refused(text);
    EXPECT_EQ(fault.row, "apps.bad_config") << text;
    EXPECT_TRUE(fault.detail.starts_with("line 1: ")) << text << fault.detail;
  }
  EXPECT_EQ(refused("[node]\nname = \"a\"\n[[[\n" + kGood).detail,
            "line 3: this is no TOML; a section is written [name]");
}

TEST(Config, FilesCutShortOrDamagedAreRefusedOrRead) {
  const std::string good = write_config(*parse_config(kGood, "/net/node0"));
  constexpr std::string_view kPieces = "[]{}\"'=.,#\n \t0aZ-_:\xff";
  std::mt19937 random{7};
  for (int i = 0; i < 2'000; ++i) {
    std::string text = good.substr(0, random() % (good.size() + 1));
    for (unsigned edits = random() % 4; edits != 0; --edits) {
      text.insert(random() % (text.size() + 1), 1, kPieces[random() % kPieces.size()]);
    }
    const Fault fault = refused(text);
    EXPECT_TRUE(fault.row == "accepted" || !fault.detail.empty()) << text;
  }
}

TEST(Config, CertificatesNeedAllTheirFilesAndTheModeThatUsesThem) {
  EXPECT_EQ(refused(kGood + "[network]\ntls = \"ca\"\n").detail, "network.certificate is missing");
  EXPECT_EQ(refused(kGood + "[network]\ntls = \"cb\"\n").detail,
            "line 9: network.tls is \"cb\"; did you mean \"ca\"?");
  EXPECT_EQ(refused(kGood + "[network]\nca = \"ca.pem\"\n").detail,
            "network.certificate and network.ca need network.tls = \"ca\"");
  const std::string good =
      "[network]\ntls = \"ca\"\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\nca = \"ca.pem\"\n";
  const auto config = parse_config(kGood + good, "/net/node0");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->tls_key, "/net/node0/tls.key");
  EXPECT_EQ(write_config(*parse_config(write_config(*config), "/net/node0")),
            write_config(*config));
  const auto token = parse_config(
      kGood +
          "[network]\ntls = \"ca\"\ncertificate = \"a\"\nkey = \"pkcs11:token=t\"\nca = \"c\"\n",
      "/net/node0");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->tls_key, "pkcs11:token=t");
}

TEST(Config, PeersWithoutAHybridExchangeAreRefusedUnlessTheFileAllowsThem) {
  EXPECT_EQ(parse_config(kGood, "/net/node0")->network_hybrid, "required");
  const auto allowed = parse_config(kGood + "[network]\nhybrid = \"allowed\"\n", "/net/node0");
  ASSERT_TRUE(allowed);
  EXPECT_EQ(parse_config(write_config(*allowed), "/net/node0")->network_hybrid, "allowed");
  EXPECT_EQ(refused(kGood + "[network]\nhybrid = \"alowed\"\n").detail,
            "line 9: network.hybrid is \"alowed\"; did you mean \"allowed\"?");
}

TEST(Config, ANodeThatDialsNobodyNeedsRelays) {
  EXPECT_EQ(refused(kGood + "[network]\ndirect = false\n").row, "apps.bad_config");
  EXPECT_EQ(refused(kGood + "[network]\ndirect = false\nrelays = [\"s\"]\n").row, "accepted");
  EXPECT_EQ(refused(kGood + "[network]\nadvertise = [\"nowhere\"]\n").row, "apps.bad_config");
}

TEST(Config, AnUnknownSectionNamesTheNearest) {
  const Fault fault = refused(kGood + "[netwrk]\nlisten = \"127.0.0.1:1\"\n");
  EXPECT_EQ(fault.row, "apps.unknown_key");
  EXPECT_EQ(fault.detail, "line 8: unknown section [netwrk]; did you mean [network]?");
}

TEST(Config, WrongTypesAndRangesAreNamed) {
  EXPECT_EQ(refused(kGood + "[rpc]\nworkers = \"2\"\n").detail,
            "line 9: rpc.workers must be a whole number from 1 to 256");
  EXPECT_EQ(refused(kGood + "[rpc]\nworkers = 0\n").row, "apps.bad_config");
  EXPECT_EQ(refused(kGood + "[rpc]\nworkers = -1\n").row, "apps.bad_config");
  EXPECT_EQ(refused(kGood + "[log]\nstderr = 1\n").detail,
            "line 9: log.stderr must be true or false");
  EXPECT_EQ(refused(kGood + "[log]\nlevel = \"infos\"\n").detail,
            "line 9: log.level is \"infos\"; did you mean \"info\"?");
  EXPECT_EQ(refused(kGood + "[rpc]\nallowed_origins = \"*\"\n").detail,
            "line 9: rpc.allowed_origins must be a list of strings");
  EXPECT_EQ(refused(kGood + "[rpc]\nlisten = \"127.0.0.1\"\n").detail,
            "rpc.listen: \"127.0.0.1\" is not an address; write host:port, as in 127.0.0.1:8545");
  EXPECT_EQ(refused("node = 1\n").row, "apps.bad_config");
}

TEST(Config, FilesOfTheFirstReleaseSayHowManyStatesStay) {
  const auto config = parse_config(kGood + "[state]\nhistory = 77\n", "/net/node0");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->prune_states, 77u);
}

TEST(Config, WhatIsKeptMustMakeSense) {
  EXPECT_EQ(refused(kGood + "[prune]\nbodies = 299\nreceipts = 299\n").detail,
            "prune.receipts is 299; keep at least 300 blocks, or 0 for all");
  EXPECT_EQ(refused(kGood + "[prune]\nbodies = 400\n").detail,
            "prune.receipts keeps more than prune.bodies (400); receipts are nothing without their "
            "block: write at most that");
  EXPECT_EQ(refused(kGood + "[prune]\nbodies = 400\nreceipts = 300\n").row, "accepted");
  EXPECT_EQ(refused(kGood + "[sync]\nmode = \"fast\"\n").row, "apps.bad_config");
}

TEST(Config, NoTomlNamesTheLine) {
  const Fault fault = refused("[node]\nname = \n");
  EXPECT_EQ(fault.row, "apps.bad_config");
  EXPECT_TRUE(fault.detail.starts_with("line 2: ")) << fault.detail;
}

TEST(Config, MissingKeysAreNamed) {
  for (const std::string key :
       {"name", "genesis", "data", "node_key", "vote_key", "password_file"}) {
    std::string text = kGood;
    const auto from = text.find("\n" + key + " =");
    ASSERT_NE(from, std::string::npos);
    text.erase(from, text.find('\n', from + 1) - from);
    EXPECT_EQ(refused(text).detail, "node." + key + " is missing");
  }
  EXPECT_EQ(refused("").row, "apps.bad_config");
}

TEST(Config, AnObserverNeedsNoVoteKey) {
  std::string text = kGood + "role = \"observer\"\n";
  text.erase(text.find("vote_key"), std::string{"vote_key = \"vote_key.json\"\n"}.size());
  EXPECT_EQ(refused(text).row, "accepted");
}

TEST(Config, PeersNeedNameKeyAndAddress) {
  const auto with = [](const std::string& peer) {
    return refused(kGood + "[network]\npeers = [" + peer + "]\n");
  };
  EXPECT_EQ(with("{ name = \"b\", node_key = \"" + kKey + "\", address = \"h:1\" }").row,
            "accepted");
  EXPECT_EQ(with("{ name = \"b\", node_key = \"0x12\", address = \"h:1\" }").row,
            "apps.bad_config");
  EXPECT_EQ(with("{ name = \"b\", node_key = \"" + kKey + "\", address = \"h\" }").row,
            "apps.bad_config");
  EXPECT_EQ(with("{ name = \"b\", node_key = \"" + kKey + "\" }").row, "apps.bad_config");
  EXPECT_EQ(with("\"h:1\"").row, "apps.bad_config");
}

TEST(Config, WhatIsWrittenReadsBack) {
  NodeConfig config;
  config.name = "node3";
  config.genesis = "../genesis.json";
  config.data = "chain";
  config.node_key = "node_key.json";
  config.vote_key = "vote_key.json";
  config.password_file = "password";
  config.peers = {{"node1", Bytes(32, 7), "127.0.0.1:9546"}};
  config.rpc_allowed_origins = {"*"};
  config.rpc_workers = 3;
  config.log_file = "node.log";
  config.log_stderr = false;
  const auto read = parse_config(write_config(config), "/net/node3");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->name, "node3");
  EXPECT_EQ(read->genesis, "/net/genesis.json");
  EXPECT_EQ(read->vote_key, "/net/node3/vote_key.json");
  ASSERT_EQ(read->peers.size(), 1u);
  EXPECT_EQ(read->peers[0].node_key, config.peers[0].node_key);
  EXPECT_EQ(read->peers[0].address, "127.0.0.1:9546");
  EXPECT_EQ(read->rpc_allowed_origins, config.rpc_allowed_origins);
  EXPECT_EQ(read->rpc_workers, 3u);
  EXPECT_EQ(read->log_file, "/net/node3/node.log");
  EXPECT_FALSE(read->log_stderr);
}

TEST(Config, AMissingFileSaysWhoWritesOne) {
  const auto config = load_config("/nowhere/node.toml");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().detail.find("wusong network create"), std::string::npos);
}

TEST(HostPort, HasBothParts) {
  const auto parsed = parse_host_port("127.0.0.1:8545");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->host, "127.0.0.1");
  EXPECT_EQ(parsed->port, 8545);
  EXPECT_EQ(parse_host_port("[::1]:1")->host, "[::1]");
  for (const char* text : {"", ":1", "a", "a:", "a:x", "a:1x", "a:65536", "a:-1", "a: 1"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(Nearest, IsTheFewestEditsAway) {
  EXPECT_EQ(nearest("valdators", {"validators", "version"}), "validators");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace wusong::apps
