// SPDX-License-Identifier: Apache-2.0
// How long a replica waits for a view: follows the views that went well, doubles while views fail.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wusong/base/time.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

struct PacemakerConfig {
  Duration timeout_initial{std::chrono::seconds{1}};  // until a view has been measured
  Duration timeout_min{std::chrono::milliseconds{200}};
  Duration timeout_max{std::chrono::seconds{20}};
  Duration margin{std::chrono::milliseconds{100}};  // added to four times the usual view time
};

/// Timeouts only: the machine owns the deadline. They are local and never affect safety.
///
/// The usual view time is that of the leader with the (f+1)th longest: f faulty ones cannot stretch
/// it beyond what some honest one takes. A leader that takes much longer again and again is given
/// twice the usual, so that delaying everybody just below the timeout does not pay.
class Pacemaker {
 public:
  /// 0 < min <= initial <= max.
  Pacemaker(const PacemakerConfig& config, std::size_t validators);

  /// A view of `leader` ended with a block, `elapsed` after it could first propose.
  void on_notarized(ValidatorIndex leader, Duration elapsed);
  /// The same where nothing was measured (this replica was resting or behind).
  void on_notarized() { nullified_in_a_row_ = 0; }
  /// A view that was waited for ended without a block.
  void on_nullified() { ++nullified_in_a_row_; }

  Duration timeout(ValidatorIndex leader) const;

 private:
  std::optional<Duration> usual() const;

  PacemakerConfig config_;
  std::size_t faulty_max_;
  std::uint32_t nullified_in_a_row_{0};
  std::vector<std::optional<Duration>> smoothed_;  // by leader
};

}  // namespace wusong::consensus
