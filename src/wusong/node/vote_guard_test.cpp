// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/vote_guard.hpp"

#include <gtest/gtest.h>

namespace wusong::node {
namespace {

constexpr UnixMillis kStart{1'000'000};
constexpr UnixMillis after(std::uint64_t ms) {
  return UnixMillis{kStart.value + ms};
}

TEST(VoteGuard, NothingCountsBeforeTheNodeHasCaughtUp) {
  VoteGuard guard{kStart};
  guard.on_final(after(60'000));
  EXPECT_FALSE(guard.lifted());
  guard.caught_up(after(60'000));
  EXPECT_FALSE(guard.lifted());
}

TEST(VoteGuard, ABlockThatMayHaveBeenVotedForBeforeTheStartSaysNothing) {
  VoteGuard guard{kStart};
  guard.caught_up(kStart);
  guard.on_final(after(29'999));
  EXPECT_FALSE(guard.lifted());
}

TEST(VoteGuard, OnceAYoungerBlockIsFinalItMayVoteForGood) {
  VoteGuard guard{kStart};
  guard.caught_up(kStart);
  guard.on_final(after(30'000));
  EXPECT_TRUE(guard.lifted());
  guard.on_final(after(0));
  EXPECT_TRUE(guard.lifted());
}

TEST(VoteGuard, AClockThatIsBehindIsCaughtByTheChains) {
  VoteGuard guard{UnixMillis{5}};  // in 1970
  guard.caught_up(kStart);
  guard.on_final(after(29'999));
  EXPECT_FALSE(guard.lifted());
  guard.on_final(after(30'000));
  EXPECT_TRUE(guard.lifted());
}

TEST(VoteGuard, OnlyTheFirstTimeItHasCaughtUpCounts) {
  VoteGuard guard{kStart};
  guard.caught_up(kStart);
  guard.caught_up(after(20'000));
  guard.on_final(after(30'000));
  EXPECT_TRUE(guard.lifted());
}

}  // namespace
}  // namespace wusong::node
