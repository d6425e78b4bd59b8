// SPDX-License-Identifier: Apache-2.0
// Whom we go to, and by which way.
#include <algorithm>
#include <boost/asio/connect.hpp>

#include "wusong/platform/clock.hpp"
#include "wusong/platform/internal/mesh.hpp"

namespace wusong::platform::internal {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// While a relay carries a connection, the direct way is tried this often.
constexpr Duration kDirectEvery = std::chrono::seconds{60};
constexpr Duration kNoRouteWait = std::chrono::milliseconds{500};

}  // namespace

ConnectionPtr Mesh::make_connection(TlsSide side) {
  const Connection::Config config{options_.limits.frame_payload_max,
                                  options_.limits.read_bytes_per_second_max,
                                  options_.limits.frame_rates, options_.link};
  return std::make_shared<Connection>(tls_, side, static_cast<ConnectionOwner&>(*this), config);
}

bool Mesh::reaches(const net::PeerKey& key) const {
  const PeerPtr peer = find(key);
  return peer && peer->connection && !peer->connection->relayed();
}

/// Direct ways first, the configured one before all.
std::vector<Mesh::Route> Mesh::routes_to(const Peer& peer) const {
  std::vector<Route> out;
  const auto add = [&](Route route) {
    const bool known = std::ranges::any_of(out, [&](const Route& other) {
      return other.host == route.host && other.port == route.port && other.relay == route.relay;
    });
    if (!known) out.push_back(std::move(route));
  };
  if (!peer.config.host.empty() && peer.config.port != 0)
    add({peer.config.host, peer.config.port, {}});
  const net::AddressRecord* const record = book_.find(peer.config.key);
  if (record != nullptr && options_.reach.direct) {
    for (const std::string& address : record->addresses)
      if (const auto parts = net::split_address(address)) add({parts->host, parts->port, {}});
  }
  if (peer.connection) return out;  // the relay that carries it is no better than another
  std::vector<net::PeerKey> relays = own_record_.relays;
  if (record != nullptr) relays.insert(relays.end(), record->relays.begin(), record->relays.end());
  for (const net::PeerKey& relay : relays)
    if (relay != peer.config.key && reaches(relay)) add({{}, 0, relay});
  return out;
}

void Mesh::dial(const PeerPtr& peer) {
  const std::vector<Route> routes = routes_to(*peer);
  if (routes.empty()) {
    peer->next_dial = monotonic_now() + kNoRouteWait;
    return;
  }
  const Route& route = routes[peer->attempts++ % routes.size()];
  const ConnectionPtr connection = make_connection(TlsSide::client);
  connection->expected = peer->config.key;
  peer->dialling = connection;
  pending_.insert(connection);
  if (!route.host.empty()) return dial_host(connection, route);
  auto stream = relays_.open(route.relay, peer->config.key);
  if (!stream) return connection->close(net::err::relay_refused);
  connection->origin = stream->address();
  connection->start(std::move(stream));
}

void Mesh::dial_host(const ConnectionPtr& connection, const Route& route) {
  const auto socket = std::make_shared<Socket>(io_);
  connection->abandon = [socket] {
    boost::system::error_code ignored;
    socket->close(ignored);
  };
  boost::system::error_code error;
  const auto address = asio::ip::make_address(route.host, error);
  if (!error) return connect(connection, socket, {Endpoint{address, route.port}});
  resolver_.async_resolve(route.host, std::to_string(route.port),
                          [this, connection, socket](boost::system::error_code failed,
                                                     const tcp::resolver::results_type& results) {
                            if (connection->closed()) return;
                            if (failed) return connection->close(net::err::connect_failed);
                            std::vector<Endpoint> endpoints;
                            for (const auto& result : results)
                              endpoints.push_back(result.endpoint());
                            connect(connection, socket, endpoints);
                          });
}

void Mesh::connect(const ConnectionPtr& connection, const std::shared_ptr<Socket>& socket,
                   const std::vector<Endpoint>& endpoints) {
  asio::async_connect(*socket, endpoints,
                      [connection, socket](boost::system::error_code error, const Endpoint&) {
                        if (connection->closed()) {
                          boost::system::error_code ignored;
                          socket->close(ignored);  // trying the next address reopened it
                          return;
                        }
                        if (error) return connection->close(net::err::connect_failed);
                        auto stream = std::make_unique<SocketStream>(std::move(*socket));
                        connection->origin = host_of(stream->address());
                        connection->start(std::move(stream));
                      });
}

Duration Mesh::jitter(Duration most) {
  // A linear congruential step: spread is all that is wanted.
  random_ = random_ * 6364136223846793005ull + 1442695040888963407ull;
  const auto half = most.count() / 2;
  if (half <= 0) return most;
  return Duration{
      half + static_cast<std::int64_t>((random_ >> 33) % static_cast<std::uint64_t>(half + 1))};
}

void Mesh::schedule_dial(Peer& peer, bool worked) {
  const TransportLimits& limits = options_.limits;
  const Instant now = monotonic_now();
  if (peer.connection) {
    peer.next_dial = now + jitter(kDirectEvery);
    return;
  }
  peer.backoff = worked ? limits.backoff_min : std::min(peer.backoff * 2, limits.backoff_max);
  if (worked) peer.attempts = 0;
  Duration wait = jitter(peer.backoff);
  if (worked && peer.config.key < self_) wait += limits.dial_grace;
  peer.next_dial = now + wait;
}

}  // namespace wusong::platform::internal
