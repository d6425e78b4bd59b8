// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/network_command.hpp"
#include "wusong/apps/node_command.hpp"

namespace wusong::apps {
namespace {

void add_create(CLI::App& network, int& code) {
  const auto options = std::make_shared<NetworkCreate>();
  NetworkPlan& plan = options->plan;
  CLI::App* app = network.add_subcommand("create", "Keys, genesis and one configuration a node");
  app->add_option("--folder", plan.folder, "Where to write it")->capture_default_str();
  app->add_option("--validators", plan.validators, "How many vote")->capture_default_str();
  app->add_option("--observers", plan.observers, "How many follow without voting")
      ->capture_default_str();
  app->add_option("--port-base", plan.port_base,
                  "JSON-RPC of node0; its peers' port is 1000 higher")
      ->capture_default_str();
  app->add_option("--chain-id", plan.chain_id, "EIP-155 chain id")->capture_default_str();
  app->add_option("--fork", plan.fork, "EVM rules: Cancun, Prague or Osaka")->capture_default_str();
  app->add_option("--scheme", plan.scheme, "Votes' signatures: ed25519, sm2 or secp256k1")
      ->capture_default_str();
  app->add_option("--gas-limit", plan.gas_limit, "Of a block")->capture_default_str();
  app->add_option("--gas-price", plan.gas_price, "Base fee in wei; 0: free")->capture_default_str();
  app->add_option("--block-interval-ms", plan.block_interval_ms, "Shortest time between blocks")
      ->capture_default_str();
  app->add_option("--fund", plan.funded, "Addresses with 10,000 ether each");
  app->add_option("--allow-transact", plan.transactors,
                  "Only these addresses may send transactions");
  app->add_option("--allow-deploy", plan.deployers, "Only these addresses may deploy contracts");
  app->add_flag("--dev", plan.dev, "Fund the well-known development accounts and open CORS");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong network create --folder data --validators 4 --dev");
  app->callback([options, &code] { code = network_create(*options); });
}

void add_start(CLI::App& network, int& code) {
  const auto options = std::make_shared<NetworkStart>();
  CLI::App* app =
      network.add_subcommand("start", "Start the nodes that do not run and wait for final blocks");
  app->add_option("--folder", options->folder, "Made by create")->capture_default_str();
  app->add_option("--wait", options->wait_seconds, "Seconds to wait for a final block")
      ->capture_default_str();
  app->add_flag("--detach", options->detach,
                "Return then, and leave the nodes running; without it they stop with this program");
  app->add_flag("--dev", options->dev, "Show the development accounts");
  app->add_flag("--json", options->json, "Names and URLs as one JSON array");
  app->footer("Example: wusong network start --folder data --detach");
  app->callback([options, &code] { code = network_start(*options); });
}

struct Folder {
  std::filesystem::path path{"data"};
  bool json{false};
};

void add_status_and_stop(CLI::App& network, int& code) {
  const auto shown = std::make_shared<Folder>();
  CLI::App* status =
      network.add_subcommand("status", "Height, finality, peers and version of every node");
  status->add_option("--folder", shown->path, "Made by create")->capture_default_str();
  status->add_flag("--json", shown->json, "As one JSON array");
  status->footer("Example: wusong network status --folder data");
  status->callback([shown, &code] { code = network_status(shown->path, shown->json); });

  const auto stopped = std::make_shared<Folder>();
  CLI::App* stop = network.add_subcommand("stop", "Stop all nodes");
  stop->add_option("--folder", stopped->path, "Made by create")->capture_default_str();
  stop->add_flag("--json", stopped->json, "As one JSON object");
  stop->footer("Example: wusong network stop --folder data");
  stop->callback([stopped, &code] { code = network_stop(stopped->path, stopped->json); });
}

}  // namespace

void add_network_commands(CLI::App& root, int& code) {
  CLI::App& network = add_group(root, "network", "Networks of nodes on this machine");
  add_create(network, code);
  add_start(network, code);
  add_status_and_stop(network, code);

  CLI::App& node = add_group(root, "node", "One node");
  const auto config = std::make_shared<std::filesystem::path>();
  CLI::App* run = node.add_subcommand("run", "Run a validator or observer until told to stop");
  run->add_option("--config", *config, "The node's TOML file")->required();
  run->footer("Example: wusong node run --config data/node0/node.toml");
  run->callback([config, &code] { code = node_run(*config); });
}

}  // namespace wusong::apps
