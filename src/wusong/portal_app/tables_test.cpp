// SPDX-License-Identifier: Apache-2.0
// The program itself where DuckDB's library is there; /bin/sleep where a child must be slow.
#include "wusong/portal_app/tables.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "wusong/gateway/errors.hpp"
#include "wusong/stores/blob_files.hpp"

namespace wusong::portal_app {
namespace {

/// A store whose blobs no other process can open, as Ceph's.
class Remote final : public io::BlobStore {
 public:
  explicit Remote(io::BlobStore& at) : at_{at} {}
  Result<io::BlobInfo> put(BytesView bytes) override { return at_.put(bytes); }
  Result<std::uint64_t> size(const Hash& digest) override { return at_.size(digest); }
  Result<Bytes> read(const Hash& digest, std::uint64_t offset, std::uint64_t most) override {
    return at_.read(digest, offset, most);
  }
  Result<void> check(const Hash& digest) override { return at_.check(digest); }
  Result<void> remove(const Hash& digest) override { return at_.remove(digest); }
  std::optional<std::string> path(const Hash&) const override { return {}; }
  Result<void> upload_begin(const std::string& name) override { return at_.upload_begin(name); }
  Result<std::uint64_t> upload_size(const std::string& name) override {
    return at_.upload_size(name);
  }
  Result<void> upload_append(const std::string& name, std::uint64_t offset,
                             BytesView bytes) override {
    return at_.upload_append(name, offset, bytes);
  }
  Result<io::BlobInfo> upload_finish(const std::string& name) override {
    return at_.upload_finish(name);
  }
  Result<void> upload_abort(const std::string& name) override { return at_.upload_abort(name); }

 private:
  io::BlobStore& at_;
};

class PortalTablesTest : public testing::Test {
 protected:
  PortalTablesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(folder_ + "/temporary");
    blobs_ = std::move(*stores::open_blob_files({.folder = folder_ + "/blobs"}));
    file_ = blobs_->put(as_bytes("a,b\n1,x\n2,y\n"))->digest;
    const auto programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
    options_.runner.program = programs + "/wusong_duck";
    options_.runner.library = tables::Runner::find_library(programs);
    options_.runner.temporary_parent = folder_ + "/temporary";
  }
  ~PortalTablesTest() override {
    blobs_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  PortalTablesTest(const PortalTablesTest&) = delete;
  PortalTablesTest& operator=(const PortalTablesTest&) = delete;

  gateway::TableQuestion question(const std::string& operation, const std::string& members = {},
                                  const std::string& output = {}) const {
    gateway::TableQuestion out;
    out.operation = operation;
    out.file = file_;
    out.format = "csv";
    out.members = members;
    out.output = output;
    return out;
  }
  /// A child that never answers.
  void let_it_sleep() {
    options_.runner.program = "/bin/sleep";
    options_.runner.library = "infinity";
    options_.children = 1;
  }
  std::size_t left_behind() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{folder_ + "/temporary"}, {}));
  }

  static constexpr std::uint64_t kLong = 60'000;
  std::string folder_;
  std::unique_ptr<io::BlobStore> blobs_;
  Hash file_;
  PortalTablesOptions options_;
};

TEST_F(PortalTablesTest, FilesAreReadInPlaceOrFromACopy) {
  if (options_.runner.library.empty()) GTEST_SKIP() << "DuckDB is not installed";
  Remote remote{*blobs_};
  for (io::BlobStore* store :
       {static_cast<io::BlobStore*>(blobs_.get()), static_cast<io::BlobStore*>(&remote)}) {
    PortalTables tables{*store, options_};
    const auto rows = tables.ask(question("query", R"("select":["b"])"), kLong);
    ASSERT_TRUE(rows && rows->done && rows->ok) << rows->json;
    EXPECT_NE(rows->json.find(R"("rows":[["x"],["y"]])"), std::string::npos) << rows->json;
    const auto made = tables.ask(question("convert", {}, "parquet"), kLong);
    ASSERT_TRUE(made && made->ok) << made->json;
    EXPECT_EQ(as_text(*store->read(made->output.digest, 0, 4)), "PAR1");
    auto later = question("diff", R"("key":["a"])");
    later.other = blobs_->put(as_bytes("a,b\n1,x\n3,z\n"))->digest;
    const auto diff = tables.ask(later, kLong);
    ASSERT_TRUE(diff && diff->ok) << diff->json;
    EXPECT_NE(diff->json.find(R"("added":1,"removed":1,"changed":0)"), std::string::npos);
  }
  EXPECT_EQ(left_behind(), 0u);
}

TEST_F(PortalTablesTest, AnEngineThatIsMissingIsNamed) {
  options_.runner.library.clear();
  PortalTables tables{*blobs_, options_};
  EXPECT_EQ(tables.ask(question("preview"), kLong).error(), Error{gateway::err::engine_missing});
}

TEST_F(PortalTablesTest, ABlobThatIsMissingIsNamed) {
  options_.runner.library = "somewhere";
  PortalTables tables{*blobs_, options_};
  auto other = question("preview");
  other.file.bytes[0] ^= 1;
  EXPECT_EQ(tables.ask(other, kLong).error(), Error{io::err::blob_missing});
}

TEST_F(PortalTablesTest, TheQueueIsBoundedAndItsEndWaitsForNobody) {
  let_it_sleep();
  options_.questions_max = 1;
  PortalTables tables{*blobs_, options_};
  const auto first = tables.ask(question("query", R"("limit":1)"), 1);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->done);
  // The second is taken as soon as the first is at work.
  auto second = tables.ask(question("query", R"("limit":2)"), 1);
  for (int i = 0; i < 10'000 && !second; ++i) {
    second = tables.ask(question("query", R"("limit":2)"), 1);
    if (!second) std::this_thread::yield();
  }
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(tables.ask(question("query", R"("limit":3)"), 1).error(),
            Error{gateway::err::engine_busy});
  EXPECT_TRUE(tables.ask(question("query", R"("limit":1)"), 1).has_value()) << "the same question";
}

TEST_F(PortalTablesTest, ASlowChildIsEndedInTime) {
  let_it_sleep();
  options_.runner.timeout = std::chrono::milliseconds{50};
  PortalTables tables{*blobs_, options_};
  const auto answer = tables.ask(question("query"), kLong);
  ASSERT_TRUE(answer && answer->done);
  EXPECT_FALSE(answer->ok);
  EXPECT_NE(answer->json.find("timed_out"), std::string::npos) << answer->json;
}

TEST_F(PortalTablesTest, AChildKilledMidwayIsAClearRefusal) {
  let_it_sleep();
  PortalTables tables{*blobs_, options_};
  ASSERT_FALSE(tables.ask(question("query"), 1)->done);
  Result<gateway::TableAnswer> answer{gateway::TableAnswer{}};
  for (int i = 0; i < 1'000 && !answer->done; ++i) {
    for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task"}) {
      std::ifstream children{thread.path() / "children"};
      for (pid_t child = 0; children >> child;) {
        std::string name;
        std::ifstream{"/proc/" + std::to_string(child) + "/comm"} >> name;
        if (name == "sleep") ::kill(child, SIGKILL);  // once it has begun
      }
    }
    answer = tables.ask(question("query"), 20);
    ASSERT_TRUE(answer.has_value());
  }
  EXPECT_TRUE(answer->done);
  EXPECT_FALSE(answer->ok);
  EXPECT_NE(answer->json.find("\"killed\""), std::string::npos) << answer->json;
}

TEST_F(PortalTablesTest, LongWorkLeavesRoomForShortQuestions) {
  if (options_.runner.library.empty()) GTEST_SKIP() << "DuckDB is not installed";
  std::string large = "a,b\n";
  for (int i = 0; i < 200'000; ++i) large += std::to_string(i) + ",x\n";
  const auto blob = blobs_->put(as_bytes(large))->digest;
  PortalTables tables{*blobs_, options_};
  for (const auto* output : {"csv", "json", "parquet"}) {
    auto convert = question("convert", {}, output);
    convert.file = blob;
    ASSERT_TRUE(tables.ask(convert, 0).has_value());
  }
  const auto rows = tables.ask(question("query"), kLong);
  ASSERT_TRUE(rows && rows->done && rows->ok);
}

}  // namespace
}  // namespace wusong::portal_app
