// SPDX-License-Identifier: Apache-2.0
// The `wusong` program: reads the command line and hands over.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "wusong/apps/network_command.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/node_command.hpp"
#include "wusong/apps/version.hpp"

namespace {

using namespace wusong::apps;

void add_network(CLI::App& app, int& code) {
  CLI::App* network = app.add_subcommand("network", "Networks of nodes on this machine");
  network->require_subcommand(1);

  static NetworkPlan plan;
  CLI::App* create =
      network->add_subcommand("create", "Keys, genesis and one configuration a node");
  create->add_option("--folder", plan.folder, "Where to write it")->capture_default_str();
  create->add_option("--validators", plan.validators, "How many vote")->capture_default_str();
  create->add_option("--observers", plan.observers, "How many follow without voting")
      ->capture_default_str();
  create
      ->add_option("--port-base", plan.port_base,
                   "JSON-RPC of node0; its peers' port is 1000 higher")
      ->capture_default_str();
  create->add_option("--chain-id", plan.chain_id, "EIP-155 chain id")->capture_default_str();
  create->add_option("--fork", plan.fork, "EVM rules: Cancun, Prague or Osaka")
      ->capture_default_str();
  create->add_option("--scheme", plan.scheme, "Votes' signatures: ed25519, sm2 or secp256k1")
      ->capture_default_str();
  create->add_option("--gas-limit", plan.gas_limit, "Of a block")->capture_default_str();
  create->add_option("--gas-price", plan.gas_price, "Base fee in wei; 0: free")
      ->capture_default_str();
  create->add_option("--block-interval-ms", plan.block_interval_ms, "Shortest time between blocks")
      ->capture_default_str();
  create->add_option("--fund", plan.funded, "Addresses with 10,000 ether each");
  create->add_option("--allow-transact", plan.transactors,
                     "Only these addresses may send transactions");
  create->add_option("--allow-deploy", plan.deployers, "Only these addresses may deploy contracts");
  create->add_flag("--dev", plan.dev, "Fund the well-known development accounts and open CORS");
  create->footer("Example: wusong network create --folder data --validators 4 --dev");
  create->callback([&code] {
    const auto created = create_network(plan);
    if (!created) {
      fmt::print(stderr, "wusong: {} ({})\n", created.error().detail, created.error().error.name());
      code = 1;
      return;
    }
    fmt::print(
        "Created a network of {} validators and {} observers in {}.\nStart it with: wusong network "
        "start --folder {}\n",
        plan.validators, plan.observers, plan.folder.string(), plan.folder.string());
  });

  static NetworkStart options;
  CLI::App* start =
      network->add_subcommand("start", "Start all nodes and wait until blocks are final");
  start->add_option("--folder", options.folder, "Made by create")->capture_default_str();
  start->add_option("--wait", options.wait_seconds, "Seconds to wait for a final block")
      ->capture_default_str();
  start->add_flag("--detach", options.detach, "Return then, and leave the nodes running");
  start->add_flag("--dev", options.dev, "Show the development accounts");
  start->footer("Example: wusong network start --folder data");
  start->callback([&code] { code = network_start(options); });

  static std::filesystem::path folder{"data"};
  static bool json = false;
  CLI::App* status =
      network->add_subcommand("status", "Height, finality, peers and version of every node");
  status->add_option("--folder", folder, "Made by create")->capture_default_str();
  status->add_flag("--json", json, "As one JSON array");
  status->footer("Example: wusong network status --folder data");
  status->callback([&code] { code = network_status(folder, json); });

  CLI::App* stop = network->add_subcommand("stop", "Stop all nodes");
  stop->add_option("--folder", folder, "Made by create")->capture_default_str();
  stop->footer("Example: wusong network stop --folder data");
  stop->callback([&code] { code = network_stop(folder); });
}

void add_node(CLI::App& app, int& code) {
  CLI::App* node = app.add_subcommand("node", "One node");
  node->require_subcommand(1);
  static std::filesystem::path config;
  CLI::App* run =
      node->add_subcommand("run", "Run a validator or observer until it is told to stop");
  run->add_option("--config", config, "The node's TOML file")->required();
  run->footer("Example: wusong node run --config data/node0/node.toml");
  run->callback([&code] { code = node_run(config); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Wusong: an open permissioned chain for public data"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string{"wusong "} + kVersion);
  int code = 0;
  add_network(app, code);
  add_node(app, code);
  app.add_subcommand("version", "The program's version")->callback([] {
    fmt::print("wusong {}\n", kVersion);
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int parsed = app.exit(error);
    return parsed == 0 ? 0 : 2;
  }
  return code;
}
