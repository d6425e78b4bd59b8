// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/neighbourhood.hpp"

#include <algorithm>

#include "wusong/platform/clock.hpp"

namespace wusong::platform::internal {
namespace {

std::uint64_t milliseconds_of(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

TransportOptions transport_options(const HostOptions& options, const Hash& genesis_hash) {
  TransportOptions out;
  out.listen_host = options.listen_host;
  out.listen_port = options.listen_port;
  out.secret_key = options.node_key;
  out.hello.genesis_hash = genesis_hash;
  out.hello.node_version = options.version;
  out.tls = options.tls;
  out.link = {.suite = options.genesis.profile == hash::Profile::guomi ? net::LinkSuite::guomi
                                                                       : net::LinkSuite::standard,
              .required = options.hybrid_required};
  out.reach = options.reach;
  return out;
}

std::vector<TransportPeer> Neighbourhood::pinned(const types::Epoch& epoch,
                                                 const net::PeerKey& self) const {
  const MutexLock lock{mutex_};
  std::map<net::PeerKey, TransportPeer> out;
  const auto admit = [&](const auto& member, bool validator) WUSONG_REQUIRES(mutex_) {
    const auto key = net::PeerKey::from(member.node_key);
    out[key] = {.key = key,
                .host = {},
                .port = 0,
                .validator = validator,
                .relays_us = std::ranges::find(relays_, member.name) != relays_.end()};
  };
  for (const auto& observer : epoch.observers) admit(observer, false);
  for (const auto& validator : epoch.validators) admit(validator, true);
  for (const TransportPeer& peer : addresses_) {
    const auto known = out.find(peer.key);
    if (known == out.end()) continue;
    known->second.host = peer.host;
    known->second.port = peer.port;
  }
  out.erase(self);
  std::vector<TransportPeer> peers;
  for (auto& [key, peer] : out) peers.push_back(std::move(peer));
  return peers;
}

void Neighbourhood::configure(std::vector<TransportPeer> addresses,
                              std::vector<std::string> relays) {
  const MutexLock lock{mutex_};
  addresses_ = std::move(addresses);
  relays_ = std::move(relays);
}

void Neighbourhood::message_refused(Error error) {
  const MutexLock lock{mutex_};
  ++messages_refused_[std::string{error.name()}];
}

void Neighbourhood::proposal_refused(Error error) {
  const MutexLock lock{mutex_};
  ++proposals_refused_[std::string{error.name()}];
}

void Neighbourhood::note_reload(std::string fault) {
  const MutexLock lock{mutex_};
  ++reloads_;
  reload_fault_ = std::move(fault);
}

node::NetworkInfo Neighbourhood::network(const Transport* transport, const PeerTable& table) const {
  node::NetworkInfo out;
  std::vector<std::string> relays;
  {
    const MutexLock lock{mutex_};
    relays = relays_;
    out.messages_refused = messages_refused_;
    out.proposals_refused = proposals_refused_;
    out.reloads = reloads_;
    out.reload_fault = reload_fault_;
  }
  if (!transport) return out;
  TransportStats stats = transport->stats();
  out.tls = std::move(stats.tls);
  out.warnings = node::renewal_warnings(out.tls, wall_now());
  out.connections_refused = std::move(stats.connections_refused);
  out.frames_refused = std::move(stats.frames_refused);
  out.bans = stats.bans;
  out.circuits_passing = stats.circuits_passing;
  for (TransportPeerStats& peer : stats.peers) {
    node::AdmittedPeer shown{.node_key = to_bytes(peer.key),
                             .name = table.about(peer.key).name,
                             .connected = peer.connected,
                             .relayed = peer.connected && peer.relayed,
                             .exchange = {},
                             .address = peer.address,
                             .penalty = peer.penalty,
                             .banned_ms = milliseconds_of(peer.ban_left),
                             .pauses = peer.pauses,
                             .refused = std::move(peer.refused)};
    if (peer.connected) {
      shown.exchange = exchange_name(peer.suite);
      if (!peer.suite)
        out.warnings.push_back(
            "a recording of what is said with " + shown.name +
            " can be opened once the exchange of TLS is broken; upgrade its release, then take "
            "network.hybrid = \"allowed\" away");
    }
    if (!peer.connected && peer.last_error != nullptr) shown.last_error = peer.last_error->name;
    out.peers.push_back(std::move(shown));
  }
  for (const std::string& relay : relays) {
    if (std::ranges::find(out.peers, relay, &node::AdmittedPeer::name) == out.peers.end())
      out.warnings.push_back("network.relays: nobody by the name of " + relay + " is a member now");
  }
  return out;
}

void show_network(MetricsRegistry& metrics, const node::NetworkInfo& now) {
  const auto show = [&](const char* name, const char* help, const node::RefusalCounts& counts) {
    for (const auto& [reason, count] : counts)
      metrics.counter(name, help, {{"reason", reason}}).set(count);
  };
  show("wusong_connections_refused_total", "Connections and handshakes refused",
       now.connections_refused);
  show("wusong_frames_refused_total", "Frames that ended a connection", now.frames_refused);
  show("wusong_messages_refused_total", "Votes, proposals, ranges and transactions refused",
       now.messages_refused);
  show("wusong_proposals_refused_total", "Blocks this node judged wrong", now.proposals_refused);
  metrics.counter("wusong_peer_bans_total", "Times a peer was banned for a while").set(now.bans);
  std::uint64_t pauses = 0;
  std::size_t banned = 0;
  for (const node::AdmittedPeer& peer : now.peers) {
    pauses += peer.pauses;
    banned += peer.banned_ms != 0 ? 1 : 0;
  }
  metrics.counter("wusong_peer_pauses_total", "Times a peer that sent too much had to wait")
      .set(pauses);
  for (const std::string_view exchange :
       {exchange_name(net::LinkSuite::standard), exchange_name(net::LinkSuite::guomi),
        exchange_name({})}) {
    metrics
        .gauge("wusong_links", "Connections by the exchange of their keys",
               {{"exchange", std::string{exchange}}})
        .set(static_cast<double>(
            std::ranges::count(now.peers, exchange, &node::AdmittedPeer::exchange)));
  }
  metrics.gauge("wusong_peers_banned", "Peers refused at present").set(static_cast<double>(banned));
  metrics.gauge("wusong_circuits_passing", "Connections between others that pass through here")
      .set(static_cast<double>(now.circuits_passing));
  const auto expiry = [&](const char* of, UnixMillis end) {
    if (end.value == 0) return;
    metrics
        .gauge("wusong_certificate_expiry_seconds", "Until it ends; negative once it has",
               {{"of", of}})
        .set((static_cast<double>(end.value) - static_cast<double>(wall_now().value)) / 1'000);
  };
  expiry("node", now.tls.expires);
  expiry("ca", now.tls.ca_expires);
  expiry("crl", now.tls.crl_due);
}

}  // namespace wusong::platform::internal
