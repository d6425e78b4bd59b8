// SPDX-License-Identifier: Apache-2.0
// Starting and stopping, and what other threads ask for.
#include "wusong/platform/transport.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "wusong/crypto/signature.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/internal/mesh.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::platform::internal {

namespace asio = boost::asio;
using asio::ip::tcp;

Mesh::Mesh(const TransportOptions& options, const net::PeerKey& self, TlsContext tls,
           std::unique_ptr<crypto::Signer> signer, TransportEvents& events, Logger& logger)
    : options_{options},
      self_{self},
      tls_{std::move(tls)},
      signer_{std::move(signer)},
      events_{events},
      logger_{logger},
      door_{{options.limits.handshakes, options.limits.handshakes_per_host}, monotonic_now()},
      book_{options.hello.genesis_hash},
      relays_{self, options.reach.relay, relay_ports()},
      hello_{options.hello},
      tls_status_{tls_.status()} {
  OsEntropy{}.fill({reinterpret_cast<std::uint8_t*>(&random_), sizeof random_});
}

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
  own_record_.node = self_;
  own_record_.addresses = options_.reach.advertise;
  if (own_record_.addresses.empty() && options_.reach.direct && !address.is_unspecified())
    own_record_.addresses = {address_text({address, port_})};
  return {};
}

void Mesh::run() {
  logger_.info("transport_listening",
               {{"host", options_.listen_host}, {"port", port_}, {"key", self_}});
  last_tick_ = certificates_checked_ = monotonic_now();
  apply_peers(options_.peers);
  publish_own(wall_now());
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
  bool connected = false;
  for (const PeerPtr& peer : all_peers()) {
    const ConnectionPtr connection = peer->connection;
    if (!connection) continue;
    connected = true;
    connection->pump();
    const MutexLock lock{peer->mutex};
    busy = busy || peer->queue.bytes() > 0 || connection->writing();
  }
  const Instant now = monotonic_now();
  if (!busy && !quiet_since_) {
    // Closing with something unread resets a connection, and the peer could lose what it has not
    // read: say that nothing more comes, and let the peer close, however long it is at it.
    quiet_since_ = now;
    for (const PeerPtr& peer : all_peers())
      if (const ConnectionPtr connection = peer->connection) connection->finish_sending();
  }
  if ((!busy && !connected) || now >= deadline) {
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

/// False when the frame was not taken.
bool Mesh::queue(const PeerPtr& peer, OutboundFrame frame) {
  {
    const MutexLock lock{peer->mutex};
    if (!peer->connected) return false;
    const auto outcome = peer->queue.push(std::move(frame));
    if (outcome == OutboundQueue::Outcome::overflow) peer->overflowed = true;
    if (outcome == OutboundQueue::Outcome::dropped) return false;
    if (peer->pump_posted) return true;
    peer->pump_posted = true;
  }
  asio::post(io_, [this, peer] { pump(peer); });
  return true;
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
    const ConnectionPtr connection = found ? found->connection : nullptr;
    if (connection) connection->close(reason);
  });
}

void Mesh::blame(const net::PeerKey& peer, Error reason) {
  asio::post(io_, [this, peer, reason] {
    if (const PeerPtr found = find(peer)) hold_against(found, reason);
  });
}

void Mesh::set_peers(std::vector<TransportPeer> peers) {
  asio::post(io_, [this, moved = std::move(peers)]() mutable { apply_peers(std::move(moved)); });
}

Result<void> Mesh::reload_tls(const std::optional<TlsFiles>& files) {
  WUSONG_TRY(TlsContext fresh, TlsContext::make(options_.secret_key, files, options_.link.suite));
  {
    const MutexLock lock{mutex_};
    tls_status_ = fresh.status();
  }
  asio::post(io_, [this, shared = std::make_shared<TlsContext>(std::move(fresh))] {
    tls_ = std::move(*shared);
    check_certificates();
  });
  return {};
}

void Mesh::set_finalised(Height finalised) {
  const MutexLock lock{mutex_};
  hello_.finalised = finalised;
}

TransportStats Mesh::stats() const {
  TransportStats out;
  const Instant now = monotonic_now();
  for (const PeerPtr& peer : all_peers()) {
    const MutexLock lock{peer->mutex};
    TransportPeerStats stats = peer->stats;
    stats.bytes_in += peer->live.bytes_in;
    stats.bytes_out += peer->live.bytes_out;
    stats.frames_in += peer->live.frames_in;
    stats.frames_out += peer->live.frames_out;
    stats.pauses += peer->live.pauses;
    stats.connected = peer->connected;
    stats.gossip_dropped = peer->queue.dropped();
    stats.queue_bytes = peer->queue.bytes();
    stats.penalty = peer->penalties.value(now);
    stats.ban_left = peer->penalties.ban_left(now);
    out.peers.push_back(std::move(stats));
  }
  out.bans = bans_;
  out.circuits_passing = circuits_passing_;
  const MutexLock lock{mutex_};
  out.connections_refused = connections_refused_;
  out.frames_refused = frames_refused_;
  out.tls = tls_status_;
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

void Mesh::apply_peers(std::vector<TransportPeer> peers) {
  const TransportLimits& limits = options_.limits;
  const OutboundQueue::Limits queue_limits{
      limits.urgent_queue_bytes_max, limits.relay_queue_bytes_max, limits.bulk_queue_bytes_max,
      limits.gossip_queue_bytes_max};
  std::map<net::PeerKey, PeerPtr> fresh;
  std::vector<net::PeerKey> admitted{self_};
  std::vector<net::PeerKey> relays;
  const Instant now = monotonic_now();
  for (TransportPeer& config : peers) {
    if (config.key == self_) continue;
    admitted.push_back(config.key);
    if (config.relays_us) relays.push_back(config.key);
    PeerPtr peer = find(config.key);
    if (peer) {
      peer->config = config;
    } else {
      peer = std::make_shared<Peer>(config, queue_limits, limits.penalties);
      peer->backoff = limits.backoff_min;
      peer->next_dial = self_ < config.key ? now : now + limits.dial_grace;
    }
    const MutexLock lock{peer->mutex};
    if (!peer->connection && !config.host.empty())
      peer->stats.address = config.host + ":" + std::to_string(config.port);
    peer->penalties.set_ban_max(
        config.validator ? std::min(net::Penalties::kValidatorBanMax, limits.penalties.ban_max)
                         : limits.penalties.ban_max,
        now);
    fresh[config.key] = peer;
  }
  book_.admit(std::move(admitted));
  std::vector<ConnectionPtr> removed;
  for (const PeerPtr& peer : all_peers()) {
    if (fresh.contains(peer->config.key)) continue;
    if (peer->connection) removed.push_back(peer->connection);
    if (peer->dialling) removed.push_back(peer->dialling);
  }
  for (const ConnectionPtr& connection : removed) connection->close(net::err::peer_removed);
  {
    const MutexLock lock{mutex_};
    peers_ = std::move(fresh);
  }
  if (relays == own_record_.relays) return;
  own_record_.relays = std::move(relays);
  if (published_at_ != Instant{}) publish_own(wall_now());
}

void Mesh::update_live(Peer& peer) {
  const MutexLock lock{peer.mutex};
  peer.live.bytes_in = peer.connection->bytes_in;
  peer.live.bytes_out = peer.connection->bytes_out;
  peer.live.frames_in = peer.connection->frames_in;
  peer.live.frames_out = peer.connection->frames_out;
  peer.live.pauses = peer.connection->pauses;
}

}  // namespace wusong::platform::internal

namespace wusong::platform {

Result<std::unique_ptr<Transport>> Transport::start(const TransportOptions& options,
                                                    TransportEvents& events, Logger& logger) {
  WUSONG_TRY(const net::PeerKey self, public_key_of(options.secret_key));
  auto signer = crypto::make_signer(crypto::Scheme::ed25519, options.secret_key);
  if (!signer) return fail(err::bad_node_key);
  for (const std::string& address : options.reach.advertise)
    if (!net::split_address(address)) return fail(err::bad_address);
  WUSONG_TRY(auto tls,
             internal::TlsContext::make(options.secret_key, options.tls, options.link.suite));
  auto mesh = std::make_unique<internal::Mesh>(options, self, std::move(tls), *std::move(signer),
                                               events, logger);
  if (auto listening = mesh->listen(); !listening) return fail(listening.error());
  mesh->run();
  return mesh;
}

}  // namespace wusong::platform
