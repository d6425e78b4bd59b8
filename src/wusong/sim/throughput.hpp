// SPDX-License-Identifier: Apache-2.0
// What a chain that has more to do than it can still does while f validators misbehave.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "wusong/sim/scenario.hpp"

namespace wusong::sim {

struct Throughput {
  Behaviour behaviour{Behaviour::honest};  // of all f; honest: the fault-free run
  double transactions_s{0};
  double of_healthy{0};  // 1: nothing is lost
  std::uint64_t views_wasted{0};
  bool clean{false};  // no checker failed
};

struct ThroughputOptions {
  std::size_t validators{4};
  std::optional<Wide> wide;
  std::uint64_t seed{1};
};

/// The fault-free run, then one for each behaviour. Blocks are small and demand is above what they
/// hold, so that a view lost is throughput lost; what is measured is the second half of each run,
/// when views have adapted.
std::vector<Throughput> measure_throughput(
    const ThroughputOptions& options, const std::function<void(const Throughput&)>& on_row = {});

}  // namespace wusong::sim
