// SPDX-License-Identifier: Apache-2.0
// Whom a host connects to, and what was refused of them: the same for nodes of every role.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wusong/consensus/types.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/node/service.hpp"
#include "wusong/platform/metrics.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/transport.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::platform::internal {

/// What hosts of every role say to their transport; hello's role and height are theirs to say.
TransportOptions transport_options(const HostOptions& options, const Hash& genesis_hash);

/// The epoch of the next height; a number for every node key that was ever admitted, its name, and
/// what its node told last.
/// @thread any
class PeerTable {
 public:
  /// The number that belongs to the key, from now on.
  consensus::PeerId number_of(const net::PeerKey& key) {
    MutexLock lock{mutex_};
    return assign(key);
  }
  std::optional<consensus::PeerId> find(const net::PeerKey& key) const {
    MutexLock lock{mutex_};
    const auto found = numbers_.find(key);
    return found == numbers_.end() ? std::nullopt : std::optional{found->second};
  }
  std::optional<net::PeerKey> key_of(consensus::PeerId id) const {
    MutexLock lock{mutex_};
    return id < peers_.size() ? std::optional{peers_[id].key} : std::nullopt;
  }
  void enter(node::EpochPtr epoch) {
    MutexLock lock{mutex_};
    for (const auto& member : epoch->validators) peer(member.node_key).name = member.name;
    for (const auto& member : epoch->observers) peer(member.node_key).name = member.name;
    epoch_ = std::move(epoch);
  }
  node::EpochPtr epoch() const {
    MutexLock lock{mutex_};
    return epoch_;
  }
  void told(consensus::PeerId id, Height finalised) {
    MutexLock lock{mutex_};
    if (id < peers_.size()) peers_[id].finalised = finalised;
  }
  Height told_by(consensus::PeerId id) const {
    MutexLock lock{mutex_};
    return id < peers_.size() ? peers_[id].finalised : Height{0};
  }
  /// What its node told last; nothing of a stranger.
  struct Told {
    std::string name;
    Height finalised;
  };
  Told about(const net::PeerKey& key) const {
    MutexLock lock{mutex_};
    const auto found = numbers_.find(key);
    if (found == numbers_.end()) return {};
    return {.name = peers_[found->second].name, .finalised = peers_[found->second].finalised};
  }

 private:
  struct Peer {
    net::PeerKey key;
    std::string name;
    Height finalised;
  };
  consensus::PeerId assign(const net::PeerKey& key) WUSONG_REQUIRES(mutex_) {
    const auto [found, fresh] =
        numbers_.try_emplace(key, static_cast<consensus::PeerId>(peers_.size()));
    if (fresh) peers_.push_back({.key = key, .name = {}, .finalised = {}});
    return found->second;
  }
  Peer& peer(BytesView key) WUSONG_REQUIRES(mutex_) {
    return peers_[assign(net::PeerKey::from(key))];
  }

  mutable Mutex mutex_;
  node::EpochPtr epoch_ WUSONG_GUARDED_BY(mutex_);
  std::map<net::PeerKey, consensus::PeerId> numbers_ WUSONG_GUARDED_BY(mutex_);
  std::vector<Peer> peers_ WUSONG_GUARDED_BY(mutex_);
};

/// @thread any
class Neighbourhood {
 public:
  /// `relays`: names of members, whatever keys an epoch has for them.
  Neighbourhood(std::vector<TransportPeer> addresses, std::vector<std::string> relays)
      : addresses_{std::move(addresses)}, relays_{std::move(relays)} {}

  /// Everyone but oneself whom the epoch names may connect; whoever has an address is dialled.
  std::vector<TransportPeer> pinned(const types::Epoch& epoch, const net::PeerKey& self) const;
  void configure(std::vector<TransportPeer> addresses, std::vector<std::string> relays);
  void message_refused(Error error);
  void proposal_refused(Error error);
  /// Empty: it went well.
  void note_reload(std::string fault);

  /// `transport` is null before the start.
  node::NetworkInfo network(const Transport* transport, const PeerTable& table) const;

 private:
  mutable Mutex mutex_;
  node::RefusalCounts messages_refused_ WUSONG_GUARDED_BY(mutex_);
  node::RefusalCounts proposals_refused_ WUSONG_GUARDED_BY(mutex_);
  std::vector<TransportPeer> addresses_ WUSONG_GUARDED_BY(mutex_);  // as configured
  std::vector<std::string> relays_ WUSONG_GUARDED_BY(mutex_);       // as configured
  std::uint64_t reloads_ WUSONG_GUARDED_BY(mutex_){0};
  std::string reload_fault_ WUSONG_GUARDED_BY(mutex_);
};

/// As Prometheus has it.
void show_network(MetricsRegistry& metrics, const node::NetworkInfo& network);

}  // namespace wusong::platform::internal
