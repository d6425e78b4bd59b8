// SPDX-License-Identifier: Apache-2.0
// Accounts and slots of the newest state by their plain keys, shared by all readers.
#pragma once

#include <optional>
#include <vector>

#include "wusong/base/strong.hpp"
#include "wusong/state/internal/record.hpp"
#include "wusong/state/internal/shared_entry.hpp"
#include "wusong/types/account.hpp"

namespace wusong::state {

struct CachedAccount {
  std::optional<types::Account> account;
  Position storage{0};
  bool storage_known{true};  // false: look it up in the trie
};

/// Direct-mapped and bounded. An entry says since when its value holds, and every commit overwrites
/// or disowns the entries of what it changes, so an entry holds for every view at that height or
/// later. A view fills an entry only with a height that is not below the entry's own.
/// @thread lookups and fills on any; commit_* and forget_* belong to the writer and come before the
///         height is published
class HeadCache {
 public:
  /// Remembers where a missed look-up may put its answer.
  struct Ticket {
    std::uint64_t sequence{1};
    std::uint64_t since{0};
  };

  /// Powers of two, or 0.
  HeadCache(std::size_t accounts, std::size_t slots) : accounts_(accounts), slots_(slots) {}

  std::optional<CachedAccount> account(const Address& address, Height at,
                                       Ticket& ticket) const noexcept;
  std::optional<U256> slot(const Address& address, const Hash& slot, Height at,
                           Ticket& ticket) const noexcept;
  void fill_account(const Address& address, const CachedAccount& value, Height at,
                    const Ticket& ticket) noexcept;
  void fill_slot(const Address& address, const Hash& slot, const U256& value, Height at,
                 const Ticket& ticket) noexcept;

  void commit_account(const Address& address, const CachedAccount& value, Height at) noexcept;
  void commit_slot(const Address& address, const Hash& slot, const U256& value, Height at) noexcept;
  /// Everything known before `at` is void: some account lost all its slots.
  void forget_all(Height at) noexcept;
  /// Empties the cache. Heights below are not cached: what they changed has left no mark here. No
  /// reader is active.
  void start_at(Height newest) noexcept;
  /// Positions of storage tries known before `at` are void: some were moved.
  void forget_positions(Height at) noexcept;

 private:
  // address 3, since + 1, nonce, flags, balance 4, storage root 4, code hash 4, storage position
  using AccountEntry = SharedEntry<19>;
  // address 3, since + 1, slot 4, value 4
  using SlotEntry = SharedEntry<12>;

  bool may_fill(Height at, const Ticket& ticket) const noexcept;
  bool holds(std::uint64_t since_plus_one, Height at) const noexcept;
  AccountEntry& entry_of(const Address& address) const noexcept;
  SlotEntry& entry_of(const Address& address, const Hash& slot) const noexcept;

  mutable std::vector<AccountEntry> accounts_;
  mutable std::vector<SlotEntry> slots_;
  std::atomic<std::uint64_t> valid_from_{0};  // heights + 1, as the entries have them
  std::atomic<std::uint64_t> positions_from_{0};
};

}  // namespace wusong::state
