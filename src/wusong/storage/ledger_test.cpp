// SPDX-License-Identifier: Apache-2.0
#include "wusong/storage/ledger.hpp"

#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/storage/errors.hpp"
#include "wusong/storage/internal/records.hpp"
#include "wusong/storage/memory_store.hpp"

namespace wusong::storage {
namespace {

Hash hash_of(std::string_view text) {
  return hash::keccak256(as_bytes(text));
}
const ChainIdentity kChain{.chain_id = 31'337, .genesis_hash = hash_of("genesis")};

Bytes block_bytes(std::uint64_t height) {
  return to_bytes(as_bytes("block " + std::to_string(height)));
}
Hash block_hash(std::uint64_t height) {
  return hash::keccak256(block_bytes(height));
}

types::Receipt receipt(std::uint64_t gas, bool with_log = false) {
  types::Receipt out;
  out.success = true;
  out.gas_used = gas;
  out.cumulative_gas_used = gas;
  out.effective_gas_price = U256{7};
  if (with_log) {
    out.logs.push_back({.address = {}, .topics = {hash_of("topic")}, .data = Bytes{1, 2, 3}});
    out.logs_bloom = types::bloom_of(out.logs);
  }
  return out;
}

Execution execution(std::size_t count, bool with_log = false) {
  Execution out;
  out.roots.state_root = hash_of("state");
  out.roots.receipts_root = hash_of("receipts");
  for (std::size_t i = 0; i < count; ++i) {
    out.receipts.push_back(receipt(21'000 + i, with_log));
    out.skipped.push_back(0);
    out.roots.gas_used += 21'000 + i;
    if (with_log) out.roots.logs_bloom |= out.receipts.back().logs_bloom;
  }
  return out;
}

struct Fixture {
  MemoryStore store;
  std::unique_ptr<Ledger> ledger;
  Fixture() { reopen(); }
  void reopen() {
    auto opened = Ledger::open(store, kChain);
    ASSERT_TRUE(opened) << opened.error().name();
    ledger = *std::move(opened);
  }
  void blocks(std::uint64_t count) {
    for (std::uint64_t height = 0; height < count; ++height)
      ASSERT_TRUE(ledger->append_block(Height{height}, block_hash(height), block_bytes(height),
                                       height % 2 == 0 ? Bytes{9} : Bytes{}));
  }
};

TEST(Ledger, AnotherChainOrFormatIsRefused) {
  Fixture f;
  ChainIdentity other = kChain;
  other.chain_id = 1;
  EXPECT_EQ(Ledger::open(f.store, other).error(), Error{err::genesis_mismatch});
  other = kChain;
  other.genesis_hash = hash_of("other");
  EXPECT_EQ(Ledger::open(f.store, other).error(), Error{err::genesis_mismatch});

  io::WriteBatch batch;
  Ledger::stage_format(batch, kDataFormat + 1);
  ASSERT_TRUE(f.store.write(batch, io::Durability::synced));
  EXPECT_EQ(Ledger::open(f.store, kChain).error(), Error{err::format_version});
  io::WriteBatch erase;
  erase.erase(io::Column::meta, as_bytes("format"));
  ASSERT_TRUE(f.store.write(erase, io::Durability::synced));
  EXPECT_EQ(Ledger::open(f.store, kChain).error(), Error{err::corrupt});
}

TEST(Ledger, BlocksAreFoundByHeightAndHashAndSurviveReopening) {
  Fixture f;
  EXPECT_EQ(f.ledger->final_head(), std::nullopt);
  f.blocks(5);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(f.ledger->final_head(), Height{4});
    for (std::uint64_t height = 0; height < 5; ++height) {
      const auto block = *f.ledger->block(Height{height});
      ASSERT_TRUE(block);
      EXPECT_EQ(block->hash, block_hash(height));
      EXPECT_EQ(block->bytes, block_bytes(height));
      EXPECT_EQ(*f.ledger->block_hash(Height{height}), block_hash(height));
      EXPECT_EQ(*f.ledger->height_of(block_hash(height)), Height{height});
    }
    EXPECT_EQ(f.ledger->block(Height{5})->has_value(), false);
    EXPECT_EQ(*f.ledger->height_of(hash_of("no block")), std::nullopt);
    f.reopen();
  }
}

TEST(Ledger, ABlockMustFollowTheHead) {
  Fixture f;
  ASSERT_TRUE(f.ledger->append_block(Height{10}, block_hash(10), block_bytes(10), {}));
  EXPECT_EQ(f.ledger->append_block(Height{10}, block_hash(10), block_bytes(10), {}).error(),
            Error{err::wrong_height});
  EXPECT_EQ(f.ledger->append_block(Height{12}, block_hash(12), block_bytes(12), {}).error(),
            Error{err::wrong_height});
  EXPECT_TRUE(f.ledger->append_block(Height{11}, block_hash(11), block_bytes(11), {}));
}

TEST(Ledger, AFinalisedBlockSurvivesAPowerCutAndAnExecutionMayNot) {
  Fixture f;
  f.blocks(3);
  ASSERT_TRUE(f.ledger->put_execution(Height{0}, std::vector{hash_of("t")}, execution(1)));
  EXPECT_EQ(f.ledger->executed_head(), Height{0});
  f.store.lose_unsynced();
  f.reopen();
  EXPECT_EQ(f.ledger->final_head(), Height{2});
  EXPECT_EQ(f.ledger->executed_head(), std::nullopt);
  EXPECT_EQ(*f.ledger->locate(hash_of("t")), std::nullopt);
}

TEST(Ledger, AFailedWriteMovesNoHead) {
  Fixture f;
  f.blocks(2);
  f.store.set_faults({.writes_left = 0});
  EXPECT_EQ(f.ledger->append_block(Height{2}, block_hash(2), block_bytes(2), {}).error(),
            Error{io::err::disk_full});
  EXPECT_EQ(f.ledger->put_execution(Height{0}, {}, execution(0)).error(),
            Error{io::err::disk_full});
  EXPECT_EQ(f.ledger->final_head(), Height{1});
  EXPECT_EQ(f.ledger->executed_head(), std::nullopt);
  EXPECT_EQ(f.ledger->block(Height{2})->has_value(), false);
}

TEST(Ledger, ExecutionsComeBackAsTheyWere) {
  Fixture f;
  for (std::uint64_t height = 0; height < 4; ++height) {
    Execution in = execution(height, height == 2);
    if (height == 3) in.skipped[1] = 2401;
    std::vector<Hash> hashes;
    for (std::uint64_t i = 0; i < height; ++i)
      hashes.push_back(hash_of(std::to_string(height) + "/" + std::to_string(i)));
    ASSERT_TRUE(f.ledger->put_execution(Height{height}, hashes, in));
    const auto out = *f.ledger->execution(Height{height});
    ASSERT_TRUE(out);
    EXPECT_EQ(out->receipts, in.receipts);
    EXPECT_EQ(out->skipped, in.skipped);
    EXPECT_EQ(out->roots, in.roots);
    EXPECT_EQ(*f.ledger->roots(Height{height}), in.roots);
    for (std::uint32_t i = 0; i < height; ++i)
      EXPECT_EQ(*f.ledger->locate(hashes[i]),
                (TransactionLocation{.height = Height{height}, .index = i}));
  }
  EXPECT_EQ(f.ledger->executed_head(), Height{3});
  EXPECT_EQ(f.ledger->put_execution(Height{5}, {}, execution(0)).error(), Error{err::wrong_height});
  EXPECT_EQ(f.ledger->execution(Height{9})->has_value(), false);
  EXPECT_EQ(f.ledger->roots(Height{9})->has_value(), false);
}

TEST(Ledger, ASkippedTransactionNeverHidesAnExecutedOne) {
  Fixture f;
  const Hash tx = hash_of("tx");
  Execution skipped = execution(1);
  skipped.skipped[0] = 2402;
  ASSERT_TRUE(f.ledger->put_execution(Height{0}, std::vector{tx}, skipped));
  EXPECT_EQ((*f.ledger->locate(tx))->height, Height{0});  // found, until it is executed
  ASSERT_TRUE(f.ledger->put_execution(Height{1}, std::vector{tx}, execution(1)));
  EXPECT_EQ((*f.ledger->locate(tx))->height, Height{1});
  ASSERT_TRUE(f.ledger->put_execution(Height{2}, std::vector{tx}, skipped));
  EXPECT_EQ((*f.ledger->locate(tx))->height, Height{1});

  Execution both = execution(2);
  both.skipped[1] = 2402;
  const Hash twice = hash_of("twice");
  ASSERT_TRUE(f.ledger->put_execution(Height{3}, std::vector{twice, twice}, both));
  EXPECT_EQ((*f.ledger->locate(twice))->index, 0u);
}

TEST(Ledger, ExecutingAgainReplacesTheRecordAndKeepsTheHead) {
  Fixture f;
  for (std::uint64_t height = 0; height < 3; ++height)
    ASSERT_TRUE(f.ledger->put_execution(Height{height}, {}, execution(0)));
  ASSERT_TRUE(f.ledger->put_execution(Height{1}, std::vector{hash_of("x")}, execution(1)));
  EXPECT_EQ(f.ledger->executed_head(), Height{2});
  EXPECT_EQ((*f.ledger->execution(Height{1}))->receipts.size(), 1u);
}

TEST(Ledger, BloomsAreScannedInOrderWithoutHeightsThatHaveNoLogs) {
  Fixture f;
  for (std::uint64_t height = 0; height < 20; ++height) {
    const Hash tx = hash_of(std::to_string(height));
    ASSERT_TRUE(
        f.ledger->put_execution(Height{height}, std::vector{tx}, execution(1, height % 3 == 0)));
  }
  const auto heights = [&](std::uint64_t first, std::uint64_t last, std::size_t limit) {
    std::vector<std::uint64_t> found;
    EXPECT_TRUE(f.ledger->scan_blooms(
        Height{first}, Height{last}, [&](Height height, const types::Bloom& bloom) {
          EXPECT_TRUE(types::bloom_may_contain(bloom, hash_of("topic")));
          found.push_back(height.value);
          return found.size() < limit;
        }));
    return found;
  };
  EXPECT_EQ(heights(0, 19, 99), (std::vector<std::uint64_t>{0, 3, 6, 9, 12, 15, 18}));
  EXPECT_EQ(heights(3, 9, 99), (std::vector<std::uint64_t>{3, 6, 9}));
  EXPECT_EQ(heights(4, 8, 99), (std::vector<std::uint64_t>{6}));
  EXPECT_EQ(heights(0, 19, 2), (std::vector<std::uint64_t>{0, 3}));
  EXPECT_EQ(heights(9, 3, 99), (std::vector<std::uint64_t>{}));
}

TEST(Ledger, CertificatesAreFoundAtAHeightAboveItAndLast) {
  Fixture f;
  f.blocks(5);  // finality certificates at 0, 2, 4
  const auto finality = CertificateKind::finality;
  const auto attestation = CertificateKind::attestation;
  EXPECT_EQ(f.ledger->last_certificate(attestation)->has_value(), false);
  ASSERT_TRUE(f.ledger->put_certificate(attestation, Height{3}, Bytes{3}));
  EXPECT_EQ(**f.ledger->certificate(finality, Height{2}), Bytes{9});
  EXPECT_EQ(f.ledger->certificate(finality, Height{3})->has_value(), false);
  EXPECT_EQ((*f.ledger->first_certificate(finality, Height{3}))->height, Height{4});
  EXPECT_EQ((*f.ledger->first_certificate(finality, Height{4}))->height, Height{4});
  EXPECT_EQ(f.ledger->first_certificate(finality, Height{5})->has_value(), false);
  EXPECT_EQ((*f.ledger->last_certificate(finality))->height, Height{4});
  EXPECT_EQ((*f.ledger->last_certificate(attestation))->bytes, Bytes{3});
}

TEST(Ledger, ValuesThatDoNotDecodeHaltTheNode) {
  Fixture f;
  f.blocks(1);
  ASSERT_TRUE(f.ledger->put_execution(Height{0}, std::vector{hash_of("t")}, execution(1, true)));
  const auto damage = [&](io::Column column) {
    io::WriteBatch batch;
    EXPECT_TRUE(f.store.scan(column, {}, {}, false, [&](BytesView key, BytesView value) {
      batch.put(column, key, value.first(value.size() / 2));
      return true;
    }));
    EXPECT_TRUE(f.store.write(batch, io::Durability::synced));
  };
  for (const auto column : {io::Column::block, io::Column::receipt, io::Column::index})
    damage(column);
  EXPECT_EQ(f.ledger->execution(Height{0}).error(), Error{err::corrupt});
  EXPECT_EQ(f.ledger->roots(Height{0}).error(), Error{err::corrupt});
  EXPECT_EQ(f.ledger->locate(hash_of("t")).error(), Error{err::corrupt});
  EXPECT_EQ(f.ledger->height_of(block_hash(0)).error(), Error{err::corrupt});
  EXPECT_EQ(f.ledger->block(Height{0}).error(), Error{err::corrupt});
  EXPECT_EQ(
      f.ledger->scan_blooms(Height{0}, Height{9}, [](Height, const types::Bloom&) { return true; })
          .error(),
      Error{err::corrupt});
}

TEST(MemoryStore, ScansAreBoundedAndGoBothWays) {
  MemoryStore store;
  io::WriteBatch batch;
  for (std::uint8_t i = 0; i < 10; ++i) batch.put(io::Column::pool, Bytes{i}, Bytes{i});
  ASSERT_TRUE(store.write(batch, io::Durability::buffered));
  const auto scan = [&](Bytes from, Bytes to, bool reverse, std::size_t limit) {
    Bytes found;
    EXPECT_TRUE(store.scan(io::Column::pool, from, to, reverse, [&](BytesView key, BytesView) {
      found.push_back(key[0]);
      return found.size() < limit;
    }));
    return found;
  };
  EXPECT_EQ(scan({3}, {6}, false, 99), (Bytes{3, 4, 5}));
  EXPECT_EQ(scan({3}, {6}, true, 99), (Bytes{5, 4, 3}));
  EXPECT_EQ(scan({7}, {}, false, 99), (Bytes{7, 8, 9}));
  EXPECT_EQ(scan({}, {}, true, 2), (Bytes{9, 8}));
  EXPECT_EQ(scan({6}, {3}, false, 99), Bytes{});
}

TEST(MemoryStore, APowerCutUndoesPutsAndErasesBackToTheLastSync) {
  MemoryStore store;
  const auto write = [&](const io::WriteBatch& batch, io::Durability durability) {
    ASSERT_TRUE(store.write(batch, durability));
  };
  io::WriteBatch first;
  first.put(io::Column::meta, Bytes{1}, Bytes{1});
  first.put(io::Column::meta, Bytes{2}, Bytes{2});
  write(first, io::Durability::synced);
  io::WriteBatch second;
  second.erase(io::Column::meta, Bytes{1});
  second.put(io::Column::meta, Bytes{2}, Bytes{22});
  second.put(io::Column::meta, Bytes{2}, Bytes{23});
  second.put(io::Column::meta, Bytes{3}, Bytes{3});
  write(second, io::Durability::buffered);
  EXPECT_EQ(store.get(io::Column::meta, Bytes{1})->has_value(), false);
  store.lose_unsynced();
  EXPECT_EQ(**store.get(io::Column::meta, Bytes{1}), Bytes{1});
  EXPECT_EQ(**store.get(io::Column::meta, Bytes{2}), Bytes{2});
  EXPECT_EQ(store.get(io::Column::meta, Bytes{3})->has_value(), false);
}

TEST(Ledger, EpochsAreFoundInTheirOrder) {
  MemoryStore store;
  const auto ledger = *Ledger::open(store, {.chain_id = 1, .genesis_hash = {}});
  EXPECT_EQ(*ledger->epochs(), std::vector<Height>{Height{1}});
  io::WriteBatch batch;
  Ledger::stage_epoch(batch, 1, Height{33});
  Ledger::stage_epoch(batch, 2, Height{300});
  ASSERT_TRUE(store.write(batch, io::Durability::synced));
  EXPECT_EQ(*ledger->epochs(), (std::vector<Height>{Height{1}, Height{33}, Height{300}}));
  io::WriteBatch gap;
  Ledger::stage_epoch(gap, 4, Height{400});
  ASSERT_TRUE(store.write(gap, io::Durability::synced));
  EXPECT_EQ(ledger->epochs().error(), Error{err::corrupt});
}

}  // namespace
}  // namespace wusong::storage
