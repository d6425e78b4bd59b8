// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/pacemaker.hpp"

#include <gtest/gtest.h>

namespace wusong::consensus {
namespace {

using namespace std::chrono_literals;

constexpr PacemakerConfig kConfig{
    .timeout_initial = 1s, .timeout_min = 200ms, .timeout_max = 5s, .margin = 100ms};

Pacemaker measured(Duration view_time) {
  Pacemaker pacemaker{kConfig, 4};
  for (ValidatorIndex leader = 0; leader < 4; ++leader) pacemaker.on_notarized(leader, view_time);
  return pacemaker;
}

TEST(Pacemaker, StartsAtTheInitialTimeout) {
  EXPECT_EQ((Pacemaker{kConfig, 4}.timeout(0)), 1s);
}

TEST(Pacemaker, FollowsViewsThatGoWellWithinItsBounds) {
  EXPECT_EQ(measured(100ms).timeout(0), 500ms);
  EXPECT_EQ(measured(1ms).timeout(0), 200ms);
  EXPECT_EQ(measured(10s).timeout(0), 5s);
}

TEST(Pacemaker, DoublesWhileViewsFailAndStopsAtTheMaximum) {
  Pacemaker pacemaker = measured(100ms);
  pacemaker.on_nullified();
  EXPECT_EQ(pacemaker.timeout(1), 1s);
  pacemaker.on_nullified();
  EXPECT_EQ(pacemaker.timeout(2), 2s);
  for (int i = 0; i < 100; ++i) pacemaker.on_nullified();
  EXPECT_EQ(pacemaker.timeout(3), 5s);
}

TEST(Pacemaker, OneSuccessReturnsToTheBase) {
  Pacemaker pacemaker = measured(100ms);
  pacemaker.on_nullified();
  pacemaker.on_nullified();
  pacemaker.on_notarized();
  EXPECT_EQ(pacemaker.timeout(3), 500ms);
}

TEST(Pacemaker, FSlowLeadersDoNotStretchTheTimeout) {
  Pacemaker pacemaker = measured(100ms);
  for (int i = 0; i < 1'000; ++i) pacemaker.on_notarized(3, 5s);
  EXPECT_EQ(pacemaker.timeout(0), 500ms);
  for (int i = 0; i < 1'000; ++i) pacemaker.on_notarized(2, 300ms);  // one more than f: it is so
  EXPECT_GT(pacemaker.timeout(0), 1s);
}

TEST(Pacemaker, ALeaderThatIsSlowAgainAndAgainGetsTwiceTheUsual) {
  Pacemaker pacemaker = measured(100ms);
  pacemaker.on_notarized(3, 300ms);  // once is no habit
  EXPECT_EQ(pacemaker.timeout(3), 500ms);
  for (int i = 0; i < 10; ++i) pacemaker.on_notarized(3, 400ms);
  EXPECT_EQ(pacemaker.timeout(3), 250ms);
  EXPECT_EQ(pacemaker.timeout(0), 500ms);
  for (int i = 0; i < 40; ++i) pacemaker.on_notarized(3, 100ms);  // mended
  EXPECT_EQ(pacemaker.timeout(3), 500ms);
}

TEST(Pacemaker, NoShorterWaitWhileNobodySucceeds) {
  Pacemaker pacemaker = measured(100ms);
  for (int i = 0; i < 10; ++i) pacemaker.on_notarized(3, 400ms);
  for (int i = 0; i < 3; ++i) pacemaker.on_nullified();
  EXPECT_EQ(pacemaker.timeout(3), 4s);
}

}  // namespace
}  // namespace wusong::consensus
