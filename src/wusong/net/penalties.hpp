// SPDX-License-Identifier: Apache-2.0
// What is held against a peer, and for how long it is refused. Old faults weigh less and less.
#pragma once

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"

namespace wusong::net {

inline constexpr double kBanAt = 100;

/// What one refusal weighs. What can happen to an honest peer (its connection was lost, it is
/// behind) weighs nothing; breaking the format of frames weighs most.
double penalty_of(Error refusal) noexcept;

/// @thread none
class Penalties {
 public:
  struct Limits {
    Duration half_life{std::chrono::seconds{30}};
    Duration ban_first{std::chrono::seconds{10}};
    Duration ban_max{std::chrono::hours{1}};
    Duration forget_after{std::chrono::hours{1}};  // without a ban: the next is the first again
  };
  /// A validator's bans stay short: none is locked out for good.
  static constexpr Duration kValidatorBanMax = std::chrono::seconds{60};

  explicit Penalties(const Limits& limits) noexcept : limits_{limits} {}

  /// True when the peer should be banned.
  bool add(double weight, Instant now) noexcept;
  double value(Instant now) const noexcept;
  /// Each within forget_after is twice as long as the one before, up to ban_max.
  void ban(Instant now) noexcept;
  /// Nothing is held against it any more.
  void forgive() noexcept { value_ = 0; }
  /// For bans to come; one that lasts ends no later than this from now.
  void set_ban_max(Duration most, Instant now) noexcept;
  /// Zero when it is not banned.
  Duration ban_left(Instant now) const noexcept;

 private:
  Limits limits_;
  double value_{0};
  Instant valued_at_{};
  Duration last_ban_{0};
  Instant banned_until_{};
};

}  // namespace wusong::net
