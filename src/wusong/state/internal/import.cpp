// SPDX-License-Identifier: Apache-2.0
// A state put together part by part, in the same log as the one that is read.
#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/state/internal/engine.hpp"

namespace wusong::state {
namespace {

constexpr std::uint8_t kStoredMark[]{1};  // a leaf has a value; that of a storage is its position
/// Storage and code put since the last record that a start would find.
constexpr std::size_t kUnrecordedBytesMax = 1u << 20;

}  // namespace

class StateDb::Impl::Import final : public StateImport {
 public:
  explicit Import(Impl& db) noexcept : db_{db}, staged_{*db.staged_} {}

  Result<bool> has(const std::optional<Hash>& account, const TriePath& path,
                   const NodeRef& ref) override {
    Position trie = staged_.accounts.at;
    if (account) {
      WUSONG_TRY(const Link storage, storage_of(*account));
      trie = storage.at;
    }
    WUSONG_TRY(const Position at, find_subtree(db_.log_, trie, path));
    if (at == 0) return ref.empty();
    if (has_defect(Defect::import_presence_believed)) return true;
    WUSONG_TRY(const NodeRef own, name_of(db_.log_, at, path.depth));
    return path.depth == 0 ? own.root_hash() == ref.root_hash() : own == ref;
  }

  Result<bool> has_code(const Hash& code_hash) override {
    if (code_hash == hash::kKeccakEmpty) return true;
    WUSONG_TRY(const auto leaf, find_leaf(db_.log_, staged_.code.at, code_hash));
    return leaf.has_value();
  }

  Result<void> put(const std::optional<Hash>& account, const TriePath& path,
                   const std::vector<TrieLeaf>& leaves) override {
    if (!account) return put_accounts(path, leaves);
    std::vector<Change> changes;
    changes.reserve(leaves.size());
    for (const TrieLeaf& leaf : leaves) changes.push_back({.key = leaf.key, .value = leaf.value});
    WUSONG_TRY(const Link before, storage_of(*account));
    db_.log_.set_owner({.domain = Domain::storage, .account = *account});
    return attempt([&]() -> Result<void> {
      WUSONG_TRY(const Link after, replace_subtree(db_.log_, before, path, changes));
      if (path.depth == 0) {
        whole_[*account] = after;
      } else {
        WUSONG_CHECK(set_storage(*account, after));
      }
      return record(leaves.size() * 64);
    });
  }

  Result<void> keep(const std::optional<Hash>& account, const TriePath& path,
                    const TrieBranch& branch) override {
    if (!account) {
      db_.log_.set_owner({.domain = Domain::accounts, .account = {}});
      return attempt([&]() -> Result<void> {
        WUSONG_TRY(staged_.accounts, keep_children(db_.log_, staged_.accounts, path, branch));
        return record(0);
      });
    }
    WUSONG_TRY(const Link before, storage_of(*account));
    db_.log_.set_owner({.domain = Domain::storage, .account = *account});
    return attempt([&]() -> Result<void> {
      WUSONG_TRY(const Link after, keep_children(db_.log_, before, path, branch));
      if (after.at != before.at) WUSONG_CHECK(set_storage(*account, after));
      return record(0);
    });
  }

  Result<void> put_code(const Hash& code_hash, BytesView code) override {
    if (code.empty() || code.size() > kLeafValueMax ||
        leaf_bytes(code.size()) + kOwnerBytes > db_.log_.record_max())
      return fail(err::value_too_large);
    const Change change{.key = code_hash, .value = code};
    db_.log_.set_owner({.domain = Domain::code, .account = {}});
    return attempt([&]() -> Result<void> {
      WUSONG_TRY(staged_.code, update_trie(db_.log_, staged_.code, {&change, 1}));
      return record(code.size());
    });
  }

  Result<void> sync() override {
    WUSONG_CHECK(append_staged());
    return db_.sync();
  }

  Result<void> finish(Height height, const Hash& root) override {
    if (!db_.history_.empty() && height <= db_.history_.newest()) return fail(err::wrong_height);
    const bool complete = staged_.accounts.ref.root_hash() == root;
    if (!complete && !has_defect(Defect::snapshot_unchecked)) return fail(err::import_incomplete);
    return attempt([&] { return commit(height, root); });
  }

 private:
  /// Half-done work must not be built upon.
  template <typename Work>
  Result<void> attempt(Work work) {
    if (db_.failed_ || !db_.staged_) return fail(err::failed_before);
    db_.failed_ = true;
    auto done = work();
    db_.failed_ = !done.has_value();
    return done;
  }

  /// The storage put so far for an account, or what it had before.
  Result<Link> storage_of(const Hash& account) const {
    if (const auto found = whole_.find(account); found != whole_.end()) return found->second;
    WUSONG_TRY(auto leaf, find_leaf(db_.log_, staged_.storages.at, account));
    if (!leaf) {
      WUSONG_TRY(leaf, find_leaf(db_.log_, staged_.accounts.at, account));
    }
    if (!leaf || leaf->storage == 0) return Link{};
    WUSONG_TRY(const NodeRef ref, name_of(db_.log_, leaf->storage, 0));
    return Link{.at = leaf->storage, .ref = ref};
  }

  Result<void> set_storage(const Hash& account, const Link& storage) {
    whole_.erase(account);
    // Unfinished storages are no part of any state: the collector finds them nowhere.
    WUSONG_CHECK(db_.log_.flush());
    const Change change{
        .key = account, .value = kStoredMark, .storage = storage.at, .rewrite = true};
    db_.log_.set_owner({.domain = Domain::accounts, .account = {}});
    WUSONG_TRY(staged_.storages, update_trie(db_.log_, staged_.storages, {&change, 1}));
    return {};
  }

  /// The leaf as it goes into the trie: with its storage, which must be the one it names.
  Result<Change> complete(const TrieLeaf& leaf) const {
    const auto account = types::decode_account(leaf.value);
    if (!account) return fail(err::bad_subtree);
    WUSONG_TRY(const auto code, find_leaf(db_.log_, staged_.code.at, account->code_hash));
    if (!code && account->code_hash != hash::kKeccakEmpty) return fail(err::import_incomplete);
    Change change{.key = leaf.key, .value = leaf.value};
    if (account->storage_root == types::kEmptyTrieRoot) return change;
    WUSONG_TRY(const Link storage, storage_of(leaf.key));
    if (storage.ref.root_hash() != account->storage_root) return fail(err::import_incomplete);
    change.storage = storage.at;
    return change;
  }

  Result<void> put_accounts(const TriePath& path, const std::vector<TrieLeaf>& leaves) {
    std::vector<Change> changes;
    std::vector<Change> placed;  // their storages are in their place now
    changes.reserve(leaves.size());
    for (const TrieLeaf& leaf : leaves) {
      WUSONG_TRY(const Change change, complete(leaf));
      changes.push_back(change);
      if (change.storage != 0) placed.push_back({.key = leaf.key});
    }
    return attempt([&]() -> Result<void> {
      db_.log_.set_owner({.domain = Domain::accounts, .account = {}});
      WUSONG_TRY(staged_.accounts, replace_subtree(db_.log_, staged_.accounts, path, changes));
      WUSONG_TRY(staged_.storages, update_trie(db_.log_, staged_.storages, placed));
      for (const Change& change : placed) whole_.erase(change.key);
      return append_staged();
    });
  }

  Result<void> record(std::size_t bytes) {
    unrecorded_ += bytes;
    if (unrecorded_ >= kUnrecordedBytesMax) return append_staged();
    return db_.log_.flush();
  }

  Result<void> append_staged() {
    unrecorded_ = 0;
    return db_.log_.append_staged({.root = staged_.accounts.ref.root_hash(),
                                   .accounts = staged_.accounts.at,
                                   .code_root = staged_.code.ref.root_hash(),
                                   .code = staged_.code.at,
                                   .storages = staged_.storages.at,
                                   .commit = db_.last_commit_,
                                   .durable = 0});  // the log knows
  }

  Result<void> commit(Height height, const Hash& root) {
    const CommitRecord record{.height = height.value,
                              .root = root,
                              .accounts = staged_.accounts.at,
                              .code_root = staged_.code.ref.root_hash(),
                              .code = staged_.code.at,
                              .previous = 0,  // what was before is another state's history
                              .durable = 0,
                              .collected = db_.collector_.segment()};
    const std::uint32_t first = segment_of(db_.last_commit_);
    WUSONG_TRY(db_.last_commit_, db_.log_.append_commit(record));
    WUSONG_CHECK(db_.log_.sync());
    for (std::uint32_t id = std::max(first, 1u); id < db_.log_.last_segment(); ++id)
      db_.closed_at_[id] = height.value;
    db_.collected_[height.value] = db_.collector_.segment();
    db_.accounts_ = staged_.accounts;
    db_.code_ = staged_.code;
    db_.staged_.reset();
    db_.cache_.forget_all(height);
    db_.cache_.forget_positions(height);
    db_.history_.publish({.height = height,
                          .root = root,
                          .accounts = record.accounts,
                          .code = record.code,
                          .commit = db_.last_commit_},
                         height);
    return db_.drop_old_segments();
  }

  Impl& db_;
  Staged& staged_;
  /// Storages that came in one part and wait for their accounts. A kill forgets them: they are
  /// asked for again, which costs less than a record of each.
  std::map<Hash, Link> whole_;
  std::size_t unrecorded_{0};
};

Result<std::unique_ptr<StateImport>> StateDb::Impl::import_state() {
  if (failed_) return fail(err::failed_before);
  if (!staged_) staged_ = Staged{.accounts = accounts_, .code = code_, .storages = {}};
  return std::unique_ptr<StateImport>{std::make_unique<Import>(*this)};
}

}  // namespace wusong::state
