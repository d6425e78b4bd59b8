// SPDX-License-Identifier: Apache-2.0
// So much a second, and a little more at once.
#pragma once

#include <algorithm>

#include "wusong/base/time.hpp"

namespace wusong::net {

/// A bucket that fills at a steady rate and starts full. @thread none
class RateLimit {
 public:
  struct Rate {
    double per_second{0};
    double burst{0};
  };
  constexpr RateLimit(Rate rate, Instant now) noexcept
      : rate_{rate}, left_{rate.burst}, filled_at_{now} {}

  /// Takes `count` when anything is left: one that is large may leave a debt, which is waited for.
  bool take(double count, Instant now) noexcept {
    fill(now);
    if (left_ <= 0) return false;
    left_ -= count;
    return true;
  }
  /// When take() succeeds again.
  Instant ready_at(Instant now) noexcept {
    fill(now);
    if (left_ > 0) return now;
    const double seconds = (1 - left_) / rate_.per_second;
    return now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>{seconds});
  }

 private:
  void fill(Instant now) noexcept {
    if (now <= filled_at_) return;
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    left_ = std::min(rate_.burst, left_ + seconds * rate_.per_second);
    filled_at_ = now;
  }

  Rate rate_;
  double left_;
  Instant filled_at_;
};

}  // namespace wusong::net
