// SPDX-License-Identifier: Apache-2.0
// Who may begin a handshake, judged by address alone: before one, an address is all that is known.
#pragma once

#include <map>
#include <string>

#include "wusong/base/error.hpp"
#include "wusong/net/penalties.hpp"
#include "wusong/net/rate_limit.hpp"

namespace wusong::net {

/// @thread none
class Door {
 public:
  struct Limits {
    RateLimit::Rate handshakes{512, 1'024};  // all together
    RateLimit::Rate handshakes_per_host{64, 256};
  };
  static constexpr std::size_t kHostsMax = 4'096;
  /// Hosts are shared, and their numbers given to others: none is locked out for long.
  static constexpr Duration kBanMax = std::chrono::seconds{60};

  Door(const Limits& limits, Instant now) : limits_{limits}, all_{limits.handshakes, now} {}

  /// `trusted`: a peer has come from there, so it is not banned and does not use up what all
  /// share. @errors err::banned, err::rate_exceeded
  [[nodiscard]] Result<void> knock(const std::string& host, bool trusted, Instant now);
  /// A handshake from there failed.
  void blame(const std::string& host, Error reason, Instant now);

 private:
  struct Host {
    Penalties penalties;
    RateLimit rate;
    Instant seen_at;
  };
  Host& at(const std::string& host, Instant now);

  Limits limits_;
  RateLimit all_;
  std::map<std::string, Host> hosts_;
};

}  // namespace wusong::net
