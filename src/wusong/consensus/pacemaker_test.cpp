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
  for (int i = 0; i < 100; ++i) pacemaker.on_notarized(0, view_time);
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
  pacemaker.on_nullified(0);
  EXPECT_EQ(pacemaker.timeout(1), 1s);
  pacemaker.on_nullified(1);
  EXPECT_EQ(pacemaker.timeout(2), 2s);
  for (int i = 0; i < 100; ++i) pacemaker.on_nullified(2);
  EXPECT_EQ(pacemaker.timeout(3), 5s);
}

TEST(Pacemaker, OneSuccessReturnsToTheBase) {
  Pacemaker pacemaker = measured(100ms);
  pacemaker.on_nullified(0);
  pacemaker.on_nullified(1);
  pacemaker.on_notarized(2);
  EXPECT_EQ(pacemaker.timeout(3), 500ms);
}

TEST(Pacemaker, ALeaderThatKeepsFailingAmongSuccessesIsWaitedForLess) {
  Pacemaker pacemaker = measured(100ms);
  for (int round = 1; round <= 2; ++round) {
    EXPECT_EQ(pacemaker.timeout(3), 500ms) << round;
    pacemaker.on_nullified(3);
    pacemaker.on_notarized(0);
  }
  EXPECT_EQ(pacemaker.timeout(3), 125ms);
  EXPECT_EQ(pacemaker.timeout(0), 500ms);
  pacemaker.on_notarized(3);
  EXPECT_EQ(pacemaker.timeout(3), 500ms);
}

TEST(Pacemaker, AFailingLeaderGetsTheFullWaitEveryEighthTurn) {
  Pacemaker pacemaker = measured(100ms);
  int full = 0;
  for (int round = 0; round < 32; ++round) {
    full += pacemaker.timeout(3) == 500ms ? 1 : 0;
    pacemaker.on_nullified(3);
    pacemaker.on_notarized(0);
  }
  EXPECT_EQ(full, 5);  // turns 0, 1, 8, 16, 24
}

TEST(Pacemaker, NoShorterWaitWhileNobodySucceeds) {
  Pacemaker pacemaker = measured(100ms);
  for (int i = 0; i < 3; ++i) pacemaker.on_nullified(3);
  EXPECT_EQ(pacemaker.timeout(3), 4s);
}

}  // namespace
}  // namespace wusong::consensus
