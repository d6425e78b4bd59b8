// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/network_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <future>
#include <optional>
#include <thread>

#include "wusong/apps/config.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/consensus/types.hpp"
#include "wusong/emulator/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/signals.hpp"

namespace wusong::apps {
namespace {

using namespace std::chrono_literals;

struct NodeProcess {
  std::filesystem::path folder;
  NodeConfig config;
  pid_t pid{0};
  bool ours{false};                // started by this process
  std::optional<Failure> fault{};  // of its configuration, or why it ended

  std::filesystem::path pid_file() const { return folder / "pid"; }
  std::string url() const { return "http://" + config.rpc_listen; }
};

/// The process that wrote the file, if it still runs a node.
pid_t running_pid(const NodeProcess& node) {
  const auto text = platform::read_text(node.pid_file().string(), 64);
  pid_t pid = 0;
  if (!text) return 0;
  std::from_chars(text->data(), text->data() + text->size(), pid);
  if (pid <= 0 || ::kill(pid, 0) != 0) return 0;
  // A reused number belongs to somebody else's program.
  const auto command = platform::read_text(fmt::format("/proc/{}/cmdline", pid), 4'096);
  return command && command->find("node") != std::string::npos &&
                 command->find("run") != std::string::npos
             ? pid
             : 0;
}

/// A node whose configuration cannot be used carries the fault: others can be shown and stopped.
Outcome<std::vector<NodeProcess>> load_network(const std::filesystem::path& folder) {
  const auto folders = node_folders(folder);
  if (!folders) return std::unexpected{folders.error()};
  std::vector<NodeProcess> out;
  for (const auto& node_folder : *folders) {
    NodeProcess node{.folder = node_folder, .config = {}};
    const auto file = node_folder / "node.toml";
    if (!platform::file_exists(file.string())) {
      node.fault = Failure{err::not_found,
                           fmt::format("{0} is missing; restore it, or remove the folder {1} where "
                                       "this node is not to run here",
                                       file.string(), node_folder.string())};
    } else if (auto config = load_config(file)) {
      node.config = *std::move(config);
    } else {
      node.fault = config.error();
    }
    if (node.config.name.empty()) node.config.name = node_folder.filename().string();
    node.pid = running_pid(node);
    out.push_back(std::move(node));
  }
  return out;
}

struct Members {
  std::size_t validators{0};
  std::size_t quorum{0};
};

/// What must hold before the first node is started: every file is there and makes sense.
Outcome<Members> check_network(const std::filesystem::path& folder,
                               const std::vector<NodeProcess>& nodes) {
  for (const NodeProcess& node : nodes) {
    if (node.fault) return std::unexpected{*node.fault};
    if (platform::file_exists(node.config.genesis.string())) continue;
    return failure(err::not_found,
                   fmt::format("{} is missing, but there are node folders in {}: restore it from a "
                               "backup or another member of the chain, or begin a new chain: "
                               "`./run --reset`, or remove the folder and create the network again",
                               node.config.genesis.string(), folder.string()));
  }
  const auto genesis = load_genesis(nodes.front().config.genesis);
  if (!genesis) return std::unexpected{genesis.error()};
  const std::size_t validators = genesis->validators.size();
  return Members{.validators = validators, .quorum = consensus::quorum_size(validators)};
}

/// The child's own session keeps a terminal's Ctrl-C from reaching it twice.
/// `bound`: it stops when this process is gone, however that came. `wan`: the socket of the wide
/// network that it joins, or nothing.
Outcome<void> spawn(NodeProcess& node, bool bound, const std::filesystem::path& wan) {
  const pid_t parent = ::getpid();
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string config = (node.folder / "node.toml").string();
  const std::string log = (node.folder / "stderr.log").string();
  const pid_t pid = ::fork();
  if (pid < 0) return failure(err::bad_config, "cannot start a process");
  if (pid == 0) {
    platform::SignalWatcher::unblock();
    ::setsid();
    if (bound) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != parent) ::_exit(1);  // gone already
    }
    const int descriptor = ::open(log.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    // A pipe that reads our output would otherwise stay open for as long as the node runs.
    if (descriptor >= 0) {
      ::dup2(descriptor, STDOUT_FILENO);
      ::dup2(descriptor, STDERR_FILENO);
    }
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    // Without a wide network the list ends before it.
    const char* const arguments[] = {self.c_str(), "node",         "run",
                                     "--config",   config.c_str(), wan.empty() ? nullptr : "--wan",
                                     wan.c_str(),  nullptr};
    ::execv(self.c_str(), const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  node.pid = pid;
  node.ours = true;
  const auto written = platform::write_file(node.pid_file().string(), as_bytes(std::to_string(pid)),
                                            platform::FileMode::ordinary);
  if (!written)
    return failure(written.error(), fmt::format("{}: cannot be written", node.pid_file().string()));
  return {};
}

/// True once the process is gone. Children are reaped.
bool has_ended(const NodeProcess& node) {
  if (node.ours) return ::waitpid(node.pid, nullptr, WNOHANG) != 0;
  return ::kill(node.pid, 0) != 0;
}

/// Why a node of ours ended, in its own words and with its own row.
Failure last_words(const NodeProcess& node) {
  const auto text = platform::read_text((node.folder / "stderr.log").string());
  const std::string log = shell_quoted((node.folder / "node.log").string());
  if (!text || text->empty()) {
    return {err::rpc_failed, fmt::format("it ended without a word; see {}", log)};
  }
  std::string words = text->substr(0, text->find_last_not_of('\n') + 1);
  words.erase(0, words.rfind('\n') + 1);
  if (words.starts_with("wusong: ")) words.erase(0, 8);
  const auto open = words.rfind(" (");
  if (open == std::string::npos || !words.ends_with(')')) return {err::rpc_failed, words};
  std::string row = words.substr(open + 2, words.size() - open - 3);
  return {err::rpc_failed, words.substr(0, open), std::move(row)};
}

/// All of them, or those that this process started.
void stop_all(std::vector<NodeProcess>& nodes, bool only_ours) {
  const auto spared = [&](const NodeProcess& node) {
    return node.pid == 0 || (only_ours && !node.ours);
  };
  for (const NodeProcess& node : nodes) {
    if (!spared(node)) ::kill(node.pid, SIGTERM);
  }
  const Instant deadline = platform::monotonic_now() + 15s;
  for (NodeProcess& node : nodes) {
    if (spared(node)) continue;
    while (!has_ended(node) && platform::monotonic_now() < deadline) {
      std::this_thread::sleep_for(20ms);
    }
    if (platform::monotonic_now() >= deadline) ::kill(node.pid, SIGKILL);
    std::error_code ignored;
    std::filesystem::remove(node.pid_file(), ignored);  // a stale file is recognised anyway
    node.pid = 0;
  }
}

/// And their wide network, when none is left in it.
void stop_nodes(std::vector<NodeProcess>& nodes, const std::filesystem::path& folder,
                bool only_ours) {
  stop_all(nodes, only_ours);
  if (std::ranges::all_of(nodes, [](const auto& node) { return node.pid == 0; })) end_wan(folder);
}

struct NodeStatus {
  bool answers{false};
  bool healthy{false};
  std::string reason;
  std::string role;
  std::string version;
  std::uint64_t executed{0};
  std::uint64_t final{0};
  std::uint64_t view{0};
  std::uint64_t peers{0};
  std::uint64_t finality_p50{0};
  std::uint64_t finality_p99{0};
  std::vector<std::string> warnings;
  std::vector<std::vector<std::string>> admitted;  // rows of a table, one a peer
};

std::uint64_t number_in(const codec::JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  if (!member) return 0;
  if (const auto plain = member->u64()) return *plain;
  const auto text = member->string();
  if (!text) return 0;
  return codec::u64_from_hex_quantity(*text, false).value_or(0);
}

std::string text_in(const codec::JsonValue& object, std::string_view key) {
  const auto text = object.string_at(key);
  return text ? std::string{*text} : std::string{};
}

/// Name, how it is connected, where, by which exchange of keys, what is held against it, what was
/// refused from it.
std::vector<std::string> peer_row(const codec::JsonValue& peer) {
  const auto flag = [&](std::string_view key) {
    const auto member = peer.find(key);
    return member && member->boolean().value_or(false);
  };
  const std::uint64_t banned = number_in(peer, "bannedMs");
  std::string how = !flag("connected") ? "away" : (flag("relayed") ? "relayed" : "direct");
  const std::string exchange = text_in(peer, "exchange");
  if (banned != 0) how = fmt::format("banned {} s", (banned + 999) / 1'000);
  std::string refused;
  if (const auto counts = peer.find("refused")) {
    for (const auto& [reason, count] : counts->members())
      refused +=
          fmt::format("{}{} {}", refused.empty() ? "" : ", ", reason, count.u64().value_or(0));
  }
  const std::string error = text_in(peer, "lastError");
  return {text_in(peer, "name"),
          how,
          text_in(peer, "address"),
          exchange.empty() ? "-" : exchange,
          std::to_string(number_in(peer, "penalty")),
          refused.empty() ? "-" : refused,
          error.empty() ? "-" : error};
}

NodeStatus ask_status(const NodeProcess& node) {
  NodeStatus out;
  auto client = RpcClient::open(node.url(), 2s);
  if (!client) return out;
  const auto health = client->call("wusong_nodeHealth");
  if (!health) {
    out.reason = health.error().detail;
    return out;
  }
  out.answers = true;
  const codec::JsonValue result = health->result();
  const auto healthy = result.find("healthy");
  out.healthy = healthy && healthy->boolean().value_or(false);
  out.reason = text_in(result, "reason");
  out.role = text_in(result, "role");
  out.view = number_in(result, "view");
  out.executed = number_in(result, "height");
  out.final = number_in(result, "final");
  out.peers = number_in(result, "peers");
  out.finality_p50 = number_in(result, "finalityMsP50");
  out.finality_p99 = number_in(result, "finalityMsP99");
  if (const auto network = client->call("wusong_networkStatus")) {
    if (const auto warnings = network->result().find("warnings"))
      for (const codec::JsonValue& warning : warnings->items())
        out.warnings.emplace_back(warning.string().value_or(""));
    if (const auto peers = network->result().find("peers"))
      for (const codec::JsonValue& peer : peers->items()) out.admitted.push_back(peer_row(peer));
  }
  if (const auto version = client->call("web3_clientVersion")) {
    if (const auto text = version->result().string()) out.version = *text;
  }
  return out;
}

bool is_validator(const NodeProcess& node) {
  return node.config.role == "validator";
}

/// Notes and reports nodes that ended by themselves.
void bury(std::vector<NodeProcess>& nodes) {
  for (NodeProcess& node : nodes) {
    if (node.pid == 0 || !has_ended(node)) continue;
    node.pid = 0;
    node.fault = last_words(node);
    fmt::print(stderr, "wusong: {} does not run: {} ({})\n", node.config.name, node.fault->detail,
               node.fault->name());
  }
}

Failure too_few(const std::vector<NodeProcess>& nodes, std::size_t running,
                const Members& members) {
  const auto ended =
      std::ranges::find_if(nodes, [](const auto& node) { return node.fault.has_value(); });
  const std::string count = fmt::format("{} of {} can run, {} are needed", running,
                                        counted(members.validators, "validator"), members.quorum);
  if (ended == nodes.end()) return {err::rpc_failed, count};
  return {ended->fault->error,
          fmt::format("{}; {}: {}", count, ended->config.name, ended->fault->detail),
          ended->fault->row};
}

/// Waits until every node that lives answers and one block beyond genesis is final. Without a
/// quorum there is nothing to wait for.
Outcome<void> wait_until_final(std::vector<NodeProcess>& nodes, const Members& members,
                               std::uint64_t seconds, const std::atomic<bool>& interrupted) {
  const Instant deadline = platform::monotonic_now() + std::chrono::seconds{seconds};
  while (!interrupted) {
    bury(nodes);
    bool all = true;
    std::size_t running = 0;
    std::size_t healthy = 0;
    for (const NodeProcess& node : nodes) {
      if (node.pid == 0) continue;
      const NodeStatus status = ask_status(node);
      const bool good = status.healthy && status.executed > 0;
      all = all && good;
      running += is_validator(node) ? 1 : 0;
      healthy += is_validator(node) && good ? 1 : 0;
    }
    if (running < members.quorum) return std::unexpected{too_few(nodes, running, members)};
    if (all) return {};
    if (platform::monotonic_now() >= deadline) {
      if (healthy >= members.quorum) return {};
      return failure(
          err::rpc_failed,
          fmt::format("no final block within {} s; `wusong network status` says more", seconds));
    }
    std::this_thread::sleep_for(100ms);
  }
  return {};
}

std::string listing(const std::vector<NodeProcess>& nodes) {
  codec::JsonWriter out;
  out.open_array();
  for (const NodeProcess& node : nodes) {
    if (node.pid == 0) continue;
    out.open_object().key("name").string(node.config.name).key("url").string(node.url());
    out.key("pid").number(static_cast<std::uint64_t>(node.pid)).close_object();
  }
  return out.close_array().take();
}

void greet(const std::vector<NodeProcess>& nodes, const NetworkStart& options) {
  const auto running = std::ranges::count_if(nodes, [](const auto& node) { return node.pid != 0; });
  fmt::print("\nThe chain runs: {} on blocks.\n\n",
             running == 1 ? "1 node decides" : fmt::format("{} nodes agree", running));
  for (const NodeProcess& node : nodes) {
    if (node.pid == 0) continue;
    fmt::print("  {:<8} {}   JSON-RPC, WebSocket, /health, /metrics\n", node.config.name,
               node.url());
  }
  const std::string url =
      std::ranges::find_if(nodes, [](const auto& node) { return node.pid != 0; })->url();
  if (options.dev) {
    fmt::print(
        "\nDevelopment accounts, 10,000 ether each. Everybody knows these keys: never use them "
        "elsewhere.\n");
    for (std::size_t i = 0; i < 3; ++i) {
      fmt::print("  {}  key {}\n", kDevAccounts[i].address, kDevAccounts[i].secret_key);
    }
    fmt::print(
        "  … and 7 more of the mnemonic \"test test test test test test test test test test test "
        "junk\"\n");
  }
  fmt::print("\nTry next:\n");
  fmt::print("  build/bin/wusong network status --folder {}\n",
             shell_quoted(options.folder.string()));
  fmt::print("  build/bin/wusong block show latest --rpc {}\n", url);
  fmt::print(
      "  tests/e2e/run --rpc {}     # OpenZeppelin contracts with ethers, viem, cast and forge\n",
      url);
  std::fflush(stdout);
}

/// Reports nodes that end by themselves; returns when a signal came or none of ours is left.
void watch(std::vector<NodeProcess>& nodes, const std::atomic<bool>& interrupted) {
  while (!interrupted) {
    bury(nodes);
    if (std::ranges::none_of(nodes, [](const auto& node) { return node.ours && node.pid != 0; })) {
      return;
    }
    std::this_thread::sleep_for(200ms);
  }
}

/// The socket of the wide network that nodes are to join; empty: none.
Outcome<std::filesystem::path> wide_network(const std::vector<NodeProcess>& nodes,
                                            const NetworkStart& options) {
  const bool asked = !options.wan.regions.empty();
  if (wan_is_running(options.folder)) {
    if (asked) {
      return failure(emulator::err::already_running,
                     fmt::format("the nodes of {0} have a wide network: change it with wusong "
                                 "network wan, or stop it first: wusong network stop --folder {0}",
                                 shell_quoted(options.folder.string())));
    }
    return wan_socket(options.folder);
  }
  if (!asked) return std::filesystem::path{};
  if (std::ranges::any_of(nodes, [](const auto& node) { return node.pid != 0; })) {
    return failure(err::bad_argument,
                   fmt::format("nodes run already, without a wide network; stop them first: wusong "
                               "network stop --folder {}",
                               shell_quoted(options.folder.string())));
  }
  if (const auto started = start_wan(options.folder, options.wan); !started)
    return std::unexpected{started.error()};
  return wan_socket(options.folder);
}

/// When the process that wrote the file was started.
std::string started_text(const NodeProcess& node) {
  struct stat status{};
  if (::stat(node.pid_file().c_str(), &status) != 0) return "at an unknown time";
  return iso_time({static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000});
}

/// A network that runs is left to whoever started it.
int already_running(const std::vector<NodeProcess>& nodes, const NetworkStart& options) {
  if (options.json) {
    say(listing(nodes));
    return 0;
  }
  for (const NodeProcess& node : nodes) {
    fmt::print("{:<8} {}   already running (pid {}), started {}\n", node.config.name, node.url(),
               node.pid, started_text(node));
  }
  const std::string folder = shell_quoted(options.folder.string());
  say(
      fmt::format("Nothing was started. See: wusong network status --folder {0}\n"
                  "Stop it with: wusong network stop --folder {0}",
                  folder));
  return 0;
}

}  // namespace

int network_create(const NetworkCreate& options) {
  const NetworkPlan& plan = options.plan;
  if (const auto created = create_network(plan); !created) return complain(created.error());
  if (options.json) {
    codec::JsonWriter out;
    out.open_object().key("folder").string(plan.folder.string());
    out.key("chainId").number(plan.chain_id).key("validators").number(plan.validators);
    out.key("observers").number(plan.observers).key("urls").open_array();
    for (std::size_t i = 0; i < plan.validators + plan.observers; ++i) {
      out.string(fmt::format("http://127.0.0.1:{}", plan.port_base + i));
    }
    say(out.close_array().close_object().text());
    return 0;
  }
  say(
      fmt::format("Created a network of {} and {} in {}.\n"
                  "Start it with: wusong network start --folder {}",
                  counted(plan.validators, "validator"), counted(plan.observers, "observer"),
                  plan.folder.string(), shell_quoted(plan.folder.string())));
  return 0;
}

int network_start(const NetworkStart& options) {
  std::atomic<bool> interrupted{false};
  platform::SignalWatcher signals{[&](int /*signal*/) { interrupted = true; }};
  auto nodes = load_network(options.folder);
  if (!nodes) return complain(nodes.error());
  const auto members = check_network(options.folder, *nodes);
  if (!members) return complain(members.error());
  const bool all_run = std::ranges::all_of(*nodes, [](const auto& node) { return node.pid != 0; });
  if (all_run && options.wan.regions.empty()) return already_running(*nodes, options);
  const auto wan = wide_network(*nodes, options);
  if (!wan) return complain(wan.error());
  for (NodeProcess& node : *nodes) {
    if (node.pid != 0) {
      fmt::print(stderr, "wusong: {} is already running (pid {}), started {}\n", node.config.name,
                 node.pid, started_text(node));
      continue;
    }
    if (const auto started = spawn(node, !options.detach, *wan); !started) {
      stop_nodes(*nodes, options.folder, true);
      return complain(started.error());
    }
  }
  const auto ready = wait_until_final(*nodes, *members, options.wait_seconds, interrupted);
  if (!ready || interrupted) {
    stop_nodes(*nodes, options.folder, true);
    return ready ? 0 : complain(ready.error());
  }
  if (options.json) {
    say(listing(*nodes));
  } else {
    greet(*nodes, options);
  }
  if (options.detach) {
    if (options.json) return 0;
    fmt::print("\nStop it with: build/bin/wusong network stop --folder {}\n",
               shell_quoted(options.folder.string()));
    return 0;
  }
  if (!options.json) {
    say("\nCtrl-C stops the nodes started here; the same command continues the chain.");
  }
  watch(*nodes, interrupted);
  if (!options.json) say("\nStopping …");
  stop_nodes(*nodes, options.folder, true);
  if (!options.json) say("All nodes started here have stopped.");
  return interrupted ? 0 : 1;
}

namespace {

void write_place(codec::JsonWriter& out, const std::map<std::string, WanPlace>& places,
                 const std::string& name) {
  const auto place = places.find(name);
  if (place == places.end()) return;
  out.key("region").string(place->second.region).key("cutFrom").open_array();
  for (const std::string& other : place->second.cut_from) out.string(other);
  out.close_array();
}

void show_places(const std::map<std::string, WanPlace>& places) {
  fmt::print("\nA wide network lies between them:\n");
  for (const auto& [name, place] : places) {
    std::string cut;
    for (const std::string& other : place.cut_from) cut += (cut.empty() ? "" : ", ") + other;
    fmt::print("  {:<8} {}{}\n", name, place.region, cut.empty() ? "" : "   cut from " + cut);
  }
}

}  // namespace

int network_status(const std::filesystem::path& folder, bool json, bool peers) {
  const auto nodes = load_network(folder);
  if (!nodes) return complain(nodes.error());
  std::size_t healthy = 0;
  const auto places = wan_places(folder);
  codec::JsonWriter out;
  out.open_array();
  if (!json) {
    fmt::print("{:<8} {:<10} {:<8} {:>9} {:>9} {:>9} {:>5} {:>14}  {}\n", "node", "role", "state",
               "executed", "final", "view", "peers", "finality ms", "version");
  }
  for (const NodeProcess& node : *nodes) {
    NodeStatus status = node.fault ? NodeStatus{} : ask_status(node);
    if (node.fault) status.reason = node.fault->detail;
    healthy += status.healthy ? 1 : 0;
    const char* state = status.healthy   ? "ok"
                        : status.answers ? "unwell"
                        : node.fault     ? "broken"
                                         : "down";
    if (json) {
      out.open_object().key("name").string(node.config.name).key("url").string(node.url());
      out.key("state").string(state).key("reason").string(status.reason);
      out.key("role").string(status.role).key("version").string(status.version);
      out.key("executed").number(status.executed).key("final").number(status.final);
      out.key("view").number(status.view).key("peers").number(status.peers);
      out.key("finalityMsP50").number(status.finality_p50);
      out.key("finalityMsP99").number(status.finality_p99).key("warnings").open_array();
      for (const std::string& warning : status.warnings) out.string(warning);
      out.close_array();
      if (places) write_place(out, *places, node.config.name);
      out.close_object();
      continue;
    }
    const auto shown = [&](std::uint64_t value) {
      return status.answers ? std::to_string(value) : std::string{"-"};
    };
    // Zero: no block was agreed on since this node started.
    const auto measured = [](std::uint64_t ms) {
      return ms == 0 ? std::string{"-"} : std::to_string(ms);
    };
    fmt::print("{:<8} {:<10} {:<8} {:>9} {:>9} {:>9} {:>5} {:>6} / {:>5}  {}\n", node.config.name,
               node.config.role, state, shown(status.executed), shown(status.final),
               shown(status.view), shown(status.peers), measured(status.finality_p50),
               measured(status.finality_p99), status.answers ? status.version : "-");
    if (!status.healthy && !status.reason.empty()) fmt::print("         {}\n", status.reason);
    for (const std::string& warning : status.warnings)
      fmt::print("         warning: {}\n", warning);
    if (!peers || status.admitted.empty()) continue;
    std::vector<std::vector<std::string>> rows{
        {"  peer", "state", "address", "exchange", "penalty", "refused from it", "last error"}};
    for (std::vector<std::string>& row : status.admitted) {
      row[0].insert(0, "  ");
      rows.push_back(std::move(row));
    }
    fmt::print("{}", table(rows));
  }
  if (places && !json) show_places(*places);
  out.close_array();
  if (json) fmt::print("{}\n", out.text());
  return healthy * 3 > nodes->size() * 2 ? 0 : 1;
}

int network_stop(const std::filesystem::path& folder, bool json) {
  auto nodes = load_network(folder);
  if (!nodes) return complain(nodes.error());
  std::size_t running = 0;
  for (const NodeProcess& node : *nodes) running += node.pid != 0 ? 1 : 0;
  stop_nodes(*nodes, folder, false);
  if (json) {
    codec::JsonWriter out;
    out.open_object().key("nodes").number(std::uint64_t{nodes->size()});
    out.key("stopped").number(std::uint64_t{running});
    say(out.close_object().text());
  } else {
    say(fmt::format("{} of {} {} running{}", running, counted(nodes->size(), "node"),
                    nodes->size() == 1 ? "was" : "were",
                    running == 0 ? "." : "; all have stopped."));
  }
  return 0;
}

}  // namespace wusong::apps
