// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/door.hpp"

#include <algorithm>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

constexpr double kSilenceWeight = 5;

}  // namespace

Door::Host& Door::at(const std::string& host, Instant now) {
  const auto found = hosts_.find(host);
  if (found != hosts_.end()) {
    found->second.seen_at = now;
    return found->second;
  }
  if (hosts_.size() >= kHostsMax) {
    hosts_.erase(std::ranges::min_element(hosts_, {},
                                          [](const auto& entry) { return entry.second.seen_at; }));
  }
  const Penalties::Limits penalties{.ban_max = kBanMax};
  return hosts_
      .emplace(host, Host{Penalties{penalties}, RateLimit{limits_.handshakes_per_host, now}, now})
      .first->second;
}

Result<void> Door::knock(const std::string& host, bool trusted, Instant now) {
  Host& from = at(host, now);
  if (!trusted && from.penalties.ban_left(now) > Duration{0}) return fail(err::banned);
  if (!from.rate.take(1, now) || (!trusted && !all_.take(1, now))) return fail(err::rate_exceeded);
  return {};
}

void Door::blame(const std::string& host, Error reason, Instant now) {
  Host& from = at(host, now);
  // Silence weighs too: half-open connections are how the door is blocked.
  const bool silent = reason == err::handshake_timeout || reason == err::too_many_connections;
  const double weight = silent ? kSilenceWeight : penalty_of(reason);
  if (weight > 0 && from.penalties.add(weight, now)) from.penalties.ban(now);
}

}  // namespace wusong::net
