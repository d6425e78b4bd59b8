// SPDX-License-Identifier: Apache-2.0
#include "wusong/wan/network.hpp"

#include <algorithm>

namespace wusong::wan {
namespace {

constexpr std::size_t kSegmentBytes = 1'400;  // of a message, in a packet of 1,500
constexpr std::size_t kHeaderBytes = 74;      // IP, TCP with timestamps, a TLS record
constexpr std::uint64_t kMillion = 1'000'000;
// A sender that waits for so long gives its connection up.
constexpr Duration kStreamQueueMax = std::chrono::seconds{10};

}  // namespace

/// The sum of four uniform numbers is close to normal, and bounded; its 90th percentile is 0.7534
/// above its mean, in units of one of them.
Duration draw_delay(const Path& path, SplitMix& random) noexcept {
  const std::uint64_t bits = random.next();
  const auto sum = static_cast<std::int64_t>((bits & 0xffff) + (bits >> 16 & 0xffff) +
                                             (bits >> 32 & 0xffff) + (bits >> 48));
  constexpr std::int64_t kMean = 2 * 0xffff;
  constexpr std::int64_t kNinetieth = 0xffff * 7'534 / 10'000;
  const Duration spread = path.delay_p90 - path.delay_p50;
  return std::max(path.delay_p50 + spread * (sum - kMean) / kNinetieth, path.delay_p50 / 2);
}

Network::Network(const Regions& regions, std::span<const std::size_t> placement, std::uint64_t seed)
    : count_{placement.size()} {
  SplitMix seeds{seed};
  ways_.reserve(count_ * count_);
  for (const std::size_t from : placement) {
    for (const std::size_t to : placement) {
      const Path& path = regions.path(from, to);
      ways_.push_back({.path = path,
                       .original = path,
                       .random = SplitMix{seeds.next()},
                       .free_at = {},
                       .last = {},
                       .counters = {}});
    }
  }
}

void Network::restore() noexcept {
  for (Way& way : ways_) way.path = way.original;
}

bool Network::leaves(Way& way, std::size_t bytes, Instant now, Duration queue_max) noexcept {
  if (way.path.cut) {
    ++way.counters.cut_off;
    return false;
  }
  way.free_at = std::max(way.free_at, now);
  if (way.path.bytes_per_second == 0) return true;
  if (way.free_at - now > queue_max) {
    ++way.counters.dropped;
    return false;
  }
  way.free_at +=
      Duration{static_cast<std::int64_t>(bytes * 1'000'000'000 / way.path.bytes_per_second)};
  return true;
}

std::optional<Instant> Network::pass(std::size_t from, std::size_t to, std::size_t bytes,
                                     Instant now) {
  Way& way = at(from, to);
  if (!leaves(way, bytes, now, kQueueMax)) return std::nullopt;
  if (way.random.next() % kMillion < way.path.loss_ppm) {
    ++way.counters.lost;
    return std::nullopt;
  }
  ++way.counters.passed;
  way.last = std::max(way.last, way.free_at + draw_delay(way.path, way.random));
  return way.last;
}

std::optional<Instant> Network::stream(std::size_t from, std::size_t to, std::size_t bytes,
                                       Instant now) {
  Way& way = at(from, to);
  std::size_t left = bytes;
  do {
    const std::size_t segment = std::min(left, kSegmentBytes);
    if (!leaves(way, segment + kHeaderBytes, now, kStreamQueueMax)) return std::nullopt;
    Instant arrival = way.free_at + draw_delay(way.path, way.random);
    // Bounded, as TCP's patience is: a path that loses everything is worth three round trips.
    for (int again = 0; again < 3 && way.random.next() % kMillion < way.path.loss_ppm; ++again) {
      ++way.counters.lost;
      arrival += 2 * way.path.delay_p50;
    }
    ++way.counters.passed;
    way.last = std::max(way.last, arrival);
    left -= segment;
  } while (left > 0);
  return way.last;
}

}  // namespace wusong::wan
