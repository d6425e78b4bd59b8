// SPDX-License-Identifier: Apache-2.0
// Who is served blocks, and when: each peer at its own pace, so that nobody's questions slow down
// this node or what others are answered.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>

#include "wusong/base/time.hpp"
#include "wusong/consensus/types.hpp"
#include "wusong/net/messages.hpp"

namespace wusong::sync {

/// Requests for ranges of blocks and for ends of epochs wait here for their turn. Each answer is
/// paid for with time, at a rate that all who are served share; until a peer has paid, its next
/// requests wait, the newest few of them. A machine without I/O.
class RangeTurns {
 public:
  struct Config {
    std::uint64_t bytes_per_second{std::uint64_t{32} << 20};  // > 0; to all peers together
    std::size_t waiting_max{4};  // of a peer; who catches up has no more under way
  };
  using Request = std::variant<net::RangeRequest, net::RangePartRequest, net::EpochsRequest>;
  struct Turn {
    consensus::PeerId peer;
    Request request;
  };
  struct Cost {
    std::uint64_t sent_bytes{0};
    std::uint64_t read_bytes{0};  // from the disk, for this answer
  };

  explicit RangeTurns(const Config& config) noexcept : config_{config} {}

  void ask(consensus::PeerId peer, Request request);
  /// The request of who has waited longest since it had paid, where one has. Answer it, and
  /// charge() what that took.
  std::optional<Turn> next(Instant now);
  void charge(consensus::PeerId peer, const Cost& cost, Instant now);
  /// Nobody waits for the answers any more. What it owes, it owes still when it comes back.
  void gone(consensus::PeerId peer);
  /// When next() has one; nothing while none waits.
  std::optional<Instant> wake_at() const noexcept;

  /// Requests that were forgotten because too many of the same peer waited.
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  struct Peer {
    Instant paid_at{};
    std::deque<Request> waiting;
  };

  Config config_;
  std::map<consensus::PeerId, Peer> peers_;  // those who wait or owe
  std::uint64_t dropped_{0};
};

}  // namespace wusong::sync
