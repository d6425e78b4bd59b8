// SPDX-License-Identifier: Apache-2.0
// What time brings: silence, limits, certificates that end, and connections that do.
#include "wusong/platform/clock.hpp"
#include "wusong/platform/internal/mesh.hpp"

namespace wusong::platform::internal {
namespace {

constexpr Duration kSettled = std::chrono::seconds{1};  // a connection that lived this long worked
constexpr Duration kCertificatesEvery = std::chrono::minutes{1};
constexpr Duration kPublishEvery = std::chrono::hours{6};  // a quarter of a record's life

}  // namespace

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

/// The bookkeeping of a connection that stood.
void Mesh::end_open(const PeerPtr& peer, Error reason) {
  update_live(*peer);
  peer->connection.reset();
  relays_.on_gone(peer->config.key);
  circuits_passing_ = relays_.passing();
  {
    const MutexLock lock{peer->mutex};
    peer->stats.bytes_in += peer->live.bytes_in;
    peer->stats.bytes_out += peer->live.bytes_out;
    peer->stats.frames_in += peer->live.frames_in;
    peer->stats.frames_out += peer->live.frames_out;
    peer->stats.pauses += peer->live.pauses;
    peer->live = {};
    peer->connected = false;
    peer->queue.clear();
  }
  if (net::penalty_of(reason) == 0) return;
  {
    const MutexLock lock{mutex_};
    ++frames_refused_[std::string{reason.name()}];
  }
  hold_against(peer, reason);
}

void Mesh::on_closed(Connection& connection, Error reason) {
  const ConnectionPtr self = connection.shared_from_this();
  const bool was_pending = pending_.erase(self) > 0;
  if (was_pending) count_refusal(connection, reason);
  PeerPtr peer;
  if (connection.expected) peer = find(*connection.expected);
  // A key that was shown and not proven says nothing of its owner.
  if (!peer && connection.authenticated()) peer = find(*connection.key());
  if (!peer) return;
  const bool was_open = peer->connection == self;
  const bool was_dialling = peer->dialling == self;
  {
    const MutexLock lock{peer->mutex};
    if (reason != net::err::duplicate_connection) peer->stats.last_error = &reason.info();
  }
  if (was_dialling) peer->dialling.reset();
  const bool worked = was_open && monotonic_now() - peer->connected_at > kSettled;
  if (was_open) end_open(peer, reason);
  if (was_open || was_dialling) schedule_dial(*peer, worked);
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

/// What was accepted may have expired or been revoked meanwhile.
void Mesh::check_certificates() {
  certificates_checked_ = monotonic_now();
  for (const PeerPtr& peer : all_peers()) {
    const ConnectionPtr connection = peer->connection;
    if (!connection) continue;
    if (const auto accepted = connection->check_certificate(tls_); !accepted)
      connection->close(accepted.error());
  }
}

void Mesh::tick() {
  const Instant now = monotonic_now();
  forgive_gap(now);
  last_tick_ = now;
  if (now - certificates_checked_ > kCertificatesEvery) {
    check_certificates();
    book_.expire(wall_now());
  }
  if (now - published_at_ > kPublishEvery) publish_own(wall_now());
  const std::set<ConnectionPtr> pending = pending_;
  for (const ConnectionPtr& connection : pending) {
    connection->tick(now);
    if (now - connection->started_at > options_.limits.handshake_timeout)
      connection->close(net::err::handshake_timeout);
  }
  for (const PeerPtr& peer : all_peers()) {
    if (peer->connection) tick_connection(peer, now);
    const bool wanted = !peer->connection || peer->connection->relayed();
    if (!wanted || peer->dialling || now < peer->next_dial) continue;
    bool banned = false;
    {
      const MutexLock lock{peer->mutex};
      banned = peer->penalties.ban_left(now) > Duration{0};
    }
    if (!banned) dial(peer);
  }
}

void Mesh::tick_connection(const PeerPtr& peer, Instant now) {
  const TransportLimits& limits = options_.limits;
  const ConnectionPtr connection = peer->connection;
  connection->tick(now);
  if (connection->closed()) return;
  if (now - connection->heard_at > limits.silence_max)
    return connection->close(net::err::peer_silent);
  if (connection->writing() && now - connection->write_progress_at > limits.write_stall_max)
    return connection->close(net::err::slow_reader);
  update_live(*peer);
  if (connection->ping_pending || now - connection->pinged_at < limits.ping_interval) return;
  connection->ping_pending = true;
  connection->pinged_at = now;
  send_control(peer, net::Ping{++connection->ping_nonce});
}

}  // namespace wusong::platform::internal
