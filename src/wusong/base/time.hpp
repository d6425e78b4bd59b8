// SPDX-License-Identifier: Apache-2.0
// Time points of clocks that have no now(): machines are told the time, they never ask.
#pragma once

#include <chrono>
#include <cstdint>

namespace wusong {

/// A monotonic clock, for timeouts.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Duration = MonotonicClock::duration;
using Instant = MonotonicClock::time_point;

/// Wall time as milliseconds since 1970, for block timestamps. Never used for timeouts.
struct UnixMillis {
  std::uint64_t value{0};
  friend constexpr auto operator<=>(UnixMillis, UnixMillis) noexcept = default;
};

}  // namespace wusong
