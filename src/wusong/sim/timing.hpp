// SPDX-License-Identifier: Apache-2.0
// How long something took, over many times.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "wusong/base/time.hpp"

namespace wusong::sim {

/// Durations by the tenth of a millisecond; those above 10 s count as 10 s, so that it is bounded.
class Timing {
 public:
  void add(Duration took) {
    sum_ += took;
    ++count_;
    ++tenths_[std::clamp<std::int64_t>(took / std::chrono::microseconds{100}, 0, 100'000)];
  }
  std::uint64_t count() const noexcept { return count_; }
  double mean_ms() const noexcept {
    const double sum = std::chrono::duration<double, std::milli>(sum_).count();
    return count_ == 0 ? 0 : sum / static_cast<double>(count_);
  }
  double quantile_ms(double of) const noexcept {
    const double wanted = of * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (const auto& [tenths, count] : tenths_) {
      seen += count;
      if (static_cast<double>(seen) >= wanted) return static_cast<double>(tenths) / 10;
    }
    return 0;
  }

 private:
  Duration sum_{};
  std::uint64_t count_{0};
  std::map<std::int64_t, std::uint64_t> tenths_;
};

}  // namespace wusong::sim
