// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/state_db.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::state {
namespace {

constexpr StateOptions kSmall{
    .history = 1000, .segment_bytes = 64u << 10, .cached_accounts = 64, .cached_slots = 64};

Address address_of(std::uint64_t n) {
  return Address::from(hash::keccak256(as_bytes(std::to_string(n))).view().first(20));
}
Hash slot_of(std::uint64_t n) {
  return to_hash(U256{n});
}

/// Random blocks over a small population, so that accounts come, change, lose storage and go.
class Chain {
 public:
  explicit Chain(std::uint64_t seed) : random_{seed} {}

  types::StateDiff next(MemoryState& state, std::size_t accounts = 12, std::uint64_t pool = 60) {
    types::StateDiff diff;
    const std::size_t count = random_() % accounts;
    for (std::size_t i = 0; i < count; ++i) {
      const Address address = address_of(random_() % pool);
      types::AccountChange change;
      const std::uint64_t dice = random_() % 10;
      if (dice == 0) {
        diff.accounts[address] = {};
        continue;
      }
      change.after = state.account(address).value_or(types::Account{});
      change.after->nonce += 1;
      change.after->balance = U256{random_(), random_() % 2 == 0 ? 0 : random_(), 0, 0};
      change.storage_cleared = dice == 1;
      if (dice == 2) {
        const Bytes code(1 + random_() % 300, static_cast<std::uint8_t>(random_()));
        change.after->code_hash = hash::keccak256(code);
        diff.codes[change.after->code_hash] = code;
      }
      const std::size_t slots = dice < 5 ? random_() % 20 : 0;
      for (std::size_t s = 0; s < slots; ++s)
        change.slots[slot_of(random_() % 40)] = random_() % 3 == 0 ? U256{} : U256{random_() % 300};
      diff.accounts[address] = change;
    }
    state.apply(diff);
    return diff;
  }

 private:
  std::mt19937_64 random_;
};

void expect_same(StateDb& db, Height height, MemoryState& expected, std::uint64_t pool = 60) {
  const auto view = db.view(height);
  ASSERT_TRUE(view) << view.error().name() << " " << height.value;
  for (std::uint64_t a = 0; a < pool; ++a) {
    const Address address = address_of(a);
    ASSERT_EQ((*view)->account(address), expected.account(address)) << height.value << " " << a;
    for (std::uint64_t s = 0; s < 40; s += 1 + a % 7)
      ASSERT_EQ((*view)->storage(address, slot_of(s)), expected.storage(address, slot_of(s)))
          << height.value << " " << a << " " << s;
  }
  for (const auto& [hash, code] : expected.codes()) ASSERT_EQ((*view)->code(hash), code);
  ASSERT_EQ((*view)->error(), std::nullopt);
}

std::unique_ptr<StateDb> open_db(io::SegmentStore& store, const StateOptions& options = kSmall) {
  auto db = StateDb::open(store, options);
  EXPECT_TRUE(db) << (db ? "" : db.error().name());
  return db ? *std::move(db) : nullptr;
}

TEST(StateDb, AnEmptyDatabaseHasNoHeights) {
  io::MemorySegmentStore store;
  const auto db = open_db(store);
  EXPECT_EQ(db->head().has_value(), false);
  EXPECT_EQ(db->oldest(), std::nullopt);
  EXPECT_EQ(db->view(Height{0}).error(), Error{err::height_unknown});
  EXPECT_EQ(*db->commit(Height{0}, {}), types::kEmptyTrieRoot);
  EXPECT_EQ(db->head()->height, Height{0});
}

TEST(StateDb, EveryHeightReadsAsTheModelDid) {
  for (const std::uint64_t seed : {1u, 2u}) {
    io::MemorySegmentStore store;
    auto db = open_db(store);
    Chain chain{seed};
    std::vector<MemoryState> states(1);
    for (std::uint64_t height = 0; height < 90; ++height) {
      MemoryState state = states.back();
      const auto diff = chain.next(state);
      const auto root = db->commit(Height{height}, diff);
      ASSERT_TRUE(root) << root.error().name();
      ASSERT_EQ(*root, state.root()) << height;
      if (height == 0) states.clear();
      states.push_back(std::move(state));
      if (height % 5 == 0) expect_same(*db, Height{height}, states.back());
      if (height % 30 == 29) {
        db.reset();
        db = open_db(store);
      }
    }
    for (std::uint64_t height = 0; height < states.size(); ++height) {
      EXPECT_EQ(*db->root_at(Height{height}), states[height].root());
      expect_same(*db, Height{height}, states[height]);
    }
    EXPECT_GT(db->stats().segments, 3u);
  }
}

TEST(StateDb, ACommitMustFollowTheHead) {
  io::MemorySegmentStore store;
  const auto db = open_db(store);
  ASSERT_TRUE(db->commit(Height{7}, {}));
  EXPECT_EQ(db->commit(Height{7}, {}).error(), Error{err::wrong_height});
  EXPECT_EQ(db->commit(Height{9}, {}).error(), Error{err::wrong_height});
  EXPECT_TRUE(db->commit(Height{8}, {}));
  EXPECT_EQ(db->view(Height{6}).error(), Error{err::height_pruned});
  EXPECT_EQ(db->view(Height{9}).error(), Error{err::height_unknown});
}

TEST(StateDb, CodeThatFitsNoSegmentIsRefusedAndHarmsNothing) {
  io::MemorySegmentStore store;
  const auto db = open_db(store);
  types::StateDiff diff;
  diff.codes[hash::keccak256(as_bytes("big"))] = Bytes(64u << 10, 1);
  EXPECT_EQ(db->commit(Height{0}, diff).error(), Error{err::value_too_large});
  EXPECT_TRUE(db->commit(Height{0}, {}));
}

TEST(StateDb, ProofsVerifyAgainstTheRootOfTheirHeight) {
  io::MemorySegmentStore store;
  const auto db = open_db(store);
  Chain chain{5};
  MemoryState state;
  for (std::uint64_t height = 0; height < 30; ++height)
    ASSERT_TRUE(db->commit(Height{height}, chain.next(state)));
  const Hash root = db->head()->root;
  std::vector<Hash> slots;
  for (std::uint64_t s = 0; s < 45; ++s) slots.push_back(slot_of(s));
  for (std::uint64_t a = 0; a < 70; ++a) {
    const auto proof = db->proof(Height{29}, address_of(a), slots);
    ASSERT_TRUE(proof);
    const auto account = verify_account_proof(root, proof->address, proof->nodes);
    ASSERT_TRUE(account);
    EXPECT_EQ(*account, state.account(address_of(a)));
    EXPECT_EQ(*account, proof->account);
    const Hash storage_root =
        account->has_value() ? (*account)->storage_root : types::kEmptyTrieRoot;
    for (const StorageProof& entry : proof->storage) {
      const auto value = verify_storage_proof(storage_root, entry.slot, entry.nodes);
      ASSERT_TRUE(value);
      EXPECT_EQ(*value, state.storage(address_of(a), entry.slot));
      EXPECT_EQ(*value, entry.value);
    }
  }
}

TEST(StateDb, ViewsAreBounded) {
  io::MemorySegmentStore store;
  const auto db = open_db(store);
  ASSERT_TRUE(db->commit(Height{0}, {}));
  std::vector<std::unique_ptr<types::StateView>> views;
  for (std::size_t i = 0; i < kViewsMax; ++i) views.push_back(*db->view(Height{0}));
  EXPECT_EQ(db->view(Height{0}).error(), Error{err::too_many_views});
  views.pop_back();
  EXPECT_TRUE(db->view(Height{0}));
}

TEST(StateDb, ResettingTheHeadForgetsLaterHeightsAlsoInTheCache) {
  io::MemorySegmentStore store;
  auto db = open_db(store);
  Chain chain{9};
  std::vector<MemoryState> states;
  MemoryState state;
  for (std::uint64_t height = 0; height < 60; ++height) {
    ASSERT_TRUE(db->commit(Height{height}, chain.next(state)));
    states.push_back(state);
    if (height % 4 == 0) expect_same(*db, Height{height}, state);
  }
  {
    const auto view = db->view(Height{50});
    EXPECT_EQ(db->reset_head(Height{20}).error(), Error{err::views_open});
  }
  ASSERT_TRUE(db->reset_head(Height{20}));
  EXPECT_EQ(db->head()->height, Height{20});
  EXPECT_EQ(db->view(Height{21}).error(), Error{err::height_unknown});
  Chain other{10};
  states.resize(21);
  for (std::uint64_t height = 21; height < 50; ++height) {
    states.push_back(states.back());
    ASSERT_EQ(*db->commit(Height{height}, other.next(states.back())), states.back().root());
  }
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t height = 0; height < 50; height += 3)
      expect_same(*db, Height{height}, states[height]);
    db.reset();
    db = open_db(store);
  }
}

TEST(StateDb, OldHeightsAreForgottenAndTheirSegmentsRemoved) {
  constexpr StateOptions kShort{
      .history = 20, .segment_bytes = 16u << 10, .cached_accounts = 16, .cached_slots = 16};
  io::MemorySegmentStore store;
  auto db = open_db(store, kShort);
  Chain chain{11};
  std::map<std::uint64_t, MemoryState> states;
  MemoryState state;
  std::uint32_t segments_max = 0;
  std::uint64_t copied = 0;
  for (std::uint64_t height = 0; height < 600; ++height) {
    const auto root = db->commit(Height{height}, chain.next(state));
    ASSERT_TRUE(root) << root.error().name();
    if (height % 9 == 0) {
      ASSERT_EQ(*root, state.root());
    }
    states[height] = state;
    states.erase(states.begin(), states.lower_bound(height < 20 ? 0 : height - 20));
    if (height % 90 == 0) {
      for (auto& [at, expected] : states) expect_same(*db, Height{at}, expected);
      EXPECT_EQ(db->oldest(), Height{height < 20 ? 0 : height - 20});
      if (height > 20) {
        EXPECT_EQ(db->view(Height{height - 21}).error(), Error{err::height_pruned});
      }
    }
    if (height % 150 == 149) {
      db.reset();
      db = open_db(store, kShort);
    }
    copied = std::max(copied, db->stats().copied_leaves_total);
    if (height > 300) segments_max = std::max(segments_max, db->stats().segments);
  }
  EXPECT_GT(copied, 1000u);
  // 600 blocks fill hundreds of segments; the window needs a few dozen, and codes stay for
  // ever.
  EXPECT_LT(segments_max, 100u);
  EXPECT_GT((*store.list()).front(), 60u);
}

TEST(StateDb, AnOpenViewKeepsItsHeightReadable) {
  constexpr StateOptions kShort{
      .history = 5, .segment_bytes = 8u << 10, .cached_accounts = 16, .cached_slots = 16};
  io::MemorySegmentStore store;
  const auto db = open_db(store, kShort);
  Chain chain{12};
  MemoryState state;
  for (std::uint64_t height = 0; height < 10; ++height)
    ASSERT_TRUE(db->commit(Height{height}, chain.next(state)));
  MemoryState then = state;
  const auto view = *db->view(Height{9});
  for (std::uint64_t height = 10; height < 400; ++height)
    ASSERT_TRUE(db->commit(Height{height}, chain.next(state)));
  for (std::uint64_t a = 0; a < 60; ++a) {
    EXPECT_EQ(view->account(address_of(a)), then.account(address_of(a)));
    for (std::uint64_t s = 0; s < 40; ++s)
      EXPECT_EQ(view->storage(address_of(a), slot_of(s)), then.storage(address_of(a), slot_of(s)));
  }
  EXPECT_EQ(view->error(), std::nullopt);
  EXPECT_EQ(db->view(Height{9}).error(), Error{err::height_pruned});
}

TEST(StateDb, AnIdleChainWritesOnlyItsCommitRecords) {
  constexpr StateOptions kShort{
      .history = 5, .segment_bytes = 8u << 10, .cached_accounts = 16, .cached_slots = 16};
  io::MemorySegmentStore store;
  const auto db = open_db(store, kShort);
  Chain chain{13};
  MemoryState state;
  for (std::uint64_t height = 0; height < 50; ++height)
    ASSERT_TRUE(db->commit(Height{height}, chain.next(state)));
  std::uint64_t written = 0;
  for (std::uint64_t height = 50; height < 1050; ++height) {
    ASSERT_TRUE(db->commit(Height{height}, {}));
    written += db->stats().appended_bytes_last;
  }
  EXPECT_LT(written / 1000, 6000u);
}

TEST(StateDb, ReadersSeeTheirHeightWhileTheWriterGoesOn) {
  constexpr StateOptions kShort{
      .history = 10, .segment_bytes = 16u << 10, .cached_accounts = 32, .cached_slots = 32};
  io::MemorySegmentStore store;
  const auto db = open_db(store, kShort);
  // Every account and slot holds its height, so that a reader can tell.
  const auto block = [](std::uint64_t height) {
    types::StateDiff diff;
    for (std::uint64_t a = 0; a < 20; ++a) {
      if ((a + height) % 3 == 0) continue;
      auto& change = diff.accounts[address_of(a)];
      change.after = types::Account{.nonce = height, .balance = {}};
      change.slots[slot_of(1)] = U256{height};
      change.slots[slot_of(2)] = U256{height};
    }
    return diff;
  };
  const auto last_touched = [](std::uint64_t height, std::uint64_t a) {
    return (a + height) % 3 == 0 ? height - 1 : height;
  };
  ASSERT_TRUE(db->commit(Height{10}, block(10)));
  ASSERT_TRUE(db->commit(Height{11}, block(11)));
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> readers;
  for (std::uint64_t t = 0; t < 3; ++t) {
    readers.emplace_back([&, t] {
      std::mt19937_64 random{t};
      while (!done) {
        const Height height{std::max<std::uint64_t>(db->head()->height.value - random() % 4, 11)};
        const auto view = db->view(height);
        if (!view) continue;
        for (int i = 0; i < 40; ++i) {
          const std::uint64_t a = random() % 20;
          const std::uint64_t expected = last_touched(height.value, a);
          const auto account = (*view)->account(address_of(a));
          wrong += !account || account->nonce != expected;
          wrong += (*view)->storage(address_of(a), slot_of(1 + random() % 2)) != U256{expected};
        }
        wrong += (*view)->error().has_value();
      }
    });
  }
  for (std::uint64_t height = 12; height < 1000; ++height)
    ASSERT_TRUE(db->commit(Height{height}, block(height)));
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0u);
}

}  // namespace
}  // namespace wusong::state
