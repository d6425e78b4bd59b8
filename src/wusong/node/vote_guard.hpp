// SPDX-License-Identifier: Apache-2.0
// When a validator that lost its record of votes may vote again (ADR 0018).
#pragma once

#include <chrono>

#include "wusong/base/time.hpp"

namespace wusong::node {

/// Nobody gets past a view without a certificate of it. So once a block is final that was voted for
/// after this start, its view has no certificate from before: this validator had not got past it,
/// and what it voted and forgot is for that view or an earlier one. It may vote in any later view.
///
/// Votes carry no time, but blocks do, and none is voted for whose time is more than ten seconds
/// ahead of the voter's clock. A block whose time lies `kYounger` after this start was voted for
/// after it, as long as clocks differ by less than twenty seconds. Where this node's clock is
/// behind by more, the chain's own counts: the time of the block that it had caught up to.
class VoteGuard {
 public:
  static constexpr std::chrono::milliseconds kYounger{30'000};

  explicit VoteGuard(UnixMillis started) noexcept : start_{started} {}

  /// This node has all that a quorum of validators, itself among them, says is final; the newest
  /// of these blocks has this time. The first call counts.
  void caught_up(UnixMillis newest) noexcept {
    if (caught_up_) return;
    caught_up_ = true;
    if (newest.value > start_.value) start_ = newest;
  }
  /// A block of this time became final here.
  void on_final(UnixMillis time) noexcept {
    const auto younger = static_cast<std::uint64_t>(kYounger.count());
    if (caught_up_ && time.value >= start_.value + younger) lifted_ = true;
  }
  /// Stays true once no vote that was lost can be for a view to come.
  bool lifted() const noexcept;

 private:
  UnixMillis start_;
  bool caught_up_{false};
  bool lifted_{false};
};

}  // namespace wusong::node
