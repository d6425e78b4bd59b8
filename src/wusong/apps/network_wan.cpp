// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/network_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "wusong/apps/config.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/emulator/control.hpp"
#include "wusong/emulator/emulator.hpp"
#include "wusong/emulator/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/signals.hpp"
#include "wusong/wan/errors.hpp"

namespace wusong::apps {
namespace {

using namespace std::chrono_literals;

std::string mend_of(Error error) {
  if (error == Error{wan::err::unknown_key}) return "remove the key that no such file has";
  if (error == Error{wan::err::not_square})
    return "each matrix needs one row, and each row one number, for every region";
  if (error == Error{wan::err::rtt_out_of_range})
    return "round trips are 0 to 10000 ms, and a 90th percentile is not below its median";
  if (error == Error{wan::err::unknown_region})
    return "placement and links name regions of the list \"regions\"";
  if (error == Error{wan::err::bad_rate})
    return "loss_permille is 0 to 1000, mbit_s 0 (no limit) to 1000000";
  if (error == Error{wan::err::too_many_regions})
    return fmt::format("at most {} regions", wan::kRegionsMax);
  return "write it like tools/wan/regions.json";
}

std::filesystem::path wan_log(const std::filesystem::path& folder) {
  return folder / "wan.log";
}

codec::JsonWriter request(std::string_view op) {
  codec::JsonWriter out;
  out.open_object().key("op").string(op);
  return out;
}

Outcome<std::string> ask(const std::filesystem::path& folder, codec::JsonWriter& question) {
  const std::filesystem::path socket = wan_socket(folder);
  auto control = emulator::Control::open(socket.string());
  if (!control) return std::unexpected{explain_wan(control.error(), socket)};
  auto answer = control->ask(question.close_object().text());
  if (!answer) return std::unexpected{explain_wan(answer.error(), socket)};
  return *std::move(answer);
}

/// Says what was done, or what the emulator answered.
int report(const Outcome<std::string>& answer, bool json, std::string_view done) {
  if (!answer) return complain(answer.error());
  say(json ? *answer : std::string{done});
  return 0;
}

/// The words that the emulator left when it ended.
std::string last_line(const std::filesystem::path& log) {
  const auto text = platform::read_text(log.string());
  if (!text || text->empty()) return fmt::format("it ended without a word; see {}", log.string());
  std::string words = text->substr(0, text->find_last_not_of('\n') + 1);
  words.erase(0, words.rfind('\n') + 1);
  return words.starts_with("wusong: ") ? words.substr(8) : words;
}

pid_t spawn_emulator(const std::filesystem::path& folder, const WanChoice& choice) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string log = wan_log(folder).string();
  const std::string regions = choice.regions.string();
  const std::string placement = std::to_string(choice.placement);
  const std::string where = folder.string();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  platform::SignalWatcher::unblock();
  ::setsid();
  const int out = ::open(log.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (out < 0 || in < 0) ::_exit(127);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  const char* const arguments[] = {self.c_str(),      "network", "emulate",       "--folder",
                                   where.c_str(),     "--wan",   regions.c_str(), "--placement",
                                   placement.c_str(), nullptr};
  ::execv(self.c_str(), const_cast<char* const*>(arguments));
  ::_exit(127);
}

void show_paths(const std::string& node, const codec::JsonValue& paths) {
  for (const codec::JsonValue& path : paths.items()) {
    const auto number = [&](std::string_view key) {
      const auto found = path.find(key);
      return found ? found->number().value_or(0) : 0.0;
    };
    const auto cut = path.find("cut");
    const std::string state = cut && cut->boolean().value_or(false) ? "cut" : "open";
    fmt::print(
        "{:<10} {:<10} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.0f} {:<5} {:>9.0f} {:>7.0f} {:>8.0f}\n",
        node, std::string{path.string_at("to").value_or("")}, number("delayMs"), number("jitterMs"),
        number("lossPermille"), number("mbitS"), state, number("passed"), number("lost"),
        number("dropped") + number("cutOff"));
  }
}

}  // namespace

std::filesystem::path wan_socket(const std::filesystem::path& folder) {
  return folder / "wan.sock";
}

bool wan_is_running(const std::filesystem::path& folder) {
  return emulator::Control::open(wan_socket(folder).string()).has_value();
}

Failure explain_wan(Error error, const std::filesystem::path& socket) {
  const std::string folder = shell_quoted(socket.parent_path().string());
  std::string mend = fmt::format("see {}", wan_log(socket.parent_path()).string());
  if (error == Error{emulator::err::no_tun}) {
    mend =
        "there is no /dev/net/tun: load it with `modprobe tun`, or start the container with "
        "--device /dev/net/tun";
  } else if (error == Error{emulator::err::tun_denied}) {
    mend =
        "/dev/net/tun may not be opened: run as root, or `chmod 666 /dev/net/tun` as "
        "distributions have it";
  } else if (error == Error{emulator::err::no_namespaces}) {
    mend =
        "network namespaces are forbidden here: run as root, allow user namespaces (sysctl "
        "kernel.unprivileged_userns_clone=1), or give the container --cap-add SYS_ADMIN";
  } else if (error == Error{emulator::err::interface_failed}) {
    mend =
        "the interface wan0 could not be made in a network of its own: is TUN allowed there? Try "
        "as root";
  } else if (error == Error{emulator::err::not_running}) {
    mend = fmt::format(
        "no wide network runs in {0}; start one with: wusong network start --folder "
        "{0} --wan tools/wan/regions.json",
        folder);
  } else if (error == Error{emulator::err::unknown_node}) {
    mend = fmt::format("no such node or region; `wusong network wan show --folder {}` lists them",
                       folder);
  } else if (error == Error{emulator::err::already_running}) {
    mend = fmt::format("a wide network runs in {} already", folder);
  } else if (error == Error{emulator::err::bad_request}) {
    mend = "delays are 0 to 5000 ms, loss 0 to 1000 in a thousand, bandwidth 0 to 1000000 Mbit/s";
  } else if (error == Error{emulator::err::too_many_nodes}) {
    mend = "at most 256 nodes have a place in a wide network";
  }
  return {error, mend};
}

Outcome<void> start_wan(const std::filesystem::path& folder, const WanChoice& choice) {
  if (const auto regions = read_regions(choice.regions); !regions)
    return std::unexpected{regions.error()};
  const pid_t pid = spawn_emulator(folder, choice);
  if (pid < 0) return failure(err::bad_config, "cannot start a process");
  const Instant deadline = platform::monotonic_now() + 10s;
  while (!wan_is_running(folder)) {
    if (::waitpid(pid, nullptr, WNOHANG) != 0 || platform::monotonic_now() > deadline)
      return failure(emulator::err::not_running, last_line(wan_log(folder)));
    std::this_thread::sleep_for(20ms);
  }
  return {};
}

void end_wan(const std::filesystem::path& folder) {
  auto question = request("end");
  if (!ask(folder, question)) return;
  const Instant deadline = platform::monotonic_now() + 5s;
  while (platform::file_exists(wan_socket(folder).string()) && platform::monotonic_now() < deadline)
    std::this_thread::sleep_for(10ms);
}

int network_emulate(const std::filesystem::path& folder, const WanChoice& choice) {
  std::atomic<bool> interrupted{false};
  platform::SignalWatcher signals{[&](int /*signal*/) { interrupted = true; }};
  auto regions = read_regions(choice.regions);
  if (!regions) return complain(regions.error());
  const auto folders = node_folders(folder);
  if (!folders) return complain(folders.error());
  emulator::EmulatorOptions options{.regions = *std::move(regions),
                                    .nodes = {},
                                    .placement = choice.placement,
                                    .socket = wan_socket(folder).string()};
  for (const auto& node_folder : *folders) {
    const auto config = load_config(node_folder / "node.toml");
    options.nodes.push_back(config ? config->name : node_folder.filename().string());
  }
  if (const auto done = emulator::run_emulator(options, interrupted); !done)
    return complain(explain_wan(done.error(), wan_socket(folder)));
  return 0;
}

std::optional<std::map<std::string, WanPlace>> wan_places(const std::filesystem::path& folder) {
  auto question = request("status");
  const auto answer = ask(folder, question);
  if (!answer) return std::nullopt;
  const auto document = codec::JsonDocument::parse(*answer);
  const auto nodes = document ? document->root().find("nodes") : std::nullopt;
  if (!nodes) return std::nullopt;
  std::map<std::string, WanPlace> out;
  for (const codec::JsonValue& node : nodes->items()) {
    WanPlace place{.region = std::string{node.string_at("region").value_or("")}, .cut_from = {}};
    const auto cut = node.find("cutFrom");
    for (const auto& name : cut ? cut->items() : std::vector<codec::JsonValue>{})
      place.cut_from.emplace_back(name.string().value_or(""));
    out.emplace(std::string{node.string_at("name").value_or("")}, std::move(place));
  }
  return out;
}

int wan_show(const std::filesystem::path& folder, const std::string& node, bool json) {
  const auto places = wan_places(folder);
  if (!places) return complain(explain_wan(emulator::err::not_running, wan_socket(folder)));
  codec::JsonWriter out;
  out.open_array();
  if (!json) {
    fmt::print("{:<10} {:<10} {:>9} {:>9} {:>9} {:>9} {:<5} {:>9} {:>7} {:>8}\n", "from", "to",
               "delay ms", "jitter ms", "loss/1000", "Mbit/s", "state", "passed", "lost",
               "dropped");
  }
  for (const auto& [name, place] : *places) {
    if (!node.empty() && node != name) continue;
    auto question = request("paths");
    question.key("node").string(name);
    const auto answer = ask(folder, question);
    if (!answer) return complain(answer.error());
    const auto document = codec::JsonDocument::parse(*answer);
    const auto paths = document ? document->root().find("paths") : std::nullopt;
    if (!paths) return complain(explain_wan(emulator::err::bad_request, wan_socket(folder)));
    out.open_object().key("name").string(name).key("region").string(place.region);
    out.key("paths").raw(paths->to_json()).close_object();
    if (!json) show_paths(name, *paths);
  }
  if (!node.empty() && !places->contains(node))
    return complain(explain_wan(emulator::err::unknown_node, wan_socket(folder)));
  if (json) say(out.close_array().text());
  return 0;
}

int wan_partition(const std::filesystem::path& folder, const std::vector<std::string>& nodes,
                  bool json) {
  auto question = request("partition");
  question.key("nodes").open_array();
  std::string names;
  for (const std::string& node : nodes) {
    question.string(node);
    names += (names.empty() ? "" : ", ") + node;
  }
  question.close_array();
  return report(ask(folder, question), json,
                fmt::format("{} cannot reach the others, nor they them. Mend it with: wusong "
                            "network wan heal --folder {}",
                            names, shell_quoted(folder.string())));
}

int wan_heal(const std::filesystem::path& folder, bool json) {
  auto question = request("heal");
  return report(ask(folder, question), json, "All paths are as the file of regions has them.");
}

int wan_set(const WanSet& options) {
  auto question = request("set");
  question.key("from").string(options.from).key("to").string(options.to);
  question.key("both").boolean(!options.one_way);
  const auto add = [&](std::string_view key, const std::optional<double>& value) {
    if (value) question.key(key).number(*value);
  };
  add("delay_ms", options.delay_ms);
  add("jitter_ms", options.jitter_ms);
  add("loss_permille", options.loss_permille);
  add("mbit_s", options.mbit_s);
  if (options.cut || options.mend) question.key("cut").boolean(options.cut);
  return report(ask(options.folder, question), options.json,
                fmt::format("Changed. See: wusong network wan show --folder {}",
                            shell_quoted(options.folder.string())));
}

Outcome<wan::Regions> read_regions(const std::filesystem::path& file) {
  constexpr std::size_t kBytesMax = 16u << 20;
  const auto text = platform::read_text(file.string(), kBytesMax);
  if (!text) {
    return failure(err::not_found,
                   fmt::format("{}: cannot be read; a file of regions that ships is "
                               "tools/wan/regions.json",
                               file.string()));
  }
  auto regions = wan::Regions::parse(*text);
  if (!regions) {
    return failure(regions.error(), fmt::format("{}: {}", file.string(), mend_of(regions.error())));
  }
  return *std::move(regions);
}

}  // namespace wusong::apps
