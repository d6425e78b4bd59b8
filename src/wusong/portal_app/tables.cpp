// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/tables.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/os_entropy.hpp"

namespace wusong::portal_app {
namespace {

constexpr std::size_t kPiece = 4u << 20;
constexpr std::size_t kKeptMax = 64;  // answers that nobody fetched
constexpr Duration kKeptFor = std::chrono::minutes{10};

/// Somebody waits for these with a page open; the others may scan a whole file several times.
bool is_long(const gateway::TableQuestion& question) {
  return question.operation != "query" && question.operation != "preview";
}

std::string random_name() {
  Bytes bytes(16);
  platform::OsEntropy entropy;
  entropy.fill(bytes);
  return codec::to_hex(bytes);
}

/// A folder of its own, gone with it.
class Folder {
 public:
  explicit Folder(const std::string& parent)
      : path_{std::filesystem::path{parent} / ("wusong-tables-" + random_name())} {
    std::filesystem::create_directory(path_, wrong_);
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, wrong_);
  }
  ~Folder() { std::filesystem::remove_all(path_, wrong_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  bool made() const noexcept { return !wrong_; }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
  std::error_code wrong_;
};

}  // namespace

PortalTables::PortalTables(io::BlobStore& blobs, PortalTablesOptions options)
    : blobs_{blobs}, options_{std::move(options)} {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.children); ++i) {
    workers_.emplace_back([this](const std::stop_token& token) { work(token); });
  }
}

void PortalTables::stop() {
  {
    const std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  for (auto& worker : workers_) worker.request_stop();
  work_done_.notify_all();
  workers_.clear();
}

Result<gateway::TableAnswer> PortalTables::ask(const gateway::TableQuestion& question,
                                               std::uint64_t wait_ms) {
  if (options_.runner.library.empty()) return fail(gateway::err::engine_missing);
  std::unique_lock lock{mutex_};
  if (stopped_) return fail(gateway::err::engine_busy);
  forget_old(platform::monotonic_now());
  auto job = std::ranges::find(jobs_, question, &Job::question);
  const bool done = job != jobs_.end() && job->phase == Phase::done;
  if (!done && wait_ms > 0 && askers_ >= options_.askers_max) {
    return fail(gateway::err::engine_busy);
  }
  if (job == jobs_.end()) {
    const auto waiting = std::ranges::count(jobs_, Phase::waiting, &Job::phase);
    if (static_cast<std::size_t>(waiting) >= options_.questions_max) {
      return fail(gateway::err::engine_busy);
    }
    job = jobs_.insert(jobs_.end(), Job{.question = question,
                                        .phase = Phase::waiting,
                                        .askers = 0,
                                        .since = platform::monotonic_now(),
                                        .progress = {},
                                        .answer = gateway::TableAnswer{}});
    work_came_.notify_one();
  }
  ++job->askers;
  ++askers_;
  work_done_.wait_for(lock, std::chrono::milliseconds{wait_ms},
                      [&] { return job->phase == Phase::done || stopped_; });
  --askers_;
  --job->askers;
  if (job->phase != Phase::done) {
    gateway::TableAnswer at_work;
    const auto spent = platform::monotonic_now() - job->since;
    at_work.seconds =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(spent).count());
    if (job->phase == Phase::waiting) {
      at_work.before = static_cast<std::uint64_t>(std::count_if(
          jobs_.begin(), job, [](const Job& one) { return one.phase != Phase::done; }));
    }
    at_work.step = job->progress.step;
    at_work.percent = job->progress.percent;
    return at_work;
  }
  auto answer = job->answer;
  if (job->askers == 0) jobs_.erase(job);
  return answer;
}

/// Answers that were never fetched make room, the oldest first.
void PortalTables::forget_old(Instant now) {
  std::size_t kept = 0;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {
    if (job->phase == Phase::done) ++kept;
  }
  std::erase_if(jobs_, [&](const Job& job) {
    if (job.phase != Phase::done || job.askers > 0) return false;
    const bool old = now - job.since > kKeptFor || kept > kKeptMax;
    if (old) --kept;
    return old;
  });
}

PortalTables::Jobs::iterator PortalTables::next_job() {
  const std::size_t long_max = std::max<std::size_t>(1, options_.children - 1);
  return std::ranges::find_if(jobs_, [&](const Job& job) {
    return job.phase == Phase::waiting && (!is_long(job.question) || long_ones_ < long_max);
  });
}

void PortalTables::work(const std::stop_token& token) {
  std::unique_lock lock{mutex_};
  while (!token.stop_requested()) {
    auto job = jobs_.end();
    work_came_.wait(lock, token, [&] {
      job = next_job();
      return job != jobs_.end();
    });
    if (token.stop_requested()) return;
    const bool takes_long = is_long(job->question);
    if (takes_long) ++long_ones_;
    job->phase = Phase::working;
    lock.unlock();
    // A job at work is nobody else's to change or to forget.
    auto answer = carry_out(*job, token);
    lock.lock();
    if (takes_long) --long_ones_;
    job->answer = std::move(answer);
    job->phase = Phase::done;
    job->since = platform::monotonic_now();
    work_done_.notify_all();
    work_came_.notify_one();
  }
}

Result<gateway::TableAnswer> PortalTables::carry_out(Job& job, const std::stop_token& token) {
  const gateway::TableQuestion& question = job.question;
  const Folder folder{options_.runner.temporary_parent};
  if (!folder.made()) return fail(io::err::disk_full);
  gateway::TablePaths paths;
  WUSONG_TRY(paths.file, local_path(question.file, folder.path(), 'a'));
  if (!question.other.is_zero()) {
    WUSONG_TRY(paths.other, local_path(question.other, folder.path(), 'b'));
  }
  std::vector<std::string> readable{paths.file};
  std::vector<std::string> writable;
  if (!paths.other.empty()) readable.push_back(paths.other);
  if (!question.output.empty()) {
    // Beside nothing else: the child may write whatever it likes here.
    std::error_code wrong;
    const auto place = folder.path() + "/out";
    std::filesystem::create_directory(place, wrong);
    writable.push_back(place);
    paths.output = place + "/file";
  }
  tables::Runner runner = options_.runner;
  if (is_long(question)) runner.timeout = options_.long_timeout;
  runner.go_on = [&token] { return !token.stop_requested(); };
  runner.progress = [this, &job](tables::Progress now) {
    const std::lock_guard guard{mutex_};
    job.progress = now;
  };
  const auto said = runner.ask(gateway::engine_request(question, paths), readable, writable);
  gateway::TableAnswer answer{.done = true, .ok = said.ok, .json = said.json, .output = {}};
  if (answer.ok && !question.output.empty()) {
    WUSONG_TRY(answer.output, take_in(paths.output));
  }
  return answer;
}

/// Where a child can open the blob: in the store, or a copy beside it.
Result<std::string> PortalTables::local_path(const Hash& blob, const std::string& folder,
                                             char name) {
  WUSONG_TRY(const auto size, blobs_.size(blob));
  if (const auto place = blobs_.path(blob)) return std::filesystem::absolute(*place).string();
  std::string path = folder + "/" + name;
  std::ofstream out{path, std::ios::binary};
  for (std::uint64_t at = 0; at < size && out;) {
    WUSONG_TRY(const auto piece, blobs_.read(blob, at, kPiece));
    if (piece.empty()) return fail(io::err::blob_corrupt);
    out.write(reinterpret_cast<const char*>(piece.data()),
              static_cast<std::streamsize>(piece.size()));
    at += piece.size();
  }
  if (!out.flush()) return fail(io::err::disk_full);
  return path;
}

Result<io::BlobInfo> PortalTables::take_in(const std::string& path) {
  const std::string name = random_name();
  WUSONG_CHECK(blobs_.upload_begin(name));
  std::ifstream in{path, std::ios::binary};
  Bytes piece(kPiece);
  for (std::uint64_t at = 0;;) {
    in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    if (count == 0) break;
    if (const auto added = blobs_.upload_append(name, at, BytesView{piece}.first(count)); !added) {
      WUSONG_CHECK(blobs_.upload_abort(name));
      return fail(added.error());
    }
    at += count;
  }
  return blobs_.upload_finish(name);
}

}  // namespace wusong::portal_app
