// SPDX-License-Identifier: Apache-2.0
// Whom to ask: what peers say of themselves, and what became of asking them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "wusong/base/strong.hpp"
#include "wusong/base/time.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::sync {

struct PeerPolicy {
  std::size_t requests_per_peer_max{2};
  Duration request_timeout{std::chrono::seconds{4}};  // doubles with each failure of a peer
  Duration request_timeout_max{std::chrono::seconds{60}};
  Duration penalty_min{std::chrono::seconds{1}};  // a peer that let us wait rests, then twice …
  Duration penalty_max{std::chrono::seconds{30}};
  Duration penalty_lie{std::chrono::seconds{60}};  // a peer that sent what is wrong
};

/// A peer says how far it is and from where on it has whole blocks: on connection and by
/// announcements. Not proven, so it only steers whom to ask.
struct PeerStatus {
  consensus::PeerId peer;
  Height finalised;
  Height oldest{};
};
struct PeerGone {
  consensus::PeerId peer;
};

class Peers {
 public:
  struct Peer {
    Height finalised;
    Height oldest;
    std::size_t in_flight{0};
    std::uint32_t failures{0};
    Instant rests_until{};
    std::uint64_t last_used{0};
  };

  explicit Peers(const PeerPolicy& policy) noexcept : policy_{policy} {}

  void told(const PeerStatus& status);
  /// It has at least this, whatever it said before.
  void has(consensus::PeerId id, Height finalised);
  void gone(consensus::PeerId id) { peers_.erase(id); }
  /// It does not have what it claimed.
  void lower_claim(consensus::PeerId id, Height below) noexcept;
  bool known(consensus::PeerId id) const { return peers_.contains(id); }
  const std::map<consensus::PeerId, Peer>& all() const noexcept { return peers_; }
  std::optional<Height> highest() const noexcept;

  /// The least busy peer that is awake and suits; among equals the one used longest ago.
  template <typename Suits>
  std::optional<consensus::PeerId> choose(Instant now, Suits suits) const {
    std::optional<consensus::PeerId> best;
    for (const auto& [id, peer] : peers_) {
      if (peer.rests_until > now || peer.in_flight >= policy_.requests_per_peer_max ||
          !suits(id, peer))
        continue;
      if (best && !before(peer, peers_.at(*best))) continue;
      best = id;
    }
    return best;
  }
  /// Counts a request. @return when to give it up
  Instant ask(consensus::PeerId id, std::uint64_t request, Instant now);
  void finished(consensus::PeerId id) noexcept;  // answered, or given up
  void answered_well(consensus::PeerId id) noexcept;
  /// It let us wait.
  void rest(consensus::PeerId id, Instant now) noexcept;
  /// It asked for a little time: no failure.
  void pause(consensus::PeerId id, Instant until) noexcept;
  /// It sent what is wrong; it counts for nothing until it speaks again.
  void condemn(consensus::PeerId id, Instant now) noexcept;
  /// The first time after `now` at which a resting peer is awake again.
  std::optional<Instant> next_awake(Instant now) const noexcept;

 private:
  static bool before(const Peer& a, const Peer& b) noexcept {
    return a.in_flight < b.in_flight || (a.in_flight == b.in_flight && a.last_used < b.last_used);
  }
  Peer* find(consensus::PeerId id) noexcept;

  PeerPolicy policy_;
  std::map<consensus::PeerId, Peer> peers_;
};

}  // namespace wusong::sync
