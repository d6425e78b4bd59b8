// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/peers.hpp"

#include <algorithm>

namespace wusong::sync {
namespace {

/// `from` doubled `times` times, at most `most`.
Duration doubled(Duration from, std::uint32_t times, Duration most) noexcept {
  for (std::uint32_t i = 0; i < times && from < most; ++i) from *= 2;
  return std::min(from, most);
}

}  // namespace

Peers::Peer* Peers::find(consensus::PeerId id) noexcept {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

void Peers::told(const PeerStatus& status) {
  Peer& peer = peers_[status.peer];
  peer.finalised = status.finalised;
  peer.oldest = status.oldest;
}

void Peers::has(consensus::PeerId id, Height finalised) {
  Peer& peer = peers_[id];
  peer.finalised = std::max(peer.finalised, finalised);
}

void Peers::lower_claim(consensus::PeerId id, Height below) noexcept {
  if (Peer* const peer = find(id)) peer->finalised = std::min(peer->finalised, below.minus(1));
}

std::optional<Height> Peers::highest() const noexcept {
  std::optional<Height> best;
  for (const auto& [id, peer] : peers_) best = std::max(best.value_or(Height{0}), peer.finalised);
  return best;
}

Instant Peers::ask(consensus::PeerId id, std::uint64_t request, Instant now) {
  Peer& peer = peers_.at(id);
  ++peer.in_flight;
  peer.last_used = request;
  return now + doubled(policy_.request_timeout, peer.failures, policy_.request_timeout_max);
}

void Peers::finished(consensus::PeerId id) noexcept {
  if (Peer* const peer = find(id); peer != nullptr && peer->in_flight > 0) --peer->in_flight;
}

void Peers::answered_well(consensus::PeerId id) noexcept {
  if (Peer* const peer = find(id)) peer->failures = 0;
}

void Peers::rest(consensus::PeerId id, Instant now) noexcept {
  Peer* const peer = find(id);
  if (peer == nullptr) return;
  peer->rests_until = now + doubled(policy_.penalty_min, peer->failures, policy_.penalty_max);
  ++peer->failures;
}

void Peers::pause(consensus::PeerId id, Instant until) noexcept {
  if (Peer* const peer = find(id)) peer->rests_until = std::max(peer->rests_until, until);
}

void Peers::condemn(consensus::PeerId id, Instant now) noexcept {
  Peer* const peer = find(id);
  if (peer == nullptr) return;
  peer->rests_until = now + policy_.penalty_lie;
  peer->finalised = Height{0};
}

std::optional<Instant> Peers::next_awake(Instant now) const noexcept {
  std::optional<Instant> first;
  for (const auto& [id, peer] : peers_)
    if (peer.rests_until > now && (!first || peer.rests_until < *first)) first = peer.rests_until;
  return first;
}

}  // namespace wusong::sync
