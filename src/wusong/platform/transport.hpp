// SPDX-License-Identifier: Apache-2.0
// Connections among known nodes: TCP, TLS 1.3 with both sides authenticated, by pinned Ed25519 keys
// or by certificates of a consortium's CA.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/net/link_seal.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/net/penalties.hpp"
#include "wusong/net/rate_limit.hpp"
#include "wusong/node/network_info.hpp"
#include "wusong/platform/log.hpp"

namespace wusong::platform {

using node::RefusalCounts;
using node::TlsStatus;

using NodeSecretKey = std::array<std::uint8_t, 32>;

/// Where a node that proves itself by a CA's certificate has its part. The certificate names the
/// node's own key, by which it is admitted: a URI wusong:node:0x… among its alternative names.
struct TlsFiles {
  std::string certificate;   // PEM: the node's, then intermediates up to a root
  std::string key;           // PEM, or pkcs11:… for a key that stays in its token
  std::string key_password;  // of the PEM, or the token's PIN
  std::string ca;            // PEM: trusted roots, and intermediates that peers may leave out
  std::string crl;           // PEM: lists of revoked certificates, one of every CA; empty: none
  std::string pkcs11_module;
};

/// A node that is admitted.
struct TransportPeer {
  net::PeerKey key;
  std::string host;       // an address or a name; empty: as it says itself, or it dials us
  std::uint16_t port{0};  // 0 with an empty host
  bool validator{false};  // never banned for long, nor when that would cost a quorum
  bool relays_us{false};  // passes frames on to this node, and for it
};

/// How others come to know and reach this node, and what it does for them.
struct TransportReach {
  std::vector<std::string> advertise;  // host:port; at most net::kRecordAddressesMax
  bool direct{true};                   // false: dials only configured addresses, the rest by relays
  bool relay{false};                   // passes frames on between others
};

/// How links are kept secret from those who record them, beside TLS (ADR 0028).
struct TransportLink {
  net::LinkSuite suite{net::LinkSuite::standard};
  /// Refuses peers of releases without a hybrid key exchange; else they are spoken to under TLS
  /// alone.
  bool required{true};
};

/// For people and metrics.
inline std::string_view exchange_name(std::optional<net::LinkSuite> suite) {
  return suite ? net::traits_of(*suite).name : std::string_view{"tls"};
}

struct TransportLimits {
  std::size_t frame_payload_max{net::kFramePayloadMax};
  /// Per peer, in bytes. A full gossip queue drops its oldest frames; a full urgent or bulk queue
  /// means that the peer does not read: it is disconnected.
  std::size_t urgent_queue_bytes_max{64u << 20};
  std::size_t bulk_queue_bytes_max{64u << 20};
  std::size_t gossip_queue_bytes_max{16u << 20};
  std::size_t read_bytes_per_second_max{512u << 20};  // per peer; reading pauses beyond
  /// Accepted connections that have not said hello: all, and of one host.
  std::size_t half_open_max{512};
  std::size_t half_open_per_host_max{128};
  net::RateLimit::Rate handshakes{512, 1'024};
  net::RateLimit::Rate handshakes_per_host{64, 256};
  /// Frames a second and at once, by channel: control, consensus, block, sync, gossip, relay.
  std::array<net::RateLimit::Rate, net::kChannelCount> frame_rates{{{200, 1'000},
                                                                    {20'000, 40'000},
                                                                    {5'000, 10'000},
                                                                    {5'000, 10'000},
                                                                    {50'000, 100'000},
                                                                    {50'000, 100'000}}};
  std::size_t relay_queue_bytes_max{80u << 20};
  net::Penalties::Limits penalties;  // of peers; validators' bans are capped
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
  NodeSecretKey secret_key{};    // an Ed25519 seed: who this node is
  std::optional<TlsFiles> tls;   // none: the key itself is pinned, and no certificate matters
  TransportLink link;
  net::Hello hello;  // genesis hash, version, role; the height is kept by set_finalised
  std::vector<TransportPeer> peers;  // all who are admitted
  TransportReach reach;
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
  bool relayed{false};                  // through another node
  std::optional<net::LinkSuite> suite;  // of the connection; none: TLS alone
  std::string address;                  // of the other end while connected, else where it is tried
  net::Hello hello;                     // the last one heard
  std::uint64_t bytes_in{0};
  std::uint64_t bytes_out{0};
  std::uint64_t frames_in{0};
  std::uint64_t frames_out{0};
  std::uint64_t gossip_dropped{0};
  std::uint64_t queue_bytes{0};
  std::uint64_t connections{0};          // times it became connected
  Duration round_trip{0};                // smoothed; 0 when not measured yet
  const ErrorInfo* last_error{nullptr};  // why it was last disconnected or could not connect
  RefusalCounts refused;                 // what it sent, by reason
  double penalty{0};
  Duration ban_left{0};
  std::uint64_t pauses{0};  // times its reading waited because it sent too much
};

struct TransportStats {
  std::vector<TransportPeerStats> peers;  // in key order
  RefusalCounts connections_refused;      // before hello was agreed on
  RefusalCounts frames_refused;           // ended a connection that stood
  std::uint64_t bans{0};
  std::size_t circuits_passing{0};  // between others
  TlsStatus tls;
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
  /// A message of this peer was refused for that reason. Many in a short time ban it.
  virtual void blame(const net::PeerKey& peer, Error reason) = 0;
  /// Who is admitted from now on; others are disconnected.
  virtual void set_peers(std::vector<TransportPeer> peers) = 0;
  /// Reads certificates, keys and lists again, on the caller's thread. Connections stay, but for
  /// peers whose certificates are not accepted any more. After an error all is as before.
  /// @errors of TlsContext::make
  [[nodiscard]] virtual Result<void> reload_tls(const std::optional<TlsFiles>& files) = 0;
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

/// For a consortium's authority.
struct TlsRequest {
  std::string key;      // PEM: PKCS#8, encrypted
  std::string request;  // PEM: PKCS#10
};
/// A new P-256 key and the request for a certificate that names the node's own key.
/// @errors err::tls_policy  OpenSSL, or its system settings, would not make it
[[nodiscard]] Result<TlsRequest> make_tls_request(const net::PeerKey& node, const std::string& name,
                                                  std::string_view password);

/// Loads everything as a start would and shakes hands with itself.
/// @errors err::bad_node_key, err::tls_policy, those of the files, and net's certificate rows
[[nodiscard]] Result<TlsStatus> examine_tls(const NodeSecretKey& secret_key,
                                            const std::optional<TlsFiles>& files);

}  // namespace wusong::platform
