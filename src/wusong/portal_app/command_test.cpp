// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/command.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "wusong/portal_app/config.hpp"
#include "wusong/testkit/test_folder.hpp"

namespace wusong::portal_app {
namespace {

using testkit::TestFolder;

struct Said {
  int code{0};
  std::string out;
  std::string err;
};
Said said(const std::vector<std::string>& arguments) {
  Said all;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  all.code = run_portal_cli(arguments);
  all.out = testing::internal::GetCapturedStdout();
  all.err = testing::internal::GetCapturedStderr();
  return all;
}
const std::vector<std::vector<std::string>> kCommands{
    {"example"}, {"init"}, {"run"},           {"rebuild"},        {"status"},
    {"sample"},  {"user"}, {"client", "add"}, {"client", "list"}, {"client", "remove"},
    {"version"}};

TEST(PortalCommand, EveryCommandShowsAnExampleOfItself) {
  for (auto words : kCommands) {
    std::string path = "wusong-portal";
    for (const auto& word : words) path += " " + word;
    words.emplace_back("--help");
    const auto help = said(words);
    EXPECT_EQ(help.code, 0) << path;
    EXPECT_NE(help.out.find("Example: " + path), std::string::npos) << help.out;
  }
  EXPECT_NE(said({"--help"}).out.find("wusong-portal run --config"), std::string::npos);
  EXPECT_NE(said({"help", "client"}).out.find("client remove"), std::string::npos);
}

TEST(PortalCommand, WrongWordsNameTheNearest) {
  const auto nothing = said({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.err.find("needs a command: example, init, run"), std::string::npos);
  EXPECT_NE(said({"rebuid"}).err.find("did you mean `wusong-portal rebuild`?"), std::string::npos);
  const auto option = said({"status", "--jsn"});
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.err.find("did you mean --json"), std::string::npos);
  EXPECT_NE(said({"user", "wang"}).err.find("--organisation"), std::string::npos);
}

TEST(PortalCommand, SettingsThatAreNotThereAreNamedWithTheWayToMakeThem) {
  const auto none = said({"status", "--config", "/nowhere/portal.toml"});
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(
      none.err.find("/nowhere/portal.toml cannot be read; `wusong-portal example` prints one"),
      std::string::npos)
      << none.err;
  const TestFolder folder;
  const auto file = (folder.path() / "portal.toml").string();
  std::ofstream{file} << "listne = 1\n";
  EXPECT_NE(said({"run", "--config", file}).err.find("did you mean \"listen\"?"),
            std::string::npos);
}

TEST(PortalCommand, EveryShellCompletesItUnderItsOwnName) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = said({"completion", shell});
    EXPECT_EQ(script.code, 0);
    for (const char* word : {"wusong-portal", "rebuild", "redirect-uri", "continue", "remove"}) {
      EXPECT_NE(script.out.find(word), std::string::npos) << shell << " " << word;
    }
    EXPECT_EQ(script.out.find("-F _wusong wusong\n"), std::string::npos);
  }
}

const std::string kGood = "rules = \"rules\"\ncontracts = \"contracts\"\n";

std::string refused(const std::string& text) {
  const auto config = parse_portal_config(text, "/site/portal.toml");
  return config ? "accepted" : config.error().detail;
}

TEST(PortalConfig, TheExampleIsAcceptedAndTheLeastFileGetsDefaults) {
  const auto example = parse_portal_config(portal_config_example(), "/site/portal.toml");
  ASSERT_TRUE(example) << example.error().detail;
  EXPECT_EQ(example->blobs, "/site/portal/blobs");
  EXPECT_FALSE(example->rados);
  const auto least = parse_portal_config(kGood, "/site/portal.toml");
  ASSERT_TRUE(least) << least.error().detail;
  EXPECT_EQ(least->server_key, "/site/server.key");
  EXPECT_EQ(least->base, "http://127.0.0.1:8080");
  EXPECT_TRUE(least->proxies.empty()) << "nobody's X-Forwarded-For counts";
  EXPECT_TRUE(least->metrics_host.empty());
}

TEST(PortalConfig, FilesAreInAFolderOrInAPool) {
  const auto config = parse_portal_config(
      kGood + "[rados]\npool = \"wusong\"\nconfig = \"ceph.conf\"\n", "/site/portal.toml");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_TRUE(config->rados);
  EXPECT_EQ(config->rados->pool, "wusong");
  EXPECT_EQ(config->rados->configuration, "/site/ceph.conf");
  EXPECT_EQ(config->rados->user, "admin");
  EXPECT_EQ(refused(kGood + "blobs = \"b\"\n[rados]\npool = \"p\"\n"),
            "/site/portal.toml: blobs and [rados] exclude each other: keep one of them");
  EXPECT_EQ(refused(kGood + "[rados]\nuser = \"u\"\n"),
            "/site/portal.toml: [rados] pool must be the name of a pool that exists");
  EXPECT_EQ(refused(kGood + "[rados]\npool = \"p\"\nusr = \"u\"\n"),
            "/site/portal.toml: [rados] line 5: unknown key \"usr\"; did you mean \"user\"?");
}

TEST(PortalConfig, AFaultNamesKeyAndMend) {
  EXPECT_EQ(refused(kGood + "listne = \"127.0.0.1:1\"\n"),
            "/site/portal.toml: line 3: unknown key \"listne\"; did you mean \"listen\"?");
  EXPECT_EQ(refused(kGood + "listen = \"8080\"\n"),
            "/site/portal.toml: listen must be host:port, such as \"127.0.0.1:8080\"");
  EXPECT_EQ(refused(kGood + "listen = 8080\n"), "/site/portal.toml: listen must be a string");
  EXPECT_EQ(refused(kGood + "proxies = [\"localhost\"]\n"),
            "/site/portal.toml: proxies: \"localhost\" is no IP address; name each proxy by the "
            "address it connects from");
  EXPECT_EQ(refused(kGood + "hosts = [1]\n"), "/site/portal.toml: hosts must be a list of strings");
  EXPECT_EQ(refused("listen = \"127.0.0.1:1\"\n"),
            "/site/portal.toml: rules and contracts must be named");
  EXPECT_NE(refused("listen = "), "accepted");
}

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string asked_by(std::string_view connection, const Headers& headers,
                     const std::vector<std::string>& proxies) {
  return client_address(connection, headers, proxies);
}

TEST(ClientAddress, WithoutTrustedProxiesTheHeaderIsAnybodysWord) {
  EXPECT_EQ(asked_by("127.0.0.1", {{"x-forwarded-for", "203.0.113.9"}}, {}), "127.0.0.1");
  EXPECT_EQ(asked_by("198.51.100.7", {{"x-forwarded-for", "203.0.113.9"}}, {"127.0.0.1"}),
            "198.51.100.7");
}

TEST(ClientAddress, OnlyWhatATrustedProxyAddedCounts) {
  const std::vector<std::string> proxies{"127.0.0.1", "10.0.0.2"};
  EXPECT_EQ(asked_by("127.0.0.1", {{"x-forwarded-for", "203.0.113.9"}}, proxies), "203.0.113.9");
  // The client wrote the first, the proxy the second.
  EXPECT_EQ(asked_by("127.0.0.1", {{"x-forwarded-for", "1.1.1.1, 203.0.113.9"}}, proxies),
            "203.0.113.9");
  EXPECT_EQ(asked_by("127.0.0.1", {{"x-forwarded-for", "1.1.1.1,203.0.113.9 , 10.0.0.2"}}, proxies),
            "203.0.113.9");
  // A proxy that adds a line of its own instead of writing on.
  EXPECT_EQ(asked_by("127.0.0.1",
                     {{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "203.0.113.9"}}, proxies),
            "203.0.113.9");
  EXPECT_EQ(asked_by("127.0.0.1", {}, proxies), "127.0.0.1");
}

TEST(ClientAddress, WhatIsNoAddressIsNoCaller) {
  const std::vector<std::string> proxies{"127.0.0.1"};
  for (const char* text : {"unknown", "", " ", ",", "1.2.3", "999.1.1.1", "a\nb", "1.2.3.4:80"}) {
    EXPECT_EQ(asked_by("127.0.0.1", {{"x-forwarded-for", text}}, proxies), "127.0.0.1") << text;
  }
}

TEST(ClientAddress, AnAddressIsWrittenOneWay) {
  EXPECT_EQ(canonical_address("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(canonical_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_address("example.cn"), "");
  EXPECT_EQ(asked_by("::ffff:127.0.0.1", {{"x-forwarded-for", "2001:DB8::1"}}, {"127.0.0.1"}),
            "2001:db8::1");
}

}  // namespace
}  // namespace wusong::portal_app
