// SPDX-License-Identifier: Apache-2.0
// The state while a block runs: what is read is kept, what is written can be taken back.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "wusong/base/hash_map.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/receipt.hpp"

namespace wusong::exec {

struct U256Hash {
  std::size_t operator()(const U256& value) const noexcept {
    std::uint64_t h = 0x9e3779b97f4a7c15ull;
    for (const std::uint64_t word : value.limb) {
      const auto product = static_cast<unsigned __int128>(h ^ word) * 0xd6e8feb86659fd93ull;
      h = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }
    return static_cast<std::size_t>(h);
  }
};

/// One contract's code, kept as long as the journal.
struct Code {
  Hash hash{hash::kKeccakEmpty};
  Bytes bytes;
  /// EIP-7702: what an account with this code delegates to.
  std::optional<Address> delegate;
};

/// Reads through to a StateView once, then lives in memory. Changes go to an undo log, so that a
/// checkpoint costs nothing and a rollback costs what it undoes. What belongs to one transaction
/// (warmth, original values, creation) is stamped with its number instead of being cleared.
///
/// @thread one owner
class Journal {
 public:
  struct Slot {
    U256 current;
    U256 original;      // when the transaction began; valid where `transaction` is the present one
    U256 before_block;  // in the view, or zero where that was cleared
    std::uint32_t transaction{0};
    std::uint32_t warm{0};
    bool loaded{false};
  };

  /// Stays where it is for the journal's life.
  struct Entry {
    Address address;
    bool exists{false};
    bool existed_before_block{false};
    bool storage_before_block{false};  // the view's storage root was not empty
    bool storage_cleared{false};       // the view's slots no longer count
    std::uint64_t nonce{0};
    U256 balance;
    const Code* code{nullptr};  // null: not loaded yet; see Journal::code_of
    Hash code_hash{hash::kKeccakEmpty};
    std::uint64_t nonce_before_block{0};
    U256 balance_before_block;
    Hash code_hash_before_block{hash::kKeccakEmpty};
    std::uint32_t warm{0};  // number of the transaction that warmed it; likewise below
    std::uint32_t created{0};
    std::uint32_t destroyed{0};
    std::uint32_t touched{0};
    HashMap<U256, Slot, U256Hash> slots;

    bool is_empty() const noexcept {
      return nonce == 0 && balance.is_zero() && code_hash == hash::kKeccakEmpty;
    }
  };

  struct Checkpoint {
    std::size_t undo{0};
    std::size_t logs{0};
  };

  /// `view` outlives the journal.
  explicit Journal(types::StateView& view);

  // Transactions
  void begin_transaction();
  /// Deletes what was destroyed and, EIP-161, what was touched and is empty.
  void finish_transaction();

  Checkpoint checkpoint() const noexcept { return {undo_.size(), logs_.size()}; }
  /// Undoes everything since, in this transaction.
  void rollback(const Checkpoint& to);

  // Accounts
  Entry& entry(const Address& address) {
    if (last_ != nullptr && last_->address == address) return *last_;
    return find(address);
  }
  const Code& code_of(Entry& entry);
  void set_balance(Entry& entry, const U256& balance);
  void set_nonce(Entry& entry, std::uint64_t nonce);
  void set_code(Entry& entry, Bytes code);
  void touch(Entry& entry);
  /// The start of CREATE: nonce 1, no code, the balance kept.
  void create(Entry& entry);
  /// EIP-684 and EIP-7610: nonce, code or storage already there.
  bool collides(Entry& entry);
  /// Registers for deletion at the end of the transaction; false where it was already.
  bool destroy(Entry& entry);
  bool created_now(const Entry& entry) const noexcept { return entry.created == transaction_; }
  bool destroyed_now(const Entry& entry) const noexcept { return entry.destroyed == transaction_; }

  // Storage
  struct SlotValues {
    U256 original;
    U256 current;
  };
  U256 storage(Entry& entry, const U256& key) { return slot(entry, key).current; }
  /// Returns the values before the write.
  SlotValues set_storage(Entry& entry, const U256& key, const U256& value);
  U256 transient(Entry& entry, const U256& key) const;
  void set_transient(Entry& entry, const U256& key, const U256& value);

  // EIP-2929: true where it was warm already
  bool warm_account(Entry& entry);
  bool warm_slot(Entry& entry, const U256& key);

  // Logs
  void log(types::Log entry) { logs_.push_back(std::move(entry)); }
  std::vector<types::Log> take_logs() { return std::move(logs_); }
  const std::vector<types::Log>& logs() const noexcept { return logs_; }

  /// What changed since the journal was opened, without what came back to what it was.
  types::StateDiff diff() const;
  types::StateView& view() noexcept { return *view_; }
  /// The number of the present transaction; the first is 1.
  std::uint32_t transaction() const noexcept { return transaction_; }
  /// Every account looked at so far, in the order of first sight.
  const std::deque<Entry>& entries() const noexcept { return entries_; }

 private:
  enum class Kind : std::uint8_t {
    balance,
    nonce,
    code,
    exists,
    created,
    destroyed,
    touched,
    warm_account,
    warm_slot,
    storage,
    transient,
  };
  struct Undo {
    Kind kind;
    std::uint32_t stamp;  // the old stamp or flag
    Entry* entry;
    U256 key;
    U256 value;
    const Code* code{nullptr};
    Hash code_hash{};
  };
  struct TransientKey {
    const Entry* entry;
    U256 key;
    friend bool operator==(const TransientKey&, const TransientKey&) = default;
  };
  struct TransientKeyHash {
    std::size_t operator()(const TransientKey& key) const noexcept {
      return U256Hash{}(key.key ^ U256{0, reinterpret_cast<std::uintptr_t>(key.entry), 0, 0});
    }
  };

  Entry& find(const Address& address);
  Slot& slot(Entry& entry, const U256& key);
  void make_exist(Entry& entry);
  void undo(const Undo& record);
  static void remove(Entry& entry);
  const Code* intern(const Hash& hash, Bytes bytes);

  types::StateView* view_;
  std::deque<Entry> entries_;
  HashMap<Address, Entry*> index_;
  Entry* last_{nullptr};
  HashMap<Hash, std::unique_ptr<Code>> codes_;
  std::vector<Undo> undo_;
  std::vector<Entry*> touched_;    // may hold entries whose stamp was undone
  std::vector<Entry*> destroyed_;  // likewise
  HashMap<TransientKey, U256, TransientKeyHash> transient_;
  std::vector<types::Log> logs_;
  std::uint32_t transaction_{0};
};

}  // namespace wusong::exec
