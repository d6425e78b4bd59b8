// SPDX-License-Identifier: Apache-2.0
// A connection through a third node: two nodes that cannot reach each other send the bytes of their
// own TLS connection in frames to one that both reach, and it passes them on without reading them.
#pragma once

#include <variant>

#include "wusong/net/messages.hpp"

namespace wusong::net {

/// A circuit's number holds between two neighbours. The one with the smaller key takes even numbers
/// for circuits it opens, the other odd ones.
using CircuitId = std::uint64_t;

inline constexpr std::size_t kRelayDataMax = 64u << 10;
/// Bytes that may be on their way before the other end has taken any.
inline constexpr std::uint64_t kRelayWindow = 512u << 10;

/// To a relay: begin a circuit to this node.
struct RelayOpen {
  CircuitId circuit{0};
  PeerKey target;
  friend bool operator==(const RelayOpen&, const RelayOpen&) = default;
};
/// From a relay: this node began a circuit to you.
struct RelayCall {
  CircuitId circuit{0};
  PeerKey caller;
  friend bool operator==(const RelayCall&, const RelayCall&) = default;
};
struct RelayData {
  CircuitId circuit{0};
  BytesView bytes;  // borrowed; 1 to kRelayDataMax
};
/// So many more bytes may come.
struct RelayCredit {
  CircuitId circuit{0};
  std::uint64_t bytes{0};  // 1 to kRelayWindow
  friend bool operator==(const RelayCredit&, const RelayCredit&) = default;
};
/// Nothing more comes, or it cannot be had.
struct RelayClose {
  CircuitId circuit{0};
  friend bool operator==(const RelayClose&, const RelayClose&) = default;
};

using RelayMessage = std::variant<RelayOpen, RelayCall, RelayData, RelayCredit, RelayClose>;
Bytes encode(const RelayMessage& message);
/// Borrows `encoded`. @errors err::bad_message for anything but the one encoding of a message
[[nodiscard]] Result<RelayMessage> decode_relay(BytesView encoded);

}  // namespace wusong::net
