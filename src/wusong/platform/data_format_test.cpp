// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/data_format.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/storage/errors.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::platform {
namespace {

constexpr std::uint64_t kCurrent = storage::kDataFormat;
const storage::ChainIdentity kChain{.chain_id = 7, .genesis_hash = {}};

class DataFormat : public testing::Test {
 protected:
  DataFormat() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-format-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~DataFormat() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void say(std::string_view words) {
    ASSERT_TRUE(write_file((folder_ / kFormatFile).string(), as_bytes(words), FileMode::ordinary));
  }
  Error opens_as() {
    const auto store = open_rocks_store(folder_ / "db");
    if (!store) return store.error();
    const auto ledger = storage::Ledger::open(**store, kChain);
    return ledger ? Error{err::format_unreadable} : ledger.error();
  }
  bool opens() {
    const auto store = open_rocks_store(folder_ / "db");
    return store && storage::Ledger::open(**store, kChain);
  }
  std::filesystem::path folder_;
};

TEST_F(DataFormat, ANewFolderIsMarkedAndPasses) {
  EXPECT_EQ(*read_data_format(folder_), 0u);
  ASSERT_TRUE(check_data_format(folder_));
  EXPECT_EQ(*read_data_format(folder_), kCurrent);
  EXPECT_TRUE(check_data_format(folder_));
}

TEST_F(DataFormat, AnotherFormatIsRefusedByName) {
  say("wusong data format 1\n");
  EXPECT_EQ(check_data_format(folder_).error(), Error{err::format_older});
  say("wusong data format 3\n");
  EXPECT_EQ(check_data_format(folder_).error(), Error{err::format_newer});
  EXPECT_EQ(migrate_data(folder_).error(), Error{err::format_newer});
  EXPECT_EQ(migrate_data_back(folder_).error(), Error{err::format_newer});
  for (const char* words :
       {"", "wusong data format", "wusong data format 2", "wusong data format 02\n",
        "wusong data format 2\n\n", "wusong data format x\n", "2\n"}) {
    say(words);
    EXPECT_EQ(read_data_format(folder_).error(), Error{err::format_unreadable}) << words;
  }
}

TEST_F(DataFormat, AFolderWithoutDataHasNowhereToGo) {
  EXPECT_EQ(migrate_data(folder_).error(), Error{err::format_no_way});
  EXPECT_EQ(migrate_data_back(folder_).error(), Error{err::format_no_way});
}

TEST_F(DataFormat, GoesBackAndForthAndEachStepMayBeRepeated) {
  ASSERT_TRUE(check_data_format(folder_));
  ASSERT_TRUE(opens());
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(migrate_data_back(folder_));
    ASSERT_TRUE(migrate_data_back(folder_));
    EXPECT_EQ(*read_data_format(folder_), 1u);
    EXPECT_EQ(check_data_format(folder_).error(), Error{err::format_older});
    EXPECT_EQ(opens_as(), Error{storage::err::format_version});
    ASSERT_TRUE(migrate_data(folder_));
    ASSERT_TRUE(migrate_data(folder_));
    EXPECT_TRUE(check_data_format(folder_));
    EXPECT_TRUE(opens());
  }
}

TEST_F(DataFormat, AnInterruptedMigrationIsFinishedByTheNext) {
  ASSERT_TRUE(check_data_format(folder_));
  ASSERT_TRUE(opens());
  ASSERT_TRUE(migrate_data_back(folder_));
  ASSERT_TRUE(migrate_data(folder_));
  std::filesystem::remove(folder_ / kFormatFile);  // killed before the last step
  EXPECT_EQ(check_data_format(folder_).error(), Error{err::format_older});
  ASSERT_TRUE(migrate_data(folder_));
  EXPECT_TRUE(opens());
  ASSERT_TRUE(migrate_data_back(folder_));
  say("wusong data format 2\n");  // killed before the file went
  EXPECT_EQ(opens_as(), Error{storage::err::format_version});
  ASSERT_TRUE(migrate_data_back(folder_));
  EXPECT_EQ(*read_data_format(folder_), 1u);
}

TEST_F(DataFormat, AColumnThatHoldsSomethingIsNotRemoved) {
  ASSERT_TRUE(check_data_format(folder_));
  ASSERT_TRUE(opens());
  {
    const auto store = *open_rocks_store(folder_ / "db");
    io::WriteBatch batch;
    batch.put(io::Column::pool, Bytes{1}, Bytes{2});
    ASSERT_TRUE(store->write(batch, io::Durability::synced));
  }
  const std::vector<std::string> without{"meta",  "block",       "receipt",
                                         "index", "certificate", "vote"};
  EXPECT_EQ(keep_rocks_columns(folder_ / "db", without).error(), Error{err::column_in_use});
  EXPECT_TRUE(opens());
}

TEST_F(DataFormat, WhatWasForgottenHasNoWayBack) {
  ASSERT_TRUE(check_data_format(folder_));
  {
    const auto store = *open_rocks_store(folder_ / "db");
    const auto ledger = *storage::Ledger::open(*store, {.chain_id = 1, .genesis_hash = {}});
    const Bytes block = types::encode_block(types::Header{}, {});
    for (std::uint64_t h = 0; h < 3; ++h) {
      ASSERT_TRUE(ledger->append_block(Height{h}, Hash{}, block, {}));
      ASSERT_TRUE(ledger->put_execution(Height{h}, {}, {}));
    }
    ASSERT_TRUE(ledger->prune({.blocks = Height{2}, .receipts = Height{2}}));
  }
  EXPECT_EQ(migrate_data_back(folder_).error(), Error{err::column_in_use});
  EXPECT_EQ(*read_data_format(folder_), kCurrent);
}

TEST_F(DataFormat, ANodeThatRunsKeepsItsFolderToItself) {
  ASSERT_TRUE(check_data_format(folder_));
  const auto running = *open_rocks_store(folder_ / "db");
  EXPECT_EQ(migrate_data(folder_).error(), Error{io::err::store_locked});
  EXPECT_EQ(migrate_data_back(folder_).error(), Error{io::err::store_locked});
  EXPECT_EQ(*read_data_format(folder_), kCurrent);
}

}  // namespace
}  // namespace wusong::platform
