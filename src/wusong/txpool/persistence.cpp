// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/persistence.hpp"

namespace wusong::txpool {

void append_to(io::WriteBatch& batch, const Changes& changes) {
  for (const StoreAction& action : changes.stored) {
    if (action.keep) {
      batch.put(io::Column::pool, action.pooled->hash, types::encode(action.pooled->transaction));
    } else {
      batch.erase(io::Column::pool, action.pooled->hash);
    }
  }
}

Result<Loaded> load(const io::KvStore& store) {
  Loaded out;
  WUSONG_CHECK(store.scan(io::Column::pool, {}, {}, false, [&](BytesView key, BytesView value) {
    if (key.size() != Hash::kSize) return true;
    const Hash hash = Hash::from(key);
    auto transaction = types::decode_transaction(value);
    if (transaction && types::hash_of(*transaction) == hash) {
      out.transactions.push_back(std::move(*transaction));
    } else {
      out.unreadable.push_back(hash);
    }
    return true;
  }));
  return out;
}

}  // namespace wusong::txpool
