// SPDX-License-Identifier: Apache-2.0
// What is behind StateDb: the writer's side, and views.
#pragma once

#include <map>
#include <vector>

#include "wusong/state/internal/collector.hpp"
#include "wusong/state/internal/head_cache.hpp"
#include "wusong/state/internal/history.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::state {

/// @thread as StateDb has it
class StateDb::Impl {
 public:
  Impl(io::SegmentStore& store, const StateOptions& options);

  [[nodiscard]] Result<void> open(OpenReport& report);
  [[nodiscard]] Result<Hash> commit(Height height, const types::StateDiff& diff);
  [[nodiscard]] Result<void> sync();
  [[nodiscard]] Result<void> reset_head(Height height);
  [[nodiscard]] Result<std::unique_ptr<StateImport>> import_state();
  StateStats stats() const;

  History& history() noexcept { return history_; }
  const NodeLog& log() const noexcept { return log_; }
  HeadCache& cache() noexcept { return cache_; }

 private:
  class Import;  // import.cpp

  /// A changed account, or one that only moves.
  struct Work {
    Hash key;
    const Address* address{nullptr};
    const types::AccountChange* change{nullptr};
    bool move{false};
    const std::vector<Hash>* moved_slots{nullptr};
  };
  struct Existing {
    std::optional<types::Account> account;
    Link storage;
  };
  struct Totals {
    std::size_t changes{0};
    std::size_t moves{0};
  };

  [[nodiscard]] Result<void> load_history(const CommitAt& newest);
  [[nodiscard]] Result<Hash> apply(Height height, const types::StateDiff& diff);
  [[nodiscard]] Result<Moves> scan_old_segments(Height height, std::size_t changes);
  [[nodiscard]] Result<Link> update_codes(const types::StateDiff& diff, const Moves& moves);
  [[nodiscard]] Result<Link> update_accounts(Height height, const types::StateDiff& diff,
                                             const Moves& moves);
  [[nodiscard]] Result<void> change_account(Height height, const Work& work,
                                            std::vector<Change>& changes);
  [[nodiscard]] Result<void> move_account(const Work& work, std::vector<Change>& changes);
  [[nodiscard]] Result<Existing> existing_account(const Work& work);
  [[nodiscard]] Result<Link> update_slots(Height height, const Work& work, const Link& storage);
  std::vector<Work> gather(const types::StateDiff& diff, const Moves& moves) const;
  [[nodiscard]] Result<void> drop_old_segments();
  BytesView keep(Bytes value) {
    values_.push_back(std::move(value));
    return values_.back();
  }

  StateOptions options_;
  NodeLog log_;
  History history_;
  HeadCache cache_;
  Collector collector_;

  /// A state that is being put together; the nodes are in the log.
  struct Staged {
    Link accounts;
    Link code;
    Link storages;
  };

  Link accounts_;
  Link code_;
  std::optional<Staged> staged_;
  Position last_commit_{0};
  bool failed_{false};
  std::vector<Bytes> values_;  // of the commit being made

  /// From this height on, no node lies below the segment.
  std::map<std::uint64_t, std::uint32_t> collected_;
  /// Height whose commit closed a segment.
  std::map<std::uint32_t, std::uint64_t> closed_at_;
  std::uint64_t appended_last_{0};
  std::uint64_t changed_bytes_last_{0};  // without what copies caused, by estimate
  std::uint64_t copied_total_{0};
};

/// A reader. Its pin keeps the segments that its height needs.
class DbView final : public types::StateView {
 public:
  DbView(StateDb::Impl& db, std::size_t pin, const Snapshot& snapshot) noexcept
      : db_{db}, pin_{pin}, snapshot_{snapshot} {}
  ~DbView() override { db_.history().unpin(pin_); }
  DbView(const DbView&) = delete;
  DbView& operator=(const DbView&) = delete;

  std::optional<types::Account> account(const Address& address) override;
  U256 storage(const Address& address, const Hash& slot) override;
  Bytes code(const Hash& code_hash) override;
  std::optional<Error> error() const override { return error_; }

  [[nodiscard]] Result<AccountProof> prove_account(const Address& address,
                                                   std::span<const Hash> slots);

 private:
  [[nodiscard]] Result<CachedAccount> load_account(const Address& address);
  [[nodiscard]] Result<U256> load_slot(const Address& address, const Hash& slot);
  template <typename T>
  T take(Result<T> result) {
    if (result) return *std::move(result);
    if (!error_) error_ = result.error();
    return T{};
  }

  StateDb::Impl& db_;
  std::size_t pin_;
  Snapshot snapshot_;
  std::optional<Error> error_;
  // Slots are mostly read in runs of one account.
  std::optional<Address> last_address_;
  Position last_storage_{0};
};

[[nodiscard]] Result<std::unique_ptr<DbView>> open_view(StateDb::Impl& db, Height height);
[[nodiscard]] Result<std::unique_ptr<TrieReader>> open_tries(StateDb::Impl& db, Height height);

}  // namespace wusong::state
