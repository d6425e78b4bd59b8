// SPDX-License-Identifier: Apache-2.0
// Local transactions outlive a restart: io::Column::pool holds one record for each call that added
// some. A record a call, with a growing key, costs the store a hundredth of a record a transaction.
#pragma once

#include <map>
#include <vector>

#include "wusong/base/hash_map.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/txpool/pool.hpp"

namespace wusong::txpool {

/// @shape key: number u64 big-endian; value: rlp([encoded transaction, …])
class LocalJournal {
 public:
  /// Records get numbers from `next` on.
  explicit LocalJournal(std::uint64_t next = 0) : next_{next} {}

  /// Adds what `changes` asks to keep, and erases records whose transactions are all gone. A record
  /// may therefore hold some that the pool has let go: adding them again refuses them.
  void append_to(io::WriteBatch& batch, const Changes& changes);

 private:
  void forget(io::WriteBatch& batch, const Hash& hash);

  std::uint64_t next_;
  HashMap<Hash, std::uint64_t> record_of_;
  std::map<std::uint64_t, std::size_t>
      alive_;  // transactions of a record that the pool still holds
};

struct Loaded {
  std::vector<types::Transaction> transactions;  // recover senders and add() them as local
  std::vector<Bytes> keys;                       // erase these once they are added
  std::size_t unreadable{0};                     // records that do not decode
  std::uint64_t next{0};                         // for LocalJournal
};
/// @errors the store's
[[nodiscard]] Result<Loaded> load(const io::KvStore& store);

}  // namespace wusong::txpool
