// SPDX-License-Identifier: Apache-2.0
#include "wusong/emulator/switchboard.hpp"

#include <algorithm>

#include "wusong/emulator/tunnel.hpp"

namespace wusong::emulator {

void Switchboard::accept(std::size_t from, BytesView packet, Instant now) {
  const Ends ends = ends_of(packet.data(), packet.size());
  if (ends.from != from || ends.to >= network_.size()) {
    ++refused_;
    return;
  }
  if (bytes_ + packet.size() > limits_.bytes) {
    ++overflowed_;
    return;
  }
  const auto when = network_.pass(from, ends.to, packet.size(), now);
  if (!when) return;
  bytes_ += packet.size();
  heap_.push_back({*when, sequence_++, {.to = ends.to, .packet = to_bytes(packet)}});
  std::ranges::push_heap(heap_, later);
}

std::optional<Switchboard::Arrival> Switchboard::next(Instant now) {
  if (heap_.empty() || heap_.front().when > now) return std::nullopt;
  std::ranges::pop_heap(heap_, later);
  Arrival out = std::move(heap_.back().arrival);
  heap_.pop_back();
  bytes_ -= out.packet.size();
  return out;
}

std::optional<Instant> Switchboard::wake_at() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

}  // namespace wusong::emulator
