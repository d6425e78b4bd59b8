// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/engine.hpp"

#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/state/errors.hpp"

namespace wusong::state {
namespace {

constexpr std::uint32_t kSegmentBytesMin = 4096;
/// Copies with one commit: twice what it changes, and these.
constexpr std::size_t kMovesSpare = 256;

std::uint32_t checked_segment_bytes(const StateOptions& options) noexcept {
  return std::max(options.segment_bytes, kSegmentBytesMin);
}

Bytes encode_slot(const U256& value) {
  codec::RlpWriter writer;
  writer.number(to_hash(value));
  return writer.take();
}

}  // namespace

StateDb::Impl::Impl(io::SegmentStore& store, const StateOptions& options)
    : options_{options},
      log_{store, checked_segment_bytes(options)},
      history_{std::max<std::uint64_t>(options.history, 1)},
      cache_{options.cached_accounts, options.cached_slots} {}

Result<void> StateDb::Impl::open(OpenReport& report) {
  NodeLog::Recovered found;
  const auto recovered = log_.recover(found);
  report = {.truncated_bytes = found.truncated_bytes, .corrupt_position = found.corrupt};
  if (!recovered) return recovered;
  collector_.start_at(log_.first_segment());
  if (!found.last) return {};
  WUSONG_CHECK(load_history(*found.last));
  if (!found.staged) return {};
  const StagedRecord& staged = *found.staged;
  staged_ = Staged{.accounts = {.at = staged.accounts, .ref = NodeRef::of_hash(staged.root)},
                   .code = {.at = staged.code, .ref = NodeRef::of_hash(staged.code_root)},
                   .storages = {.at = staged.storages, .ref = {}}};
  return {};
}

/// Walks the commits back through the window.
Result<void> StateDb::Impl::load_history(const CommitAt& newest) {
  const CommitRecord& head = newest.record;
  last_commit_ = newest.at;
  accounts_ = {.at = head.accounts, .ref = NodeRef::of_hash(head.root)};
  code_ = {.at = head.code, .ref = NodeRef::of_hash(head.code_root)};
  const auto snapshot_of = [](const CommitRecord& record, Position at) {
    return Snapshot{.height = Height{record.height},
                    .root = record.root,
                    .accounts = record.accounts,
                    .code = record.code,
                    .commit = at};
  };
  history_.publish(snapshot_of(head, newest.at), Height{head.height});
  cache_.start_at(Height{head.height});
  collected_[head.height] = static_cast<std::uint32_t>(head.collected);
  collector_.start_at(static_cast<std::uint32_t>(head.collected));

  CommitAt later = newest;
  const std::uint32_t first = log_.first_segment();
  while (later.record.previous != 0 && head.height - later.record.height < history_.window()) {
    const Position at = later.record.previous;
    if (segment_of(at) < first) break;
    WUSONG_TRY(const CommitRecord record, log_.load_commit(at));
    if (record.height + 1 != later.record.height) return fail(err::corrupt);
    if (record.collected < first) break;  // segments it needs are gone
    for (std::uint32_t id = segment_of(at); id < segment_of(later.at); ++id)
      closed_at_[id] = later.record.height;
    history_.add_older(snapshot_of(record, at));
    if (collected_.begin()->second == record.collected) collected_.erase(collected_.begin());
    collected_[record.height] = static_cast<std::uint32_t>(record.collected);
    later = {.at = at, .record = record};
  }
  return {};
}

Result<void> StateDb::Impl::sync() {
  if (failed_) return fail(err::failed_before);
  return log_.sync();
}

StateStats StateDb::Impl::stats() const {
  return {.log_bytes = log_.size_bytes(),
          .segments = static_cast<std::uint32_t>(log_.segment_count()),
          .appended_bytes_last = appended_last_,
          .copied_leaves_total = copied_total_};
}

Result<void> StateDb::Impl::reset_head(Height height) {
  if (failed_) return fail(err::failed_before);
  WUSONG_TRY(const Snapshot snapshot, history_.find(height));
  if (height == history_.newest()) return {};
  if (history_.lowest_pinned()) return fail(err::views_open);
  failed_ = true;
  staged_.reset();
  WUSONG_TRY(const CommitRecord record, log_.load_commit(snapshot.commit));
  WUSONG_CHECK(log_.truncate(snapshot.commit + kCommitBytes));
  cache_.start_at(height);
  accounts_ = {.at = record.accounts, .ref = NodeRef::of_hash(record.root)};
  code_ = {.at = record.code, .ref = NodeRef::of_hash(record.code_root)};
  last_commit_ = snapshot.commit;
  collector_.start_at(static_cast<std::uint32_t>(record.collected));
  collected_.erase(collected_.upper_bound(height.value), collected_.end());
  closed_at_.erase(closed_at_.lower_bound(log_.last_segment()), closed_at_.end());
  history_.reset(height);
  failed_ = false;
  return {};
}

Result<Hash> StateDb::Impl::commit(Height height, const types::StateDiff& diff) {
  if (failed_) return fail(err::failed_before);
  if (!history_.empty() && height != history_.newest().next()) return fail(err::wrong_height);
  for (const auto& [hash, code] : diff.codes)
    if (code.size() > kLeafValueMax || leaf_bytes(code.size()) + kOwnerBytes > log_.record_max())
      return fail(err::value_too_large);
  failed_ = true;
  staged_.reset();
  auto root = apply(height, diff);
  values_.clear();
  failed_ = !root.has_value();
  return root;
}

Result<Hash> StateDb::Impl::apply(Height height, const types::StateDiff& diff) {
  std::size_t changes = diff.accounts.size() + diff.codes.size();
  for (const auto& [address, change] : diff.accounts) changes += change.slots.size();
  const std::uint64_t bytes_before = log_.size_bytes();
  const std::uint32_t segment_before = log_.last_segment();

  WUSONG_TRY(const Moves moves, scan_old_segments(height, changes));
  WUSONG_TRY(code_, update_codes(diff, moves));
  WUSONG_TRY(accounts_, update_accounts(height, diff, moves));
  const CommitRecord record{.height = height.value,
                            .root = accounts_.ref.root_hash(),
                            .accounts = accounts_.at,
                            .code_root = code_.ref.root_hash(),
                            .code = code_.at,
                            .previous = last_commit_,
                            .durable = 0,  // the log knows
                            .collected = collector_.segment()};
  WUSONG_TRY(last_commit_, log_.append_commit(record));

  for (std::uint32_t id = segment_before; id < log_.last_segment(); ++id)
    closed_at_[id] = height.value;
  appended_last_ = log_.size_bytes() - bytes_before;
  changed_bytes_last_ = std::max<std::uint64_t>(
      kCommitBytes, appended_last_ * changes / std::max<std::size_t>(changes + moves.count, 1));
  copied_total_ += moves.count;
  if (collected_.empty() || collected_.rbegin()->second != collector_.segment())
    collected_[height.value] = collector_.segment();

  const bool first = history_.empty();
  const Height oldest =
      first ? height : std::max(history_.oldest(), height.minus(history_.window()));
  history_.publish({.height = height,
                    .root = record.root,
                    .accounts = record.accounts,
                    .code = record.code,
                    .commit = last_commit_},
                   oldest);
  WUSONG_CHECK(drop_old_segments());
  return record.root;
}

Result<Moves> StateDb::Impl::scan_old_segments(Height height, std::size_t changes) {
  // A segment is worth looking at once half the window has passed it by: most of what it holds has
  // been replaced by then.
  const std::uint64_t age = history_.window() / 2;
  std::uint32_t end = collector_.segment();
  while (end < log_.last_segment()) {
    const auto closed = closed_at_.find(end);
    if (closed != closed_at_.end() && closed->second + age > height.value) break;
    ++end;
  }
  // Twice as fast as the log grows by changes: the scan keeps up, and an idle chain stays idle.
  return collector_.scan(
      log_, {.accounts = accounts_.at, .code = code_.at},
      {.end = end, .bytes = 2 * changed_bytes_last_, .moves = kMovesSpare + 2 * changes});
}

Result<void> StateDb::Impl::drop_old_segments() {
  Height needed = history_.oldest();
  if (const auto pinned = history_.lowest_pinned()) needed = std::min(needed, *pinned);
  auto at = collected_.upper_bound(needed.value);
  if (at == collected_.begin()) return {};
  --at;
  const std::uint32_t segment = at->second;
  collected_.erase(collected_.begin(), at);
  closed_at_.erase(closed_at_.begin(), closed_at_.lower_bound(segment));
  return log_.remove_below(segment);
}

Result<Link> StateDb::Impl::update_codes(const types::StateDiff& diff, const Moves& moves) {
  std::vector<Change> changes;
  for (const auto& [hash, code] : diff.codes)
    if (!code.empty()) changes.push_back({.key = hash, .value = code});
  for (const Hash& hash : moves.codes) {
    const auto known = std::ranges::find(changes, hash, &Change::key);
    if (known != changes.end()) {
      known->rewrite = true;
      continue;
    }
    WUSONG_TRY(const auto leaf, find_leaf(log_, code_.at, hash));
    if (leaf) changes.push_back({.key = hash, .value = leaf->value, .rewrite = true});
  }
  std::ranges::sort(changes, {}, &Change::key);
  log_.set_owner({.domain = Domain::code, .account = {}});
  return update_trie(log_, code_, changes);
}

std::vector<StateDb::Impl::Work> StateDb::Impl::gather(const types::StateDiff& diff,
                                                       const Moves& moves) const {
  std::vector<Work> all;
  all.reserve(diff.accounts.size() + moves.count);
  for (const auto& [address, change] : diff.accounts)
    all.push_back({.key = hash::chain_hash(address), .address = &address, .change = &change});
  for (const Hash& key : moves.accounts) all.push_back({.key = key, .move = true});
  for (const auto& [key, slots] : moves.slots)
    all.push_back({.key = key, .move = true, .moved_slots = &slots});
  std::ranges::sort(all, {}, &Work::key);
  // One entry for each account, at most three of a kind before.
  std::vector<Work> merged;
  merged.reserve(all.size());
  for (const Work& work : all) {
    if (merged.empty() || merged.back().key != work.key) {
      merged.push_back(work);
      continue;
    }
    Work& into = merged.back();
    if (work.change != nullptr) {
      into.address = work.address;
      into.change = work.change;
    }
    into.move |= work.move;
    if (work.moved_slots != nullptr) into.moved_slots = work.moved_slots;
  }
  return merged;
}

Result<Link> StateDb::Impl::update_accounts(Height height, const types::StateDiff& diff,
                                            const Moves& moves) {
  const std::vector<Work> all = gather(diff, moves);
  if (!moves.slots.empty()) cache_.forget_positions(height);
  std::vector<Change> changes;
  changes.reserve(all.size());
  for (const Work& work : all) {
    if (work.change != nullptr) {
      WUSONG_CHECK(change_account(height, work, changes));
    } else {
      WUSONG_CHECK(move_account(work, changes));
    }
  }
  log_.set_owner({.domain = Domain::accounts, .account = {}});
  return update_trie(log_, accounts_, changes);
}

Result<StateDb::Impl::Existing> StateDb::Impl::existing_account(const Work& work) {
  Existing out;
  Position storage = 0;
  HeadCache::Ticket ticket;
  std::optional<CachedAccount> cached;
  if (!history_.empty()) cached = cache_.account(*work.address, history_.newest(), ticket);
  if (cached && cached->storage_known) {
    out.account = cached->account;
    storage = cached->storage;
  } else {
    WUSONG_TRY(const auto leaf, find_leaf(log_, accounts_.at, work.key));
    if (!leaf) return out;
    const auto account = types::decode_account(leaf->value);
    if (!account) return fail(err::corrupt);
    out.account = *account;
    storage = leaf->storage;
  }
  if (storage != 0)
    out.storage = {.at = storage, .ref = NodeRef::of_hash(out.account->storage_root)};
  return out;
}

Result<void> StateDb::Impl::change_account(Height height, const Work& work,
                                           std::vector<Change>& changes) {
  WUSONG_TRY(const Existing existing, existing_account(work));
  const types::AccountChange& change = *work.change;
  const bool clears = !change.after || change.storage_cleared;
  if (clears && !existing.storage.empty()) cache_.forget_all(height);
  if (!change.after) {
    if (existing.account) changes.push_back({.key = work.key});
    cache_.commit_account(*work.address, {}, height);
    return {};
  }
  WUSONG_TRY(const Link storage, update_slots(height, work, clears ? Link{} : existing.storage));
  types::Account account = *change.after;
  account.storage_root = storage.ref.root_hash();
  changes.push_back({.key = work.key,
                     .value = keep(types::encode(account)),
                     .storage = storage.at,
                     .rewrite = work.move});
  cache_.commit_account(*work.address, {.account = account, .storage = storage.at}, height);
  return {};
}

Result<Link> StateDb::Impl::update_slots(Height height, const Work& work, const Link& storage) {
  std::vector<Change> changes;
  changes.reserve(work.change->slots.size());
  for (const auto& [slot, value] : work.change->slots) {
    if (has_defect(Defect::storage_write_dropped) && height.value % 16 == 0) continue;
    cache_.commit_slot(*work.address, slot, value, height);
    changes.push_back({.key = hash::chain_hash(slot),
                       .value = value.is_zero() ? BytesView{} : keep(encode_slot(value))});
  }
  std::ranges::sort(changes, {}, &Change::key);
  if (work.moved_slots != nullptr && !storage.empty()) {
    const std::size_t changed = changes.size();
    for (const Hash& key : *work.moved_slots) {
      const auto end = changes.begin() + static_cast<std::ptrdiff_t>(changed);
      const auto place = std::lower_bound(changes.begin(), end, key,
                                          [](const Change& c, const Hash& k) { return c.key < k; });
      if (place != end && place->key == key) {
        place->rewrite = true;
        continue;
      }
      WUSONG_TRY(const auto leaf, find_leaf(log_, storage.at, key));
      if (leaf) changes.push_back({.key = key, .value = leaf->value, .rewrite = true});
    }
    std::ranges::sort(changes, {}, &Change::key);
  }
  log_.set_owner({.domain = Domain::storage, .account = work.key});
  return update_trie(log_, storage, changes);
}

Result<void> StateDb::Impl::move_account(const Work& work, std::vector<Change>& changes) {
  WUSONG_TRY(const auto leaf, find_leaf(log_, accounts_.at, work.key));
  if (!leaf) return {};
  Position storage = leaf->storage;
  if (work.moved_slots != nullptr && storage != 0) {
    const auto account = types::decode_account(leaf->value);
    if (!account) return fail(err::corrupt);
    std::vector<Change> slots;
    for (const Hash& key : *work.moved_slots) {
      WUSONG_TRY(const auto slot, find_leaf(log_, storage, key));
      if (slot) slots.push_back({.key = key, .value = slot->value, .rewrite = true});
    }
    std::ranges::sort(slots, {}, &Change::key);
    log_.set_owner({.domain = Domain::storage, .account = work.key});
    WUSONG_TRY(
        const Link moved,
        update_trie(log_, {.at = storage, .ref = NodeRef::of_hash(account->storage_root)}, slots));
    storage = moved.at;
  }
  changes.push_back({.key = work.key, .value = leaf->value, .storage = storage, .rewrite = true});
  return {};
}

}  // namespace wusong::state
