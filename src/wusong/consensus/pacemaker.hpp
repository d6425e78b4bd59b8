// SPDX-License-Identifier: Apache-2.0
// How long a replica waits for a view: follows the views that went well, doubles while views fail.
#pragma once

#include <cstdint>
#include <vector>

#include "wusong/base/time.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

struct PacemakerConfig {
  Duration timeout_initial{std::chrono::seconds{1}};  // until a view has been measured
  Duration timeout_min{std::chrono::milliseconds{200}};
  Duration timeout_max{std::chrono::seconds{20}};
  Duration margin{std::chrono::milliseconds{100}};  // added to four times the smoothed view time
};

/// Timeouts only: the machine owns the deadline. They are local and never affect safety.
class Pacemaker {
 public:
  /// 0 < min <= initial <= max.
  Pacemaker(const PacemakerConfig& config, std::size_t validators);

  /// A view of `leader` ended with a block, `elapsed` after this replica began to wait for it.
  void on_notarized(ValidatorIndex leader, Duration elapsed);
  /// The same where nothing was measured (this replica was resting or behind).
  void on_notarized(ValidatorIndex leader);
  void on_nullified(ValidatorIndex leader);

  /// @return the wait in a view of `leader`: shorter for one whose last views failed one after
  ///         another while others succeed, so that a dead validator costs little.
  Duration timeout(ValidatorIndex leader) const;

 private:
  Duration base() const;

  PacemakerConfig config_;
  Duration smoothed_{0};
  bool measured_{false};
  std::uint32_t nullified_in_a_row_{0};
  std::vector<std::uint32_t> failures_;  // in a row, by leader
};

}  // namespace wusong::consensus
