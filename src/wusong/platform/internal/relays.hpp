// SPDX-License-Identifier: Apache-2.0
// Circuits: connections whose bytes a third node passes on. This node may be an end of some and the
// relay of others. A relay sees who talks to whom, and bytes of TLS between them; nothing else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "wusong/net/relay_message.hpp"
#include "wusong/platform/internal/byte_stream.hpp"

namespace wusong::platform::internal {

/// @thread the transport's
class Relays {
 public:
  static constexpr std::size_t kPerNeighbourMax = 128;  // ends and passing circuits
  static constexpr std::size_t kPassingMax = 1'024;

  struct Ports {
    /// Queues a frame to a neighbour; false when what waits for it is too much already.
    std::function<bool(const net::PeerKey& neighbour, const net::RelayMessage& message)> send;
    /// Connected, and not by a circuit itself.
    std::function<bool(const net::PeerKey& neighbour)> reaches;
    /// Somebody calls through `relay`.
    std::function<void(std::unique_ptr<ByteStream> stream, const net::PeerKey& relay)> accept;
    /// Runs later, on the same thread.
    std::function<void(std::function<void()>)> later;
  };
  Relays(const net::PeerKey& self, bool passes_on, Ports ports);
  ~Relays();

  /// The beginning of a circuit; whether the other end answers shows later. Null when there are too
  /// many.
  std::unique_ptr<ByteStream> open(const net::PeerKey& relay, const net::PeerKey& target);
  /// @errors net::err::bad_message, net::err::relay_credit_exceeded: the neighbour's fault
  [[nodiscard]] Result<void> on_frame(const net::PeerKey& from, BytesView payload);
  /// Its circuits end.
  void on_gone(const net::PeerKey& neighbour);
  std::size_t passing() const noexcept { return passing_; }

 private:
  class Stream;
  struct End;  // of a circuit that ends here
  /// A circuit's name on one side.
  struct Link {
    net::PeerKey neighbour;
    net::CircuitId circuit{0};
    auto operator<=>(const Link&) const = default;
  };
  /// What is behind a link: an end here, or the next link and what may still be sent over it.
  struct Route {
    std::shared_ptr<End> end;
    Link next;
    std::uint64_t credit{net::kRelayWindow};
  };

  std::size_t count_of(const net::PeerKey& neighbour) const;
  net::CircuitId fresh(const net::PeerKey& neighbour);
  std::unique_ptr<ByteStream> make_end(const Link& link);
  [[nodiscard]] Result<void> on_open(const net::PeerKey& from, const net::RelayOpen& open);
  [[nodiscard]] Result<void> on_call(const net::PeerKey& from, const net::RelayCall& call);
  [[nodiscard]] Result<void> on_data(const net::PeerKey& from, const net::RelayData& data);
  [[nodiscard]] Result<void> on_credit(const net::PeerKey& from, const net::RelayCredit& credit);
  void on_close(Link link);
  /// Forgets a circuit; those beyond it are told.
  void drop(Link link);

  const net::PeerKey self_;
  const bool passes_on_;
  const Ports ports_;
  std::map<Link, Route> routes_;
  net::CircuitId next_{2};
  std::size_t passing_{0};
};

}  // namespace wusong::platform::internal
