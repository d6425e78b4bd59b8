// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "wusong/apps/cli.hpp"
#include "wusong/apps/doctor_command.hpp"
#include "wusong/apps/keys.hpp"
#include "wusong/apps/network_command.hpp"
#include "wusong/apps/node_command.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/validator_command.hpp"

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
  app->add_option(
         "--profile", plan.profile,
         "standard: Keccak-256, as Ethereum; guomi: SM3 for the chain's own digests, SM2 votes; "
         "hybrid-pq: as standard, votes by Ed25519 and ML-DSA-44 together")
      ->capture_default_str();
  app->add_option(
      "--scheme", plan.scheme,
      fmt::format("Votes' signatures: {}; as the profile has it without it", scheme_names()));
  app->add_option("--gas-limit", plan.gas_limit, "Of a block")->capture_default_str();
  app->add_option("--gas-price", plan.gas_price, "Base fee in wei; 0: free")->capture_default_str();
  app->add_option("--block-interval-ms", plan.block_interval_ms, "Shortest time between blocks")
      ->capture_default_str();
  app->add_option("--block-bytes-max", plan.block_bytes_max,
                  "Of a block's transactions; up to a gibibyte, in slices")
      ->capture_default_str();
  app->add_flag("!--no-registry", plan.registry,
                "Validators and parameters stay as they are for ever");
  app->add_option("--epoch-blocks", plan.epoch_blocks,
                  "A set of validators stays for at least so many blocks")
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

void add_wan_choice(CLI::App& app, WanChoice& choice) {
  CLI::Option* regions =
      app.add_option("--wan", choice.regions,
                     "Delays between regions of this file, for example tools/wan/regions.json");
  app.add_option("--placement", choice.placement,
                 "Who stands where: 0 as the file has it, else shuffled by this seed")
      ->needs(regions)
      ->capture_default_str();
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
  add_wan_choice(*app, options->wan);
  app->add_flag("--json", options->json, "Names and URLs as one JSON array");
  app->footer(
      "Example: wusong network start --folder data --detach\n"
      "         wusong network start --folder data --wan tools/wan/regions.json");
  app->callback([options, &code] { code = network_start(*options); });
}

void add_node_create(CLI::App& node, int& code) {
  const auto plan = std::make_shared<NodePlan>();
  CLI::App* app = node.add_subcommand("create", "Keys and configuration for a chain that exists");
  app->add_option("--folder", plan->folder, "Where to write it")->required();
  app->add_option("--genesis", plan->genesis, "The chain's genesis.json")->required();
  app->add_option("--like", plan->like, "node.toml of a member: whom to connect to")->required();
  app->add_option("--name", plan->name, "What others see")->required();
  app->add_option(
      "--scheme", plan->scheme,
      fmt::format("Votes' signatures: {}; as the profile has it without it", scheme_names()));
  app->add_option("--network-listen", plan->network_listen, "host:port for peers")
      ->capture_default_str();
  app->add_option("--rpc-listen", plan->rpc_listen, "host:port for JSON-RPC")
      ->capture_default_str();
  app->add_flag("--observer", plan->observer, "It will never vote: no vote key");
  app->footer(
      "Example: wusong node create --folder data/node4 --name node4 --genesis data/genesis.json "
      "--like data/node0/node.toml --network-listen 127.0.0.1:9549 --rpc-listen 127.0.0.1:8549\n"
      "Members admit it once governors did: wusong validator request --help");
  app->callback([plan, &code] {
    const auto made = create_node(*plan);
    code = made ? 0 : complain(made.error());
  });
}

struct Folder {
  std::filesystem::path path{"data"};
  bool json{false};
  bool peers{false};
};

void add_status_and_stop(CLI::App& network, int& code) {
  const auto shown = std::make_shared<Folder>();
  CLI::App* status =
      network.add_subcommand("status", "Height, finality, peers and version of every node");
  status->add_option("--folder", shown->path, "Made by create")->capture_default_str();
  status->add_flag("--peers", shown->peers, "Also how each node stands with the others");
  status->add_flag("--json", shown->json, "As one JSON array");
  status->footer("Example: wusong network status --folder data");
  status->callback(
      [shown, &code] { code = network_status(shown->path, shown->json, shown->peers); });

  const auto stopped = std::make_shared<Folder>();
  CLI::App* stop = network.add_subcommand("stop", "Stop all nodes");
  stop->add_option("--folder", stopped->path, "Made by create")->capture_default_str();
  stop->add_flag("--json", stopped->json, "As one JSON object");
  stop->footer("Example: wusong network stop --folder data");
  stop->callback([stopped, &code] { code = network_stop(stopped->path, stopped->json); });
}

/// `--config` for one node, `--folder` for all of a network on this machine.
void add_which(CLI::App& app, std::filesystem::path& config, std::filesystem::path& folder) {
  CLI::Option* one = app.add_option("--config", config, "One node: its TOML file");
  app.add_option("--folder", folder, "All nodes of a network on this machine")
      ->capture_default_str()
      ->excludes(one);
}

void add_node_data(CLI::App& node, int& code) {
  const auto saved = std::make_shared<NodeBackup>();
  CLI::App* backup = node.add_subcommand("backup", "Copy the chain of a node, also while it runs");
  backup->add_option("--config", saved->config, "The node's TOML file")->required();
  backup->add_option("--to", saved->to, "A folder: new, or an earlier backup to bring up to date")
      ->required();
  backup->add_flag("--json", saved->json, "As one JSON object");
  backup->footer("Example: wusong node backup --config data/node0/node.toml --to /backup/node0");
  backup->callback([saved, &code] { code = node_backup(*saved); });

  const auto restored = std::make_shared<NodeRestore>();
  CLI::App* restore = node.add_subcommand("restore", "Put a backup back where a node has no data");
  restore->add_option("--config", restored->config, "The node's TOML file")->required();
  restore->add_option("--from", restored->from, "Made by backup")->required();
  restore->add_flag("--check", restored->check, "Only compare the backup's digests");
  restore->add_flag("--json", restored->json, "As one JSON object");
  restore->footer(
      "Example: wusong node restore --config data/node0/node.toml --from /backup/node0");
  restore->callback([restored, &code] { code = node_restore(*restored); });

  const auto moved = std::make_shared<NodeMigrate>();
  CLI::App* migrate =
      node.add_subcommand("migrate", "Bring data from the previous release's format, or back");
  add_which(*migrate, moved->config, moved->folder);
  migrate->add_flag("--back", moved->back, "To the previous release's format");
  migrate->add_flag("--json", moved->json, "As one JSON array");
  migrate->footer("Example: wusong node migrate --config data/node0/node.toml");
  migrate->callback([moved, &code] { code = node_migrate(*moved); });
}

void add_wan_set(CLI::App& wan, int& code) {
  const auto options = std::make_shared<WanSet>();
  CLI::App* app = wan.add_subcommand("set", "Change paths, both ways unless --one-way");
  app->add_option("--folder", options->folder, "Made by create")->capture_default_str();
  app->add_option("--from", options->from, "A node, a region, or * for all")->capture_default_str();
  app->add_option("--to", options->to, "A node, a region, or * for all")->capture_default_str();
  app->add_option("--delay-ms", options->delay_ms, "Median of one way");
  app->add_option("--jitter-ms", options->jitter_ms, "Its 90th percentile is so much above it");
  app->add_option("--loss-permille", options->loss_permille, "Packets lost of a thousand");
  app->add_option("--mbit-s", options->mbit_s, "Bandwidth; 0: no limit");
  CLI::Option* cut = app->add_flag("--cut", options->cut, "Nothing passes");
  app->add_flag("--mend", options->mend, "What was cut passes again")->excludes(cut);
  app->add_flag("--one-way", options->one_way, "Leave the way back as it is");
  app->add_flag("--json", options->json, "As one JSON object");
  app->footer("Example: wusong network wan set --from node0 --to '*' --loss-permille 20");
  app->callback([options, &code] { code = wan_set(*options); });
}

struct WanRequest {
  std::filesystem::path folder{"data"};
  std::string node;
  std::vector<std::string> nodes;
  bool json{false};
};

void add_wan(CLI::App& network, int& code) {
  CLI::App& wan = add_group(network, "wan", "The wide network that start --wan puts between nodes");
  const auto common = [](CLI::App& app, WanRequest& request) {
    app.add_option("--folder", request.folder, "Made by create")->capture_default_str();
    app.add_flag("--json", request.json, "As JSON");
  };
  const auto shown = std::make_shared<WanRequest>();
  CLI::App* show = wan.add_subcommand("show", "Every path and what went over it");
  common(*show, *shown);
  show->add_option("--node", shown->node, "Only from this one");
  show->footer("Example: wusong network wan show --node node0");
  show->callback([shown, &code] { code = wan_show(shown->folder, shown->node, shown->json); });

  const auto parted = std::make_shared<WanRequest>();
  CLI::App* partition =
      wan.add_subcommand("partition", "These nodes on one side, the others on the other");
  common(*partition, *parted);
  partition->add_option("nodes", parted->nodes, "Names")->required();
  partition->footer("Example: wusong network wan partition node0 node1");
  partition->callback(
      [parted, &code] { code = wan_partition(parted->folder, parted->nodes, parted->json); });

  const auto healed = std::make_shared<WanRequest>();
  CLI::App* heal = wan.add_subcommand("heal", "All paths as the file of regions has them");
  common(*heal, *healed);
  heal->footer("Example: wusong network wan heal --folder data");
  heal->callback([healed, &code] { code = wan_heal(healed->folder, healed->json); });
  add_wan_set(wan, code);
}

/// The emulator's own process: `network start --wan` starts it.
void add_emulate(CLI::App& network, int& code) {
  const auto folder = std::make_shared<std::filesystem::path>("data");
  const auto choice = std::make_shared<WanChoice>();
  CLI::App* app = network.add_subcommand("emulate", "Carry packets between the nodes of a folder");
  app->add_option("--folder", *folder, "Made by create")->capture_default_str();
  add_wan_choice(*app, *choice);
  app->footer("Example: wusong network emulate --folder data --wan tools/wan/regions.json");
  app->callback([folder, choice, &code] { code = network_emulate(*folder, *choice); });
}

void add_node_keys(CLI::App& node, int& code) {
  const auto next = std::make_shared<NextKeyOptions>();
  CLI::App* next_key = node.add_subcommand(
      "next-key", "Make the key by which its peers are to know the node after the present one");
  next_key->add_option("--config", next->config, "The node's TOML file")->required();
  next_key->add_flag("--json", next->json, "As one JSON object");
  next_key->footer(
      "Example: wusong node next-key --config data/node1/node.toml\n"
      "With pinned keys the node takes it by itself once the registry names it; with a CA\n"
      "`wusong node reload --certificate` does, once the authority has signed the request.");
  next_key->callback([next, &code] { code = node_next_key(*next); });

  const auto reloaded = std::make_shared<NodeReload>();
  CLI::App* reload = node.add_subcommand(
      "reload", "Have a running node read certificates, keys, revocations and addresses again");
  reload->add_option("--config", reloaded->config, "The node's TOML file")->required();
  reload->add_option(
      "--certificate", reloaded->certificate,
      "PEM: takes the place of network.certificate, and the next key that of its key");
  reload->add_flag("--json", reloaded->json, "As one JSON object");
  reload->footer(
      "Example: wusong node reload --config data/node0/node.toml\n"
      "         wusong node reload --config data/node0/node.toml --certificate tls.crt");
  reload->callback([reloaded, &code] { code = node_reload(*reloaded); });
}

}  // namespace

void add_network_commands(CLI::App& root, int& code) {
  CLI::App& network = add_group(root, "network", "Networks of nodes on this machine");
  add_create(network, code);
  add_start(network, code);
  add_status_and_stop(network, code);
  add_wan(network, code);
  add_emulate(network, code);

  CLI::App& node = add_group(root, "node", "One node");
  add_node_create(node, code);
  const auto config = std::make_shared<std::filesystem::path>();
  CLI::App* run = node.add_subcommand("run", "Run a validator or observer until told to stop");
  run->add_option("--config", *config, "The node's TOML file")->required();
  const auto wan = std::make_shared<std::filesystem::path>();
  run->add_option("--wan", *wan,
                  "Join the emulated wide network of this socket; `network start --wan` says so");
  run->footer("Example: wusong node run --config data/node0/node.toml");
  run->callback([config, wan, &code] { code = node_run(*config, *wan); });
  add_node_keys(node, code);
  add_node_data(node, code);

  const auto examined = std::make_shared<Doctor>();
  CLI::App* doctor_app = root.add_subcommand(
      "doctor", "What is wrong with nodes and their machine, and how to mend it");
  add_which(*doctor_app, examined->config, examined->folder);
  doctor_app->add_flag("--json", examined->json, "As one JSON object");
  doctor_app->footer("Example: wusong doctor --config data/node0/node.toml");
  doctor_app->callback([examined, &code] { code = doctor(*examined); });
}

void add_chain_commands(CLI::App& root, int& code) {
  CLI::App& chain = add_group(root, "chain", "A chain in a file");

  const auto out = std::make_shared<ChainExport>();
  CLI::App* app = chain.add_subcommand(
      "export", "Write blocks with their certificates to a file; the node may run");
  app->add_option("--config", out->config, "The node's TOML file")->required();
  app->add_option("--from", out->from, "First height; the oldest whole block without it");
  app->add_option("--to", out->to, "Last height; the newest final block without it");
  app->add_flag("--json", out->json, "As one JSON object");
  app->add_option("file", out->file, "Where to; one that an export left unfinished is continued")
      ->required();
  app->footer("Example: wusong chain export --config data/node0/node.toml city.chain");
  app->callback([out, &code] { code = chain_export(*out); });

  const auto in = std::make_shared<ChainImportOptions>();
  app = chain.add_subcommand("import",
                             "Verify and execute a file's blocks in the folder of a stopped node");
  app->add_option("--config", in->config, "The node's TOML file")->required();
  app->add_flag("--json", in->json, "As one JSON object");
  app->add_option("file", in->file, "Made by export")->required();
  app->footer("Example: wusong chain import --config data/node4/node.toml city.chain");
  app->callback([in, &code] { code = chain_import(*in); });

  const auto check = std::make_shared<ChainVerify>();
  app = chain.add_subcommand("verify", "Check every certificate, link and body of a file, offline");
  app->add_option("--genesis", check->genesis, "The chain's genesis.json")->required();
  app->add_flag("--json", check->json, "As one JSON object");
  app->add_option("file", check->file, "Made by export")->required();
  app->footer("Example: wusong chain verify --genesis data/genesis.json city.chain");
  app->callback([check, &code] { code = chain_verify(*check); });
}

}  // namespace wusong::apps
