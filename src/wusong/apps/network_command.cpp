// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/network_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <future>
#include <thread>

#include "wusong/apps/config.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/rpc_client.hpp"
#include "wusong/codec/hex.hpp"
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
  bool ours{false};  // started by this process

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

Outcome<std::vector<NodeProcess>> load_network(const std::filesystem::path& folder) {
  const auto folders = node_folders(folder);
  if (!folders) return std::unexpected{folders.error()};
  std::vector<NodeProcess> out;
  for (const auto& node_folder : *folders) {
    auto config = load_config(node_folder / "node.toml");
    if (!config) return std::unexpected{config.error()};
    NodeProcess node{.folder = node_folder, .config = *std::move(config)};
    node.pid = running_pid(node);
    out.push_back(std::move(node));
  }
  return out;
}

/// The child's own session keeps a terminal's Ctrl-C from reaching it twice.
Outcome<void> spawn(NodeProcess& node) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string config = (node.folder / "node.toml").string();
  const std::string log = (node.folder / "stderr.log").string();
  const pid_t pid = ::fork();
  if (pid < 0) return failure(err::bad_config, "cannot start a process");
  if (pid == 0) {
    platform::SignalWatcher::unblock();
    ::setsid();
    const int descriptor = ::open(log.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    // A pipe that reads our output would otherwise stay open for as long as the node runs.
    if (descriptor >= 0) {
      ::dup2(descriptor, STDOUT_FILENO);
      ::dup2(descriptor, STDERR_FILENO);
    }
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    const char* const arguments[] = {self.c_str(), "node",         "run",
                                     "--config",   config.c_str(), nullptr};
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

std::string last_words(const NodeProcess& node) {
  const auto text = platform::read_text((node.folder / "stderr.log").string());
  if (!text || text->empty()) return fmt::format("see {}", (node.folder / "node.log").string());
  return text->substr(0, text->find_last_not_of('\n') + 1);
}

void stop_all(std::vector<NodeProcess>& nodes) {
  for (const NodeProcess& node : nodes) {
    if (node.pid != 0) ::kill(node.pid, SIGTERM);
  }
  const Instant deadline = platform::monotonic_now() + 15s;
  for (NodeProcess& node : nodes) {
    if (node.pid == 0) continue;
    while (!has_ended(node) && platform::monotonic_now() < deadline) {
      std::this_thread::sleep_for(20ms);
    }
    if (platform::monotonic_now() >= deadline) ::kill(node.pid, SIGKILL);
    std::error_code ignored;
    std::filesystem::remove(node.pid_file(), ignored);  // a stale file is recognised anyway
    node.pid = 0;
  }
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
  if (const auto version = client->call("web3_clientVersion")) {
    if (const auto text = version->result().string()) out.version = *text;
  }
  return out;
}

/// Waits until every node answers and one block beyond genesis is final or the chain rests healthy.
Outcome<void> wait_until_final(std::vector<NodeProcess>& nodes, std::uint64_t seconds,
                               const std::atomic<bool>& interrupted) {
  const Instant deadline = platform::monotonic_now() + std::chrono::seconds{seconds};
  while (platform::monotonic_now() < deadline && !interrupted) {
    bool all = true;
    for (NodeProcess& node : nodes) {
      if (node.ours && has_ended(node)) {
        node.pid = 0;
        return failure(err::rpc_failed,
                       fmt::format("{} ended: {}", node.config.name, last_words(node)));
      }
      const NodeStatus status = ask_status(node);
      all = all && status.healthy && status.executed > 0;
    }
    if (all) return {};
    std::this_thread::sleep_for(100ms);
  }
  if (interrupted) return {};
  return failure(
      err::rpc_failed,
      fmt::format("no final block within {} s; `wusong network status` says more", seconds));
}

std::string listing(const std::vector<NodeProcess>& nodes) {
  codec::JsonWriter out;
  out.open_array();
  for (const NodeProcess& node : nodes) {
    out.open_object().key("name").string(node.config.name).key("url").string(node.url());
    out.key("pid").number(static_cast<std::uint64_t>(node.pid)).close_object();
  }
  return out.close_array().take();
}

void greet(const std::vector<NodeProcess>& nodes, const NetworkStart& options) {
  fmt::print("\nThe chain runs: {} nodes agree on blocks.\n\n", nodes.size());
  for (const NodeProcess& node : nodes) {
    fmt::print("  {:<8} {}   JSON-RPC, WebSocket, /health, /metrics\n", node.config.name,
               node.url());
  }
  const std::string url = nodes.front().url();
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
  fmt::print("  build/bin/wusong network status --folder {}\n", options.folder.string());
  fmt::print("  build/bin/wusong block show latest --rpc {}\n", url);
  fmt::print(
      "  tests/e2e/run --rpc {}     # OpenZeppelin contracts with ethers, viem, cast and forge\n",
      url);
  std::fflush(stdout);
}

/// Reports nodes that end by themselves; returns when a signal came or none is left.
void watch(std::vector<NodeProcess>& nodes, const std::atomic<bool>& interrupted) {
  while (!interrupted) {
    std::size_t alive = 0;
    for (NodeProcess& node : nodes) {
      if (node.pid == 0) continue;
      if (has_ended(node)) {
        fmt::print(stderr, "wusong: {} ended: {}\n", node.config.name, last_words(node));
        node.pid = 0;
      } else {
        ++alive;
      }
    }
    if (alive == 0) return;
    std::this_thread::sleep_for(200ms);
  }
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
      fmt::format("Created a network of {} validators and {} observers in {}.\n"
                  "Start it with: wusong network start --folder {}",
                  plan.validators, plan.observers, plan.folder.string(), plan.folder.string()));
  return 0;
}

int network_start(const NetworkStart& options) {
  std::atomic<bool> interrupted{false};
  platform::SignalWatcher signals{[&](int /*signal*/) { interrupted = true; }};
  auto nodes = load_network(options.folder);
  if (!nodes) return complain(nodes.error());
  for (NodeProcess& node : *nodes) {
    if (node.pid != 0) continue;
    if (const auto started = spawn(node); !started) {
      stop_all(*nodes);
      return complain(started.error());
    }
  }
  const auto ready = wait_until_final(*nodes, options.wait_seconds, interrupted);
  if (!ready || interrupted) {
    stop_all(*nodes);
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
               options.folder.string());
    return 0;
  }
  if (!options.json) say("\nCtrl-C stops all nodes; the same command continues the chain.");
  watch(*nodes, interrupted);
  if (!options.json) say("\nStopping …");
  stop_all(*nodes);
  if (!options.json) say("All nodes have stopped.");
  return interrupted ? 0 : 1;
}

int network_status(const std::filesystem::path& folder, bool json) {
  const auto nodes = load_network(folder);
  if (!nodes) return complain(nodes.error());
  std::size_t healthy = 0;
  codec::JsonWriter out;
  out.open_array();
  if (!json) {
    fmt::print("{:<8} {:<10} {:<8} {:>9} {:>9} {:>9} {:>5} {:>14}  {}\n", "node", "role", "state",
               "executed", "final", "view", "peers", "finality ms", "version");
  }
  for (const NodeProcess& node : *nodes) {
    const NodeStatus status = ask_status(node);
    healthy += status.healthy ? 1 : 0;
    const char* state = status.healthy ? "ok" : status.answers ? "unwell" : "down";
    if (json) {
      out.open_object().key("name").string(node.config.name).key("url").string(node.url());
      out.key("state").string(state).key("reason").string(status.reason);
      out.key("role").string(status.role).key("version").string(status.version);
      out.key("executed").number(status.executed).key("final").number(status.final);
      out.key("view").number(status.view).key("peers").number(status.peers);
      out.key("finalityMsP50").number(status.finality_p50);
      out.key("finalityMsP99").number(status.finality_p99).close_object();
      continue;
    }
    fmt::print("{:<8} {:<10} {:<8} {:>9} {:>9} {:>9} {:>5} {:>6} / {:>5}  {}\n", node.config.name,
               node.config.role, state, status.executed, status.final, status.view, status.peers,
               status.finality_p50, status.finality_p99, status.version);
    if (!status.healthy && !status.reason.empty()) fmt::print("         {}\n", status.reason);
  }
  out.close_array();
  if (json) fmt::print("{}\n", out.text());
  return healthy * 3 > nodes->size() * 2 ? 0 : 1;
}

int network_stop(const std::filesystem::path& folder, bool json) {
  auto nodes = load_network(folder);
  if (!nodes) return complain(nodes.error());
  std::size_t running = 0;
  for (const NodeProcess& node : *nodes) running += node.pid != 0 ? 1 : 0;
  stop_all(*nodes);
  if (json) {
    codec::JsonWriter out;
    out.open_object().key("nodes").number(std::uint64_t{nodes->size()});
    out.key("stopped").number(std::uint64_t{running});
    say(out.close_object().text());
  } else {
    say(fmt::format("{} of {} nodes were running; all have stopped.", running, nodes->size()));
  }
  return 0;
}

}  // namespace wusong::apps
