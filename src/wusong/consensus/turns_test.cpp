// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/turns.hpp"

#include <gtest/gtest.h>

namespace wusong::consensus {
namespace {

/// Final blocks in all views from 1 to `last` but those of `dead` leaders that are tried in vain.
/// @return how many of their views somebody waited for.
std::uint64_t waits(Turns& turns, std::size_t validators, std::uint64_t dead, std::uint64_t last) {
  std::uint64_t out = 0;
  View parent{};
  for (View view{1}; view.value <= last; view = view.next()) {
    if (view.value % validators < dead) {
      out += turns.passed_over(view) ? 0 : 1;
      continue;
    }
    turns.on_final(parent, view);
    parent = view;
  }
  return out;
}

TEST(Turns, NobodyIsPassedOverAtFirst) {
  const Turns turns{4};
  for (View view{1}; view.value < 100; view = view.next()) EXPECT_FALSE(turns.passed_over(view));
}

TEST(Turns, OneFailureCostsOneWaitAndTwoTurns) {
  Turns turns{4};
  turns.on_final(View{1}, View{3});  // view 2 was given up
  EXPECT_TRUE(turns.passed_over(View{6}));
  EXPECT_TRUE(turns.passed_over(View{10}));
  EXPECT_FALSE(turns.passed_over(View{14}));
  EXPECT_FALSE(turns.passed_over(View{7}));  // somebody else's
}

TEST(Turns, ADeadLeaderIsTriedEverMoreSeldom) {
  Turns turns{4};
  EXPECT_EQ(waits(turns, 4, 1, 4'000), 34u);  // of 1,000 turns
}

TEST(Turns, ABlockOfItsOwnTakesOneFailureBack) {
  Turns turns{4};
  turns.on_final(View{1}, View{3});
  turns.on_final(View{13}, View{14});  // its next try
  EXPECT_FALSE(turns.passed_over(View{18}));
  turns.on_final(View{17}, View{19});
  EXPECT_TRUE(turns.passed_over(View{26}));
  EXPECT_FALSE(turns.passed_over(View{30}));  // two turns again, not four
}

TEST(Turns, AtMostFArePassedOverThoseWithTheMostFailuresOrTheLast) {
  Turns turns{4};
  turns.on_final(View{}, View{4});  // 1, 2 and 3 failed
  EXPECT_TRUE(turns.passed_over(View{7}));
  EXPECT_FALSE(turns.passed_over(View{9}));
  EXPECT_FALSE(turns.passed_over(View{10}));
  turns.on_final(View{4}, View{5});  // 1 is back
  turns.on_final(View{5}, View{8});  // 2 failed again, and 3 was passed over
  EXPECT_FALSE(turns.passed_over(View{11}));
  EXPECT_TRUE(turns.passed_over(View{14}));
  Turns ten{10};
  EXPECT_LT(waits(ten, 10, 3, 10'000), 200u);  // 3 dead, of 3,000 turns
}

TEST(Turns, WhatIsDecidedAboutAViewDoesNotChangeWithBlocksNearIt) {
  Turns turns{4};
  turns.on_final(View{1}, View{3});
  const bool before = turns.passed_over(View{6});
  turns.on_final(View{3}, View{4});
  turns.on_final(View{4}, View{5});
  EXPECT_EQ(turns.passed_over(View{6}), before);
  EXPECT_TRUE(before);
}

TEST(Turns, ALongOutageIsWorkedOffInBoundedTime) {
  Turns turns{4};
  turns.on_final(View{1}, View{1'000'000'000'000});
  EXPECT_FALSE(turns.passed_over(View{1'000'000'000'004}));  // the one that ended it
}

}  // namespace
}  // namespace wusong::consensus
