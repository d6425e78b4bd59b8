// SPDX-License-Identifier: Apache-2.0
// The storage ports on real files.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "wusong/platform/rocks_store.hpp"
#include "wusong/platform/segment_files.hpp"

namespace wusong::platform {
namespace {

/// A folder of its own, gone with the test.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

io::WriteBatch one(std::uint8_t key, std::uint8_t value) {
  io::WriteBatch batch;
  batch.put(io::Column::block, Bytes{key}, Bytes{value});
  return batch;
}

TEST(RocksStore, KeepsWhatWasWrittenAndScansBothWays) {
  const Folder folder;
  for (int round = 0; round < 2; ++round) {
    const auto store = *open_rocks_store(folder.path / "db");
    if (round == 0) {
      io::WriteBatch batch;
      for (std::uint8_t i = 0; i < 10; ++i) batch.put(io::Column::index, Bytes{i}, Bytes{i});
      batch.erase(io::Column::index, Bytes{4});
      ASSERT_TRUE(store->write(batch, io::Durability::buffered));
    }
    EXPECT_EQ(**store->get(io::Column::index, Bytes{3}), Bytes{3});
    EXPECT_FALSE(store->get(io::Column::index, Bytes{4})->has_value());
    EXPECT_FALSE(store->get(io::Column::block, Bytes{3})->has_value());
    const auto scan = [&](Bytes from, Bytes to, bool reverse) {
      Bytes found;
      EXPECT_TRUE(store->scan(io::Column::index, from, to, reverse, [&](BytesView key, BytesView) {
        found.push_back(key[0]);
        return found.size() < 4;
      }));
      return found;
    };
    EXPECT_EQ(scan({2}, {6}, false), (Bytes{2, 3, 5}));
    EXPECT_EQ(scan({2}, {6}, true), (Bytes{5, 3, 2}));
    EXPECT_EQ(scan({}, {}, true), (Bytes{9, 8, 7, 6}));
    EXPECT_EQ(scan({8}, {}, false), (Bytes{8, 9}));
    EXPECT_EQ(scan({6}, {2}, false), Bytes{});
  }
}

TEST(RocksStore, ASecondOpenIsRefusedByName) {
  const Folder folder;
  const auto first = open_rocks_store(folder.path / "db");
  ASSERT_TRUE(first);
  EXPECT_EQ(open_rocks_store(folder.path / "db").error(), Error{io::err::store_locked});
}

TEST(RocksStore, DamageIsNamed) {
  const Folder folder;
  {
    ASSERT_TRUE((*open_rocks_store(folder.path / "db"))->write(one(1, 1), io::Durability::synced));
  }
  std::ofstream{folder.path / "db" / "CURRENT"} << "nonsense";
  const auto opened = open_rocks_store(folder.path / "db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Error{io::err::store_corrupt});
}

/// RocksDB takes a damaged end of its list of tables for a torn one and opens without what it said.
TEST(RocksStore, DamageAnywhereInTheListOfTablesIsNamedOrHarmless) {
  const Folder folder;
  const auto pristine = folder.path / "pristine";
  for (std::uint8_t i = 0; i < 3; ++i)  // each opening makes a table of what the log before held
    ASSERT_TRUE((*open_rocks_store(pristine))->write(one(i, i), io::Durability::synced));
  std::string list;
  ASSERT_TRUE(std::getline(std::ifstream{pristine / "CURRENT"}, list));
  const auto size = std::filesystem::file_size(pristine / list);
  std::size_t named = 0;
  for (std::uintmax_t at = 0; at < size; at += 16) {
    const auto spoiled = folder.path / "spoiled";
    std::filesystem::copy(pristine, spoiled, std::filesystem::copy_options::recursive);
    {
      std::fstream file{spoiled / list, std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(static_cast<std::streamoff>(at));
      file.write("damaged damaged ",
                 static_cast<std::streamsize>(std::min<std::uintmax_t>(16, size - at)));
    }
    if (const auto store = open_rocks_store(spoiled); store) {
      for (std::uint8_t i = 0; i < 3; ++i)
        EXPECT_EQ(*(*store)->get(io::Column::block, Bytes{i}), std::optional<Bytes>(Bytes{i}))
            << "at " << at;
    } else {
      EXPECT_EQ(store.error(), Error{io::err::store_corrupt}) << "at " << at;
      ++named;
    }
    std::filesystem::remove_all(spoiled);
  }
  EXPECT_GT(named, 0u);
}

TEST(RocksStore, TheListOfTablesIsWatchedWhileTheStoreIsOpen) {
  const Folder folder;
  {
    RocksOptions small;
    small.write_buffer_bytes = 64u << 10;
    const auto store = *open_rocks_store(folder.path / "db", small);
    for (std::uint8_t i = 0; i < 64; ++i) {
      io::WriteBatch batch;
      batch.put(io::Column::index, Bytes{i}, Bytes(16u << 10, i));
      ASSERT_TRUE(store->write(batch, io::Durability::buffered));
    }
  }
  std::string list;
  ASSERT_TRUE(std::getline(std::ifstream{folder.path / "db" / "CURRENT"}, list));
  std::fstream file{folder.path / "db" / list, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(-16, std::ios::end);
  file.write("damaged damaged ", 16);
  file.close();
  EXPECT_EQ(open_rocks_store(folder.path / "db").error(), Error{io::err::store_corrupt});
}

TEST(RocksStore, WritesOfAKilledProcessAreThere) {
  const Folder folder;
  const ::pid_t child = ::fork();
  if (child == 0) {
    auto store = open_rocks_store(folder.path / "db");
    if (!store) ::_exit(1);
    for (std::uint8_t i = 0; i < 100; ++i)
      if (!(*store)->write(one(i, i), io::Durability::buffered)) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto store = *open_rocks_store(folder.path / "db");
  for (std::uint8_t i = 0; i < 100; ++i)
    EXPECT_EQ(**store->get(io::Column::block, Bytes{i}), Bytes{i});
}

TEST(SegmentFiles, KeepWhatWasAppendedAtAStablePlace) {
  const Folder folder;
  const auto store = *open_segment_files(folder.path / "state");
  EXPECT_TRUE(store->list()->empty());
  const auto segment = *store->open(7, 1u << 20);
  ASSERT_TRUE(segment->append(Bytes(5000, 1)));
  const BytesView early = segment->view(0, 5000);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(segment->append(Bytes(5000, 2)));
  EXPECT_EQ(segment->size(), 505'000u);
  EXPECT_EQ(early.data(), segment->view(0, 1).data());
  EXPECT_EQ(early[4999], 1);
  EXPECT_EQ(segment->view(504'999, 1)[0], 2);
  ASSERT_TRUE(segment->sync());
  ASSERT_TRUE(segment->truncate(5001));
  EXPECT_EQ(segment->size(), 5001u);
  EXPECT_EQ(*store->list(), std::vector<std::uint32_t>{7});
  EXPECT_EQ((*store->open(7, 0))->view(5000, 1)[0], 2);
  ASSERT_TRUE(store->remove(7));
  EXPECT_TRUE(store->list()->empty());
}

TEST(SegmentFiles, ListOnlySegmentsInOrder) {
  const Folder folder;
  const auto store = *open_segment_files(folder.path);
  for (const std::uint32_t id : {30u, 4u, 4'000'000'000u}) ASSERT_TRUE(store->open(id, 100));
  std::ofstream{folder.path / "state-0000000x01.seg"} << "x";
  std::ofstream{folder.path / "notes.txt"} << "x";
  EXPECT_EQ(*store->list(), (std::vector<std::uint32_t>{4, 30, 4'000'000'000u}));
}

TEST(SegmentFiles, ASecondOpenIsRefusedByName) {
  const Folder folder;
  auto first = open_segment_files(folder.path);
  ASSERT_TRUE(first);
  EXPECT_EQ(open_segment_files(folder.path).error(), Error{io::err::store_locked});
  first->reset();
  EXPECT_TRUE(open_segment_files(folder.path));
}

TEST(SegmentFiles, AppendingBeyondTheCapacityIsRefused) {
  const Folder folder;
  const auto store = *open_segment_files(folder.path);
  const auto segment = *store->open(1, 100);
  ASSERT_TRUE(segment->append(Bytes(100, 1)));
  EXPECT_EQ(segment->append(Bytes(1, 1)).error(), Error{io::err::store_failed});
  EXPECT_EQ(segment->size(), 100u);
}

}  // namespace
}  // namespace wusong::platform
