// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/range_turns.hpp"

#include <gtest/gtest.h>

namespace wusong::sync {
namespace {

using namespace std::chrono_literals;

constexpr RangeTurns::Config kConfig{.bytes_per_second = 1'000'000, .waiting_max = 4};
constexpr RangeTurns::Cost kAnswer{.sent_bytes = 434'464, .read_bytes = 0};  // with the request:
constexpr Duration kPaid = 500ms;

RangeTurns::Request range_from(std::uint64_t height) {
  return net::RangeRequest{.id = height, .from = Height{height}, .count_max = 1};
}
std::uint64_t id_of(const std::optional<RangeTurns::Turn>& turn) {
  return turn ? std::get<net::RangeRequest>(turn->request).id : 0;
}

/// Bytes sent to each of three peers in ten seconds, where `greedy` of them ask without end and
/// peer 3 asks again only once it has its answer.
std::map<consensus::PeerId, std::uint64_t> ten_seconds(std::uint64_t greedy) {
  RangeTurns turns{kConfig};
  std::map<consensus::PeerId, std::uint64_t> sent;
  turns.ask(3, range_from(1));
  for (Instant now{}; now < Instant{} + 10s; now += 1ms) {
    for (consensus::PeerId peer = 1; peer <= greedy; ++peer) turns.ask(peer, range_from(1));
    if (const auto turn = turns.next(now)) {
      turns.charge(turn->peer, kAnswer, now);
      sent[turn->peer] += kAnswer.sent_bytes;
      if (turn->peer == 3) turns.ask(3, range_from(1));
    }
  }
  return sent;
}

TEST(RangeTurns, TheFirstRequestIsAnsweredAtOnceAndTheNextOnceItIsPaidFor) {
  RangeTurns turns{kConfig};
  EXPECT_EQ(turns.wake_at(), std::nullopt);
  const Instant now = Instant{} + 1s;
  turns.ask(1, range_from(1));
  turns.ask(1, range_from(2));
  EXPECT_LE(turns.wake_at(), now);
  EXPECT_EQ(id_of(turns.next(now)), 1u);
  turns.charge(1, kAnswer, now);
  EXPECT_EQ(turns.wake_at(), now + kPaid);
  EXPECT_FALSE(turns.next(now + kPaid - 1us));
  EXPECT_EQ(id_of(turns.next(now + kPaid)), 2u);
  EXPECT_EQ(turns.wake_at(), std::nullopt);
}

TEST(RangeTurns, AnAnswerWithoutBytesAndBytesReadInVainCostTimeToo) {
  RangeTurns turns{kConfig};
  const auto costs = [&](RangeTurns::Cost cost) {
    const Instant now = Instant{} + 100s;
    turns = RangeTurns{kConfig};
    turns.charge(1, cost, now);
    turns.ask(1, range_from(1));
    return *turns.wake_at() - now;
  };
  EXPECT_GT(costs({}), 60ms);
  EXPECT_EQ(costs({.sent_bytes = 0, .read_bytes = 8'000'000}) - costs({}), 1s);
}

TEST(RangeTurns, WhoAsksWithoutEndIsHeldToItsBudgetAndOnlyTheNewestFewWait) {
  RangeTurns turns{kConfig};
  turns.charge(1, kAnswer, Instant{});
  for (std::uint64_t height = 1; height <= 1'000; ++height) turns.ask(1, range_from(height));
  EXPECT_EQ(turns.dropped(), 996u);
  EXPECT_EQ(id_of(turns.next(Instant{} + kPaid)), 997u);
  EXPECT_LE(ten_seconds(1)[1], 10 * kConfig.bytes_per_second);
}

TEST(RangeTurns, AModestPeerGetsItsShareBesideGreedyOnes) {
  const auto alone = ten_seconds(0);
  EXPECT_EQ(alone.at(3), 20 * kAnswer.sent_bytes);
  const auto among = ten_seconds(2);
  EXPECT_GE(among.at(3), alone.at(3) / 3);
  EXPECT_NEAR(static_cast<double>(among.at(1)), static_cast<double>(among.at(3)),
              2.0 * kAnswer.sent_bytes);
  EXPECT_LE(among.at(1) + among.at(2) + among.at(3), 11 * kConfig.bytes_per_second);
}

TEST(RangeTurns, ComingBackDoesNotPayADebt) {
  RangeTurns turns{kConfig};
  turns.charge(1, kAnswer, Instant{});
  turns.ask(1, range_from(1));
  turns.gone(1);
  EXPECT_EQ(turns.wake_at(), std::nullopt) << "nobody waits for that answer";
  turns.ask(1, range_from(2));
  EXPECT_FALSE(turns.next(Instant{} + kPaid - 1ms));
  EXPECT_EQ(id_of(turns.next(Instant{} + kPaid)), 2u);
}

TEST(RangeTurns, WhatAllAnswersTakeIsWithinTheRateWhoeverTheyGoTo) {
  RangeTurns turns{kConfig};
  std::uint64_t sent = 0;
  for (Instant now{}; now < Instant{} + 20s; now += 1ms) {
    for (consensus::PeerId peer = 0; peer < 50; ++peer) turns.ask(peer, range_from(1));
    if (const auto turn = turns.next(now)) {
      turns.charge(turn->peer, kAnswer, now);
      sent += kAnswer.sent_bytes;
    }
  }
  // Everybody's first answer comes at once; what follows is within the rate.
  EXPECT_LE(sent, 50 * kAnswer.sent_bytes + 20 * kConfig.bytes_per_second);
}

}  // namespace
}  // namespace wusong::sync
