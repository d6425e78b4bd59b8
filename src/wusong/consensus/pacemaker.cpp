// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/pacemaker.hpp"

#include <algorithm>
#include <functional>

namespace wusong::consensus {

Pacemaker::Pacemaker(const PacemakerConfig& config, std::size_t validators)
    : config_{config}, faulty_max_{faulty_max(validators)}, smoothed_(validators) {}

void Pacemaker::on_notarized(ValidatorIndex leader, Duration elapsed) {
  elapsed = std::clamp(elapsed, Duration{0}, config_.timeout_max);
  std::optional<Duration>& smoothed = smoothed_[leader];
  if (!smoothed) {
    smoothed = elapsed;
  } else {  // who is slow is noticed soon and forgotten late: it costs nobody who is not
    *smoothed += (elapsed - *smoothed) / (elapsed < *smoothed ? 16 : 4);
  }
  on_notarized();
}

/// The (f+1)th longest of the leaders that have been measured, or the shortest of fewer.
std::optional<Duration> Pacemaker::usual() const {
  std::vector<Duration> known;
  for (const auto& each : smoothed_)
    if (each) known.push_back(*each);
  if (known.empty()) return std::nullopt;
  const std::size_t rank = std::min(faulty_max_, known.size() - 1);
  const auto at = known.begin() + static_cast<std::ptrdiff_t>(rank);
  std::ranges::nth_element(known, at, std::greater{});
  return *at;
}

Duration Pacemaker::timeout(ValidatorIndex leader) const {
  const auto usual = this->usual();
  Duration wait =
      usual ? std::clamp(4 * *usual + config_.margin, config_.timeout_min, config_.timeout_max)
            : config_.timeout_initial;
  if (nullified_in_a_row_ == 0) {
    if (!usual || !smoothed_[leader]) return wait;
    const Duration patience = 2 * *usual + config_.margin / 2;
    return *smoothed_[leader] > patience ? std::min(wait, patience) : wait;
  }
  const std::uint32_t doublings = std::min(nullified_in_a_row_, 20u);
  for (std::uint32_t i = 0; i < doublings && wait < config_.timeout_max; ++i) wait *= 2;
  return std::min(wait, config_.timeout_max);
}

}  // namespace wusong::consensus
