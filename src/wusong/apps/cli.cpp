// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/cli.hpp"

#include <CLI/CLI.hpp>

namespace wusong::apps {

std::shared_ptr<CLI::App> make_cli(int& code) {
  auto app =
      std::make_shared<CLI::App>("Wusong: an open permissioned chain for public data", "wusong");
  app->footer(
      "Example: wusong network create --folder data --dev && wusong network start --folder data\n"
      "`wusong COMMAND --help` or `wusong help COMMAND` says more. Exit codes: 0 done, 1 failed, 2 "
      "wrong usage.");
  add_network_commands(*app, code);
  add_account_commands(*app, code);
  add_contract_commands(*app, code);
  add_query_commands(*app, code);
  add_verify_command(*app, code);
  add_light_commands(*app, code);
  add_evm_commands(*app, code);
  add_sim_commands(*app, code);
  add_chain_commands(*app, code);
  add_crypto_commands(*app, code);
  finish_cli(*app, code);
  return app;
}

int run_cli(const std::vector<std::string>& given) {
  int code = 0;
  const auto app = make_cli(code);
  return run_app(*app, given, code);
}

}  // namespace wusong::apps
