// SPDX-License-Identifier: Apache-2.0
#include "wusong/wan/regions.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "wusong/wan/errors.hpp"

namespace wusong::wan {
namespace {

using namespace std::chrono_literals;

/// Two regions, with `more` members.
std::string two(const std::string& more = "", const std::string& p90 = "[[2, 120], [110, 2]]") {
  return R"({"regions": ["east", "west"], "rtt_ms_p50": [[1, 100], [100, 1]], "rtt_ms_p90": )" +
         p90 + more + "}";
}

Error refusal(const std::string& json) {
  const auto parsed = Regions::parse(json);
  EXPECT_FALSE(parsed) << json;
  return parsed ? Error{err::bad_regions} : parsed.error();
}

TEST(Regions, RoundTripsBecomeHalfOfThemEachWay) {
  const auto regions = Regions::parse(two(R"(, "loss_permille": 2.5, "mbit_s": 8)"));
  ASSERT_TRUE(regions);
  const Path expected{
      .delay_p50 = 50ms, .delay_p90 = 60ms, .loss_ppm = 2'500, .bytes_per_second = 1'000'000};
  EXPECT_EQ(regions->path(0, 1), expected);
  EXPECT_EQ(regions->path(1, 0).delay_p90, 55ms);
  EXPECT_EQ(regions->path(1, 1).delay_p50, 500us);
}

TEST(Regions, ALinkSaysWhatIsDifferentOneWay) {
  const auto regions =
      Regions::parse(two(R"(, "links": [{"from": "*", "to": "west", "loss_permille": 10}])"));
  ASSERT_TRUE(regions);
  EXPECT_EQ(regions->path(0, 1).loss_ppm, 10'000u);
  EXPECT_EQ(regions->path(1, 1).loss_ppm, 10'000u);
  EXPECT_EQ(regions->path(1, 0).loss_ppm, 0u);
}

TEST(Regions, PlacesRepeatAndASeedShufflesThem) {
  const auto regions = Regions::parse(two());
  ASSERT_TRUE(regions);
  EXPECT_EQ(regions->place(5, 0), (std::vector<std::size_t>{0, 1, 0, 1, 0}));
  std::set<std::vector<std::size_t>> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    seen.insert(regions->place(3, seed));
    EXPECT_EQ(regions->place(3, seed), regions->place(3, seed));
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST(Regions, WhatIsNoFileOfRegionsIsRefusedByItsFault) {
  EXPECT_EQ(refusal("[]"), Error{err::bad_regions});
  EXPECT_EQ(refusal("{"), Error{err::bad_regions});
  EXPECT_EQ(refusal(R"({"regions": []})"), Error{err::bad_regions});
  EXPECT_EQ(refusal(R"({"regions": ["a", 1]})"), Error{err::bad_regions});
  EXPECT_EQ(refusal(two(R"(, "los_permille": 1)")), Error{err::unknown_key});
  EXPECT_EQ(refusal(two(R"(, "links": [{"from": "east", "to": "west", "delay": 1}])")),
            Error{err::unknown_key});
  EXPECT_EQ(refusal(two("", "[[2, 120]]")), Error{err::not_square});
  EXPECT_EQ(refusal(two("", "[[2, 120], [110]]")), Error{err::not_square});
  EXPECT_EQ(refusal(two("", "[[2, 99.9], [110, 2]]")), Error{err::rtt_out_of_range});
  EXPECT_EQ(refusal(two("", "[[2, 10001], [110, 2]]")), Error{err::rtt_out_of_range});
  EXPECT_EQ(refusal(two("", "[[-1, 120], [110, 2]]")), Error{err::rtt_out_of_range});
  EXPECT_EQ(refusal(two(R"(, "loss_permille": 1001)")), Error{err::bad_rate});
  EXPECT_EQ(refusal(two(R"(, "mbit_s": -1)")), Error{err::bad_rate});
  EXPECT_EQ(refusal(two(R"(, "placement": ["north"])")), Error{err::unknown_region});
  EXPECT_EQ(refusal(two(R"(, "links": [{"from": "east", "to": "north"}])")),
            Error{err::unknown_region});
}

TEST(Regions, TooManyAreRefused) {
  std::string names;
  for (std::size_t i = 0; i <= kRegionsMax; ++i)
    names += (i == 0 ? "\"" : ", \"") + std::to_string(i) + "\"";
  EXPECT_EQ(refusal("{\"regions\": [" + names + "]}"), Error{err::too_many_regions});
}

TEST(Regions, TheFileThatShipsHoldsThirtyThree) {
  std::ifstream file{"tools/wan/regions.json"};
  std::stringstream text;
  text << file.rdbuf();
  const auto regions = Regions::parse(text.str());
  ASSERT_TRUE(regions);
  EXPECT_EQ(regions->names().size(), 33u);
  const auto here = regions->find("us-east-1");
  const auto there = regions->find("eu-west-1");
  ASSERT_TRUE(here && there);
  EXPECT_GT(regions->path(*here, *there).delay_p50, 30ms);
  EXPECT_LT(regions->path(*here, *there).delay_p50, 40ms);
}

}  // namespace
}  // namespace wusong::wan
