// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/persistence.hpp"

#include <algorithm>

#include "wusong/codec/rlp.hpp"

namespace wusong::txpool {
namespace {

Bytes key_of(std::uint64_t number) {
  Bytes out(8);
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return out;
}

Result<std::vector<types::Transaction>> decode_record(BytesView value) {
  codec::RlpReader top{value};
  WUSONG_TRY(codec::RlpReader items, top.list());
  WUSONG_CHECK(top.finish());
  std::vector<types::Transaction> out;
  while (!items.empty()) {
    WUSONG_TRY(const BytesView encoded, items.string());
    WUSONG_TRY(types::Transaction transaction, types::decode_transaction(encoded));
    out.push_back(std::move(transaction));
  }
  return out;
}

}  // namespace

void LocalJournal::forget(io::WriteBatch& batch, const Hash& hash) {
  const auto found = record_of_.find(hash);
  if (found == record_of_.end()) return;
  const std::uint64_t record = found->second;
  record_of_.erase(found);
  const auto alive = alive_.find(record);
  if (--alive->second != 0) return;
  alive_.erase(alive);
  batch.erase(io::Column::pool, key_of(record));
}

void LocalJournal::append_to(io::WriteBatch& batch, const Changes& changes) {
  codec::RlpWriter record;
  record.open_list();
  std::size_t kept = 0;
  for (const StoreAction& action : changes.stored) {
    if (!action.keep) {
      forget(batch, action.pooled->hash);
      continue;
    }
    if (!record_of_.emplace(action.pooled->hash, next_).second) continue;  // in an earlier record
    record.string(types::encode(action.pooled->transaction));
    ++alive_[next_];
    ++kept;
  }
  record.close_list();
  if (kept == 0 || !alive_.contains(next_)) return;  // or all forgotten in the same call
  batch.put(io::Column::pool, key_of(next_), record.take());
  ++next_;
}

Result<Loaded> load(const io::KvStore& store) {
  Loaded out;
  WUSONG_CHECK(store.scan(io::Column::pool, {}, {}, false, [&](BytesView key, BytesView value) {
    out.keys.push_back(to_bytes(key));
    if (key.size() == 8) {
      std::uint64_t number = 0;
      for (const std::uint8_t byte : key) number = number << 8 | byte;
      out.next = std::max(out.next, number + 1);
    }
    auto transactions = decode_record(value);
    if (!transactions) {
      ++out.unreadable;
      return true;
    }
    std::ranges::move(*transactions, std::back_inserter(out.transactions));
    return true;
  }));
  return out;
}

}  // namespace wusong::txpool
