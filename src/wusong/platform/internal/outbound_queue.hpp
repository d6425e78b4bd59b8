// SPDX-License-Identifier: Apache-2.0
// Frames that wait for one peer, by urgency, within bounds.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include "wusong/base/bytes.hpp"
#include "wusong/net/messages.hpp"

namespace wusong::platform::internal {

struct OutboundFrame {
  net::Channel channel;
  std::shared_ptr<const Bytes> payload;
  std::size_t size() const noexcept { return net::kFrameHeaderSize + payload->size(); }
};

/// @thread none: its owner locks
class OutboundQueue {
 public:
  using Limits = std::array<std::size_t, net::kPriorityCount>;  // bytes
  explicit OutboundQueue(const Limits& limits) noexcept : limits_{limits} {}

  enum class Outcome : std::uint8_t { queued, dropped, overflow };

  /// A full gossip queue gives up its oldest frames; a full relay queue does not take the frame,
  /// for whose circuit that is the end; any other that is full overflows, and the frame is not
  /// queued.
  Outcome push(OutboundFrame frame) {
    const auto at = static_cast<std::size_t>(net::priority_of(frame.channel));
    Lane& lane = lanes_[at];
    const std::size_t size = frame.size();
    Outcome outcome = Outcome::queued;
    if (net::Priority{static_cast<std::uint8_t>(at)} == net::Priority::gossip) {
      while (!lane.frames.empty() && lane.bytes + size > limits_[at]) {
        lane.bytes -= lane.frames.front().size();
        lane.frames.pop_front();
        ++dropped_;
        outcome = Outcome::dropped;
      }
    }
    // What ends a circuit must still get through.
    const bool is_relay = at == static_cast<std::size_t>(net::Priority::relay);
    const std::size_t spare = is_relay && size <= kSmallFrame ? kSpareBytes : 0;
    if (lane.bytes + size > limits_[at] + spare) {
      if (is_relay) return Outcome::dropped;
      if (at != static_cast<std::size_t>(net::Priority::gossip)) return Outcome::overflow;
      ++dropped_;
      return Outcome::dropped;
    }
    lane.bytes += size;
    lane.frames.push_back(std::move(frame));
    return outcome;
  }

  /// The most urgent frame; false when nothing waits.
  bool pop(OutboundFrame& out) {
    for (Lane& lane : lanes_) {
      if (lane.frames.empty()) continue;
      out = std::move(lane.frames.front());
      lane.frames.pop_front();
      lane.bytes -= out.size();
      return true;
    }
    return false;
  }

  void clear() {
    for (Lane& lane : lanes_) lane = {};
  }
  std::size_t bytes() const noexcept {
    std::size_t total = 0;
    for (const Lane& lane : lanes_) total += lane.bytes;
    return total;
  }
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  static constexpr std::size_t kSmallFrame = 64;
  static constexpr std::size_t kSpareBytes = 1u << 20;
  struct Lane {
    std::deque<OutboundFrame> frames;
    std::size_t bytes{0};
  };
  Limits limits_;
  std::array<Lane, net::kPriorityCount> lanes_;
  std::uint64_t dropped_{0};
};

}  // namespace wusong::platform::internal
