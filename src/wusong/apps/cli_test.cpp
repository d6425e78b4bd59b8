// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/cli.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "wusong/apps/completion.hpp"

namespace wusong::apps {
namespace {

using Words = std::vector<std::string>;

/// Every command with its path, groups included.
void walk(const CLI::App& app, const std::string& path,
          const std::function<void(const CLI::App&, const std::string&)>& visit) {
  visit(app, path);
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    walk(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), visit);
  }
}

TEST(Cli, EveryPromisedCommandIsThere) {
  int code = 0;
  const auto app = make_cli(code);
  std::vector<std::string> paths;
  walk(*app, "", [&](const CLI::App&, const std::string& path) { paths.push_back(path); });
  for (const char* path :
       {"network create", "network start",  "network status", "network stop",    "node run",
        "account new",    "account list",   "account import", "contract deploy", "contract call",
        "contract send",  "block show",     "tx show",        "receipt show",    "validator list",
        "evm run",        "evm statetest",  "evm bench",      "version",         "completion bash",
        "completion zsh", "completion fish"}) {
    EXPECT_NE(std::ranges::find(paths, path), paths.end()) << path;
  }
}

TEST(Cli, EveryCommandShowsAnExample) {
  int code = 0;
  const auto app = make_cli(code);
  walk(*app, "", [](const CLI::App& command, const std::string& path) {
    EXPECT_FALSE(command.get_description().empty()) << path;
    if (command.get_subcommands([](const CLI::App*) { return true; }).empty()) {
      EXPECT_NE(command.get_footer().find("Example: "), std::string::npos) << path;
    }
  });
}

TEST(Cli, NoOptionTakesASecret) {
  int code = 0;
  const auto app = make_cli(code);
  walk(*app, "", [](const CLI::App& command, const std::string& path) {
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        EXPECT_TRUE(name != "password" && name != "key" && name != "private-key") << path;
      }
    }
  });
}

TEST(Cli, AnUnknownCommandNamesTheNearest) {
  int code = 0;
  const auto app = make_cli(code);
  EXPECT_EQ(unknown_subcommand(*app, Words{"netwrk", "start"}),
            "unknown command \"netwrk\"; did you mean `wusong network`?");
  EXPECT_EQ(unknown_subcommand(*app, Words{"network", "strat"}),
            "unknown command \"strat\"; did you mean `wusong network start`?");
  EXPECT_EQ(unknown_subcommand(*app, Words{"account"}),
            "wusong account needs a command: new, list, import, show, migrate");
  EXPECT_EQ(unknown_subcommand(*app, Words{"account", "--help"}), "");
  EXPECT_EQ(unknown_subcommand(*app, Words{"block", "show", "latest"}), "");
}

TEST(Cli, WrongUsageIsExitCode2) {
  EXPECT_EQ(run_cli({}), 2);
  EXPECT_EQ(run_cli({"netwrk"}), 2);
  EXPECT_EQ(run_cli({"version", "--jsn"}), 2);
  EXPECT_EQ(run_cli({"node", "run"}), 2);
  EXPECT_EQ(run_cli({"network", "create", "--validators", "many"}), 2);
  EXPECT_EQ(run_cli({"contract", "send", "--to", "0x12", "--dev-account", "0"}), 2);
  EXPECT_EQ(run_cli({"tx", "show", "0x12"}), 2);
}

TEST(Cli, HelpAndVersionSucceed) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_cli({"--help"}), 0);
  EXPECT_EQ(run_cli({"contract", "deploy", "--help"}), 0);
  EXPECT_EQ(run_cli({"version", "--json"}), 0);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("Example: wusong contract deploy"), std::string::npos);
  EXPECT_NE(out.find("\"compiler\""), std::string::npos);
}

TEST(Cli, HelpIsACommandToo) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_cli({"help"}), 0);
  EXPECT_EQ(run_cli({"help", "contract", "send"}), 0);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("wusong COMMAND --help"), std::string::npos);
  EXPECT_NE(out.find("Example: wusong contract send"), std::string::npos);
  EXPECT_EQ(run_cli({"help", "netwrk"}), 2);
}

TEST(Cli, AGroupShowsExamplesOfItsOwn) {
  int code = 0;
  const auto app = make_cli(code);
  walk(*app, "", [](const CLI::App& command, const std::string& path) {
    if (path.empty() || command.get_subcommands([](const CLI::App*) { return true; }).empty()) {
      return;
    }
    EXPECT_TRUE(command.get_footer().starts_with("Examples:\n  ")) << path;
    if (path != "completion") {
      EXPECT_NE(command.get_footer().find("wusong " + path), std::string::npos) << path;
    }
  });
}

TEST(Cli, WrongValuesAreNamedInPlainWords) {
  const auto said = [](const Words& words) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_cli(words), 2);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_TRUE(said({"network", "create", "--validators", "many"})
                  .starts_with("wusong: --validators \"many\" is not a number"));
  EXPECT_TRUE(said({"network", "status", "--folder"})
                  .starts_with("wusong: --folder needs a value; see `wusong network status"));
  EXPECT_TRUE(said({"contract", "send", "--to", "0x12", "--nonce", "-1"})
                  .starts_with("wusong: --nonce must be a number that is not negative"));
  EXPECT_TRUE(said({"block", "show", "1", "2"}).starts_with("wusong: unexpected: 2"));
}

TEST(Completion, EveryShellKnowsEveryCommandAndOption) {
  int code = 0;
  const auto app = make_cli(code);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(*app, shell);
    EXPECT_NE(script.find(std::string{"wusong completion "} + shell), std::string::npos);
    walk(*app, "", [&](const CLI::App& command, const std::string& path) {
      EXPECT_NE(script.find(command.get_name()), std::string::npos) << shell << " " << path;
      for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
          EXPECT_NE(script.find(name), std::string::npos) << shell << " " << path << " " << name;
        }
      }
    });
  }
}

}  // namespace
}  // namespace wusong::apps
