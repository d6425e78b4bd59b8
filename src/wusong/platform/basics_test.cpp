// SPDX-License-Identifier: Apache-2.0
// The small parts of the machine: workers, loops, files, logs, metrics, queues.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>

#include "wusong/platform/clock.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/event_loop.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/internal/outbound_queue.hpp"
#include "wusong/platform/log.hpp"
#include "wusong/platform/metrics.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/thread_pool.hpp"

namespace wusong::platform {
namespace {

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(std::string_view name) const { return path + "/" + std::string{name}; }
  std::string path;
};

TEST(ThreadPool, EveryIndexRunsOnce) {
  ThreadPool pool{3, 8};
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
    std::vector<std::atomic<int>> hits(count);
    pool.for_each(count, [&](std::size_t i) { ++hits[i]; });
    for (const auto& hit : hits) EXPECT_EQ(hit, 1);
  }
}

TEST(ThreadPool, LoopsNestAndRunTogether) {
  ThreadPool pool{2, 8};
  std::atomic<int> total{0};
  pool.for_each(8, [&](std::size_t) { pool.for_each(8, [&](std::size_t) { ++total; }); });
  EXPECT_EQ(total, 64);
}

TEST(ThreadPool, AFullQueueRefuses) {
  ThreadPool pool{1, 2};
  std::promise<void> started;
  std::promise<void> gate;
  ASSERT_TRUE(pool.post([&] {
    started.set_value();
    gate.get_future().wait();
  }));
  started.get_future().wait();
  std::atomic<int> ran{0};
  EXPECT_TRUE(pool.post([&] { ++ran; }));
  EXPECT_TRUE(pool.post([&] { ++ran; }));
  EXPECT_FALSE(pool.post([&] { ++ran; }));
  gate.set_value();
  pool.stop();
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(pool.post([] {}));
}

TEST(EventLoop, RunsTasksInOrderAndWakesWhenAsked) {
  std::vector<int> order;
  std::promise<void> woken;
  int turns = 0;
  EventLoop loop{16, [&](Instant now) {
                   if (++turns == 1) return now + std::chrono::milliseconds{1};
                   if (turns == 2) woken.set_value();
                   return Instant::max();
                 }};
  loop.start();
  woken.get_future().wait();  // without any task
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(loop.post([&order, i] { order.push_back(i); }));
  loop.stop();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_FALSE(loop.post([] {}));
}

TEST(EventLoop, AFullQueueRefusesButNotWhatMustNotBeLost) {
  EventLoop loop{2, [](Instant) { return Instant::max(); }};
  int ran = 0;
  EXPECT_TRUE(loop.post([&] { ++ran; }));
  EXPECT_TRUE(loop.post([&] { ++ran; }));
  EXPECT_FALSE(loop.post([&] { ++ran; }));
  loop.post_always([&] { ++ran; });
  loop.start();
  loop.stop();
  EXPECT_EQ(ran, 3);
}

std::vector<std::string> names_in(const Folder& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path})
    out.push_back(entry.path().filename().string());
  std::ranges::sort(out);
  return out;
}

TEST(Files, AreWrittenWholeAndReadBack) {
  const Folder folder;
  const std::string path = folder.file("key");
  ASSERT_TRUE(write_file(path, as_bytes("one"), FileMode::secret));
  ASSERT_TRUE(write_file(path, as_bytes("three"), FileMode::secret));
  EXPECT_EQ(read_text(path), "three");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"key"});
}

TEST(Files, NothingThatIsThereIsLost) {
  const Folder folder;
  const std::string path = folder.file("id");
  const std::string neighbour = folder.file("id.new");
  ASSERT_TRUE(write_file(neighbour, as_bytes("somebody's"), FileMode::ordinary));
  ASSERT_TRUE(write_file(path, as_bytes("one"), FileMode::secret, Existing::keep));
  EXPECT_EQ(read_text(neighbour), "somebody's");
  EXPECT_EQ(write_file(path, as_bytes("two"), FileMode::secret, Existing::keep).error(),
            err::file_exists);
  {
    // The neighbour is read while the file that it could have been is made from it.
    const auto source = MappedFile::open(neighbour);
    auto made = FreshFile::create(folder.file("id"), 4, FileMode::secret);
    std::ranges::copy(source->view().first(4), made->bytes().begin());
    EXPECT_EQ(made->publish(Existing::keep).error(), err::file_exists);
  }
  EXPECT_EQ(read_text(path), "one");
  EXPECT_EQ(read_text(neighbour), "somebody's");
  EXPECT_EQ(names_in(folder), (std::vector<std::string>{"id", "id.new"}));
}

TEST(Files, RefusalsAreNamed) {
  const Folder folder;
  EXPECT_EQ(read_file(folder.file("none")).error(), err::file_not_found);
  ASSERT_TRUE(write_file(folder.file("ten"), as_bytes("0123456789"), FileMode::ordinary));
  EXPECT_EQ(read_file(folder.file("ten"), 9).error(), err::file_too_large);
  EXPECT_EQ(read_file(folder.file("ten"), 10)->size(), 10u);
  EXPECT_EQ(read_file(folder.path).error(), err::file_unreadable);
  EXPECT_FALSE(write_file(folder.file("no/such/folder"), {}, FileMode::ordinary));
  EXPECT_TRUE(make_directory(folder.file("a/b/c")));
  EXPECT_TRUE(make_directory(folder.file("a/b/c")));
}

TEST(Files, AFreshFileIsThereWholeOrNotAtAll) {
  const Folder folder;
  const std::string path = folder.file("result");
  {
    const auto given_up = FreshFile::create(path, 100, FileMode::secret);
    ASSERT_TRUE(given_up.has_value());
    EXPECT_FALSE(file_exists(path));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
  {
    auto made = FreshFile::create(path, 3, FileMode::secret);
    std::ranges::copy(as_bytes("abc"), made->bytes().begin());
    ASSERT_TRUE(made->publish(Existing::keep).has_value());
  }
  EXPECT_EQ(as_text(MappedFile::open(path)->view()), "abc");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_TRUE(
      FreshFile::create(path, 0, FileMode::ordinary)->publish(Existing::replace).has_value());
  EXPECT_TRUE(MappedFile::open(path)->view().empty());
  EXPECT_EQ(MappedFile::open(folder.file("none")).error(), err::file_not_found);
  EXPECT_EQ(MappedFile::open(folder.path).error(), err::file_unreadable);
  EXPECT_FALSE(FreshFile::create(folder.file("no/such/folder"), 1, FileMode::secret).has_value());
}

[[noreturn]] void write_without_room(const std::string& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_FSIZE, &none);
  const auto written = write_file(path, as_bytes("y"), FileMode::ordinary);
  ::_exit(!written && written.error() == err::no_space ? 0 : 1);
}

TEST(Files, AFullDiskIsNamed) {
  const Folder folder;
  EXPECT_EXIT(write_without_room(folder.file("x")), ::testing::ExitedWithCode(0), "");
  EXPECT_TRUE(names_in(folder).empty());
}

TEST(Files, ALockIsHeldByOne) {
  const Folder folder;
  {
    const auto lock = FileLock::acquire(folder.file("lock"));
    ASSERT_TRUE(lock.has_value());
    EXPECT_EQ(FileLock::acquire(folder.file("lock")).error(), err::already_locked);
  }
  EXPECT_TRUE(FileLock::acquire(folder.file("lock")).has_value());
}

TEST(Log, ALineIsKeysAndValues) {
  const Hash hash{};
  EXPECT_EQ(format_log_line(LogFormat::text, "block_final",
                            {{"height", 7u},
                             {"name", "a b"},
                             {"ok", true},
                             {"delta", -3},
                             {"hash", BytesView{hash}.first(2)},
                             {"plain", "v1"}}),
            R"(event=block_final height=7 name="a b" ok=true delta=-3 hash=0x0000 plain=v1)");
  EXPECT_EQ(format_log_line(LogFormat::json, "x", {{"text", "a\"b\n"}, {"n", 1.5}}),
            R"("event":"x","text":"a\"b\n","n":1.5)");
}

TEST(Log, NothingInAValueStartsANewLine) {
  const std::string line =
      format_log_line(LogFormat::text, "x", {{"peer", "evil\nevent=forged level=error"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Log, LevelsFilterAndFilesAreWritten) {
  const Folder folder;
  LogOptions options;
  options.to_stderr = false;
  options.file = folder.file("node.log");
  {
    const auto logger = Logger::open(options);
    ASSERT_TRUE(logger.has_value());
    (*logger)->debug("hidden");
    (*logger)->info("shown", {{"height", 1u}});
  }
  const std::string text = *read_text(options.file);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("level=info event=shown height=1\n"), std::string::npos);
  options.file = "/dev/null/node.log";
  EXPECT_EQ(Logger::open(options).error(), err::file_write_failed);
  LogLevel level{};
  EXPECT_TRUE(parse_log_level("warn", level));
  EXPECT_EQ(level, LogLevel::warn);
  EXPECT_FALSE(parse_log_level("loud", level));
}

TEST(Metrics, AreRenderedForPrometheus) {
  MetricsRegistry registry;
  registry.counter("wusong_blocks_total", "Blocks made final.").add(3);
  registry.counter("wusong_blocks_total", "Blocks made final.").add();
  registry.gauge("wusong_peers", "Connected peers.", {{"role", "val\"idator"}}).set(2.5);
  Histogram& latency = registry.histogram("wusong_finality_seconds", "Latency.", {0.1, 1});
  for (const double value : {0.05, 0.5, 0.5, 7.0}) latency.observe(value);
  EXPECT_EQ(registry.render(),
            "# HELP wusong_blocks_total Blocks made final.\n"
            "# TYPE wusong_blocks_total counter\nwusong_blocks_total 4\n"
            "# HELP wusong_finality_seconds Latency.\n# TYPE wusong_finality_seconds histogram\n"
            "wusong_finality_seconds_bucket{le=\"0.1\"} 1\n"
            "wusong_finality_seconds_bucket{le=\"1\"} 3\n"
            "wusong_finality_seconds_bucket{le=\"+Inf\"} 4\n"
            "wusong_finality_seconds_sum 8.05\nwusong_finality_seconds_count 4\n"
            "# HELP wusong_peers Connected peers.\n# TYPE wusong_peers gauge\n"
            "wusong_peers{role=\"val\\\"idator\"} 2.5\n");
}

TEST(Metrics, QuantilesInterpolate) {
  Histogram histogram{{10, 20, 30}};
  EXPECT_EQ(histogram.quantile(0.5), 0);
  for (int i = 0; i < 100; ++i) histogram.observe(15);
  EXPECT_DOUBLE_EQ(histogram.quantile(0.5), 15);
  histogram.observe(1000);
  EXPECT_DOUBLE_EQ(histogram.quantile(1), 30);
}

TEST(OsEntropy, FillsWithWhatDiffers) {
  Hash a;
  Hash b;
  OsEntropy entropy;
  entropy.fill(a.bytes);
  entropy.fill(b.bytes);
  EXPECT_NE(a, b);
}

TEST(OutboundQueue, UrgentFramesOvertakeAndOldGossipIsDropped) {
  using internal::OutboundFrame;
  using internal::OutboundQueue;
  const auto bytes = [](std::uint8_t mark) { return std::make_shared<const Bytes>(95, mark); };
  OutboundQueue queue{{200, 200, 200, 300}};  // two, two, two and three frames of 100 bytes
  for (std::uint8_t i = 0; i < 5; ++i) (void)queue.push({net::Channel::gossip, bytes(i)});
  EXPECT_EQ(queue.dropped(), 2u);
  EXPECT_EQ(queue.push({net::Channel::sync, bytes(10)}), OutboundQueue::Outcome::queued);
  EXPECT_EQ(queue.push({net::Channel::block, bytes(11)}), OutboundQueue::Outcome::queued);
  EXPECT_EQ(queue.push({net::Channel::sync, bytes(12)}), OutboundQueue::Outcome::overflow);
  EXPECT_EQ(queue.push({net::Channel::consensus, bytes(20)}), OutboundQueue::Outcome::queued);
  EXPECT_EQ(queue.push({net::Channel::gossip, std::make_shared<const Bytes>(400)}),
            OutboundQueue::Outcome::dropped);
  std::vector<int> order;
  OutboundFrame frame;
  while (queue.pop(frame)) order.push_back(frame.payload->at(0));
  EXPECT_EQ(order, (std::vector<int>{20, 10, 11}));
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(OutboundQueue, AFullRelayLaneStillTakesWhatEndsACircuit) {
  using internal::OutboundQueue;
  const auto frame = [](std::size_t size) {
    return internal::OutboundFrame{net::Channel::relay, std::make_shared<const Bytes>(size)};
  };
  OutboundQueue queue{{200, 200, 200, 300}};
  EXPECT_EQ(queue.push(frame(150)), OutboundQueue::Outcome::queued);
  EXPECT_EQ(queue.push(frame(150)), OutboundQueue::Outcome::dropped);
  EXPECT_EQ(queue.push(frame(50)), OutboundQueue::Outcome::queued);
}

}  // namespace
}  // namespace wusong::platform
