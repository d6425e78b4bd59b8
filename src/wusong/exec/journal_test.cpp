// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/journal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "wusong/state/memory_state.hpp"

namespace wusong::exec {
namespace {

Address address_number(std::uint8_t number) {
  Address out;
  out.bytes[0] = 0xaa;
  out.bytes[19] = number;
  return out;
}

/// The journal's meaning at its plainest: a checkpoint copies everything.
struct Naive {
  struct Account {
    bool exists{false};
    std::uint64_t nonce{0};
    U256 balance;
    Bytes code;
    std::map<std::uint64_t, U256> slots;
    bool operator==(const Account&) const = default;
  };
  struct World {
    std::map<Address, Account> accounts;
    std::map<std::pair<Address, std::uint64_t>, U256> transient;
    std::set<Address> warm;
    std::set<std::pair<Address, std::uint64_t>> warm_slots;
    std::set<Address> created;
    std::set<Address> destroyed;
    std::set<Address> touched;
    std::size_t logs{0};
    std::map<Address, std::map<std::uint64_t, U256>> originals;
  };
  World now;
  std::vector<World> saved;

  void begin() {
    World next;
    next.accounts = now.accounts;
    for (const auto& [address, account] : next.accounts) next.originals[address] = account.slots;
    now = std::move(next);
    saved.clear();
  }
  void finish() {
    for (const Address& address : now.destroyed) now.accounts[address] = {};
    for (const Address& address : now.touched) {
      Account& account = now.accounts[address];
      const bool empty = account.nonce == 0 && account.balance.is_zero() && account.code.empty();
      if (account.exists && empty) account = {};
    }
  }
};

constexpr std::uint8_t kAccounts = 6;
constexpr std::uint64_t kSlots = 4;

class JournalProperty : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  JournalProperty() : random_{GetParam()} {
    for (std::uint8_t i = 0; i < kAccounts / 2; ++i) {
      const Address address = address_number(i);
      Naive::Account& account = naive_.now.accounts[address];
      account.exists = true;
      account.nonce = i;
      account.balance = U256{100u * i};
      types::Account stored;
      stored.nonce = account.nonce;
      stored.balance = account.balance;
      state_.set_account(address, stored);
      if (i == 0) continue;
      account.code = {i, 1, 2};
      state_.set_code(address, account.code);
      account.slots[1] = U256{7};
      state_.set_storage(address, to_hash(U256{1}), U256{7});
    }
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  void step() {
    const Address address = address_number(static_cast<std::uint8_t>(below(kAccounts)));
    Journal::Entry& entry = journal_.entry(address);
    Naive::World& world = naive_.now;
    Naive::Account& account = world.accounts[address];
    const std::uint64_t slot = below(kSlots);
    const U256 key{slot};
    const U256 value{below(3)};
    const auto change = [&] {
      world.touched.insert(address);
      account.exists = true;
    };
    switch (below(13)) {
      case 0:
        if (account.balance != value) change();
        world.touched.insert(address);
        account.balance = value;
        journal_.set_balance(entry, value);
        break;
      case 1:
        change();
        account.nonce += 1;
        journal_.set_nonce(entry, entry.nonce + 1);
        break;
      case 2:
        change();
        account.code = Bytes(below(3), static_cast<std::uint8_t>(below(256)));
        journal_.set_code(entry, account.code);
        break;
      case 3:
      case 4:
      case 5: {
        // Only accounts that exist run code.
        if (!account.exists) break;
        const auto before = journal_.set_storage(entry, key, value);
        EXPECT_EQ(before.current, account.slots[slot]);
        EXPECT_EQ(before.original, world.originals[address][slot]);
        account.slots[slot] = value;
        break;
      }
      case 6:
        world.transient[{address, slot}] = value;
        journal_.set_transient(entry, key, value);
        break;
      case 7:
        EXPECT_EQ(journal_.warm_account(entry), !world.warm.insert(address).second);
        EXPECT_EQ(journal_.warm_slot(entry, key), !world.warm_slots.insert({address, slot}).second);
        break;
      case 8:
        EXPECT_EQ(journal_.destroy(entry), world.destroyed.insert(address).second);
        break;
      case 9:
        if (journal_.collides(entry)) break;
        change();
        account.nonce = 1;
        world.created.insert(address);
        journal_.create(entry);
        break;
      case 10:
        ++world.logs;
        journal_.log({.address = address, .topics = {}, .data = {}});
        break;
      default:
        step_checkpoint();
    }
  }

  void step_checkpoint() {
    if (checkpoints_.empty() || below(2) == 0) {
      checkpoints_.push_back(journal_.checkpoint());
      naive_.saved.push_back(naive_.now);
      return;
    }
    if (below(3) != 0) {
      journal_.rollback(checkpoints_.back());
      naive_.now = naive_.saved.back();
    }  // else kept: the changes since belong to the checkpoint before
    checkpoints_.pop_back();
    naive_.saved.pop_back();
  }

  void expect_same() {
    for (std::uint8_t i = 0; i < kAccounts; ++i) {
      const Address address = address_number(i);
      Journal::Entry& entry = journal_.entry(address);
      Naive::Account& account = naive_.now.accounts[address];
      ASSERT_EQ(entry.exists, account.exists);
      ASSERT_EQ(entry.nonce, account.nonce);
      ASSERT_EQ(entry.balance, account.balance);
      ASSERT_EQ(journal_.code_of(entry).bytes, account.code);
      ASSERT_EQ(journal_.created_now(entry), naive_.now.created.contains(address));
      ASSERT_EQ(journal_.destroyed_now(entry), naive_.now.destroyed.contains(address));
      for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
        ASSERT_EQ(journal_.storage(entry, U256{slot}), account.slots[slot]);
        ASSERT_EQ(journal_.transient(entry, U256{slot}), (naive_.now.transient[{address, slot}]));
      }
    }
    ASSERT_EQ(journal_.logs().size(), naive_.now.logs);
  }

  /// The diff applied to the state gives the naive world, root for root.
  void expect_diff_leads_here() {
    state::MemoryState after = state_;
    const types::StateDiff diff = journal_.diff();
    after.apply(diff);
    state::MemoryState expected;
    for (const auto& [address, account] : naive_.now.accounts) {
      if (!account.exists) continue;
      types::Account stored;
      stored.nonce = account.nonce;
      stored.balance = account.balance;
      expected.set_account(address, stored);
      expected.set_code(address, account.code);
      for (const auto& [slot, value] : account.slots) {
        expected.set_storage(address, to_hash(U256{slot}), value);
      }
    }
    ASSERT_EQ(after.root(), expected.root());
  }

  std::mt19937 random_;
  state::MemoryState state_;
  Journal journal_{state_};
  Naive naive_;
  std::vector<Journal::Checkpoint> checkpoints_;
};

TEST_P(JournalProperty, AgreesWithCopyingEverything) {
  for (int transaction = 0; transaction < 40; ++transaction) {
    journal_.begin_transaction();
    naive_.begin();
    checkpoints_.clear();
    for (int i = 0; i < 60; ++i) {
      step();
      if (i % 10 == 0) {
        ASSERT_NO_FATAL_FAILURE(expect_same());
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_same());
    journal_.finish_transaction();
    naive_.finish();
    ASSERT_NO_FATAL_FAILURE(expect_diff_leads_here());
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, JournalProperty, ::testing::Range(1u, 41u));

TEST(Journal, ChangesThatCameBackLeaveNoDiff) {
  state::MemoryState state;
  types::Account account;
  account.balance = U256{5};
  state.set_account(address_number(1), account);
  state.set_storage(address_number(1), to_hash(U256{1}), U256{9});
  Journal journal{state};
  journal.begin_transaction();
  Journal::Entry& entry = journal.entry(address_number(1));
  journal.set_balance(entry, U256{6});
  journal.set_storage(entry, U256{1}, U256{});
  journal.finish_transaction();
  EXPECT_EQ(journal.diff().accounts.size(), 1u);
  journal.begin_transaction();
  journal.set_balance(entry, U256{5});
  journal.set_storage(entry, U256{1}, U256{9});
  journal.finish_transaction();
  EXPECT_TRUE(journal.diff().accounts.empty());
}

TEST(Journal, AnAccountThatCameAndWentLeavesNoDiff) {
  state::MemoryState state;
  Journal journal{state};
  journal.begin_transaction();
  Journal::Entry& entry = journal.entry(address_number(9));
  journal.create(entry);
  journal.set_code(entry, {1});
  journal.set_storage(entry, U256{1}, U256{1});
  journal.destroy(entry);
  journal.finish_transaction();
  EXPECT_TRUE(journal.diff().accounts.empty());
  EXPECT_TRUE(journal.diff().codes.empty());
}

TEST(Journal, ADestroyedAccountMadeAgainClearsItsOldSlots) {
  state::MemoryState state;
  const Address address = address_number(1);
  state.set_account(address, {});
  state.set_code(address, Bytes{1});
  state.set_storage(address, to_hash(U256{1}), U256{9});
  Journal journal{state};
  journal.begin_transaction();
  journal.destroy(journal.entry(address));
  journal.finish_transaction();
  journal.begin_transaction();
  Journal::Entry& entry = journal.entry(address);
  EXPECT_FALSE(journal.collides(entry));
  journal.create(entry);
  EXPECT_TRUE(journal.storage(entry, U256{1}).is_zero());
  journal.set_storage(entry, U256{2}, U256{3});
  journal.finish_transaction();
  const auto diff = journal.diff();
  ASSERT_EQ(diff.accounts.size(), 1u);
  const types::AccountChange& change = diff.accounts.at(address);
  EXPECT_TRUE(change.storage_cleared);
  EXPECT_EQ(change.slots.size(), 1u);
  EXPECT_EQ(change.after->nonce, 1u);
}

TEST(Journal, StorageAloneMakesACollision) {
  state::MemoryState state;
  state.set_account(address_number(1), {});
  state.set_storage(address_number(1), to_hash(U256{1}), U256{9});
  Journal journal{state};
  journal.begin_transaction();
  EXPECT_TRUE(journal.collides(journal.entry(address_number(1))));
  EXPECT_FALSE(journal.collides(journal.entry(address_number(2))));
}

}  // namespace
}  // namespace wusong::exec
