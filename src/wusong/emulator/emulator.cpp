// SPDX-License-Identifier: Apache-2.0
#include "wusong/emulator/emulator.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <map>

#include "wusong/codec/json.hpp"
#include "wusong/emulator/control.hpp"
#include "wusong/emulator/errors.hpp"
#include "wusong/emulator/internal/desk.hpp"
#include "wusong/emulator/tunnel.hpp"
#include "wusong/platform/clock.hpp"

namespace wusong::emulator {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kConnectionsMax = 64;
constexpr int kPacketsPerTurn = 64;   // of one node, before others have their turn
constexpr Duration kAloneMax = 5s;    // after the last node has ended
constexpr Duration kUnusedMax = 60s;  // before the first has come
constexpr Duration kLook = 200ms;     // at whether it is to end
// What an event is about; connections come after all of these.
constexpr std::uint64_t kTimer = 1;
constexpr std::uint64_t kListener = 2;
constexpr std::uint64_t kTunnels = 1'000;
constexpr std::uint64_t kProcesses = 2'000;
constexpr std::uint64_t kConnections = 10'000;

class Loop {
 public:
  Loop(const EmulatorOptions& options, wan::Network network)
      : board_{std::move(network)}, desk_{places_of(options), board_} {
    nodes_.resize(options.nodes.size());
  }

  Result<void> open(const std::string& path) {
    WUSONG_TRY(listener_, listen_at(path));
    epoll_ = Descriptor{::epoll_create1(EPOLL_CLOEXEC)};
    timer_ = Descriptor{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
    if (!epoll_ || !timer_ || !watch(listener_.get(), kListener) || !watch(timer_.get(), kTimer))
      return fail(err::socket_failed);
    return {};
  }

  void run(const std::atomic<bool>& interrupted) {
    Instant alone_since = platform::monotonic_now();
    while (!interrupted && !ended_) {
      turn();
      const Instant now = platform::monotonic_now();
      if (attached_ > 0) alone_since = now;
      if (now - alone_since > (used_ ? kAloneMax : kUnusedMax)) return;
    }
  }

 private:
  struct Node {
    Descriptor tunnel;
    Descriptor process;
  };

  static std::vector<internal::Place> places_of(const EmulatorOptions& options) {
    const auto regions = options.regions.place(options.nodes.size(), options.placement);
    std::vector<internal::Place> out;
    for (std::size_t i = 0; i < options.nodes.size(); ++i)
      out.push_back({options.nodes[i], options.regions.names()[regions[i]], 0});
    return out;
  }

  bool watch(int descriptor, std::uint64_t key) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = key;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
  }

  void turn() {
    std::array<epoll_event, 64> events{};
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), events.size(), static_cast<int>(kLook / 1ms));
    for (int i = 0; i < count; ++i) on_event(events[static_cast<std::size_t>(i)].data.u64);
    deliver();
  }

  void on_event(std::uint64_t key) {
    if (key == kTimer) {
      std::uint64_t ignored = 0;
      static_cast<void>(::read(timer_.get(), &ignored, sizeof(ignored)));
    } else if (key == kListener) {
      accept();
    } else if (key >= kTunnels && key < kTunnels + kNodesMax) {
      read_packets(key - kTunnels);
    } else if (key >= kProcesses && key < kProcesses + kNodesMax) {
      detach(key - kProcesses);
    } else {
      serve(key);
    }
  }

  void read_packets(std::size_t node) {
    std::array<std::uint8_t, kPacketMax + 64> packet{};
    for (int i = 0; i < kPacketsPerTurn && nodes_[node].tunnel; ++i) {
      const ssize_t size = ::read(nodes_[node].tunnel.get(), packet.data(), packet.size());
      if (size <= 0) {
        if (size < 0 && errno != EAGAIN && errno != EINTR) detach(node);
        return;
      }
      board_.accept(node, {packet.data(), static_cast<std::size_t>(size)},
                    platform::monotonic_now());
    }
  }

  void deliver() {
    while (const auto arrival = board_.next(platform::monotonic_now())) {
      const Node& node = nodes_[arrival->to];
      // A full interface drops, as any would.
      if (node.tunnel)
        static_cast<void>(
            ::write(node.tunnel.get(), arrival->packet.data(), arrival->packet.size()));
    }
    itimerspec when{};
    if (const auto next = board_.wake_at()) {
      const auto at = std::max<std::int64_t>(next->time_since_epoch().count(), 1);
      when.it_value = {.tv_sec = at / 1'000'000'000, .tv_nsec = at % 1'000'000'000};
    }
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void accept() {
    Descriptor socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket || !trusted_peer(socket.get()) || connections_.size() >= kConnectionsMax) return;
    const std::uint64_t key = next_connection_++;
    if (watch(socket.get(), key)) connections_.emplace(key, std::move(socket));
  }

  void serve(std::uint64_t key) {
    const auto found = connections_.find(key);
    if (found == connections_.end()) return;
    const int socket = found->second.get();
    auto request = receive_message(socket);
    const auto pid = trusted_peer(socket);
    if (!request || request->text.empty() || !pid) {
      connections_.erase(found);
      return;
    }
    internal::Reply reply = desk_.answer(request->text);
    if (reply.attach && !attach(*reply.attach, std::move(request->descriptor), *pid))
      reply.text = R"({"error": "emulator.bad_request"})";
    ended_ = ended_ || reply.end;
    if (!send_message(socket, reply.text)) connections_.erase(found);
  }

  /// A tunnel lives as long as the process that came with it.
  bool attach(std::size_t node, Descriptor tunnel, int pid) {
    Descriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!tunnel || !process) return false;
    detach(node);
    if (!watch(tunnel.get(), kTunnels + node) || !watch(process.get(), kProcesses + node))
      return false;
    nodes_[node] = {.tunnel = std::move(tunnel), .process = std::move(process)};
    desk_.places()[node].pid = pid;
    ++attached_;
    used_ = true;
    return true;
  }

  void detach(std::size_t node) {
    if (!nodes_[node].tunnel) return;
    nodes_[node] = {};
    desk_.places()[node].pid = 0;
    --attached_;
  }

  Switchboard board_;
  internal::Desk desk_;
  Descriptor epoll_;
  Descriptor timer_;
  Descriptor listener_;
  std::vector<Node> nodes_;
  std::map<std::uint64_t, Descriptor> connections_;
  std::uint64_t next_connection_{kConnections};
  std::size_t attached_{0};
  bool used_{false};
  bool ended_{false};
};

/// Two for every node, and those who ask.
void allow_descriptors() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
}

}  // namespace

Result<void> run_emulator(const EmulatorOptions& options, const std::atomic<bool>& interrupted) {
  if (options.nodes.size() > kNodesMax) return fail(err::too_many_nodes);
  allow_descriptors();
  const auto places = options.regions.place(options.nodes.size(), options.placement);
  const auto seed =
      static_cast<std::uint64_t>(platform::monotonic_now().time_since_epoch().count());
  Loop loop{options, wan::Network{options.regions, places, seed}};
  WUSONG_CHECK(loop.open(options.socket));
  WUSONG_CHECK(drop_powers(true));
  loop.run(interrupted);
  ::unlink(options.socket.c_str());
  return {};
}

Result<Membership> join(const std::string& socket, const std::string& node) {
  WUSONG_TRY(Control control, Control::open(socket));
  const auto request = [&](std::string_view op) {
    codec::JsonWriter out;
    return out.open_object().key("op").string(op).key("node").string(node).close_object().take();
  };
  WUSONG_TRY(const std::string answer, control.ask(request("join")));
  const auto document = codec::JsonDocument::parse(answer);
  if (!document) return fail(err::bad_request);
  const auto index = document->root().at("node");
  const auto addresses = document->root().at("addresses");
  if (!index || !index->u64() || !addresses) return fail(err::bad_request);
  Membership out{.address = address_of(*index->u64()), .addresses = {}};
  for (const codec::JsonValue& item : addresses->items()) {
    const auto name = item.string_at("name");
    const auto address = item.string_at("address");
    if (!name || !address) return fail(err::bad_request);
    out.addresses.emplace_back(*name, *address);
  }
  WUSONG_TRY(const Descriptor tunnel, enter_network(*index->u64()));
  WUSONG_CHECK(control.ask(request("attach"), tunnel.get()));
  return out;
}

}  // namespace wusong::emulator
