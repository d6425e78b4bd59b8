// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/command_line.hpp"
#include "wusong/apps/evm_command.hpp"

namespace wusong::apps {
namespace {

void add_run(CLI::App& evm, int& code) {
  const auto options = std::make_shared<EvmRunOptions>();
  CLI::App* app = evm.add_subcommand("run", "Run code in an otherwise empty state");
  app->add_option("--code", options->code_file, "File with hexadecimal text or raw bytes")
      ->required();
  app->add_option("--input", options->input_hex, "Call data in hexadecimal");
  app->add_option("--gas", options->gas, "For the code itself")->capture_default_str();
  app->add_option("--fork", options->fork, "Rules, Berlin to Osaka")->capture_default_str();
  app->add_option("--value", options->value, "Wei sent along")->capture_default_str();
  app->add_flag("--trace", options->trace, "One JSON line a step first (EIP-3155)");
  app->add_flag("--json", options->json, "The outcome as one JSON object");
  app->footer("Example: wusong evm run --code add.hex --input 0x01 --gas 100000 --trace");
  app->callback([options, &code] { code = evm_run(*options); });
}

void add_bench(CLI::App& evm, int& code) {
  const auto options = std::make_shared<EvmBenchOptions>();
  CLI::App* app = evm.add_subcommand("bench", "Time calls of code, warm, from the same state");
  app->add_option("--code", options->code_file, "File with hexadecimal text or raw bytes")
      ->required();
  app->add_option("--input", options->input_hex, "Call data in hexadecimal");
  app->add_option("--name", options->name, "Shown with the figures");
  app->add_option("--gas", options->gas, "For the code itself")->capture_default_str();
  app->add_option("--fork", options->fork, "Rules, Berlin to Osaka")->capture_default_str();
  app->add_option("--runs", options->runs, "How many; as many as fit in half a second without it");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong evm bench --code loop.hex --input 0x --json");
  app->callback([options, &code] { code = evm_bench(*options); });
}

}  // namespace

void add_evm_commands(CLI::App& root, int& code) {
  CLI::App& evm = add_group(root, "evm", "The virtual machine without a chain");
  add_run(evm, code);
  const auto file = std::make_shared<std::string>();
  CLI::App* test = evm.add_subcommand("statetest", "Run a published state test; prints JSON");
  test->add_option("file", *file, "A GeneralStateTests file")->required();
  test->footer("Example: wusong evm statetest add.json");
  test->callback([file, &code] { code = evm_statetest(*file); });
  add_bench(evm, code);
}

}  // namespace wusong::apps
