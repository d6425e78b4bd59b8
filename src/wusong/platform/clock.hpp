// SPDX-License-Identifier: Apache-2.0
// The machine's clocks.
#pragma once

#include <chrono>

#include "wusong/base/time.hpp"

namespace wusong::platform {

/// Monotonic: for timeouts. Stands still while the machine sleeps.
inline Instant monotonic_now() noexcept {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// Wall time: for block timestamps.
inline UnixMillis wall_now() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return UnixMillis{count < 0 ? 0 : static_cast<std::uint64_t>(count)};
}

}  // namespace wusong::platform
