// SPDX-License-Identifier: Apache-2.0
// Who signed: recovered as a batch, and remembered so that a block does not repeat the pool's work.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/hash_map.hpp"
#include "wusong/io/executor.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::txpool {

/// Senders by transaction hash; forgets the older half when it is full.
/// @thread one owner.
class SenderCache {
 public:
  /// `capacity` entries at most, at least 2.
  explicit SenderCache(std::size_t capacity) : half_{capacity / 2 == 0 ? 1 : capacity / 2} {}

  std::optional<Address> find(const Hash& hash) const;
  void put(const Hash& hash, const Address& sender);
  std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
  std::size_t half_;
  HashMap<Hash, Address> young_;
  HashMap<Hash, Address> old_;
};

/// The senders in order, computed in parallel; native envelopes are verified under their scheme.
/// @errors crypto's rows for a bad signature, one result for each transaction
std::vector<Result<Address>> recover_senders(std::span<const types::Transaction> transactions,
                                             io::Executor& executor);

/// The same, asking `cache` first by the hashes given and adding what was found.
/// @shape one hash for each transaction
std::vector<Result<Address>> recover_senders(std::span<const types::Transaction> transactions,
                                             std::span<const Hash> hashes, io::Executor& executor,
                                             SenderCache& cache);

}  // namespace wusong::txpool
