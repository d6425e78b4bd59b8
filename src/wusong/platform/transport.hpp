// SPDX-License-Identifier: Apache-2.0
// Connections among known nodes: TCP, TLS 1.3 with both sides authenticated by pinned Ed25519 keys.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/platform/log.hpp"

namespace wusong::platform {

using NodeSecretKey = std::array<std::uint8_t, 32>;

struct TransportPeer {
  net::PeerKey key;
  std::string host;       // an address or a name; empty: this peer dials us
  std::uint16_t port{0};  // 0: this peer dials us
};

struct TransportLimits {
  std::size_t frame_payload_max{net::kFramePayloadMax};
  /// Per peer, in bytes. A full gossip queue drops its oldest frames; a full urgent or bulk queue
  /// means that the peer does not read: it is disconnected.
  std::size_t urgent_queue_bytes_max{64u << 20};
  std::size_t bulk_queue_bytes_max{64u << 20};
  std::size_t gossip_queue_bytes_max{16u << 20};
  std::size_t read_bytes_per_second_max{512u << 20};  // per peer; reading pauses beyond
  std::size_t half_open_max{64};  // accepted connections that have not said hello
  Duration handshake_timeout{std::chrono::seconds{4}};
  Duration ping_interval{std::chrono::seconds{1}};
  Duration silence_max{std::chrono::seconds{5}};      // nothing heard: disconnected
  Duration write_stall_max{std::chrono::seconds{5}};  // a write makes no progress: disconnected
  Duration backoff_min{std::chrono::milliseconds{50}};
  Duration backoff_max{std::chrono::seconds{2}};
  /// The side with the larger key waits this long before it dials, so that most pairs dial once.
  Duration dial_grace{std::chrono::milliseconds{300}};
};

struct TransportOptions {
  std::string listen_host{"127.0.0.1"};
  std::uint16_t listen_port{0};  // 0: any free one
  NodeSecretKey secret_key{};    // an Ed25519 seed
  net::Hello hello;              // genesis hash, version, role; the height is kept by set_finalised
  std::vector<TransportPeer> peers;
  TransportLimits limits;
};

/// @thread called on the transport's own thread: return soon, never block, never destroy it.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;
  /// Both said hello and agree. Frames may be sent from now on.
  virtual void on_connected(const net::PeerKey& peer, const net::Hello& hello) = 0;
  /// Frames still queued are lost.
  virtual void on_disconnected(const net::PeerKey& peer, Error reason) = 0;
  /// Never on Channel::control.
  virtual void on_message(const net::PeerKey& peer, net::Channel channel, Bytes payload) = 0;
};

struct TransportPeerStats {
  net::PeerKey key;
  bool connected{false};
  bool dialled_by_us{false};
  std::string address;  // host:port of the other end while connected, else as configured
  net::Hello hello;     // the last one heard
  std::uint64_t bytes_in{0};
  std::uint64_t bytes_out{0};
  std::uint64_t frames_in{0};
  std::uint64_t frames_out{0};
  std::uint64_t gossip_dropped{0};
  std::uint64_t queue_bytes{0};
  std::uint64_t connections{0};          // times it became connected
  Duration round_trip{0};                // smoothed; 0 when not measured yet
  const ErrorInfo* last_error{nullptr};  // why it was last disconnected or could not connect
};

struct TransportStats {
  std::vector<TransportPeerStats> peers;  // in key order
  std::uint64_t refused_unknown{0};       // a key that is not pinned
  std::uint64_t refused_tls{0};           // not TLS, or not ours
  std::uint64_t refused_hello{0};         // wrong genesis or version
  std::uint64_t refused_limit{0};         // too many half open
};

/// A mesh of authenticated connections, kept up. A pair holds one connection: of two, the one
/// dialled by the smaller key stays.
/// @thread every member but the destructor may be called from any thread; none blocks.
class Transport {
 public:
  /// Listens and starts to dial. `events` and `logger` outlive it.
  /// @errors err::address_in_use, err::bad_address, err::listen_failed, err::bad_node_key
  [[nodiscard]] static Result<std::unique_ptr<Transport>> start(const TransportOptions& options,
                                                                TransportEvents& events,
                                                                Logger& logger);
  virtual ~Transport() = default;

  virtual std::uint16_t port() const noexcept = 0;
  virtual const net::PeerKey& self() const noexcept = 0;

  /// Queues a frame. To a peer that is not connected it is dropped: connections start with news of
  /// what is missing, so nothing older than the connection matters.
  virtual void send(const net::PeerKey& to, net::Channel channel,
                    std::shared_ptr<const Bytes> payload) = 0;
  /// To every connected peer.
  virtual void broadcast(net::Channel channel, std::shared_ptr<const Bytes> payload) = 0;
  /// Says why, in the log and to on_disconnected. The connection is tried again later.
  virtual void disconnect(const net::PeerKey& peer, Error reason) = 0;
  /// Whom to dial and to accept from now on; others are disconnected.
  virtual void set_peers(std::vector<TransportPeer> peers) = 0;
  /// For the hello of connections to come.
  virtual void set_finalised(Height finalised) = 0;
  virtual TransportStats stats() const = 0;
  /// Sends what is queued for at most `drain`, closes everything, ends the thread. No event is
  /// delivered after it returns. The destructor does it too, without draining.
  /// @thread not from an event
  virtual void stop(Duration drain) = 0;
};

/// The public key that belongs to a seed. @errors err::bad_node_key
[[nodiscard]] Result<net::PeerKey> public_key_of(const NodeSecretKey& secret_key) noexcept;

}  // namespace wusong::platform
