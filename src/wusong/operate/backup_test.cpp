// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/backup.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "wusong/node/opening.hpp"
#include "wusong/operate/errors.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/platform/segment_files.hpp"

namespace wusong::operate {
namespace {

namespace fs = std::filesystem;

node::Genesis genesis_of(std::uint64_t chain_id = 5'918) {
  node::Genesis out;
  out.chain_id = chain_id;
  out.accounts[Address::from(Bytes(20, 1))].balance = U256{1'000};
  return out;
}

/// What a running node has open, and the blocks it makes.
class Chain {
 public:
  explicit Chain(const fs::path& folder, const node::Genesis& genesis = genesis_of()) {
    EXPECT_TRUE(platform::make_directory(folder.string()));
    EXPECT_TRUE(platform::check_data_format(folder));
    store_ = *platform::open_rocks_store(folder / "db");
    segments_ = *platform::open_segment_files(folder / "state");
    chain_ = *node::open_chain(genesis, *store_, *segments_, timer_, executor_, {});
    header_ = chain_.genesis_header;
    hash_ = chain_.genesis_hash;
    for (Height h{1}; h <= *chain_.ledger->final_head(); h = h.next()) {
      const auto block = *chain_.ledger->block(h);
      header_ = types::split_block(block->bytes)->header;
      hash_ = block->hash;
    }
  }

  void grow(std::uint64_t blocks, const std::vector<Bytes>& transactions = {}) {
    for (std::uint64_t i = 0; i < blocks; ++i) {
      header_.parent_hash = hash_;
      header_.number = header_.number.next();
      header_.view = header_.view.next();
      header_.timestamp.value += 1'000;
      header_.transactions_root = types::ordered_trie_root(transactions);
      header_.roots.clear();
      hash_ = types::hash_of(header_);
      Bytes block = types::encode_block(header_, transactions);
      ASSERT_TRUE(chain_.ledger->append_block(header_.number, hash_, block, Bytes{1, 2, 3}));
      const auto prepared = *node::prepare_range({std::move(block)}, executor_);
      ASSERT_TRUE(chain_.executor->execute(*prepared.front()));
    }
  }
  void forget_below(Height height) {
    while (*chain_.ledger->prune({.blocks = height, .receipts = height})) {
    }
  }
  void write(io::Column column, std::uint8_t key) {
    io::WriteBatch batch;
    batch.put(column, Bytes{key}, Bytes{key});
    ASSERT_TRUE(store_->write(batch, io::Durability::synced));
  }
  std::size_t count(io::Column column) const {
    std::size_t out = 0;
    EXPECT_TRUE(
        store_->scan(column, {}, {}, false, [&](BytesView, BytesView) { return ++out > 0; }));
    return out;
  }
  Height height() const { return header_.number; }
  Hash hash() const { return hash_; }

 private:
  io::NoStageTimer timer_;
  io::InlineExecutor executor_;
  std::unique_ptr<io::KvStore> store_;
  std::unique_ptr<io::SegmentStore> segments_;
  node::OpenedChain chain_;
  types::Header header_;
  Hash hash_;
};

class Backup : public testing::Test {
 protected:
  Backup() {
    std::string name = (fs::temp_directory_path() / "wusong-backup-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Backup() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  BackupOptions options() const {
    BackupOptions out;
    out.data = data();
    out.to = to();
    out.genesis = genesis_of();
    out.genesis_text = "{}";
    out.program = "test";
    return out;
  }
  RestoreOptions back() const {
    return {.from = to(), .data = folder_ / "restored", .genesis = genesis_of(), .told = {}};
  }
  fs::path data() const { return folder_ / "chain"; }
  fs::path to() const { return folder_ / "backup"; }

  fs::path folder_;
};

void flip_a_bit(const fs::path& file) {
  std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
  char byte = 0;
  out.seekg(100).get(byte);
  out.seekp(100).put(static_cast<char>(byte ^ 1));
}

TEST_F(Backup, OfARunningNodeComesBackWhole) {
  Chain chain{data()};
  chain.grow(20);
  const auto report = back_up(options());
  ASSERT_TRUE(report) << report.error().name();
  EXPECT_EQ(report->manifest.height, Height{20});
  EXPECT_EQ(report->manifest.block_hash, chain.hash());
  EXPECT_FALSE(report->incremental);
  const auto restored = restore(back());
  ASSERT_TRUE(restored) << restored.error().name();
  Chain again{folder_ / "restored"};
  EXPECT_EQ(again.height(), Height{20});
  EXPECT_EQ(again.hash(), chain.hash());
  again.grow(3);
}

TEST_F(Backup, OfANodeThatForgetsHoldsWhatItHolds) {
  types::Transaction payment{.type = types::TransactionType::dynamic_fee, .gas_limit = 21'000};
  payment.chain_id = genesis_of().chain_id;
  payment.to = Address::from(Bytes(20, 2));
  ASSERT_TRUE(types::sign(payment, Bytes(32, 7)));
  Chain chain{data()};
  chain.grow(20, {types::encode(payment)});
  ASSERT_TRUE(back_up(options()));
  chain.forget_below(Height{12});
  chain.grow(5);
  const auto again = back_up(options());  // beside what it held before
  ASSERT_TRUE(again) << again.error().name();
  BackupOptions anew = options();
  anew.to = folder_ / "anew";
  const auto report = back_up(anew);
  ASSERT_TRUE(report) << report.error().name();
  for (const fs::path& from : {to(), folder_ / "anew"}) {
    RestoreOptions back_again = back();
    back_again.from = from;
    back_again.data = folder_ / ("restored-" + from.filename().string());
    const auto restored = restore(back_again);
    ASSERT_TRUE(restored) << restored.error().name();
    Chain there{back_again.data};
    EXPECT_EQ(there.hash(), chain.hash());
    there.grow(1);
  }
}

TEST_F(Backup, IsConsistentWhileBlocksAreWritten) {
  Chain chain{data()};
  chain.grow(5);
  std::atomic<bool> enough{false};
  std::thread writer{[&] {
    while (!enough) chain.grow(1);
  }};
  Height last{0};
  for (int round = 0; round < 4; ++round) {
    const auto report = back_up(options());
    ASSERT_TRUE(report) << report.error().name();
    EXPECT_GE(report->manifest.height, last);
    last = report->manifest.height;
  }
  enough = true;
  writer.join();
  ASSERT_TRUE(restore(back()));
  EXPECT_EQ(Chain{folder_ / "restored"}.height(), last);
}

TEST_F(Backup, HoldsNeitherVotesNorThePool) {
  Chain chain{data()};
  chain.grow(2);
  chain.write(io::Column::vote, 7);
  chain.write(io::Column::pool, 8);
  ASSERT_TRUE(back_up(options()));
  RestoreOptions validator = back();
  validator.validator = true;
  ASSERT_TRUE(restore(validator));
  const Chain restored{folder_ / "restored"};
  EXPECT_EQ(restored.count(io::Column::vote), 0u);
  EXPECT_EQ(restored.count(io::Column::pool), 0u);
  EXPECT_GT(restored.count(io::Column::certificate), 0u);
  EXPECT_TRUE(fs::exists(folder_ / "restored" / platform::kVotesLostFile));
}

TEST_F(Backup, OfAnObserverIsRestoredWithoutTheMark) {
  Chain{data()}.grow(2);
  ASSERT_TRUE(back_up(options()));
  ASSERT_TRUE(restore(back()));
  EXPECT_FALSE(fs::exists(folder_ / "restored" / platform::kVotesLostFile));
}

TEST_F(Backup, ASecondOneCopiesWhatIsNew) {
  Chain chain{data()};
  chain.grow(300);
  const auto first = back_up(options());
  ASSERT_TRUE(first);
  chain.grow(1);
  chain.write(io::Column::certificate, 9);
  const auto second = back_up(options());
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->incremental);
  EXPECT_EQ(second->manifest.height, Height{301});
  EXPECT_LT(second->bytes_copied, first->bytes_copied);
  ASSERT_TRUE(restore(back()));
  EXPECT_EQ(Chain{folder_ / "restored"}.hash(), chain.hash());
}

TEST_F(Backup, AfterARestartOfTheNodeASecondOneStillFits) {
  for (int round = 0; round < 3; ++round) {
    Chain chain{data()};
    chain.grow(10);
    const auto report = back_up(options());
    ASSERT_TRUE(report) << report.error().name();
    EXPECT_EQ(report->manifest.block_hash, chain.hash());
  }
}

TEST_F(Backup, DamageIsRefused) {
  Chain{data()}.grow(10);
  const auto report = back_up(options());
  ASSERT_TRUE(report);
  ASSERT_TRUE(check_backup(to(), {}));
  const auto largest = std::ranges::max_element(report->manifest.files, {}, &BackupFile::bytes);
  flip_a_bit(to() / largest->path);
  EXPECT_EQ(check_backup(to(), {}).error(), Error{err::damaged});
  EXPECT_EQ(restore(back()).error(), Error{err::damaged});
  fs::remove(to() / largest->path);
  EXPECT_EQ(check_backup(to(), {}).error(), Error{err::damaged});
  EXPECT_FALSE(fs::exists(folder_ / "restored"));
}

TEST_F(Backup, AnotherChainIsRefused) {
  Chain{data()}.grow(3);
  ASSERT_TRUE(back_up(options()));
  RestoreOptions other = back();
  other.genesis = genesis_of(1);
  EXPECT_EQ(restore(other).error(), Error{err::other_chain});
  EXPECT_FALSE(fs::exists(folder_ / "restored"));
}

TEST_F(Backup, AnInterruptedOneIsNone) {
  Chain{data()}.grow(3);
  ASSERT_TRUE(back_up(options()));
  fs::remove(to() / kManifestFile);
  EXPECT_EQ(check_backup(to(), {}).error(), Error{err::no_backup});
  EXPECT_EQ(restore(back()).error(), Error{err::no_backup});
  ASSERT_TRUE(back_up(options()));
  EXPECT_TRUE(restore(back()));
}

TEST_F(Backup, GoesIntoAFolderAndNothingElse) {
  Chain{data()}.grow(1);
  const fs::path file = folder_ / "file";
  std::ofstream{file} << "a text";
  for (const fs::path& to : {file, file / "below", fs::path{"/proc/backup"}}) {
    BackupOptions wrong = options();
    wrong.to = to;
    EXPECT_EQ(back_up(wrong).error(), Error{err::no_folder}) << to;
  }
  EXPECT_EQ(check_backup(file, {}).error(), Error{err::no_backup});
  EXPECT_EQ(fs::file_size(file), 6u);
}

TEST_F(Backup, NothingIsOverwritten) {
  Chain{data()}.grow(3);
  ASSERT_TRUE(back_up(options()));
  RestoreOptions onto = back();
  onto.data = data();
  EXPECT_EQ(restore(onto).error(), Error{err::not_empty});
  BackupOptions elsewhere = options();
  elsewhere.to = folder_ / "letters";
  fs::create_directory(elsewhere.to);
  std::ofstream{elsewhere.to / "dear.txt"} << "dear";
  EXPECT_EQ(back_up(elsewhere).error(), Error{err::not_empty});
  EXPECT_TRUE(fs::exists(elsewhere.to / "dear.txt"));
  elsewhere.to = to();
  elsewhere.data = folder_ / "nowhere";
  EXPECT_EQ(back_up(elsewhere).error(), Error{err::nothing_to_back_up});
}

TEST(Manifests, ReadBackAsTheyWereAndLeadNowhereElse) {
  Manifest manifest;
  manifest.program = "0.1.0";
  manifest.format = 2;
  manifest.height = Height{7};
  manifest.files = {{"db/1.sst", 5, Hash::from(Bytes(32, 3))}};
  manifest.segments = {{"state-1.seg", 5, 6}};
  const std::string text = encode(manifest);
  const auto read = decode_manifest(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), text);
  EXPECT_EQ(read->bytes(), 5u);
  for (std::size_t size = 0; size + 1 < text.size(); ++size)
    EXPECT_EQ(decode_manifest(text.substr(0, size)).error(), Error{err::damaged}) << size;
  for (const char* path : {"", "/etc/passwd", "../x", "db/../../x"}) {
    manifest.files.front().path = path;
    EXPECT_EQ(decode_manifest(encode(manifest)).error(), Error{err::damaged}) << path;
  }
}

}  // namespace
}  // namespace wusong::operate
