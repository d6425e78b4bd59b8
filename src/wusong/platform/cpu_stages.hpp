// SPDX-License-Identifier: Apache-2.0
// Processor time by stage, as the counters wusong_cpu_nanoseconds_total{stage="…"}.
#pragma once

#include <array>

#include "wusong/io/executor.hpp"
#include "wusong/io/stage_timer.hpp"
#include "wusong/platform/metrics.hpp"

namespace wusong::platform {

class CpuStages final : public io::StageTimer {
 public:
  /// The registry outlives it.
  explicit CpuStages(MetricsRegistry& metrics);
  io::Stage enter(io::Stage stage) noexcept override;

 private:
  std::array<Counter*, io::kStageCount> nanoseconds_{};
};

/// Charges what runs on another executor's threads to one stage.
class StagedExecutor final : public io::Executor {
 public:
  StagedExecutor(io::Executor& inner, io::StageTimer& timer, io::Stage stage)
      : inner_{inner}, timer_{timer}, stage_{stage} {}
  void for_each(std::size_t count, const std::function<void(std::size_t)>& task) override {
    inner_.for_each(count, [&](std::size_t i) {
      const io::StageScope scope{timer_, stage_};
      task(i);
    });
  }

 private:
  io::Executor& inner_;
  io::StageTimer& timer_;
  io::Stage stage_;
};

}  // namespace wusong::platform
