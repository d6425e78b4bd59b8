// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/penalties.hpp"

#include <algorithm>
#include <cmath>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

constexpr double kFormatWeight = 25;
constexpr double kOrdinaryWeight = 5;

}  // namespace

double penalty_of(Error refusal) noexcept {
  if (refusal.info().disposition != Disposition::reject) return 0;
  // Said of us, or of how somebody configured a node.
  for (const Error harmless :
       {Error{err::peer_removed}, Error{err::banned}, Error{err::own_certificate_revoked},
        Error{err::own_certificate_expired}, Error{err::genesis_mismatch},
        Error{err::version_mismatch}, Error{err::wrong_peer}, Error{err::connected_to_self},
        Error{err::peer_without_hybrid}, Error{err::link_suite_mismatch}})
    if (refusal == harmless) return 0;
  for (const Error format : {Error{err::bad_message}, Error{err::unknown_channel},
                             Error{err::frame_too_large}, Error{err::hello_expected}})
    if (refusal == format) return kFormatWeight;
  return kOrdinaryWeight;
}

double Penalties::value(Instant now) const noexcept {
  if (value_ == 0 || now <= valued_at_) return value_;
  const double half_lives = std::chrono::duration<double>(now - valued_at_) /
                            std::chrono::duration<double>(limits_.half_life);
  const double left = value_ * std::exp2(-half_lives);
  return left < 0.5 ? 0 : left;
}

bool Penalties::add(double weight, Instant now) noexcept {
  value_ = value(now) + weight;
  valued_at_ = now;
  return value_ >= kBanAt;
}

void Penalties::ban(Instant now) noexcept {
  const bool again = last_ban_ > Duration{0} && now - banned_until_ < limits_.forget_after;
  last_ban_ = std::min(again ? last_ban_ * 2 : limits_.ban_first, limits_.ban_max);
  banned_until_ = now + last_ban_;
  value_ = 0;
}

void Penalties::set_ban_max(Duration most, Instant now) noexcept {
  limits_.ban_max = most;
  banned_until_ = std::min(banned_until_, now + most);
}

Duration Penalties::ban_left(Instant now) const noexcept {
  return last_ban_ == Duration{0} ? Duration{0} : std::max(banned_until_ - now, Duration{0});
}

}  // namespace wusong::net
