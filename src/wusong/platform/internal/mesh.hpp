// SPDX-License-Identifier: Apache-2.0
// The transport: connections to all admitted nodes, kept up on one thread.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "wusong/net/address_book.hpp"
#include "wusong/net/door.hpp"
#include "wusong/net/errors.hpp"
#include "wusong/platform/internal/connection.hpp"
#include "wusong/platform/internal/relays.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::platform::internal {

using ConnectionPtr = std::shared_ptr<Connection>;

inline constexpr Duration kTick = std::chrono::milliseconds{50};

struct Peer {
  Peer(TransportPeer from, const OutboundQueue::Limits& limits,
       const net::Penalties::Limits& penalty_limits)
      : config{std::move(from)}, queue{limits}, penalties{penalty_limits} {
    stats.key = config.key;
  }

  TransportPeer config;  // transport's thread
  ConnectionPtr connection;
  ConnectionPtr dialling;
  Instant next_dial{};
  Duration backoff{};
  std::size_t attempts{0};  // of dialling; each tries the next route
  Instant connected_at{};
  std::string origin;  // of its last connection
  Error last_logged{net::err::shutting_down};

  Mutex mutex;
  OutboundQueue queue WUSONG_GUARDED_BY(mutex);
  bool connected WUSONG_GUARDED_BY(mutex){false};
  bool pump_posted WUSONG_GUARDED_BY(mutex){false};
  bool overflowed WUSONG_GUARDED_BY(mutex){false};
  net::Penalties penalties WUSONG_GUARDED_BY(mutex);
  TransportPeerStats stats WUSONG_GUARDED_BY(mutex);  // of connections that have ended, and fixed
  TransportPeerStats live WUSONG_GUARDED_BY(mutex);   // counters of the present connection
};
using PeerPtr = std::shared_ptr<Peer>;

class Mesh final : public Transport, private ConnectionOwner {
 public:
  Mesh(const TransportOptions& options, const net::PeerKey& self, TlsContext tls,
       std::unique_ptr<crypto::Signer> signer, TransportEvents& events, Logger& logger);
  ~Mesh() override { stop(Duration{0}); }

  Result<void> listen();
  void run();

  std::uint16_t port() const noexcept override { return port_; }
  const net::PeerKey& self() const noexcept override { return self_; }
  void send(const net::PeerKey& to, net::Channel channel,
            std::shared_ptr<const Bytes> payload) override;
  void broadcast(net::Channel channel, std::shared_ptr<const Bytes> payload) override;
  void disconnect(const net::PeerKey& peer, Error reason) override;
  void blame(const net::PeerKey& peer, Error reason) override;
  void set_peers(std::vector<TransportPeer> peers) override;
  Result<void> reload_tls(const std::optional<TlsFiles>& files) override;
  void set_finalised(Height finalised) override;
  TransportStats stats() const override;
  void stop(Duration drain) override;

 private:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Socket = boost::asio::ip::tcp::socket;
  /// One way to try to reach a peer.
  struct Route {
    std::string host;  // empty: through `relay`
    std::uint16_t port{0};
    net::PeerKey relay;
  };

  // ConnectionOwner
  Result<void> admit(const Connection& connection, const net::PeerKey& key) override;
  void on_ready(Connection& connection) override;
  Result<void> on_frame(Connection& connection, net::Channel channel, Bytes payload) override;
  bool next_frame(Connection& connection, OutboundFrame& out) override;
  void on_closed(Connection& connection, Error reason) override;

  // Peers, from any thread.
  PeerPtr find(const net::PeerKey& key) const;
  std::vector<PeerPtr> all_peers() const;
  bool queue(const PeerPtr& peer, OutboundFrame frame);

  // transport.cpp
  void apply_peers(std::vector<TransportPeer> peers);
  void update_live(Peer& peer);
  void drain_until(Instant deadline);
  void close_all();

  // mesh_door.cpp: who may come in.
  void accept();
  void adopt(Socket socket);
  bool make_room(const std::string& origin);
  void take_in(std::unique_ptr<ByteStream> stream, const std::string& origin);
  bool comes_from_peer(const std::string& host) const;
  void refuse_connection(Error reason);
  void count_refusal(const Connection& connection, Error reason);
  void hold_against(const PeerPtr& peer, Error reason);
  void ban(const PeerPtr& peer, Error reason);
  bool may_be_banned(const Peer& peer) const;

  // mesh_dial.cpp: whom we go to, and by which way.
  ConnectionPtr make_connection(TlsSide side);
  std::vector<Route> routes_to(const Peer& peer) const;
  bool reaches(const net::PeerKey& key) const;
  void dial(const PeerPtr& peer);
  void dial_host(const ConnectionPtr& connection, const Route& route);
  void connect(const ConnectionPtr& connection, const std::shared_ptr<Socket>& socket,
               const std::vector<Endpoint>& endpoints);
  void schedule_dial(Peer& peer, bool worked);
  Duration jitter(Duration most);

  // mesh_frames.cpp: what is said on connections.
  PeerPtr open_peer(const Connection& connection) const;
  void pump(const PeerPtr& peer);
  Result<void> on_control(Connection& connection, BytesView payload);
  Result<void> on_pong(Connection& connection, Peer& peer, const net::Pong& pong);
  Result<void> promote(Connection& connection, const net::Hello& hello);
  Result<void> replace(Peer& peer, const Connection& fresh);
  void send_control(const PeerPtr& peer, const net::ControlMessage& message);
  Relays::Ports relay_ports();

  void publish_own(UnixMillis now);
  void tell_addresses(const PeerPtr& peer);
  Result<void> on_addresses(const net::PeerKey& from, const net::Addresses& addresses);
  void pass_on(const net::AddressRecord& record, const net::PeerKey& except);

  // mesh_upkeep.cpp
  void schedule_tick();
  void tick();
  void tick_connection(const PeerPtr& peer, Instant now);
  void forgive_gap(Instant now);
  void check_certificates();
  void log_failure(Peer& peer, const Connection& connection, Error reason);
  void end_open(const PeerPtr& peer, Error reason);

  const TransportOptions options_;
  const net::PeerKey self_;
  TlsContext tls_;  // transport's thread
  const std::unique_ptr<crypto::Signer> signer_;
  TransportEvents& events_;
  Logger& logger_;

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  boost::asio::ip::tcp::resolver resolver_{io_};
  boost::asio::steady_timer timer_{io_};
  boost::asio::steady_timer drain_timer_{io_};
  std::optional<Instant> quiet_since_;  // stopping: all was sent
  boost::asio::steady_timer accept_timer_{io_};
  std::uint16_t port_{0};
  std::thread thread_;
  std::atomic<bool> stopped_{false};

  // Transport's thread.
  std::set<ConnectionPtr> pending_;  // have not said hello
  net::Door door_;
  net::AddressBook book_;
  net::AddressRecord own_record_;
  Instant published_at_{};
  Relays relays_;
  Instant last_tick_{};
  Instant last_warning_{};
  Instant certificates_checked_{};
  std::uint64_t random_{0};
  bool stopping_{false};
  std::atomic<std::uint64_t> bans_{0};
  std::atomic<std::size_t> circuits_passing_{0};

  mutable Mutex mutex_;
  std::map<net::PeerKey, PeerPtr> peers_ WUSONG_GUARDED_BY(mutex_);
  net::Hello hello_ WUSONG_GUARDED_BY(mutex_);
  RefusalCounts connections_refused_ WUSONG_GUARDED_BY(mutex_);
  RefusalCounts frames_refused_ WUSONG_GUARDED_BY(mutex_);
  TlsStatus tls_status_ WUSONG_GUARDED_BY(mutex_);
};

}  // namespace wusong::platform::internal
