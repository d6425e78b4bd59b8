// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/pacemaker.hpp"

#include <algorithm>

namespace wusong::consensus {

Pacemaker::Pacemaker(const PacemakerConfig& config, std::size_t validators)
    : config_{config}, failures_(validators, 0) {}

void Pacemaker::on_notarized(ValidatorIndex leader, Duration elapsed) {
  elapsed = std::clamp(elapsed, Duration{0}, config_.timeout_max);
  smoothed_ = measured_ ? smoothed_ + (elapsed - smoothed_) / 8 : elapsed;
  measured_ = true;
  on_notarized(leader);
}

void Pacemaker::on_notarized(ValidatorIndex leader) {
  nullified_in_a_row_ = 0;
  failures_[leader] = 0;
}

void Pacemaker::on_nullified(ValidatorIndex leader) {
  ++nullified_in_a_row_;
  ++failures_[leader];
}

Duration Pacemaker::base() const {
  if (!measured_) return config_.timeout_initial;
  return std::clamp(4 * smoothed_ + config_.margin, config_.timeout_min, config_.timeout_max);
}

Duration Pacemaker::timeout(ValidatorIndex leader) const {
  Duration wait = base();
  if (nullified_in_a_row_ > 0) {
    const std::uint32_t doublings = std::min(nullified_in_a_row_, 20u);
    for (std::uint32_t i = 0; i < doublings && wait < config_.timeout_max; ++i) wait *= 2;
    return std::min(wait, config_.timeout_max);
  }
  // Every eighth turn gets the full wait, so that one that is merely slow is not shut out for ever.
  const std::uint32_t failures = failures_[leader];
  if (failures >= 2 && failures % 8 != 0) return std::max(wait / 4, config_.timeout_min / 2);
  return wait;
}

}  // namespace wusong::consensus
