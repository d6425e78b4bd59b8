// SPDX-License-Identifier: Apache-2.0
// Local transactions outlive a restart: io::Column::pool holds hash -> encoded transaction.
#pragma once

#include <vector>

#include "wusong/io/kv_store.hpp"
#include "wusong/txpool/pool.hpp"

namespace wusong::txpool {

/// Adds what `changes` asks to keep and to forget.
void append_to(io::WriteBatch& batch, const Changes& changes);

struct Loaded {
  std::vector<types::Transaction>
      transactions;              // in key order; recover senders and add() them as local
  std::vector<Hash> unreadable;  // erase these
};
/// @errors the store's
[[nodiscard]] Result<Loaded> load(const io::KvStore& store);

}  // namespace wusong::txpool
