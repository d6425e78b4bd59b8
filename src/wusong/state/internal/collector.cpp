// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/collector.hpp"

#include "wusong/state/errors.hpp"

namespace wusong::state {

Result<bool> Collector::is_live(const NodeLog& log, const Tries& newest, const Hash& key,
                                Position at) {
  Position root = newest.accounts;
  if (cursor_.owner.domain == Domain::code) root = newest.code;
  if (cursor_.owner.domain == Domain::storage) {
    if (account_ != cursor_.owner.account) {
      WUSONG_TRY(const auto account, find_leaf(log, newest.accounts, cursor_.owner.account));
      account_ = cursor_.owner.account;
      storage_ = account ? account->storage : 0;
    }
    root = storage_;
  }
  WUSONG_TRY(const auto leaf, find_leaf(log, root, key));
  return leaf && leaf->at == at;
}

Result<Moves> Collector::scan(const NodeLog& log, const Tries& newest, const Bounds& bounds) {
  Moves moves;
  account_.reset();
  std::uint64_t seen = 0;
  while (cursor_.segment < bounds.end && seen < bounds.bytes && moves.count < bounds.moves) {
    const BytesView bytes = log.segment_bytes(cursor_.segment);
    if (cursor_.offset >= bytes.size()) {
      cursor_ = {.segment = cursor_.segment + 1};
      continue;
    }
    const auto record = whole_record(bytes.subspan(cursor_.offset));
    if (!record) return fail(err::corrupt);
    if (const auto owner = decode_owner(*record)) cursor_.owner = *owner;
    if (const auto leaf = decode_leaf(*record)) {
      WUSONG_TRY(const bool live,
                 is_live(log, newest, leaf->key, position(cursor_.segment, cursor_.offset)));
      moves.count += live ? 1 : 0;
      if (live && cursor_.owner.domain == Domain::accounts) moves.accounts.push_back(leaf->key);
      if (live && cursor_.owner.domain == Domain::code) moves.codes.push_back(leaf->key);
      if (live && cursor_.owner.domain == Domain::storage)
        moves.slots[cursor_.owner.account].push_back(leaf->key);
    }
    cursor_.offset += record->size();
    seen += record->size();
  }
  return moves;
}

}  // namespace wusong::state
