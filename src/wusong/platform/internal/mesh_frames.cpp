// SPDX-License-Identifier: Apache-2.0
// What is said on connections: hello, pings, addresses, circuits, and the node's own frames.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "wusong/platform/clock.hpp"
#include "wusong/platform/internal/mesh.hpp"

namespace wusong::platform::internal {

void Mesh::on_ready(Connection& connection) {
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

void Mesh::send_control(const PeerPtr& peer, const net::ControlMessage& message) {
  queue(peer, {net::Channel::control, std::make_shared<const Bytes>(net::encode(message))});
}

Result<void> Mesh::on_frame(Connection& connection, net::Channel channel, Bytes payload) {
  if (channel == net::Channel::control) return on_control(connection, payload);
  if (!open_peer(connection)) return fail(net::err::hello_expected);
  if (channel == net::Channel::relay) {
    if (connection.relayed()) return fail(net::err::bad_message);  // no circuit within a circuit
    const net::PeerKey from = *connection.key();
    auto taken = relays_.on_frame(from, payload);
    circuits_passing_ = relays_.passing();
    return taken;
  }
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
    send_control(peer, net::Pong{ping->nonce});
    return {};
  }
  if (const auto* addresses = std::get_if<net::Addresses>(&message))
    return on_addresses(peer->config.key, *addresses);
  return on_pong(connection, *peer, std::get<net::Pong>(message));
}

Result<void> Mesh::on_pong(Connection& connection, Peer& peer, const net::Pong& pong) {
  if (!connection.ping_pending || pong.nonce != connection.ping_nonce)
    return fail(net::err::bad_message);
  connection.ping_pending = false;
  const Duration sample = monotonic_now() - connection.pinged_at;
  const MutexLock lock{peer.mutex};
  Duration& smooth = peer.stats.round_trip;
  smooth = smooth == Duration{0} ? sample : (smooth * 7 + sample) / 8;
  return {};
}

/// A direct connection is better than one through a relay. Of two alike the one dialled by the
/// smaller key stays; of two dialled by the same side the newer, for that side has given the older
/// up.
Result<void> Mesh::replace(Peer& peer, const Connection& fresh) {
  const ConnectionPtr old = peer.connection;
  const bool we_are_smaller = self_ < peer.config.key;
  bool old_preferred = old->dialled() == we_are_smaller;
  bool fresh_preferred = fresh.dialled() == we_are_smaller;
  if (old->relayed() != fresh.relayed()) {
    old_preferred = !old->relayed();
    fresh_preferred = !fresh.relayed();
  }
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
  peer->origin = connection.origin;
  peer->last_logged = net::err::shutting_down;
  connection.open();
  schedule_dial(*peer, true);  // in case a better way is found
  {
    const MutexLock lock{peer->mutex};
    peer->connected = true;
    peer->overflowed = false;
    peer->queue.clear();
    peer->live = {};
    peer->stats.hello = hello;
    peer->stats.address = connection.address();
    peer->stats.dialled_by_us = connection.dialled();
    peer->stats.relayed = connection.relayed();
    peer->stats.suite = connection.suite();
    peer->stats.round_trip = Duration{0};
    ++peer->stats.connections;
  }
  logger_.info("peer_connected", {{"peer", peer->config.key},
                                  {"address", connection.address()},
                                  {"dialled", connection.dialled()},
                                  {"exchange", exchange_name(connection.suite())},
                                  {"version", hello.node_version},
                                  {"finalised", hello.finalised.value}});
  events_.on_connected(peer->config.key, hello);
  tell_addresses(peer);
  return {};
}

// --- where nodes are, in their own words: records go from peer to peer until everybody has them

void Mesh::publish_own(UnixMillis now) {
  published_at_ = monotonic_now();
  own_record_.issued = {std::max(now.value, own_record_.issued.value + 1)};
  net::sign(own_record_, options_.hello.genesis_hash, *signer_);
  pass_on(own_record_, self_);
}

void Mesh::pass_on(const net::AddressRecord& record, const net::PeerKey& except) {
  const net::Addresses news{{net::encode(record)}};
  for (const PeerPtr& peer : all_peers())
    if (peer->connection && peer->config.key != except) send_control(peer, news);
}

void Mesh::tell_addresses(const PeerPtr& peer) {
  net::Addresses known{{net::encode(own_record_)}};
  for (const net::AddressRecord& record : book_.all()) {
    if (record.node == peer->config.key) continue;
    if (known.records.size() == net::kAddressRecordsMax) {
      send_control(peer, known);
      known.records.clear();
    }
    known.records.push_back(net::encode(record));
  }
  if (!known.records.empty()) send_control(peer, known);
}

Result<void> Mesh::on_addresses(const net::PeerKey& from, const net::Addresses& addresses) {
  const UnixMillis now = wall_now();
  for (const Bytes& encoded : addresses.records) {
    WUSONG_TRY(const net::AddressRecord record, net::decode_address_record(encoded));
    if (record.node == self_) {
      // Of an earlier run, when the clock was ahead: only a later one replaces it.
      if (record.issued < own_record_.issued || record == own_record_) continue;
      WUSONG_CHECK(net::verify(record, options_.hello.genesis_hash));
      own_record_.issued = record.issued;
      publish_own(now);
      continue;
    }
    WUSONG_TRY(const bool news, book_.offer(record, now));
    if (!news) continue;
    pass_on(record, from);
    const PeerPtr peer = find(record.node);
    if (!peer || peer->connection || peer->dialling) continue;
    peer->backoff = options_.limits.backoff_min;
    peer->next_dial = std::min(peer->next_dial, monotonic_now() + jitter(peer->backoff));
  }
  return {};
}

Relays::Ports Mesh::relay_ports() {
  return {.send =
              [this](const net::PeerKey& neighbour, const net::RelayMessage& message) {
                const PeerPtr peer = find(neighbour);
                return peer && queue(peer, {net::Channel::relay,
                                            std::make_shared<const Bytes>(net::encode(message))});
              },
          .reaches = [this](const net::PeerKey& neighbour) { return reaches(neighbour); },
          .accept =
              [this](std::unique_ptr<ByteStream> stream, const net::PeerKey& /*relay*/) {
                const std::string origin = stream->address();
                take_in(std::move(stream), origin);
              },
          .later = [this](std::function<void()> work) { boost::asio::post(io_, std::move(work)); }};
}

}  // namespace wusong::platform::internal
