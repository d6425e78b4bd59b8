// SPDX-License-Identifier: Apache-2.0
// The network between machines: a link each way between any two of them.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "wusong/consensus/types.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/sim/event_loop.hpp"
#include "wusong/sim/scenario.hpp"
#include "wusong/wan/network.hpp"

namespace wusong::sim::internal {

class World;
using Payload = std::shared_ptr<const Bytes>;  // one frame on many links
struct Packet {
  net::Channel channel{net::Channel::consensus};
  Payload payload;
};

class Links {
 public:
  Links(World& world, Rng rng) : world_{world}, rng_{rng} {}
  void resize(std::size_t machines);
  /// From here on what is sent takes the paths between regions. `placement`: of each machine.
  void widen(const wan::Regions& regions, std::span<const std::size_t> placement);

  /// To everybody who answers to `peer`, or to all but the sender.
  void send(std::size_t from, std::optional<consensus::PeerId> peer, const Packet& packet,
            Duration extra = Duration{0});
  void deliver(std::size_t from, std::size_t to, const Packet& packet, Duration extra);
  bool open(std::size_t from, std::size_t to) const noexcept { return !link(from, to).cut; }

  void partition();
  void rejoin();
  void clog(Duration how_long);
  void heal();
  NetworkFaults faults;
  std::uint64_t sent{0};

 private:
  struct Link {
    bool cut{false};
    Instant clogged_until{};
    Instant free_at{};  // when what was sent so far has left, where bandwidth is limited
  };
  Link& link(std::size_t from, std::size_t to) noexcept { return links_[from * count_ + to]; }
  const Link& link(std::size_t from, std::size_t to) const noexcept {
    return links_[from * count_ + to];
  }
  /// Nothing: it never arrives.
  std::optional<Duration> delay_of(std::size_t from, std::size_t to, const Packet& packet);

  World& world_;
  Rng rng_;
  std::size_t count_{0};
  std::vector<Link> links_;
  std::optional<wan::Network> wide_;
};

}  // namespace wusong::sim::internal
