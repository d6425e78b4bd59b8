// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/links.hpp"

#include <algorithm>
#include <array>

#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

using namespace std::chrono_literals;

namespace {

constexpr Duration kQueueMax = 4s;  // of one link: what would leave later is dropped

}  // namespace

void Links::resize(std::size_t machines) {
  count_ = machines;
  links_.assign(machines * machines, {});
}

void Links::widen(const wan::Regions& regions, std::span<const std::size_t> placement) {
  wide_.emplace(regions, placement, rng_.next());
}

void Links::send(std::size_t from, std::optional<consensus::PeerId> peer, const Packet& packet,
                 Duration extra) {
  for (std::size_t to = 0; to < count_; ++to) {
    if (to == from || (peer && world_.nodes[to]->identity() != *peer)) continue;
    // Twins do not know of each other.
    if (world_.nodes[to]->identity() == world_.nodes[from]->identity()) continue;
    deliver(from, to, packet, extra);
  }
}

std::optional<Duration> Links::delay_of(std::size_t from, std::size_t to, const Packet& packet) {
  Link& link = this->link(from, to);
  Duration delay{};
  if (wide_) {
    const auto arrival = wide_->stream(from, to, packet.payload->size(), world_.loop.now());
    if (!arrival) return std::nullopt;
    delay = *arrival - world_.loop.now();
  } else {
    delay = rng_.between(faults.delay_min, faults.delay_max);
  }
  if (rng_.chance(faults.spike_permille)) {
    world_.mark("held_back");
    delay += rng_.between(0ms, faults.spike);
  }
  const Instant now = world_.loop.now();
  if (faults.bytes_per_second != 0) {
    const auto takes = Duration{static_cast<std::int64_t>(packet.payload->size() * 1'000'000'000 /
                                                          faults.bytes_per_second)};
    if (link.free_at > now) world_.mark("waited_for_bandwidth");
    link.free_at = std::max(link.free_at, now) + takes;
    delay += link.free_at - now;
  }
  if (link.clogged_until > now) {
    world_.mark("clogged");
    delay += link.clogged_until - now;
  }
  return delay;
}

void Links::deliver(std::size_t from, std::size_t to, const Packet& packet, Duration extra) {
  ++sent;
  Link& way = link(from, to);
  if (way.cut) return world_.mark("cut_off");
  if (rng_.chance(faults.loss_permille)) return world_.mark("lost");
  if (way.free_at > world_.loop.now() + kQueueMax) return world_.mark("queue_full");
  const bool twice = rng_.chance(faults.duplicate_permille);
  if (twice) world_.mark("duplicated");
  for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
    const auto delay = delay_of(from, to, packet);
    if (!delay) return world_.mark("queue_full");
    world_.loop.after(*delay + extra, [this, from, to, packet] {
      if (open(from, to)) world_.nodes[to]->receive(from, packet);
    });
  }
}

void Links::partition() {
  rejoin();
  const std::uint64_t shape = rng_.below(4);
  std::vector<bool> side(count_);
  for (std::size_t i = 0; i < count_; ++i) side[i] = rng_.chance(500);
  const std::size_t lonely = rng_.below(count_);
  for (std::size_t from = 0; from < count_; ++from) {
    for (std::size_t to = 0; to < count_; ++to) {
      const bool apart = shape == 0   ? side[from] != side[to]
                         : shape == 1 ? (from == lonely) != (to == lonely)
                         : shape == 2 ? to == lonely  // deaf, not mute
                                      : rng_.chance(300);
      link(from, to).cut = apart && from != to;
    }
  }
  world_.mark(shape < 2 ? "partition" : "partition_asymmetric");
  constexpr std::array kShapes{"two sides", "one alone", "one deaf", "links at random"};
  world_.tell(std::string{"the network parts: "} + kShapes[shape]);
}

void Links::rejoin() {
  for (Link& each : links_) each.cut = false;
}

void Links::clog(Duration how_long) {
  Link& way = link(rng_.below(count_), rng_.below(count_));
  way.clogged_until = std::max(way.clogged_until, world_.loop.now() + how_long);
}

void Links::heal() {
  faults = {};
  for (Link& each : links_) each = {};
}

}  // namespace wusong::sim::internal
