// SPDX-License-Identifier: Apache-2.0
// Wide networks, throughput under faults, and what is kept in memory for long.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "wusong/sim/delays.hpp"
#include "wusong/sim/throughput.hpp"

namespace wusong::sim {
namespace {

using namespace std::chrono_literals;

Wide shipped(std::uint64_t placement) {
  std::ifstream file{"tools/wan/regions.json"};
  std::stringstream text;
  text << file.rdbuf();
  auto regions = wan::Regions::parse(text.str());
  WUSONG_ASSERT(regions.has_value());
  return {.regions = *std::move(regions), .placement = placement};
}

bool quick() {
  return std::getenv("WUSONG_QUICK") != nullptr;
}

TEST(Timing, MeansAndQuantilesAreThoseOfWhatWasAdded) {
  Timing timing;
  EXPECT_EQ(timing.mean_ms(), 0);
  EXPECT_EQ(timing.quantile_ms(0.95), 0);
  for (int i = 1; i <= 100; ++i) timing.add(Duration{1ms} * i);
  EXPECT_DOUBLE_EQ(timing.mean_ms(), 50.5);
  EXPECT_DOUBLE_EQ(timing.quantile_ms(0.95), 95);
  timing.add(1h);
  EXPECT_DOUBLE_EQ(timing.quantile_ms(1), 10'000);  // bounded
}

TEST(Delays, OnEqualPathsTheModelsTakeThreeAndFiveDelays) {
  auto regions = wan::Regions::parse(R"({"regions": ["a"], "rtt_ms_p50": [[100]]})");
  ASSERT_TRUE(regions);
  const DelayModels models = delay_models({.regions = *regions}, 31, 2, 1);
  EXPECT_NEAR(models.three.quantile_ms(0.5), 150, 0.1);
  EXPECT_NEAR(models.five.quantile_ms(0.5), 250, 0.1);
}

TEST(Wide, FinalityTakesThreeMessageDelaysAndLittleMore) {
  double ours = 0;
  double five = 0;
  for (std::uint64_t seed = 1; seed <= (quick() ? 2u : 6u); ++seed) {
    Scenario scenario = *named_scenario("calm", seed, 4);
    scenario.wide = shipped(seed);
    const Outcome outcome = run_scenario(scenario, seed);
    ASSERT_TRUE(outcome.violations.empty()) << seed << "\n" << outcome.describe();
    const DelayModels models = delay_models(*scenario.wide, 4, 200, seed);
    EXPECT_GT(outcome.finality.count(), 100u) << seed;
    EXPECT_LT(outcome.finality.mean_ms(), models.three.mean_ms() + 15) << seed;
    ours += outcome.finality.mean_ms();
    five += models.five.mean_ms();
  }
  EXPECT_LT(ours, 0.75 * five);
}

TEST(Wide, FaultsOnTopOfItAreSurvived) {
  for (const char* name : {"network", "byzantine", "swarm"}) {
    Scenario scenario = *named_scenario(name, 7, 4);
    scenario.wide = shipped(7);
    const Outcome outcome = run_scenario(scenario, 7);
    EXPECT_TRUE(outcome.violations.empty()) << name << "\n" << outcome.describe();
  }
}

TEST(Throughput, WithFFaultyValidatorsItStaysAboveSeventyOfAHundred) {
  std::printf("%-18s %10s %8s %14s\n", "f validators", "tx/s", "of all", "views wasted");
  const std::size_t validators = quick() ? 4 : 7;
  for (const Throughput& row : measure_throughput({.validators = validators})) {
    const std::string name{name_of(row.behaviour)};
    std::printf("%-18s %10.0f %7.0f%% %14lu\n", name.c_str(), row.transactions_s,
                row.of_healthy * 100, static_cast<unsigned long>(row.views_wasted));
    EXPECT_TRUE(row.clean) << name;
    EXPECT_GE(row.of_healthy, 0.7) << name;
  }
}

TEST(Soak, WhatANodeKeepsDoesNotGrow) {
  Scenario scenario = *named_scenario("soak", 1, 4);
  scenario.block_interval_ms = 100;
  scenario.steady_after = 8min;
  scenario.chaos = quick() ? 12min : 30min;
  const Outcome outcome = run_scenario(scenario, 1);
  EXPECT_TRUE(outcome.violations.empty()) << outcome.describe();
  EXPECT_GT(outcome.memory.size(), 10u);
  EXPECT_GT(outcome.blocks, quick() ? 5'000u : 15'000u);
}

}  // namespace
}  // namespace wusong::sim
