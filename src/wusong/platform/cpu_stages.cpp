// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/cpu_stages.hpp"

#include <time.h>

namespace wusong::platform {
namespace {

constexpr std::array<const char*, io::kStageCount> kNames{
    "other", "rpc", "recovery", "pool", "consensus", "execution", "trie", "storage"};

struct ThreadStage {
  io::Stage stage{io::Stage::other};
  std::uint64_t since_ns{0};
};
thread_local ThreadStage current_stage;

std::uint64_t thread_cpu_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

CpuStages::CpuStages(MetricsRegistry& metrics) {
  for (std::size_t i = 0; i < io::kStageCount; ++i) {
    nanoseconds_[i] =
        &metrics.counter("wusong_cpu_nanoseconds_total",
                         "Processor time of threads that name their stage", {{"stage", kNames[i]}});
  }
}

io::Stage CpuStages::enter(io::Stage stage) noexcept {
  const std::uint64_t now = thread_cpu_ns();
  const io::Stage before = current_stage.stage;
  nanoseconds_[static_cast<std::size_t>(before)]->add(now - current_stage.since_ns);
  current_stage = {.stage = stage, .since_ns = now};
  return before;
}

}  // namespace wusong::platform
