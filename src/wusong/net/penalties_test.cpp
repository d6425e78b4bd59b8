// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/penalties.hpp"

#include <gtest/gtest.h>

#include "wusong/net/errors.hpp"
#include "wusong/net/rate_limit.hpp"

namespace wusong::net {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1'000s};

TEST(Penalties, HalfOfThemAreForgottenInEachHalfLife) {
  Penalties penalties{{.half_life = 30s}};
  EXPECT_FALSE(penalties.add(80, kStart));
  EXPECT_DOUBLE_EQ(penalties.value(kStart + 30s), 40);
  EXPECT_DOUBLE_EQ(penalties.value(kStart + 60s), 20);
  EXPECT_EQ(penalties.value(kStart + 1h), 0);
  EXPECT_FALSE(penalties.add(59, kStart + 30s));
  EXPECT_TRUE(penalties.add(1, kStart + 30s));
}

TEST(Penalties, BansDoubleUpToTheirLimitAndStartOverInTheEnd) {
  Penalties penalties{{.ban_first = 10s, .ban_max = 35s, .forget_after = 60s}};
  Instant now = kStart;
  EXPECT_EQ(penalties.ban_left(now), Duration{0});
  for (const Duration expected : {10s, 20s, 35s, 35s}) {
    penalties.ban(now);
    EXPECT_EQ(penalties.ban_left(now), expected);
    EXPECT_EQ(penalties.ban_left(now + expected), Duration{0});
    now += expected;
  }
  penalties.ban(now + 61s);
  EXPECT_EQ(penalties.ban_left(now + 61s), 10s);
}

TEST(Penalties, ABanWipesTheSlate) {
  Penalties penalties{{}};
  ASSERT_TRUE(penalties.add(kBanAt, kStart));
  penalties.ban(kStart);
  EXPECT_EQ(penalties.value(kStart), 0);
}

TEST(Penalties, ABanIsShortenedForAValidator) {
  Penalties penalties{{.ban_first = 1h}};
  penalties.ban(kStart);
  penalties.set_ban_max(Penalties::kValidatorBanMax, kStart + 1s);
  EXPECT_EQ(penalties.ban_left(kStart + 1s), Penalties::kValidatorBanMax);
}

TEST(Penalties, WhatHappensToHonestPeersWeighsNothing) {
  EXPECT_EQ(penalty_of(err::connection_lost), 0);
  EXPECT_EQ(penalty_of(err::peer_silent), 0);
  EXPECT_EQ(penalty_of(err::peer_removed), 0);
  EXPECT_EQ(penalty_of(err::banned), 0);
  EXPECT_EQ(penalty_of(err::genesis_mismatch), 0);
  EXPECT_GT(penalty_of(err::bad_message), penalty_of(err::tls_failed));
}

TEST(RateLimit, ABurstIsTakenAtOnceAndTheRestAtItsRate) {
  RateLimit limit{{.per_second = 10, .burst = 3}, kStart};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take(1, kStart));
  EXPECT_FALSE(limit.take(1, kStart));
  EXPECT_EQ(limit.ready_at(kStart), kStart + 100ms);
  EXPECT_TRUE(limit.take(1, kStart + 100ms));
  EXPECT_FALSE(limit.take(1, kStart + 100ms));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take(1, kStart + 1h));
  EXPECT_FALSE(limit.take(1, kStart + 1h));
}

TEST(RateLimit, SomethingLargerThanTheBurstPassesAndIsWaitedFor) {
  RateLimit limit{{.per_second = 10, .burst = 3}, kStart};
  EXPECT_TRUE(limit.take(13, kStart));
  EXPECT_FALSE(limit.take(1, kStart + 1s));
  EXPECT_TRUE(limit.take(1, kStart + 1100ms));
}

}  // namespace
}  // namespace wusong::net
