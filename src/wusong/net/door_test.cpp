// SPDX-License-Identifier: Apache-2.0
#include "wusong/net/door.hpp"

#include <gtest/gtest.h>

#include "wusong/net/errors.hpp"

namespace wusong::net {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1'000s};
const Door::Limits kTight{.handshakes = {100, 10}, .handshakes_per_host = {1, 3}};

int passed(Door& door, const std::string& host, bool trusted, Instant now, int tries = 20) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += door.knock(host, trusted, now).has_value() ? 1 : 0;
  return count;
}

TEST(Door, AHostHasItsRateAndOthersHaveTheirs) {
  Door door{kTight, kStart};
  EXPECT_EQ(passed(door, "a", false, kStart), 3);
  EXPECT_EQ(door.knock("a", false, kStart).error(), Error{err::rate_exceeded});
  EXPECT_EQ(passed(door, "b", false, kStart), 3);
  EXPECT_EQ(passed(door, "a", false, kStart + 2s), 2);
}

TEST(Door, ManyHostsTogetherLeaveRoomForThoseThatPeersComeFrom) {
  Door door{kTight, kStart};
  int all = 0;
  for (int i = 0; i < 20; ++i) all += passed(door, "host" + std::to_string(i), false, kStart);
  EXPECT_LE(all, 13);
  EXPECT_EQ(passed(door, "peer's", true, kStart), 3);
}

TEST(Door, FailedHandshakesBanAHostForAWhileButNotOnePeersComeFrom) {
  Door door{{}, kStart};
  for (int i = 0; i < 30; ++i) door.blame("a", err::tls_failed, kStart);
  EXPECT_EQ(door.knock("a", false, kStart).error(), Error{err::banned});
  EXPECT_TRUE(door.knock("a", true, kStart).has_value());
  EXPECT_TRUE(door.knock("b", false, kStart).has_value());
  EXPECT_TRUE(door.knock("a", false, kStart + Door::kBanMax).has_value());
}

TEST(Door, ConnectionsThatWereLostAreNotHeldAgainstAnybody) {
  Door door{{}, kStart};
  for (int i = 0; i < 1'000; ++i) door.blame("a", err::connection_lost, kStart);
  EXPECT_TRUE(door.knock("a", false, kStart).has_value());
  for (int i = 0; i < 25; ++i) door.blame("a", err::handshake_timeout, kStart);
  EXPECT_FALSE(door.knock("a", false, kStart).has_value());
}

TEST(Door, ItsMemoryIsBoundedAndTheLongestAbsentAreForgotten) {
  Door door{{}, kStart};
  for (int i = 0; i < 30; ++i) door.blame("a", err::tls_failed, kStart);
  for (std::size_t i = 0; i < Door::kHostsMax; ++i)
    door.blame("host" + std::to_string(i), err::connection_lost, kStart + 1s);
  EXPECT_TRUE(door.knock("a", false, kStart + 1s).has_value());
}

}  // namespace
}  // namespace wusong::net
