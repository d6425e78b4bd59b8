// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/persistence.hpp"

#include <gtest/gtest.h>

#include "wusong/txpool/internal/test_pool.hpp"

namespace wusong::txpool {
namespace {

using testing_pool::address;
using testing_pool::make;
using testing_pool::TestPool;

/// Only what the pool uses of a store.
class MapStore final : public io::KvStore {
 public:
  std::map<Bytes, Bytes> entries;

  Result<std::optional<Bytes>> get(io::Column, BytesView key) const override {
    const auto found = entries.find(to_bytes(key));
    return found == entries.end() ? std::nullopt : std::optional{found->second};
  }
  Result<void> write(const io::WriteBatch& batch, io::Durability) override {
    for (const auto& operation : batch.operations) {
      EXPECT_EQ(operation.column, io::Column::pool);
      if (operation.erase) {
        entries.erase(operation.key);
      } else {
        entries[operation.key] = operation.value;
      }
    }
    return {};
  }
  Result<void> scan(io::Column, BytesView, BytesView, bool,
                    const std::function<bool(BytesView, BytesView)>& visit) const override {
    for (const auto& [key, value] : entries)
      if (!visit(key, value)) break;
    return {};
  }
};

/// Signed, so that it decodes again.
Candidate make_signed(std::uint64_t nonce, bool local) {
  Candidate out = make(1, nonce, {.local = local});
  EXPECT_TRUE(types::sign(out.transaction, Bytes(32, 9)));
  out.hash = types::hash_of(out.transaction);
  return out;
}

void save(LocalJournal& journal, MapStore& store, const Changes& changes) {
  io::WriteBatch batch;
  journal.append_to(batch, changes);
  EXPECT_TRUE(store.write(batch, io::Durability::buffered));
}

PooledPtr pooled_of(const Candidate& candidate) {
  return std::make_shared<const Pooled>(
      Pooled{candidate.transaction, {}, candidate.hash, 1, true, 0, {}});
}

TEST(Persistence, HoldsTheLocalTransactionsOfThePool) {
  TestPool pool;
  MapStore store;
  LocalJournal journal;
  for (std::uint64_t nonce = 0; nonce < 6; ++nonce) {
    EXPECT_TRUE(pool.add(make_signed(nonce, nonce % 2 == 0)));
    save(journal, store, pool.changes);
  }
  const auto loaded = load(store);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->transactions.size(), 3u);
  EXPECT_EQ(loaded->next, 3u);
  for (const auto& transaction : loaded->transactions)
    EXPECT_NE(pool->find(types::hash_of(transaction)), nullptr);

  save(journal, store, pool.on_block({}, {{address(1), 5}}));
  EXPECT_TRUE(store.entries.empty()) << "0, 2 and 4 were included";
}

TEST(Persistence, ARecordGoesWithTheLastOfItsTransactions) {
  MapStore store;
  LocalJournal journal{7};
  const PooledPtr first = pooled_of(make_signed(0, true));
  const PooledPtr second = pooled_of(make_signed(1, true));
  Changes changes;
  changes.stored = {{first, true}, {second, true}};
  save(journal, store, changes);
  EXPECT_EQ(store.entries.size(), 1u) << "one record a call";
  changes.stored = {{first, false}};
  save(journal, store, changes);
  EXPECT_EQ(store.entries.size(), 1u);
  EXPECT_EQ(load(store)->next, 8u);
  changes.stored = {{second, false}};
  save(journal, store, changes);
  EXPECT_TRUE(store.entries.empty());
}

TEST(Persistence, NamesWhatCannotBeReadAndLoadsTheRest) {
  MapStore store;
  LocalJournal journal;
  Changes changes;
  changes.stored = {{pooled_of(make_signed(0, true)), true}};
  save(journal, store, changes);
  store.entries[Bytes(8, 9)] = {1, 2, 3};
  const auto loaded = load(store);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->transactions.size(), 1u);
  EXPECT_EQ(loaded->unreadable, 1u);
  EXPECT_EQ(loaded->keys.size(), 2u) << "all are erased once the readable ones were added";
}

TEST(Persistence, KeepsAndForgetsInOrder) {
  MapStore store;
  LocalJournal journal;
  const PooledPtr pooled = pooled_of(make_signed(0, true));
  Changes changes;
  changes.stored = {{pooled, true}, {pooled, false}, {pooled, true}};
  save(journal, store, changes);
  EXPECT_EQ(store.entries.size(), 1u);
  changes.stored = {{pooled, true}, {pooled, false}};
  save(journal, store, changes);
  changes.stored = {{pooled, false}};
  save(journal, store, changes);
  EXPECT_TRUE(store.entries.empty());
}

}  // namespace
}  // namespace wusong::txpool
