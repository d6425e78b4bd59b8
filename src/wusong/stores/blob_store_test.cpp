// SPDX-License-Identifier: Apache-2.0
// The blob port on real folders, and across deaths of the process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "wusong/hash/hash.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/stores/blob_files.hpp"

namespace wusong::stores {
namespace {

const std::string kName(32, 'a');
const std::string kOther(32, 'b');

Bytes pattern(std::size_t size, std::uint64_t from = 0) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(((from + i) * 2654435761u) >> 13);
  return out;
}

class BlobFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    options_.folder = ::mkdtemp(name.data());
    options_.free_bytes_min = 0;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(options_.folder, ignored);
  }
  std::unique_ptr<io::BlobStore> open() {
    auto opened = open_blob_files(options_);
    EXPECT_TRUE(opened) << opened.error().name();
    return std::move(*opened);
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{options_.folder})
      count += entry.is_regular_file() ? 1 : 0;
    return count - 1;  // the lock
  }
  BlobFilesOptions options_;
};

// @row 15
TEST_F(BlobFilesTest, BytesComeBackUnderTheirDigest) {
  const Bytes content = pattern(3'000'000);
  const Hash digest = hash::sha256(content);
  {
    const auto store = open();
    const auto info = store->put(content);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->digest, digest);
    EXPECT_EQ(info->size, content.size());
    EXPECT_TRUE(store->put(content)) << "the same bytes are the same blob";
    EXPECT_EQ(files(), 1u);
    EXPECT_EQ(store->put({})->size, 0u);
  }
  const auto store = open();
  EXPECT_EQ(store->size(digest), content.size());
  EXPECT_EQ(store->read(digest, 0, content.size()), content);
  EXPECT_EQ(store->read(digest, 2'999'990, 100), pattern(10, 2'999'990));
  EXPECT_EQ(store->read(digest, 3'000'000, 100), Bytes{});
  EXPECT_EQ(store->read(digest, ~0ull, ~0ull), Bytes{});
  EXPECT_TRUE(store->check(digest));
  ASSERT_TRUE(store->path(digest));
  EXPECT_EQ(std::filesystem::file_size(*store->path(digest)), content.size());
  EXPECT_EQ(store->size(hash::sha256({})), 0u);
  EXPECT_TRUE(store->remove(digest));
  for (const auto& gone : {digest, Hash{}}) {
    EXPECT_EQ(store->size(gone).error(), io::err::blob_missing);
    EXPECT_EQ(store->read(gone, 0, 1).error(), io::err::blob_missing);
    EXPECT_EQ(store->check(gone).error(), io::err::blob_missing);
    EXPECT_EQ(store->remove(gone).error(), io::err::blob_missing);
    EXPECT_EQ(store->path(gone), std::nullopt);
  }
}

TEST_F(BlobFilesTest, ADamagedBlobIsFound) {
  const auto store = open();
  const Hash digest = store->put(pattern(100))->digest;
  std::fstream{*store->path(digest), std::ios::in | std::ios::out | std::ios::binary} << "x";
  EXPECT_EQ(store->check(digest).error(), io::err::blob_corrupt);
}

TEST_F(BlobFilesTest, OneProcessHasItOpen) {
  const auto store = open();
  EXPECT_EQ(open_blob_files(options_).error(), io::err::store_locked);
}

// @row 15
TEST_F(BlobFilesTest, AnUploadGoesOnAfterARestartWhereItStopped) {
  const Bytes content = pattern(5'000'000);
  std::uint64_t offset = 0;
  for (const std::size_t piece : {0, 1, 1'000'000, 65'536, 2'000'000, 1'934'463}) {
    const auto store = open();  // a restart before every piece
    if (offset == 0) {
      ASSERT_TRUE(store->upload_begin(kName));
    }
    EXPECT_EQ(store->upload_size(kName), offset);
    const BytesView part = BytesView{content}.subspan(offset, piece);
    EXPECT_EQ(store->upload_append(kName, offset + 1, part).error(), io::err::upload_offset);
    ASSERT_TRUE(store->upload_append(kName, offset, part));
    offset += piece;
  }
  ASSERT_EQ(offset, content.size());
  const auto store = open();
  const auto info = store->upload_finish(kName);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->digest, hash::sha256(content));
  EXPECT_EQ(info->size, content.size());
  EXPECT_TRUE(store->check(info->digest));
  EXPECT_EQ(store->upload_size(kName).error(), io::err::upload_missing);
  EXPECT_EQ(store->upload_finish(kName).error(), io::err::upload_missing);
  EXPECT_EQ(files(), 1u) << "nothing is left in the staging folder";
}

TEST_F(BlobFilesTest, UploadsAreNamedByTheCallerAndByNothingElse) {
  const auto store = open();
  for (const std::string name :
       {"", "../../../../../../../../etc/passwd", "aaaa/aaaa/aaaa/aaaa/aaaa/aaaa/aa",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "0123456789abcdef0123456789abcdef0"}) {
    EXPECT_EQ(store->upload_begin(name).error(), io::err::upload_missing) << name;
    EXPECT_EQ(store->upload_append(name, 0, {}).error(), io::err::upload_missing) << name;
  }
  EXPECT_EQ(store->upload_size(kName).error(), io::err::upload_missing);
  EXPECT_EQ(store->upload_abort(kName).error(), io::err::upload_missing);
  ASSERT_TRUE(store->upload_begin(kName));
  ASSERT_TRUE(store->upload_append(kName, 0, pattern(10)));
  ASSERT_TRUE(store->upload_begin(kName));
  EXPECT_EQ(store->upload_size(kName), 0u) << "begun anew";
  EXPECT_TRUE(store->upload_abort(kName));
  EXPECT_EQ(files(), 0u);
}

TEST_F(BlobFilesTest, LimitsHoldAndNothingHalfIsKept) {
  options_.blob_size_max = 1'000;
  options_.uploads_bytes_max = 1'500;
  const auto store = open();
  EXPECT_EQ(store->put(pattern(1'001)).error(), io::err::blob_too_large);
  EXPECT_TRUE(store->put(pattern(1'000)));
  ASSERT_TRUE(store->upload_begin(kName));
  ASSERT_TRUE(store->upload_append(kName, 0, pattern(600)));
  EXPECT_EQ(store->upload_append(kName, 600, pattern(401)).error(), io::err::blob_too_large);
  EXPECT_TRUE(store->upload_append(kName, 600, pattern(400)));
  ASSERT_TRUE(store->upload_begin(kOther));
  EXPECT_EQ(store->upload_append(kOther, 0, pattern(501)).error(), io::err::disk_full);
  EXPECT_EQ(store->upload_size(kOther), 0u);
  EXPECT_TRUE(store->upload_append(kOther, 0, pattern(500)));
  EXPECT_TRUE(store->upload_finish(kName));
  EXPECT_TRUE(store->upload_append(kOther, 500, pattern(500))) << "a finished one makes room";
}

TEST_F(BlobFilesTest, AFullDiskIsNamedSoAndLeavesThePieceOut) {
  options_.free_bytes_min = ~0ull >> 1;
  EXPECT_EQ(open()->put(pattern(1)).error(), io::err::disk_full);
  EXPECT_EQ(open()->upload_begin(kName).error(), io::err::disk_full);
  options_.free_bytes_min = 0;
  const auto store = open();
  ASSERT_TRUE(store->upload_begin(kName));
  ASSERT_TRUE(store->upload_append(kName, 0, pattern(1'000)));
  // A limit on the size of files stands for the disk: the kernel writes what fits, then refuses.
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{100'000, before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto appended = store->upload_append(kName, 1'000, pattern(200'000));
  const auto put = store->put(pattern(200'000));
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(appended.error(), io::err::disk_full);
  EXPECT_EQ(put.error(), io::err::disk_full);
  EXPECT_EQ(store->upload_size(kName), 1'000u);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(store->upload_finish(kName)->digest, hash::sha256(pattern(1'000)));
}

TEST_F(BlobFilesTest, UploadsAndBlobsOfManyThreadsDoNotMix) {
  const auto store = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string name(32, static_cast<char>('0' + t));
      for (int round = 0; round < 10; ++round) {
        ASSERT_TRUE(store->upload_begin(name));
        for (std::uint64_t i = 0; i < 5; ++i)
          ASSERT_TRUE(store->upload_append(
              name, i * 10'000, pattern(10'000, static_cast<std::uint64_t>(t) + i * 10'000)));
        EXPECT_EQ(store->upload_finish(name)->digest,
                  hash::sha256(pattern(50'000, static_cast<std::uint64_t>(t))));
        EXPECT_TRUE(store->put(pattern(1'000, static_cast<std::uint64_t>(round))));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(files(), 14u);
}

/// A process uploads and puts, telling what it was promised, until it is killed.
TEST_F(BlobFilesTest, WhatWasPromisedOutlivesTheProcess) {
  constexpr std::size_t kPiece = 40'000;
  std::uint64_t resumed = 0;
  for (std::uint64_t round = 0; round < 8; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = open();
      if (round == 0 && !store->upload_begin(kName)) ::_exit(1);
      for (std::uint64_t i = 0;; ++i) {
        const std::uint64_t offset = *store->upload_size(kName);
        if (!store->upload_append(kName, offset, pattern(kPiece, offset))) ::_exit(1);
        if (!store->put(pattern(kPiece, round * 1'000 + i))) ::_exit(1);
        const std::uint64_t told[2]{offset + kPiece, round * 1'000 + i};
        if (::write(pipe[1], told, sizeof told) != sizeof told) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    std::uint64_t told[2]{};
    for (std::uint64_t i = 0; i < 3 + round; ++i)
      ASSERT_EQ(::read(pipe[0], told, sizeof told), static_cast<ssize_t>(sizeof told));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::uint64_t more[2];
    while (::read(pipe[0], more, sizeof more) == sizeof more) std::copy_n(more, 2, told);
    ::close(pipe[0]);
    const auto store = open();
    for (std::uint64_t i = round * 1'000; i <= told[1]; ++i)
      EXPECT_TRUE(store->check(hash::sha256(pattern(kPiece, i))));
    const auto size = store->upload_size(kName);
    ASSERT_TRUE(size);
    EXPECT_GE(*size, told[0]);
    EXPECT_GE(*size, resumed);
    resumed = *size;
  }
  const auto store = open();
  EXPECT_EQ(store->upload_finish(kName)->digest, hash::sha256(pattern(resumed)));
}

}  // namespace
}  // namespace wusong::stores
