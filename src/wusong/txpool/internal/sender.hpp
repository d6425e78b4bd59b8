// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wusong/txpool/pool.hpp"

namespace wusong::txpool {

/// One account's transactions. Those in [nonce, pending_end) are without gaps: pending; the rest
/// queued.
struct Pool::Sender {
  Address address;
  std::uint64_t nonce{0};
  std::uint64_t pending_end{0};
  U256 balance;
  U256 cost;  // of all transactions, never above the balance last read
  std::map<std::uint64_t, PooledPtr> transactions;
  Instant touched;  // when something last became pending or arrived
  bool dirty{false};
  std::uint64_t build{0};  // the last build() that placed this sender by its override

  // What the pool's indexes hold for it.
  std::uint64_t indexed_pending{0};
  std::optional<Rank> head;
  std::optional<Rank> tail;
  std::optional<QueueSize> queue;

  std::uint64_t pending() const noexcept { return pending_end - nonce; }
  std::uint64_t queued() const noexcept { return transactions.size() - pending(); }
  const PooledPtr* first_pending() const noexcept {
    return pending() == 0 ? nullptr : &transactions.begin()->second;
  }
  const PooledPtr* last_pending() const {
    return pending() == 0 ? nullptr : &transactions.find(pending_end - 1)->second;
  }
  const PooledPtr* farthest_queued() const noexcept {
    return queued() == 0 ? nullptr : &transactions.rbegin()->second;
  }
};

}  // namespace wusong::txpool
