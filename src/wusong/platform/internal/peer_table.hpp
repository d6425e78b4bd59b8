// SPDX-License-Identifier: Apache-2.0
// A number for every node key that was ever admitted, its name, and what its node told last.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wusong/consensus/types.hpp"
#include "wusong/net/messages.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::platform::internal {

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
  void set_members(const types::Epoch& epoch) {
    MutexLock lock{mutex_};
    for (const auto& member : epoch.validators) peer(member.node_key).name = member.name;
    for (const auto& member : epoch.observers) peer(member.node_key).name = member.name;
  }
  void told(consensus::PeerId id, Height finalised) {
    MutexLock lock{mutex_};
    if (id < peers_.size()) peers_[id].finalised = finalised;
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
  std::map<net::PeerKey, consensus::PeerId> numbers_ WUSONG_GUARDED_BY(mutex_);
  std::vector<Peer> peers_ WUSONG_GUARDED_BY(mutex_);
};

}  // namespace wusong::platform::internal
