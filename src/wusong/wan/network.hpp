// SPDX-License-Identifier: Apache-2.0
// What a wide network does to packets between nodes: the same code under a seed (`sim`) and under
// real processes (`emulator`). No clock, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wusong/base/time.hpp"
#include "wusong/wan/regions.hpp"
#include "wusong/wan/rng.hpp"

namespace wusong::wan {

/// What waits for a path's bandwidth longer than this is dropped, as by a full router.
inline constexpr Duration kQueueMax{std::chrono::milliseconds{250}};

struct PathCounters {
  std::uint64_t passed{0};
  std::uint64_t lost{0};     // by chance
  std::uint64_t dropped{0};  // the queue was full
  std::uint64_t cut_off{0};
};

/// One delay of a path: the median and the 90th percentile are the path's, never below half the
/// median, at most 2.7 times as far above it as the 90th percentile is.
Duration draw_delay(const Path& path, SplitMix& random) noexcept;

class Network {
 public:
  /// `placement`: the region of each node.
  Network(const Regions& regions, std::span<const std::size_t> placement, std::uint64_t seed);

  std::size_t size() const noexcept { return count_; }
  /// When a packet that leaves now arrives: in order, after what it has to wait for. Nothing: it
  /// never does. @cost constant
  std::optional<Instant> pass(std::size_t from, std::size_t to, std::size_t bytes, Instant now);
  /// The same for a message on a stream, as TCP would bring it: what is lost comes a round trip
  /// later and holds up what follows. Nothing: the path is cut, or its queue is full for so long
  /// that the message is lost to this model.
  std::optional<Instant> stream(std::size_t from, std::size_t to, std::size_t bytes, Instant now);

  const Path& path(std::size_t from, std::size_t to) const noexcept { return at(from, to).path; }
  void set(std::size_t from, std::size_t to, const Path& path) noexcept {
    at(from, to).path = path;
  }
  /// As it was made.
  void restore() noexcept;
  const PathCounters& counters(std::size_t from, std::size_t to) const noexcept {
    return at(from, to).counters;
  }

 private:
  struct Way {
    Path path;
    Path original;
    SplitMix random;
    Instant free_at{};  // when what was sent so far has left
    Instant last{};     // arrival of what was sent before
    PathCounters counters;
  };
  /// Whether the packet leaves at all, and counts it where it does not.
  bool leaves(Way& way, std::size_t bytes, Instant now, Duration queue_max) noexcept;
  Way& at(std::size_t from, std::size_t to) noexcept { return ways_[from * count_ + to]; }
  const Way& at(std::size_t from, std::size_t to) const noexcept {
    return ways_[from * count_ + to];
  }

  std::size_t count_;
  std::vector<Way> ways_;
};

}  // namespace wusong::wan
