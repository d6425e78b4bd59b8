// SPDX-License-Identifier: Apache-2.0
// What crashes, full disks and damage leave behind.
#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::state {
namespace {

constexpr StateOptions kOptions{
    .history = 100, .segment_bytes = 1u << 20, .cached_accounts = 0, .cached_slots = 0};

Address address_of(std::uint8_t n) {
  Address address;
  address.bytes.fill(n);
  return address;
}

types::StateDiff block(std::uint64_t height) {
  types::StateDiff diff;
  for (std::uint8_t a = 0; a < 6; ++a) {
    auto& change = diff.accounts[address_of(static_cast<std::uint8_t>(a + height % 5))];
    change.after = types::Account{.nonce = height, .balance = U256{a}};
    change.slots[to_hash(U256{height % 7})] = U256{height};
  }
  return diff;
}

struct Written {
  Bytes bytes;                      // of segment 1
  std::vector<std::uint64_t> ends;  // after each commit
  std::vector<Hash> roots;
};

Written write_blocks(std::uint64_t count, std::uint64_t sync_at) {
  Written out;
  io::MemorySegmentStore store;
  const auto db = *StateDb::open(store, kOptions);
  for (std::uint64_t height = 0; height < count; ++height) {
    out.roots.push_back(*db->commit(Height{height}, block(height)));
    out.ends.push_back(store.bytes(1).size());
    if (height == sync_at) {
      EXPECT_TRUE(db->sync());
    }
  }
  out.bytes = to_bytes(store.bytes(1));
  return out;
}

void put_segment(io::MemorySegmentStore& store, BytesView bytes) {
  const auto segment = *store.open(1, 1u << 20);
  ASSERT_TRUE(segment->append(bytes));
}

TEST(Recovery, ATailCutAtAnyByteLeavesTheCommitBefore) {
  const Written written = write_blocks(6, 99);
  for (std::uint64_t size = written.ends[4]; size <= written.ends[5]; ++size) {
    io::MemorySegmentStore store;
    put_segment(store, BytesView{written.bytes}.first(size));
    OpenReport report;
    const auto db = StateDb::open(store, kOptions, &report);
    ASSERT_TRUE(db) << size;
    const bool whole = size == written.ends[5];
    ASSERT_EQ((*db)->head()->height, Height{whole ? 5u : 4u}) << size;
    ASSERT_EQ((*db)->head()->root, written.roots[whole ? 5 : 4]);
    ASSERT_EQ(report.truncated_bytes, whole ? 0 : size - written.ends[4]);
    if (!whole) {
      ASSERT_EQ(*(*db)->commit(Height{5}, block(5)), written.roots[5]);
    }
    ASSERT_EQ(*(*db)->commit(Height{6}, {}), written.roots[5]);
  }
}

TEST(Recovery, AnUnsyncedCommitWithAFlippedByteIsForgotten) {
  const Written written = write_blocks(6, 4);
  for (std::uint64_t at = written.ends[4]; at < written.ends[5]; ++at) {
    io::MemorySegmentStore store;
    put_segment(store, written.bytes);
    store.bytes(1)[at] ^= static_cast<std::uint8_t>(1 + at % 255);
    const auto db = StateDb::open(store, kOptions);
    ASSERT_TRUE(db) << at;
    ASSERT_EQ((*db)->head()->height, Height{4}) << at;
    ASSERT_EQ(*(*db)->commit(Height{5}, block(5)), written.roots[5]);
  }
}

TEST(Recovery, DamageBelowWhatWasSyncedStopsWithItsPosition) {
  const Written written = write_blocks(6, 4);
  for (std::uint64_t at = 0; at < written.ends[4]; at += 13) {
    io::MemorySegmentStore store;
    put_segment(store, written.bytes);
    store.bytes(1)[at] ^= 0x40;
    OpenReport report;
    const auto db = StateDb::open(store, kOptions, &report);
    ASSERT_FALSE(db) << at;
    ASSERT_EQ(db.error(), Error{err::corrupt}) << at;
    ASSERT_EQ(report.corrupt_position >> 32, 1u);
    ASSERT_LE(report.corrupt_position & 0xffffffff, at);
    ASSERT_GT((report.corrupt_position & 0xffffffff) + 800, at);
  }
}

TEST(Recovery, DamageOfAnOpenLogIsAnErrorOfTheRead) {
  io::MemorySegmentStore store;
  const auto db = *StateDb::open(store, kOptions);
  ASSERT_TRUE(db->commit(Height{0}, block(0)));
  for (auto& byte : store.bytes(1)) byte ^= 0xff;
  const auto view = *db->view(Height{0});
  EXPECT_EQ(view->account(address_of(1)), std::nullopt);
  EXPECT_EQ(view->error(), Error{err::corrupt});
}

TEST(Recovery, APowerCutLosesOnlyWhatWasNotSynced) {
  constexpr StateOptions kTiny{
      .history = 100, .segment_bytes = 8u << 10, .cached_accounts = 0, .cached_slots = 0};
  for (std::uint64_t synced = 0; synced < 40; ++synced) {
    io::MemorySegmentStore store;
    std::vector<Hash> roots;
    {
      const auto db = *StateDb::open(store, kTiny);
      for (std::uint64_t height = 0; height < 45; ++height) {
        roots.push_back(*db->commit(Height{height}, block(height)));
        if (height == synced) {
          ASSERT_TRUE(db->sync());
        }
      }
    }
    store.lose_unsynced();
    const auto db = StateDb::open(store, kTiny);
    ASSERT_TRUE(db) << db.error().name();
    const auto head = (*db)->head();
    ASSERT_TRUE(head);
    ASSERT_GE(head->height.value, synced);
    for (std::uint64_t height = head->height.value + 1; height < 45; ++height)
      ASSERT_EQ(*(*db)->commit(Height{height}, block(height)), roots[height]);
  }
}

TEST(Recovery, AFullDiskStopsTheDatabaseAndLosesNothing) {
  const Written written = write_blocks(6, 99);
  for (std::uint64_t space = 0; space < written.ends[5] - written.ends[4]; space += 7) {
    io::MemorySegmentStore store;
    {
      const auto db = *StateDb::open(store, kOptions);
      for (std::uint64_t height = 0; height < 5; ++height)
        ASSERT_TRUE(db->commit(Height{height}, block(height)));
      store.set_space(space);
      ASSERT_EQ(db->commit(Height{5}, block(5)).error(), Error{io::err::disk_full});
      ASSERT_EQ(db->commit(Height{5}, block(5)).error(), Error{err::failed_before});
      const auto view = db->view(Height{4});
      ASSERT_TRUE(view);
      ASSERT_EQ((*view)->account(address_of(4))->nonce, 4u);
    }
    store.set_space(std::nullopt);
    const auto db = *StateDb::open(store, kOptions);
    ASSERT_EQ(db->head()->height, Height{4});
    ASSERT_EQ(*db->commit(Height{5}, block(5)), written.roots[5]);
  }
}

TEST(Recovery, AMissingSegmentInTheMiddleStopsOpening) {
  constexpr StateOptions kTiny{.history = 100, .segment_bytes = 8u << 10};
  io::MemorySegmentStore store;
  {
    const auto db = *StateDb::open(store, kTiny);
    for (std::uint64_t height = 0; height < 60; ++height)
      ASSERT_TRUE(db->commit(Height{height}, block(height)));
  }
  ASSERT_GT((*store.list()).size(), 4u);
  ASSERT_TRUE(store.remove(3));
  EXPECT_EQ(StateDb::open(store, kTiny).error(), Error{err::corrupt});
}

}  // namespace
}  // namespace wusong::state
