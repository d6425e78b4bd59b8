// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/range_turns.hpp"

#include <algorithm>

namespace wusong::sync {
namespace {

// What a request costs beside its answer, so that those without one are not free.
constexpr std::uint64_t kRequestBytes = std::uint64_t{64} << 10;

// A byte is read so much faster than it is encoded, encrypted and sent.
constexpr std::uint64_t kReadsPerSend = 8;

}  // namespace

void RangeTurns::ask(consensus::PeerId peer, Request request) {
  auto& waiting = peers_[peer].waiting;
  if (waiting.size() == config_.waiting_max) {
    waiting.pop_front();  // the longer ago, the likelier its sender has given up on it
    ++dropped_;
  }
  waiting.push_back(std::move(request));
}

std::optional<RangeTurns::Turn> RangeTurns::next(Instant now) {
  std::erase_if(peers_, [&](const auto& entry) {
    return entry.second.waiting.empty() && entry.second.paid_at <= now;
  });
  auto first = peers_.end();
  for (auto at = peers_.begin(); at != peers_.end(); ++at) {
    const Peer& peer = at->second;
    if (peer.waiting.empty() || peer.paid_at > now) continue;
    if (first == peers_.end() || peer.paid_at < first->second.paid_at) first = at;
  }
  if (first == peers_.end()) return std::nullopt;
  auto& waiting = first->second.waiting;
  Turn turn{.peer = first->first, .request = std::move(waiting.front())};
  waiting.pop_front();
  return turn;
}

void RangeTurns::charge(consensus::PeerId peer, const Cost& cost, Instant now) {
  Peer& payer = peers_[peer];
  const std::uint64_t bytes = kRequestBytes + cost.sent_bytes + cost.read_bytes / kReadsPerSend;
  const std::uint64_t us = bytes * 1'000'000 / config_.bytes_per_second * peers_.size();
  payer.paid_at =
      std::max(payer.paid_at, now) + std::chrono::microseconds{static_cast<std::int64_t>(us)};
}

void RangeTurns::gone(consensus::PeerId peer) {
  if (const auto found = peers_.find(peer); found != peers_.end()) found->second.waiting.clear();
}

std::optional<Instant> RangeTurns::wake_at() const noexcept {
  std::optional<Instant> out;
  for (const auto& [id, peer] : peers_) {
    if (!peer.waiting.empty() && (!out || peer.paid_at < *out)) out = peer.paid_at;
  }
  return out;
}

}  // namespace wusong::sync
