// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/transport.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "wusong/net/errors.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/internal/connection.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::platform {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using internal::Connection;
using internal::OutboundFrame;
using internal::OutboundQueue;
using internal::TlsContext;
using internal::TlsSide;
using ConnectionPtr = std::shared_ptr<Connection>;

constexpr Duration kTick = std::chrono::milliseconds{50};
constexpr Duration kSettled = std::chrono::seconds{1};  // a connection that lived this long worked
constexpr Duration kWarnEvery = std::chrono::seconds{10};        // about strangers
constexpr Duration kLingerMax = std::chrono::milliseconds{250};  // for peers to read the end

struct Peer {
  Peer(TransportPeer from, const OutboundQueue::Limits& limits)
      : config{std::move(from)}, queue{limits} {
    stats.key = config.key;
  }

  TransportPeer config;  // transport's thread
  ConnectionPtr connection;
  ConnectionPtr dialling;
  Instant next_dial{};
  Duration backoff{};
  Instant connected_at{};
  Error last_logged{net::err::shutting_down};

  Mutex mutex;
  OutboundQueue queue WUSONG_GUARDED_BY(mutex);
  bool connected WUSONG_GUARDED_BY(mutex){false};
  bool pump_posted WUSONG_GUARDED_BY(mutex){false};
  bool overflowed WUSONG_GUARDED_BY(mutex){false};
  TransportPeerStats stats WUSONG_GUARDED_BY(mutex);  // of connections that have ended, and fixed
  TransportPeerStats live WUSONG_GUARDED_BY(mutex);   // counters of the present connection
};
using PeerPtr = std::shared_ptr<Peer>;

class Mesh final : public Transport, private internal::ConnectionOwner {
 public:
  Mesh(const TransportOptions& options, const net::PeerKey& self, TlsContext tls,
       TransportEvents& events, Logger& logger)
      : options_{options},
        self_{self},
        tls_{std::move(tls)},
        events_{events},
        logger_{logger},
        hello_{options.hello} {
    OsEntropy{}.fill({reinterpret_cast<std::uint8_t*>(&random_), sizeof random_});
  }
  ~Mesh() override { stop(Duration{0}); }

  Result<void> listen();
  void run();

  std::uint16_t port() const noexcept override { return port_; }
  const net::PeerKey& self() const noexcept override { return self_; }
  void send(const net::PeerKey& to, net::Channel channel,
            std::shared_ptr<const Bytes> payload) override;
  void broadcast(net::Channel channel, std::shared_ptr<const Bytes> payload) override;
  void disconnect(const net::PeerKey& peer, Error reason) override;
  void set_peers(std::vector<TransportPeer> peers) override;
  void set_finalised(Height finalised) override;
  TransportStats stats() const override;
  void stop(Duration drain) override;

 private:
  // ConnectionOwner
  Result<void> admit(const Connection& connection, const net::PeerKey& key) override;
  void on_authenticated(Connection& connection) override;
  Result<void> on_frame(Connection& connection, net::Channel channel, Bytes payload) override;
  bool next_frame(Connection& connection, OutboundFrame& out) override;
  void on_closed(Connection& connection, Error reason) override;

  PeerPtr find(const net::PeerKey& key) const;
  PeerPtr open_peer(const Connection& connection) const;
  std::vector<PeerPtr> all_peers() const;
  void apply_peers(std::vector<TransportPeer> peers);
  void queue(const PeerPtr& peer, OutboundFrame frame);
  void pump(const PeerPtr& peer);
  Result<void> on_control(Connection& connection, BytesView payload);
  Result<void> promote(Connection& connection, const net::Hello& hello);
  Result<void> replace(Peer& peer, const Connection& fresh);
  void count_refusal(const Connection& connection, Error reason);
  void log_failure(Peer& peer, const Connection& connection, Error reason);
  void schedule_dial(Peer& peer, bool worked);
  void dial(const PeerPtr& peer);
  void connect(const ConnectionPtr& connection, const std::vector<tcp::endpoint>& endpoints);
  void accept();
  void adopt(tcp::socket socket);
  void schedule_tick();
  void tick();
  void tick_connection(const PeerPtr& peer, Instant now);
  void forgive_gap(Instant now);
  void update_live(Peer& peer);
  void drain_until(Instant deadline);
  void close_all();
  Duration jitter(Duration most);
  ConnectionPtr make_connection(tcp::socket socket, TlsSide side);

  const TransportOptions options_;
  const net::PeerKey self_;
  const TlsContext tls_;
  TransportEvents& events_;
  Logger& logger_;

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  tcp::acceptor acceptor_{io_};
  tcp::resolver resolver_{io_};
  asio::steady_timer timer_{io_};
  asio::steady_timer drain_timer_{io_};
  std::optional<Instant> quiet_since_;  // stopping: all was sent
  asio::steady_timer accept_timer_{io_};
  std::uint16_t port_{0};
  std::thread thread_;
  std::atomic<bool> stopped_{false};

  // Transport's thread.
  std::set<ConnectionPtr> pending_;  // have not said hello
  Instant last_tick_{};
  Instant last_warning_{};
  std::uint64_t random_{0};
  bool stopping_{false};

  mutable Mutex mutex_;
  std::map<net::PeerKey, PeerPtr> peers_ WUSONG_GUARDED_BY(mutex_);
  net::Hello hello_ WUSONG_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> refused_unknown_{0};
  std::atomic<std::uint64_t> refused_tls_{0};
  std::atomic<std::uint64_t> refused_hello_{0};
  std::atomic<std::uint64_t> refused_limit_{0};
};

// --- start and stop

Result<void> Mesh::listen() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options_.listen_host, error);
  if (error) return fail(err::bad_address);
  const tcp::endpoint endpoint{address, options_.listen_port};
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) return fail(err::address_in_use);
  if (error) return fail(err::listen_failed);
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void Mesh::run() {
  logger_.info("transport_listening",
               {{"host", options_.listen_host}, {"port", port_}, {"key", self_}});
  last_tick_ = monotonic_now();
  apply_peers(options_.peers);
  asio::post(io_, [this] {
    accept();
    tick();
    schedule_tick();
  });
  thread_ = std::thread{[this] { io_.run(); }};
}

void Mesh::stop(Duration drain) {
  if (stopped_.exchange(true)) return;
  asio::post(io_, [this, deadline = monotonic_now() + drain] {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    accept_timer_.cancel();
    resolver_.cancel();
    drain_until(deadline);
  });
  if (thread_.joinable()) thread_.join();
}

void Mesh::drain_until(Instant deadline) {
  bool busy = false;
  for (const PeerPtr& peer : all_peers()) {
    if (!peer->connection) continue;
    peer->connection->pump();
    const MutexLock lock{peer->mutex};
    busy = busy || peer->queue.bytes() > 0 || (peer->connection && peer->connection->writing());
  }
  const Instant now = monotonic_now();
  if (!busy && !quiet_since_) {
    // Closing with something unread resets a connection, and the peer could lose what it has not
    // read: say that nothing more comes, and let the peer close.
    quiet_since_ = now;
    for (const PeerPtr& peer : all_peers())
      if (const ConnectionPtr connection = peer->connection) connection->finish_sending();
  }
  const bool connected = std::ranges::any_of(
      all_peers(), [](const PeerPtr& peer) { return peer->connection != nullptr; });
  const bool patient = quiet_since_ && connected && now - *quiet_since_ < kLingerMax;
  if ((!busy && !patient) || now >= deadline) {
    close_all();
    work_.reset();
    return;
  }
  drain_timer_.expires_after(std::chrono::milliseconds{5});
  drain_timer_.async_wait([this, deadline](boost::system::error_code) { drain_until(deadline); });
}

void Mesh::close_all() {
  const std::set<ConnectionPtr> pending = pending_;
  for (const ConnectionPtr& connection : pending) connection->close(net::err::shutting_down);
  for (const PeerPtr& peer : all_peers())
    if (const ConnectionPtr connection = peer->connection)
      connection->close(net::err::shutting_down);
}

// --- from any thread

void Mesh::queue(const PeerPtr& peer, OutboundFrame frame) {
  {
    const MutexLock lock{peer->mutex};
    if (!peer->connected) return;
    if (peer->queue.push(std::move(frame)) == OutboundQueue::Outcome::overflow)
      peer->overflowed = true;
    if (peer->pump_posted) return;
    peer->pump_posted = true;
  }
  asio::post(io_, [this, peer] { pump(peer); });
}

void Mesh::send(const net::PeerKey& to, net::Channel channel,
                std::shared_ptr<const Bytes> payload) {
  if (const PeerPtr peer = find(to)) queue(peer, {channel, std::move(payload)});
}

void Mesh::broadcast(net::Channel channel, std::shared_ptr<const Bytes> payload) {
  for (const PeerPtr& peer : all_peers()) queue(peer, {channel, payload});
}

void Mesh::disconnect(const net::PeerKey& peer, Error reason) {
  asio::post(io_, [this, peer, reason] {
    const PeerPtr found = find(peer);
    if (found && found->connection) ConnectionPtr {
        found->connection
      } -> close(reason);
  });
}

void Mesh::set_peers(std::vector<TransportPeer> peers) {
  asio::post(io_, [this, moved = std::move(peers)]() mutable { apply_peers(std::move(moved)); });
}

void Mesh::set_finalised(Height finalised) {
  const MutexLock lock{mutex_};
  hello_.finalised = finalised;
}

TransportStats Mesh::stats() const {
  TransportStats out;
  for (const PeerPtr& peer : all_peers()) {
    const MutexLock lock{peer->mutex};
    TransportPeerStats stats = peer->stats;
    stats.bytes_in += peer->live.bytes_in;
    stats.bytes_out += peer->live.bytes_out;
    stats.frames_in += peer->live.frames_in;
    stats.frames_out += peer->live.frames_out;
    stats.connected = peer->connected;
    stats.gossip_dropped = peer->queue.dropped();
    stats.queue_bytes = peer->queue.bytes();
    out.peers.push_back(std::move(stats));
  }
  out.refused_unknown = refused_unknown_;
  out.refused_tls = refused_tls_;
  out.refused_hello = refused_hello_;
  out.refused_limit = refused_limit_;
  return out;
}

PeerPtr Mesh::find(const net::PeerKey& key) const {
  const MutexLock lock{mutex_};
  const auto found = peers_.find(key);
  return found == peers_.end() ? nullptr : found->second;
}

std::vector<PeerPtr> Mesh::all_peers() const {
  const MutexLock lock{mutex_};
  std::vector<PeerPtr> out;
  out.reserve(peers_.size());
  for (const auto& [key, peer] : peers_) out.push_back(peer);
  return out;
}

// --- on the transport's thread

void Mesh::apply_peers(std::vector<TransportPeer> peers) {
  const TransportLimits& limits = options_.limits;
  const OutboundQueue::Limits queue_limits{
      limits.urgent_queue_bytes_max, limits.bulk_queue_bytes_max, limits.gossip_queue_bytes_max};
  std::map<net::PeerKey, PeerPtr> fresh;
  const Instant now = monotonic_now();
  for (TransportPeer& config : peers) {
    if (config.key == self_) continue;
    PeerPtr peer = find(config.key);
    if (peer) {
      peer->config = config;
    } else {
      peer = std::make_shared<Peer>(config, queue_limits);
      peer->backoff = limits.backoff_min;
      peer->next_dial = self_ < config.key ? now : now + limits.dial_grace;
    }
    if (!peer->connection) {
      const MutexLock lock{peer->mutex};
      peer->stats.address = config.host + ":" + std::to_string(config.port);
    }
    fresh[config.key] = std::move(peer);
  }
  std::vector<ConnectionPtr> removed;
  for (const PeerPtr& peer : all_peers()) {
    if (fresh.contains(peer->config.key)) continue;
    if (peer->connection) removed.push_back(peer->connection);
    if (peer->dialling) removed.push_back(peer->dialling);
  }
  for (const ConnectionPtr& connection : removed) connection->close(net::err::peer_removed);
  const MutexLock lock{mutex_};
  peers_ = std::move(fresh);
}

Duration Mesh::jitter(Duration most) {
  // A linear congruential step: spread is all that is wanted.
  random_ = random_ * 6364136223846793005ull + 1442695040888963407ull;
  const auto half = most.count() / 2;
  if (half <= 0) return most;
  return Duration{
      half + static_cast<std::int64_t>((random_ >> 33) % static_cast<std::uint64_t>(half + 1))};
}

ConnectionPtr Mesh::make_connection(tcp::socket socket, TlsSide side) {
  const Connection::Config config{options_.limits.frame_payload_max,
                                  options_.limits.read_bytes_per_second_max};
  return std::make_shared<Connection>(std::move(socket), tls_, side,
                                      static_cast<internal::ConnectionOwner&>(*this), config);
}

void Mesh::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (stopping_ || error == asio::error::operation_aborted) return;
    if (!error) adopt(std::move(socket));
    if (error == asio::error::no_descriptors) {
      // Accepting again at once would spin; the next tick tries.
      logger_.warn("accept_failed", {{"reason", "no_descriptors"}});
      accept_timer_.expires_after(std::chrono::nanoseconds{kTick});
      accept_timer_.async_wait([this](boost::system::error_code) {
        if (!stopping_) accept();
      });
      return;
    }
    accept();
  });
}

void Mesh::adopt(tcp::socket socket) {
  // Whoever opens many connections and says nothing pushes out its own oldest ones first.
  std::size_t inbound = 0;
  ConnectionPtr oldest;
  for (const ConnectionPtr& connection : pending_) {
    if (connection->dialled()) continue;
    ++inbound;
    if (!oldest || connection->started_at < oldest->started_at) oldest = connection;
  }
  if (inbound >= options_.limits.half_open_max && oldest) {
    ++refused_limit_;
    oldest->close(net::err::too_many_connections);
  }
  const ConnectionPtr connection = make_connection(std::move(socket), TlsSide::server);
  pending_.insert(connection);
  connection->start();
}

void Mesh::dial(const PeerPtr& peer) {
  const ConnectionPtr connection = make_connection(tcp::socket{io_}, TlsSide::client);
  connection->expected = peer->config.key;
  peer->dialling = connection;
  pending_.insert(connection);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(peer->config.host, error);
  if (!error) return connect(connection, {tcp::endpoint{address, peer->config.port}});
  resolver_.async_resolve(
      peer->config.host, std::to_string(peer->config.port),
      [this, connection](boost::system::error_code failed, tcp::resolver::results_type results) {
        if (connection->closed()) return;
        if (failed) return connection->close(net::err::connect_failed);
        std::vector<tcp::endpoint> endpoints;
        for (const auto& result : results) endpoints.push_back(result.endpoint());
        connect(connection, endpoints);
      });
}

void Mesh::connect(const ConnectionPtr& connection, const std::vector<tcp::endpoint>& endpoints) {
  asio::async_connect(
      connection->socket(), endpoints,
      [connection](boost::system::error_code error, const tcp::endpoint&) {
        if (connection->closed()) {
          boost::system::error_code ignored;
          connection->socket().close(ignored);  // trying the next address reopened it
          return;
        }
        if (error) return connection->close(net::err::connect_failed);
        connection->start();
      });
}

Result<void> Mesh::admit(const Connection& connection, const net::PeerKey& key) {
  if (key == self_) return fail(net::err::connected_to_self);
  if (connection.expected && *connection.expected != key) return fail(net::err::wrong_peer);
  if (!find(key)) return fail(net::err::unknown_peer);
  return {};
}

void Mesh::on_authenticated(Connection& connection) {
  net::Hello hello;
  {
    const MutexLock lock{mutex_};
    hello = hello_;
  }
  connection.hello_frame = OutboundFrame{
      net::Channel::control,
      std::make_shared<const Bytes>(net::encode(net::ControlMessage{std::move(hello)}))};
}

PeerPtr Mesh::open_peer(const Connection& connection) const {
  if (!connection.key()) return nullptr;
  const PeerPtr peer = find(*connection.key());
  return peer && peer->connection.get() == &connection ? peer : nullptr;
}

bool Mesh::next_frame(Connection& connection, OutboundFrame& out) {
  if (connection.hello_frame) {
    out = *std::move(connection.hello_frame);
    connection.hello_frame.reset();
    return true;
  }
  const PeerPtr peer = open_peer(connection);
  if (!peer) return false;
  const MutexLock lock{peer->mutex};
  return peer->queue.pop(out);
}

void Mesh::pump(const PeerPtr& peer) {
  bool overflowed = false;
  {
    const MutexLock lock{peer->mutex};
    peer->pump_posted = false;
    overflowed = peer->overflowed;
  }
  const ConnectionPtr connection = peer->connection;
  if (!connection) return;
  if (overflowed) return connection->close(net::err::slow_reader);
  connection->pump();
}

Result<void> Mesh::on_frame(Connection& connection, net::Channel channel, Bytes payload) {
  if (channel == net::Channel::control) return on_control(connection, payload);
  if (!open_peer(connection)) return fail(net::err::hello_expected);
  events_.on_message(*connection.key(), channel, std::move(payload));
  return {};
}

Result<void> Mesh::on_control(Connection& connection, BytesView payload) {
  WUSONG_TRY(const net::ControlMessage message, net::decode_control(payload));
  const PeerPtr peer = open_peer(connection);
  if (const auto* hello = std::get_if<net::Hello>(&message)) {
    if (peer) return fail(net::err::bad_message);  // only once
    return promote(connection, *hello);
  }
  if (!peer) return fail(net::err::hello_expected);
  if (const auto* ping = std::get_if<net::Ping>(&message)) {
    const net::ControlMessage pong = net::Pong{ping->nonce};
    queue(peer, {net::Channel::control, std::make_shared<const Bytes>(net::encode(pong))});
    return {};
  }
  const auto& pong = std::get<net::Pong>(message);
  if (!connection.ping_pending || pong.nonce != connection.ping_nonce)
    return fail(net::err::bad_message);
  connection.ping_pending = false;
  const Duration sample = monotonic_now() - connection.pinged_at;
  const MutexLock lock{peer->mutex};
  Duration& smooth = peer->stats.round_trip;
  smooth = smooth == Duration{0} ? sample : (smooth * 7 + sample) / 8;
  return {};
}

/// Of two connections the one dialled by the smaller key stays; of two dialled by the same side the
/// newer, for that side has given the older up.
Result<void> Mesh::replace(Peer& peer, const Connection& fresh) {
  const ConnectionPtr old = peer.connection;
  const bool we_are_smaller = self_ < peer.config.key;
  const bool old_preferred = old->dialled() == we_are_smaller;
  const bool fresh_preferred = fresh.dialled() == we_are_smaller;
  const bool old_is_stale =
      monotonic_now() - old->heard_at > 2 * options_.limits.ping_interval + kTick;
  if (old_preferred && !fresh_preferred && !old_is_stale)
    return fail(net::err::duplicate_connection);
  old->close(net::err::duplicate_connection);
  return {};
}

Result<void> Mesh::promote(Connection& connection, const net::Hello& hello) {
  const PeerPtr peer = find(*connection.key());
  if (!peer) return fail(net::err::unknown_peer);
  net::Hello ours;
  {
    const MutexLock lock{mutex_};
    ours = hello_;
  }
  if (const auto checked = net::check_hello(ours, hello); !checked) {
    connection.close_soon(checked.error());
    return {};
  }
  if (peer->connection) WUSONG_CHECK(replace(*peer, connection));
  const ConnectionPtr self = connection.shared_from_this();
  pending_.erase(self);
  if (peer->dialling == self) peer->dialling.reset();
  peer->connection = self;
  peer->connected_at = monotonic_now();
  peer->last_logged = net::err::shutting_down;
  connection.open();
  {
    const MutexLock lock{peer->mutex};
    peer->connected = true;
    peer->overflowed = false;
    peer->queue.clear();
    peer->live = {};
    peer->stats.hello = hello;
    peer->stats.address = connection.address();
    peer->stats.dialled_by_us = connection.dialled();
    peer->stats.round_trip = Duration{0};
    ++peer->stats.connections;
  }
  logger_.info("peer_connected", {{"peer", peer->config.key},
                                  {"address", connection.address()},
                                  {"dialled", connection.dialled()},
                                  {"version", hello.node_version},
                                  {"finalised", hello.finalised.value}});
  events_.on_connected(peer->config.key, hello);
  return {};
}

void Mesh::count_refusal(const Connection& connection, Error reason) {
  if (reason == net::err::unknown_peer || reason == net::err::wrong_peer) {
    ++refused_unknown_;
  } else if (reason == net::err::tls_failed) {
    ++refused_tls_;
  } else if (reason == net::err::genesis_mismatch || reason == net::err::version_mismatch) {
    ++refused_hello_;
  }
  const Instant now = monotonic_now();
  const bool quiet = last_warning_ != Instant{} && now - last_warning_ < kWarnEvery;
  const bool about_stranger = !connection.key() || !find(*connection.key());
  if (!about_stranger || quiet || reason == net::err::shutting_down) return;
  last_warning_ = now;
  if (connection.key()) {
    logger_.warn("connection_refused", {{"reason", reason}, {"key", *connection.key()}});
  } else {
    logger_.warn("connection_refused", {{"reason", reason}});
  }
}

/// A reason is logged once until it changes or the peer connects.
void Mesh::log_failure(Peer& peer, const Connection& connection, Error reason) {
  const bool repeated = peer.last_logged == reason;
  peer.last_logged = reason;
  if (stopping_ || reason == net::err::duplicate_connection) return;
  const bool ordinary = reason.info().disposition == Disposition::retry;
  const LogLevel level = repeated ? LogLevel::debug : (ordinary ? LogLevel::info : LogLevel::warn);
  logger_.write(level, "peer_unreachable",
                {{"peer", peer.config.key},
                 {"host", peer.config.host},
                 {"port", peer.config.port},
                 {"dialled", connection.dialled()},
                 {"reason", reason}});
}

void Mesh::schedule_dial(Peer& peer, bool worked) {
  const TransportLimits& limits = options_.limits;
  peer.backoff = worked ? limits.backoff_min : std::min(peer.backoff * 2, limits.backoff_max);
  Duration wait = jitter(peer.backoff);
  if (worked && peer.config.key < self_) wait += limits.dial_grace;
  peer.next_dial = monotonic_now() + wait;
}

void Mesh::on_closed(Connection& connection, Error reason) {
  const ConnectionPtr self = connection.shared_from_this();
  const bool was_pending = pending_.erase(self) > 0;
  if (was_pending) count_refusal(connection, reason);
  PeerPtr peer;
  if (connection.expected) peer = find(*connection.expected);
  if (!peer && connection.key()) peer = find(*connection.key());
  if (!peer) return;
  const bool was_open = peer->connection == self;
  const bool was_dialling = peer->dialling == self;
  {
    const MutexLock lock{peer->mutex};
    if (reason != net::err::duplicate_connection) peer->stats.last_error = &reason.info();
  }
  if (was_dialling) peer->dialling.reset();
  if (was_open) {
    update_live(*peer);
    peer->connection.reset();
    const MutexLock lock{peer->mutex};
    peer->stats.bytes_in += peer->live.bytes_in;
    peer->stats.bytes_out += peer->live.bytes_out;
    peer->stats.frames_in += peer->live.frames_in;
    peer->stats.frames_out += peer->live.frames_out;
    peer->live = {};
    peer->connected = false;
    peer->queue.clear();
  }
  if (was_open || was_dialling)
    schedule_dial(*peer, was_open && monotonic_now() - peer->connected_at > kSettled);
  if (was_open) {
    logger_.info("peer_disconnected", {{"peer", peer->config.key}, {"reason", reason}});
    events_.on_disconnected(peer->config.key, reason);
  } else {
    log_failure(*peer, connection, reason);
  }
}

void Mesh::schedule_tick() {
  timer_.expires_after(std::chrono::nanoseconds{kTick});
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || stopping_) return;
    tick();
    schedule_tick();
  });
}

/// After a pause of this process (SIGSTOP, a sleeping machine) everyone seems silent; what they
/// sent meanwhile is in the sockets, so they are given their time again.
void Mesh::forgive_gap(Instant now) {
  if (now - last_tick_ < std::chrono::seconds{1}) return;
  const auto forgive = [now](Connection& connection) {
    connection.started_at = connection.heard_at = connection.write_progress_at = now;
  };
  for (const ConnectionPtr& connection : pending_) forgive(*connection);
  for (const PeerPtr& peer : all_peers())
    if (peer->connection) forgive(*peer->connection);
}

void Mesh::tick() {
  const Instant now = monotonic_now();
  forgive_gap(now);
  last_tick_ = now;
  const std::set<ConnectionPtr> pending = pending_;
  for (const ConnectionPtr& connection : pending) {
    connection->tick(now);
    if (now - connection->started_at > options_.limits.handshake_timeout)
      connection->close(net::err::handshake_timeout);
  }
  for (const PeerPtr& peer : all_peers()) {
    if (peer->connection) {
      tick_connection(peer, now);
    } else if (!peer->dialling && !peer->config.host.empty() && peer->config.port != 0 &&
               now >= peer->next_dial) {
      dial(peer);
    }
  }
}

void Mesh::tick_connection(const PeerPtr& peer, Instant now) {
  const TransportLimits& limits = options_.limits;
  const ConnectionPtr connection = peer->connection;
  if (now - connection->heard_at > limits.silence_max)
    return connection->close(net::err::peer_silent);
  if (connection->writing() && now - connection->write_progress_at > limits.write_stall_max)
    return connection->close(net::err::slow_reader);
  connection->tick(now);
  if (connection->closed()) return;
  update_live(*peer);
  if (connection->ping_pending || now - connection->pinged_at < limits.ping_interval) return;
  connection->ping_pending = true;
  connection->pinged_at = now;
  const net::ControlMessage ping = net::Ping{++connection->ping_nonce};
  queue(peer, {net::Channel::control, std::make_shared<const Bytes>(net::encode(ping))});
}

void Mesh::update_live(Peer& peer) {
  const MutexLock lock{peer.mutex};
  peer.live.bytes_in = peer.connection->bytes_in;
  peer.live.bytes_out = peer.connection->bytes_out;
  peer.live.frames_in = peer.connection->frames_in;
  peer.live.frames_out = peer.connection->frames_out;
}

}  // namespace

Result<std::unique_ptr<Transport>> Transport::start(const TransportOptions& options,
                                                    TransportEvents& events, Logger& logger) {
  WUSONG_TRY(const net::PeerKey self, public_key_of(options.secret_key));
  WUSONG_TRY(TlsContext tls, TlsContext::make(options.secret_key));
  auto mesh = std::make_unique<Mesh>(options, self, std::move(tls), events, logger);
  if (auto listening = mesh->listen(); !listening) return fail(listening.error());
  mesh->run();
  return mesh;
}

}  // namespace wusong::platform
