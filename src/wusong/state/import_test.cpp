// SPDX-License-Identifier: Apache-2.0
// States put together from parts of others, interrupted at any point.
#include <gtest/gtest.h>

#include <random>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::state {
namespace {

constexpr StateOptions kOptions{
    .history = 50, .segment_bytes = 64u << 10, .cached_accounts = 64, .cached_slots = 64};

Address address_of(std::uint64_t n) {
  return Address::from(hash::keccak256(as_bytes(std::to_string(n))).view().first(20));
}
Hash slot_of(std::uint64_t n) {
  return to_hash(U256{n});
}

/// A database beside plain maps that hold the same.
struct World {
  explicit World(const StateOptions& options = kOptions) { db = *StateDb::open(store, options); }
  void block(std::uint64_t height, const types::StateDiff& diff) {
    model.apply(diff);
    const auto root = db->commit(Height{height}, diff);
    ASSERT_TRUE(root) << root.error().name();
    if (height % 8 == 3) {
      ASSERT_EQ(*root, model.root());
    }
  }
  void reopen() {
    db.reset();
    db = *StateDb::open(store, kOptions);
  }
  io::MemorySegmentStore store;
  std::unique_ptr<StateDb> db;
  MemoryState model;
};

types::StateDiff random_diff(std::mt19937_64& random, std::uint64_t accounts, MemoryState& model) {
  types::StateDiff diff;
  for (std::uint64_t i = 0; i < accounts; ++i) {
    const Address address = address_of(random() % 400);
    types::AccountChange change;
    const std::uint64_t dice = random() % 12;
    if (dice == 0) {
      diff.accounts[address] = {};
      continue;
    }
    change.after = model.account(address).value_or(types::Account{});
    change.after->nonce += 1;
    change.after->balance = U256{random()};
    change.storage_cleared = dice == 1;
    if (dice == 2) {
      const Bytes code(1 + random() % 300, static_cast<std::uint8_t>(random()));
      change.after->code_hash = hash::keccak256(code);
      diff.codes[change.after->code_hash] = code;
    }
    const std::uint64_t slots = dice < 4 ? random() % 60 : 0;
    for (std::uint64_t s = 0; s < slots; ++s)
      change.slots[slot_of(random() % 90)] = random() % 4 == 0 ? U256{} : U256{random() % 300};
    diff.accounts[address] = change;
  }
  return diff;
}

/// Copies a height by its parts, as a node that fetches them does, and stops after so many.
class Copier {
 public:
  Copier(StateImport& import, TrieReader& source, std::size_t part_bytes, std::size_t parts_max)
      : import_{import}, source_{source}, part_bytes_{part_bytes}, left_{parts_max} {}

  /// False when it ran out of parts.
  bool copy() { return part(std::nullopt, {}, NodeRef::of_hash(source_.root())); }
  std::size_t fetched() const noexcept { return fetched_; }

 private:
  bool part(const std::optional<Hash>& account, const TriePath& path, const NodeRef& ref) {
    if (*import_.has(account, path, ref)) return true;
    if (left_ == 0) return false;
    --left_;
    ++fetched_;
    auto subtree = *source_.subtree(account, path, part_bytes_);
    EXPECT_TRUE(subtree);
    const NodeRef own = *ref_of(*subtree, path);
    EXPECT_TRUE(path.depth == 0 ? own.root_hash() == ref.root_hash() : own == ref);
    if (const auto* branch = std::get_if<TrieBranch>(&*subtree)) {
      EXPECT_TRUE(import_.keep(account, path, *branch));
      for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
        const NodeRef& child = branch->children[nibble];
        const auto below = TriePath::child(branch->prefix, branch->depth, nibble);
        if (!child.empty() && !part(account, below, child)) return false;
      }
      return true;
    }
    const auto& leaves = std::get<std::vector<TrieLeaf>>(*subtree);
    for (std::size_t i = 0; !account && i < leaves.size(); ++i)
      if (!belongings(leaves[i])) return false;
    const auto put = import_.put(account, path, leaves);
    EXPECT_TRUE(put) << put.error().name();
    return true;
  }

  bool belongings(const TrieLeaf& leaf) {
    const auto account = *types::decode_account(leaf.value);
    if (!*import_.has_code(account.code_hash)) {
      EXPECT_TRUE(import_.put_code(account.code_hash, **source_.code(account.code_hash)));
    }
    return account.storage_root == types::kEmptyTrieRoot ||
           part(leaf.key, {}, NodeRef::of_hash(account.storage_root));
  }

  StateImport& import_;
  TrieReader& source_;
  std::size_t part_bytes_;
  std::size_t left_;
  std::size_t fetched_{0};
};

void expect_equal(StateDb& db, Height height, MemoryState& model) {
  const auto view = *db.view(height);
  for (std::uint64_t a = 0; a < 400; ++a) {
    const Address address = address_of(a);
    auto expected = model.account(address);
    ASSERT_EQ(view->account(address), expected) << a;
    for (std::uint64_t s = 0; s < 90; ++s)
      ASSERT_EQ(view->storage(address, slot_of(s)), model.storage(address, slot_of(s)));
    if (expected) {
      ASSERT_EQ(view->code(expected->code_hash), model.code(expected->code_hash));
    }
  }
  ASSERT_EQ(view->error(), std::nullopt);
}

constexpr std::uint64_t kLater = 55;  // beyond the window, so that segments go

/// Both go on from the same height with the same blocks.
void expect_lives_on(World& copy, World& source, std::uint64_t height, std::mt19937_64& random) {
  for (std::uint64_t h = height + 1; h <= height + kLater; ++h) {
    const auto diff = random_diff(random, 8, source.model);
    source.block(h, diff);
    copy.block(h, diff);
  }
  copy.reopen();
  expect_equal(*copy.db, Height{height + kLater}, source.model);
}

TEST(StateImport, ACopyMadeOfPartsIsTheState) {
  for (const std::size_t part_bytes : {std::size_t{1}, std::size_t{700}, std::size_t{1} << 20}) {
    std::mt19937_64 random{7 + part_bytes};
    World source;
    for (std::uint64_t h = 0; h < 20; ++h) source.block(h, random_diff(random, 120, source.model));
    World copy;
    copy.block(0, random_diff(random, 30, copy.model));  // a genesis that has little to do with it
    const auto tries = *source.db->tries(Height{19});
    const auto import = *copy.db->import_state();
    Copier copier{*import, *tries, part_bytes, 1'000'000};
    ASSERT_TRUE(copier.copy());
    const auto done = import->finish(Height{19}, source.model.root());
    ASSERT_TRUE(done) << done.error().name();
    copy.model = source.model;
    EXPECT_EQ(copy.db->head()->height, Height{19});
    EXPECT_EQ(copy.db->oldest(), Height{19});
    EXPECT_EQ(copy.db->view(Height{0}).error(), Error{err::height_pruned});
    expect_equal(*copy.db, Height{19}, copy.model);
    expect_lives_on(copy, source, 19, random);
  }
}

TEST(StateImport, AKilledImportGoesOnAndFetchesNothingTwice) {
  std::mt19937_64 random{3};
  World source;
  for (std::uint64_t h = 0; h < 20; ++h) source.block(h, random_diff(random, 120, source.model));
  const auto tries = *source.db->tries(Height{19});
  World copy;
  copy.block(0, {});
  bool done = false;
  for (int lives = 0; !done && lives < 2'000; ++lives) {
    const auto import = *copy.db->import_state();
    Copier copier{*import, *tries, 500, 1 + random() % 40};
    done = copier.copy();
    if (done) break;
    if (random() % 2 == 0) {
      ASSERT_TRUE(import->sync());
    }
    copy.reopen();
  }
  ASSERT_TRUE(done);
  const auto import = *copy.db->import_state();
  Copier again{*import, *tries, 500, 0};
  EXPECT_TRUE(again.copy());  // a power cut costs nothing that is complete
  ASSERT_TRUE(import->finish(Height{19}, source.model.root()));
  expect_equal(*copy.db, Height{19}, source.model);
}

TEST(StateImport, ANewerStateIsReachedFromAnOlderOne) {
  std::mt19937_64 random{11};
  World source;
  for (std::uint64_t h = 0; h < 10; ++h) source.block(h, random_diff(random, 120, source.model));
  World copy;
  copy.block(0, {});
  const auto import = *copy.db->import_state();
  {
    const auto tries = *source.db->tries(Height{9});
    Copier copier{*import, *tries, 400, 60};
    EXPECT_FALSE(copier.copy());
  }
  for (std::uint64_t h = 10; h < 25; ++h) source.block(h, random_diff(random, 60, source.model));
  const auto tries = *source.db->tries(Height{24});
  EXPECT_EQ(import->finish(Height{24}, source.model.root()).error(), Error{err::import_incomplete});
  Copier copier{*import, *tries, 400, 1'000'000};
  ASSERT_TRUE(copier.copy());
  ASSERT_TRUE(import->finish(Height{24}, source.model.root()));
  expect_equal(*copy.db, Height{24}, source.model);

  // And once more from a complete one: only what differs is fetched.
  types::StateDiff small;
  small.accounts[address_of(5)].after = types::Account{.nonce = 77, .balance = U256{1}};
  source.block(25, small);
  const auto next = *source.db->tries(Height{25});
  const auto later = *copy.db->import_state();
  Copier little{*later, *next, 400, 1'000'000};
  ASSERT_TRUE(little.copy());
  EXPECT_LE(little.fetched(), 6u);
  ASSERT_TRUE(later->finish(Height{25}, source.model.root()));
  expect_equal(*copy.db, Height{25}, source.model);
}

TEST(StateImport, AnAccountWithoutItsStorageOrCodeIsRefused) {
  std::mt19937_64 random{5};
  World source;
  for (std::uint64_t h = 0; h < 8; ++h) source.block(h, random_diff(random, 120, source.model));
  const auto tries = *source.db->tries(Height{7});
  const auto all = **tries->subtree(std::nullopt, {}, std::size_t{1} << 30);
  World copy;
  copy.block(0, {});
  const auto import = *copy.db->import_state();
  EXPECT_EQ(import->put(std::nullopt, {}, std::get<std::vector<TrieLeaf>>(all)).error(),
            Error{err::import_incomplete});
  EXPECT_EQ(import->put(std::nullopt, {}, {{.key = slot_of(1), .value = Bytes{1}}}).error(),
            Error{err::bad_subtree});
  EXPECT_EQ(import->finish(Height{0}, types::kEmptyTrieRoot).error(), Error{err::wrong_height});
}

TEST(StateImport, ACommitEndsIt) {
  World copy;
  copy.block(0, {});
  {
    const auto import = *copy.db->import_state();
    ASSERT_TRUE(import->put_code(hash::keccak256(Bytes{1}), Bytes{1}));
    ASSERT_TRUE(import->sync());
    EXPECT_TRUE(*import->has_code(hash::keccak256(Bytes{1})));
  }
  copy.block(1, {});
  copy.reopen();
  const auto import = *copy.db->import_state();
  EXPECT_FALSE(*import->has_code(hash::keccak256(Bytes{1})));
}

TEST(Subtree, WhatIsNotAPartOfATrieIsRefused) {
  const TriePath path = TriePath::child({}, 0, 0xa);
  Hash key;
  key.bytes[0] = 0xa1;
  Hash other;
  other.bytes[0] = 0xa2;
  const TrieLeaf leaf{.key = key, .value = Bytes{1}};
  const TrieLeaf after{.key = other, .value = Bytes{1}};
  const auto refused = [&](const Subtree& subtree) {
    const auto ref = ref_of(subtree, path);
    return !ref && ref.error() == Error{err::bad_subtree};
  };
  EXPECT_FALSE(refused(std::vector{leaf, after}));
  EXPECT_TRUE(refused(std::vector<TrieLeaf>{}));
  EXPECT_TRUE(refused(std::vector{after, leaf}));
  EXPECT_TRUE(refused(std::vector{leaf, leaf}));
  EXPECT_TRUE(refused(std::vector{TrieLeaf{.key = key, .value = {}}}));
  EXPECT_TRUE(refused(std::vector{TrieLeaf{.key = {}, .value = Bytes{1}}}));
  TrieBranch branch{.prefix = key, .depth = 2, .children = {}};
  branch.children[3] = NodeRef::of_hash(key);
  EXPECT_TRUE(refused(branch));  // one child is no branch
  branch.children[4] = NodeRef::of_hash(key);
  EXPECT_FALSE(refused(branch));
  branch.depth = 64;
  EXPECT_TRUE(refused(branch));
  branch.depth = 0;
  EXPECT_TRUE(refused(branch));
  branch.depth = 2;
  branch.prefix.bytes[0] = 0xb1;
  EXPECT_TRUE(refused(branch));
}

}  // namespace
}  // namespace wusong::state
