// SPDX-License-Identifier: Apache-2.0
// Who may come in, and what is held against those who misbehave.
#include <algorithm>

#include "wusong/platform/clock.hpp"
#include "wusong/platform/internal/mesh.hpp"

namespace wusong::platform::internal {

namespace asio = boost::asio;

namespace {

constexpr Duration kWarnEvery = std::chrono::seconds{10};  // about strangers

/// Something we would not have; not a peer that went, or one we could not reach.
bool is_refusal(Error reason) noexcept {
  return reason.info().disposition == Disposition::reject ||
         reason == net::err::handshake_timeout || reason == net::err::too_many_connections ||
         reason == net::err::rate_exceeded;
}

}  // namespace

void Mesh::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, Socket socket) {
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

bool Mesh::comes_from_peer(const std::string& host) const {
  return std::ranges::any_of(all_peers(),
                             [&](const PeerPtr& peer) { return peer->origin == host; });
}

void Mesh::refuse_connection(Error reason) {
  const MutexLock lock{mutex_};
  ++connections_refused_[std::string{reason.name()}];
}

void Mesh::adopt(Socket socket) {
  auto stream = std::make_unique<SocketStream>(std::move(socket));
  const std::string host = host_of(stream->address());
  if (const auto in = door_.knock(host, comes_from_peer(host), monotonic_now()); !in) {
    stream->close();  // before a byte of a handshake was looked at
    return refuse_connection(in.error());
  }
  take_in(std::move(stream), host);
}

/// Whoever opens many connections and says nothing pushes out its own oldest ones first.
bool Mesh::make_room(const std::string& origin) {
  std::map<std::string_view, std::size_t> counts;
  std::size_t all = 0;
  for (const ConnectionPtr& connection : pending_) {
    if (connection->dialled()) continue;
    ++all;
    ++counts[connection->origin];
  }
  std::string crowded;
  if (const auto own = counts.find(origin);
      own != counts.end() && own->second >= options_.limits.half_open_per_host_max) {
    crowded = origin;
  } else if (all >= options_.limits.half_open_max && all > 0) {
    crowded =
        std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })->first;
  } else {
    return true;
  }
  ConnectionPtr oldest;
  for (const ConnectionPtr& connection : pending_) {
    if (connection->dialled() || connection->origin != crowded) continue;
    if (!oldest || connection->started_at < oldest->started_at) oldest = connection;
  }
  if (!oldest) return false;
  oldest->close(net::err::too_many_connections);
  return true;
}

void Mesh::take_in(std::unique_ptr<ByteStream> stream, const std::string& origin) {
  if (stopping_ || !make_room(origin)) return stream->close();
  const ConnectionPtr connection = make_connection(TlsSide::server);
  connection->origin = origin;
  pending_.insert(connection);
  connection->start(std::move(stream));
}

Result<void> Mesh::admit(const Connection& connection, const net::PeerKey& key) {
  if (key == self_) return fail(net::err::connected_to_self);
  if (connection.expected && *connection.expected != key) return fail(net::err::wrong_peer);
  const PeerPtr peer = find(key);
  if (!peer) return fail(net::err::unknown_peer);
  const MutexLock lock{peer->mutex};
  if (peer->penalties.ban_left(monotonic_now()) > Duration{0}) return fail(net::err::banned);
  return {};
}

/// A connection that ended before both had said hello.
void Mesh::count_refusal(const Connection& connection, Error reason) {
  const bool theirs = reason.info().disposition == Disposition::reject || !connection.dialled();
  if (!is_refusal(reason) || !theirs) return;
  refuse_connection(reason);
  const PeerPtr peer = connection.key() ? find(*connection.key()) : nullptr;
  if (peer && connection.authenticated()) {
    hold_against(peer, reason);
  } else if (!connection.dialled() && !connection.relayed()) {
    door_.blame(connection.origin, reason, monotonic_now());
  }
  const Instant now = monotonic_now();
  const bool quiet = last_warning_ != Instant{} && now - last_warning_ < kWarnEvery;
  if (peer || quiet || reason == net::err::shutting_down) return;
  last_warning_ = now;
  if (connection.key()) {
    logger_.warn("connection_refused", {{"reason", reason}, {"key", *connection.key()}});
  } else {
    logger_.warn("connection_refused", {{"reason", reason}, {"from", connection.origin}});
  }
}

void Mesh::hold_against(const PeerPtr& peer, Error reason) {
  bool too_much = false;
  {
    const MutexLock lock{peer->mutex};
    ++peer->stats.refused[std::string{reason.name()}];
    const double weight = net::penalty_of(reason);
    too_much = weight > 0 && peer->penalties.add(weight, monotonic_now());
  }
  if (too_much) ban(peer, reason);
}

/// A ban must not be what a quorum is missing.
bool Mesh::may_be_banned(const Peer& peer) const {
  if (!peer.config.validator) return true;
  const std::size_t self = options_.hello.role == net::Role::validator ? 1 : 0;
  std::size_t validators = self;
  std::size_t present = self;
  for (const PeerPtr& other : all_peers()) {
    if (!other->config.validator) continue;
    ++validators;
    if (other->connection && other.get() != &peer) ++present;
  }
  return present >= validators - (validators - 1) / 3;
}

void Mesh::ban(const PeerPtr& peer, Error reason) {
  const bool banned = may_be_banned(*peer);
  Duration left{0};
  {
    const MutexLock lock{peer->mutex};
    const Instant now = monotonic_now();
    if (banned) peer->penalties.ban(now);
    peer->penalties.forgive();
    left = peer->penalties.ban_left(now);
  }
  if (banned) ++bans_;
  logger_.warn(banned ? "peer_banned" : "ban_withheld",
               {{"peer", peer->config.key},
                {"reason", reason},
                {"seconds", std::chrono::duration_cast<std::chrono::seconds>(left).count()}});
  const ConnectionPtr open = peer->connection;
  const ConnectionPtr dialling = peer->dialling;
  if (open) open->close(banned ? Error{net::err::banned} : reason);
  if (dialling && banned) dialling->close(net::err::banned);
}

}  // namespace wusong::platform::internal
