// SPDX-License-Identifier: Apache-2.0
// The state engine: an append-only, copy-on-write Merkle Patricia trie on log segments (ADR 0007).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "wusong/base/strong.hpp"
#include "wusong/io/segment_store.hpp"
#include "wusong/state/proof.hpp"
#include "wusong/state/state_import.hpp"
#include "wusong/state/subtree.hpp"
#include "wusong/types/account.hpp"

namespace wusong::state {

/// Views open at once, over all threads.
inline constexpr std::size_t kViewsMax = 256;

/// The largest window: every height there will ever be, at 72 bytes each.
inline constexpr std::uint64_t kHistoryMax = std::uint64_t{1} << 30;

struct StateOptions {
  /// Heights that stay readable behind the newest, 1 at least.
  std::uint64_t history{10'000};
  /// A segment is closed at this size. It bounds the largest code, and what opening scans.
  std::uint32_t segment_bytes{64u << 20};
  /// Entries of the look-up cache in front of the newest state: powers of two, or 0 for none.
  std::uint32_t cached_accounts{1u << 15};  // 160 bytes each
  std::uint32_t cached_slots{1u << 16};     // 112 bytes each
};

/// What opening found. Filled in also where opening fails.
struct OpenReport {
  std::uint64_t truncated_bytes{0};   // of a torn tail
  std::uint64_t corrupt_position{0};  // segment << 32 | offset, where err::corrupt came from
};

struct StateHead {
  Height height;
  Hash root;
};

struct StateStats {
  std::uint64_t log_bytes{0};
  std::uint32_t segments{0};
  std::uint64_t appended_bytes_last{0};  // by the last commit, copies included
  std::uint64_t copied_leaves_total{0};  // moved forward so that old segments can go
};

/// State of every height in a window, with exact Ethereum roots and proofs.
///
/// A commit appends what it changed and then one checksummed record, so a crash at any point leaves
/// the last complete commit. Commits are not synced one by one: the owner calls sync() before it
/// relies on one, and executes again what a power cut took.
/// @thread commit, sync and reset_head belong to one writer. view, proof, root_at, head and oldest
///         may run beside it on any thread; a view is used by one thread at a time and must not
///         outlive the database.
/// @errors of everything that reads or writes: err::corrupt, io's store_failed and disk_full
class StateDb {
 public:
  /// Opens or creates. Cuts a torn tail off. The store must outlive the database.
  /// @errors err::corrupt        damage below what had been synced
  ///         err::format_version
  [[nodiscard]] static Result<std::unique_ptr<StateDb>> open(io::SegmentStore& store,
                                                             const StateOptions& options,
                                                             OpenReport* report = nullptr);
  ~StateDb();
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;

  /// The newest height; nothing before the first commit.
  std::optional<StateHead> head() const noexcept;
  /// The oldest height that view() still takes.
  std::optional<Height> oldest() const noexcept;

  /// Appends the state after `height` and returns its root. The first commit may name any height.
  /// @errors err::wrong_height     not one above the head
  ///         err::value_too_large  code that fits no segment
  ///         err::failed_before    after any failed commit, until the database is opened again
  [[nodiscard]] Result<Hash> commit(Height height, const types::StateDiff& diff);
  /// All commits are on stable storage when it returns.
  [[nodiscard]] Result<void> sync();
  /// Forgets every height above `height`, so that blocks can be executed again.
  /// @errors err::height_pruned, err::height_unknown, err::views_open
  [[nodiscard]] Result<void> reset_head(Height height);

  /// @errors err::height_pruned, err::height_unknown, err::too_many_views
  [[nodiscard]] Result<std::unique_ptr<types::StateView>> view(Height height) const;
  /// @errors err::height_pruned, err::height_unknown
  [[nodiscard]] Result<Hash> root_at(Height height) const;
  /// @errors err::height_pruned, err::height_unknown, err::too_many_views
  [[nodiscard]] Result<AccountProof> proof(Height height, const Address& address,
                                           std::span<const Hash> slots) const;

  /// Parts of a height's tries, for nodes that fetch them.
  /// @errors err::height_pruned, err::height_unknown, err::too_many_views
  [[nodiscard]] Result<std::unique_ptr<TrieReader>> tries(Height height) const;
  /// For a node that fetches them. The database outlives it; one at a time.
  /// @errors err::failed_before
  [[nodiscard]] Result<std::unique_ptr<StateImport>> import_state();

  /// @thread the writer's
  StateStats stats() const;

  class Impl;  // internal/engine.hpp

 private:
  explicit StateDb(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wusong::state
