// SPDX-License-Identifier: Apache-2.0
// Whose turns are passed over: leaders that failed lately, as the final chain shows to everybody.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

/// A final block names its view and its parent's; the views between were given up, so their leaders
/// failed. Who fails is passed over for 2 of its next turns, then tried again; for 4 when it fails
/// again, and so on up to 32. A block of its own takes one failure back. At most f are passed over
/// at a time: those with the most failures, of equals those that failed last.
///
/// What decides about a view is the chain up to some views before it, which every replica that
/// keeps up has by then: so they agree, and anybody can work it out again from headers. A replica
/// that does not keep up gives the view up at another time, which is safe whenever it happens.
class Turns {
 public:
  explicit Turns(std::size_t validators);

  /// Call for each final block, in order. @cost proportional to validators, for each view between
  /// of the last 8 rounds
  void on_final(View parent_view, View view);
  /// Whether the leader of that view, which is above the last final one, is not worth waiting for.
  /// @cost proportional to validators
  bool passed_over(View view) const noexcept;

  /// Blocks are not looked at before the view is so far behind: the round before, or 15 views.
  std::uint64_t lag() const noexcept { return lag_; }

 private:
  struct Leader {
    std::uint32_t failures{0};
    View until{};  // its turns before this view are passed over
  };
  /// After the final block of `view`.
  struct Record {
    View view;
    std::vector<Leader> leaders;
    bool passed_over(View at, std::size_t most) const noexcept;
  };

  std::size_t passed_max_;
  std::uint64_t lag_;
  std::deque<Record> records_;  // never empty; the first is old enough for every view to come
};

}  // namespace wusong::consensus
