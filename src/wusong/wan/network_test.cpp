// SPDX-License-Identifier: Apache-2.0
#include "wusong/wan/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "wusong/base/assert.hpp"

namespace wusong::wan {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::size_t, 2> kApart{0, 1};

Network make(const std::string& more = "", std::uint64_t seed = 1) {
  const auto regions = Regions::parse(
      R"({"regions": ["a", "b"], "rtt_ms_p50": [[1, 100], [100, 1]],
          "rtt_ms_p90": [[1, 120], [100, 1]])" +
      more + "}");
  WUSONG_ASSERT(regions.has_value());
  return Network{*regions, kApart, seed};
}

TEST(Network, DelaysHaveTheMedianAndTheNinetiethPercentileOfThePath) {
  const Path path{.delay_p50 = 50ms, .delay_p90 = 60ms};
  SplitMix random{7};
  std::vector<Duration> delays;
  for (int i = 0; i < 100'000; ++i) delays.push_back(draw_delay(path, random));
  std::ranges::sort(delays);
  const auto close = [](Duration a, Duration b) { return std::chrono::abs(a - b) < 300us; };
  EXPECT_TRUE(close(delays[50'000], 50ms)) << delays[50'000].count();
  EXPECT_TRUE(close(delays[90'000], 60ms)) << delays[90'000].count();
  EXPECT_GE(delays.front(), 25ms);
  EXPECT_LE(delays.back(), 77ms);
}

TEST(Network, PacketsArriveInOrder) {
  Network network = make();
  Instant last{};
  for (int i = 0; i < 1'000; ++i) {
    const auto at = network.pass(0, 1, 100, Instant{Duration{10us} * i});
    ASSERT_TRUE(at);
    EXPECT_GE(*at, last);
    last = *at;
  }
  EXPECT_EQ(network.counters(0, 1).passed, 1'000u);
}

TEST(Network, AFullQueueDrops) {
  Network network = make(R"(, "mbit_s": 8)");  // 1,000 bytes take a millisecond
  EXPECT_EQ(network.pass(1, 0, 1'000, Instant{}), Instant{51ms});
  EXPECT_EQ(network.pass(1, 0, 1'000, Instant{}), Instant{52ms});
  int passed = 2;
  while (network.pass(1, 0, 1'000, Instant{})) ++passed;
  EXPECT_EQ(passed, 251);
  EXPECT_EQ(network.counters(1, 0).dropped, 1u);
  EXPECT_TRUE(network.pass(1, 0, 1'000, Instant{100ms}));  // there is room again
}

TEST(Network, LossIsAsOftenAsThePathSays) {
  Network network = make(R"(, "loss_permille": 50)");
  for (int i = 0; i < 20'000; ++i) static_cast<void>(network.pass(0, 1, 100, Instant{}));
  EXPECT_NEAR(static_cast<double>(network.counters(0, 1).lost), 1'000.0, 150.0);
}

TEST(Network, AStreamRepeatsWhatIsLost) {
  Network network = make(R"(, "loss_permille": 1000)");
  EXPECT_EQ(network.stream(1, 0, 100, Instant{}), Instant{50ms + 3 * 100ms});
  network.set(1, 0, {.delay_p50 = 50ms, .delay_p90 = 50ms});
  EXPECT_EQ(network.stream(1, 0, 100, Instant{10ms}), Instant{350ms});  // held up
}

TEST(Network, ACutPathBringsNothingUntilItIsRestored) {
  Network network = make();
  Path path = network.path(0, 1);
  path.cut = true;
  network.set(0, 1, path);
  EXPECT_FALSE(network.pass(0, 1, 100, Instant{}));
  EXPECT_FALSE(network.stream(0, 1, 100, Instant{}));
  EXPECT_TRUE(network.pass(1, 0, 100, Instant{}));  // one way
  EXPECT_EQ(network.counters(0, 1).cut_off, 2u);
  network.restore();
  EXPECT_TRUE(network.pass(0, 1, 100, Instant{}));
}

TEST(Network, EqualSeedsGiveEqualArrivals) {
  Network one = make("", 5);
  Network same = make("", 5);
  Network other = make("", 6);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto at = one.pass(0, 1, 100, Instant{});
    EXPECT_EQ(at, same.pass(0, 1, 100, Instant{}));
    differs |= at != other.pass(0, 1, 100, Instant{});
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace wusong::wan
