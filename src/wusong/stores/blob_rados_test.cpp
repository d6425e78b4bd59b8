// SPDX-License-Identifier: Apache-2.0
// The blob port on a Ceph cluster of the test's own; skipped where Ceph is not installed.
#include "wusong/stores/blob_rados.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "wusong/hash/hash.hpp"
#include "wusong/io/kv_store.hpp"

namespace wusong::stores {
namespace {

constexpr const char* kScript = "src/wusong/testkit/ceph_cluster.sh";

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>((i * 2654435761u) >> 13);
  return out;
}

class BlobRados : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_rados()) GTEST_SKIP() << "built without librados (Debian: librados-dev)";
    if (!std::filesystem::exists("/usr/bin/ceph-osd") || !std::filesystem::exists(kScript))
      GTEST_SKIP() << "Ceph is not installed (Debian: ceph-mon ceph-osd ceph-common)";
    if (::geteuid() != 0) GTEST_SKIP() << "Ceph's daemons are started as root here";
    std::string name = "/tmp/wusong-ceph-XXXXXX";  // sockets' paths are short
    folder_ = ::mkdtemp(name.data());
    const int port = 20'000 + static_cast<int>(::getpid() % 10'000);
    ASSERT_EQ(call(fmt::format("up {} {}", folder_, port)), 0) << "see " << folder_ << ".log";
  }
  void TearDown() override {
    if (folder_.empty()) return;
    call("down " + folder_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    std::filesystem::remove(folder_ + ".log", ignored);
  }
  int call(const std::string& words) const {
    return std::system(
        fmt::format("{} {}", kScript, words).c_str());  // NOLINT: a test's own script
  }
  std::unique_ptr<io::BlobStore> open() const {
    auto opened = open_blob_rados({.configuration = folder_ + "/ceph.conf", .pool = "blobs"});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  std::string folder_;
};

// @row 15
TEST_F(BlobRados, KeepsWhatAFolderKeeps) {
  const Bytes content = pattern(9'500'000);  // three pieces
  const Hash digest = hash::sha256(content);
  const std::string name(32, 'a');
  {
    const auto store = open();
    ASSERT_TRUE(store->upload_begin(name));
    ASSERT_TRUE(store->upload_append(name, 0, BytesView{content}.first(5'000'000)));
    EXPECT_EQ(store->upload_append(name, 1, {}).error(), io::err::upload_offset);
  }
  {
    const auto store = open();  // a restart in the middle
    EXPECT_EQ(store->upload_size(name), 5'000'000u);
    ASSERT_TRUE(store->upload_append(name, 5'000'000, BytesView{content}.subspan(5'000'000)));
    const auto info = store->upload_finish(name);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->digest, digest);
    EXPECT_EQ(store->upload_size(name).error(), io::err::upload_missing);
  }
  const auto store = open();
  EXPECT_EQ(store->size(digest), content.size());
  EXPECT_EQ(store->read(digest, 0, content.size()), content);
  EXPECT_EQ(store->read(digest, 4'194'300, 8),
            Bytes(content.begin() + 4'194'300, content.begin() + 4'194'308));
  EXPECT_TRUE(store->check(digest));
  EXPECT_EQ(store->put(content)->digest, digest) << "the same bytes are the same blob";
  EXPECT_EQ(store->put({})->size, 0u);
  EXPECT_TRUE(store->check(hash::sha256({})));
  ASSERT_TRUE(store->upload_begin(name));
  ASSERT_TRUE(store->upload_append(name, 0, content));
  EXPECT_EQ(store->upload_finish(name)->digest, digest) << "and an upload of them";
  EXPECT_TRUE(store->check(digest));
  EXPECT_TRUE(store->remove(digest));
  EXPECT_EQ(store->size(digest).error(), io::err::blob_missing);
  EXPECT_EQ(store->remove(digest).error(), io::err::blob_missing);
  EXPECT_EQ(store->upload_append("../x", 0, {}).error(), io::err::upload_missing);
}

TEST(BlobRadosAway, IsAnError) {
  EXPECT_EQ(open_blob_rados({.configuration = "/nowhere", .pool = "x"}).error(),
            io::err::store_failed);
}

}  // namespace
}  // namespace wusong::stores
