// SPDX-License-Identifier: Apache-2.0
// The gateway's table engine: wusong_duck, a few at once, over files of the blob store.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "wusong/gateway/table_engine.hpp"
#include "wusong/io/blob_store.hpp"
#include "wusong/tables/runner.hpp"

namespace wusong::portal_app {

struct PortalTablesOptions {
  tables::Runner runner;          // its timeout is that of a question somebody waits for
  std::size_t children{2};        // at once; long work leaves one for short questions
  std::size_t questions_max{32};  // not begun yet
  std::size_t askers_max{4};      // threads that wait for answers
  Duration long_timeout{std::chrono::minutes{30}};  // of profiles, conversions, …
};

/// The same question asked by several is worked at once and answered to all. What nobody fetched is
/// kept for ten minutes.
/// @thread safe
class PortalTables final : public gateway::TableEngine {
 public:
  /// `blobs` outlives it.
  PortalTables(io::BlobStore& blobs, PortalTablesOptions options);
  ~PortalTables() override { stop(); }
  PortalTables(const PortalTables&) = delete;
  PortalTables& operator=(const PortalTables&) = delete;

  Result<gateway::TableAnswer> ask(const gateway::TableQuestion& question,
                                   std::uint64_t wait_ms) override;
  /// Ends children that are at work, and sends away who waits for them.
  void stop();

 private:
  enum class Phase : std::uint8_t { waiting, working, done };
  struct Job {
    gateway::TableQuestion question;
    Phase phase{Phase::waiting};
    std::size_t askers{0};
    Instant since{};  // began to wait, or was done
    tables::Progress progress;
    Result<gateway::TableAnswer> answer{gateway::TableAnswer{}};
  };
  using Jobs = std::list<Job>;

  void work(const std::stop_token& token);
  Jobs::iterator next_job();
  void forget_old(Instant now);
  /// `job` is at work: its question is nobody else's to change.
  Result<gateway::TableAnswer> carry_out(Job& job, const std::stop_token& token);
  Result<std::string> local_path(const Hash& blob, const std::string& folder, char name);
  Result<io::BlobInfo> take_in(const std::string& path);

  io::BlobStore& blobs_;
  PortalTablesOptions options_;
  std::mutex mutex_;
  std::condition_variable_any work_came_;
  std::condition_variable_any work_done_;
  Jobs jobs_;
  std::size_t askers_{0};
  std::size_t long_ones_{0};
  bool stopped_{false};
  std::vector<std::jthread> workers_;
};

}  // namespace wusong::portal_app
