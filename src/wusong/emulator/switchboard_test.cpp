// SPDX-License-Identifier: Apache-2.0
#include "wusong/emulator/switchboard.hpp"

#include <gtest/gtest.h>

#include <array>

#include "wusong/emulator/tunnel.hpp"

namespace wusong::emulator {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::size_t, 3> kPlaces{0, 1, 0};

Switchboard make(SwitchLimits limits = {}) {
  const auto regions =
      wan::Regions::parse(R"({"regions": ["a", "b"], "rtt_ms_p50": [[2, 100], [100, 2]]})");
  WUSONG_ASSERT(regions.has_value());
  return Switchboard{wan::Network{*regions, kPlaces, 1}, limits};
}

/// An IPv4 header from 10.77.0.(from + 1) to 10.77.0.(to + 1), `mark` behind it.
Bytes packet(std::uint8_t from, std::uint8_t to, std::uint8_t mark = 0) {
  Bytes out(21);
  out[0] = 0x45;
  const std::array<std::uint8_t, 3> net{10, 77, 0};
  std::ranges::copy(net, out.begin() + 12);
  std::ranges::copy(net, out.begin() + 16);
  out[15] = static_cast<std::uint8_t>(from + 1);
  out[19] = static_cast<std::uint8_t>(to + 1);
  out[20] = mark;
  return out;
}

TEST(Switchboard, AddressesAndNodesAreEachOthersInverse) {
  EXPECT_EQ(address_of(0), "10.77.0.1");
  EXPECT_EQ(address_of(255), "10.77.1.0");
  const Bytes sent = packet(3, 200);
  EXPECT_EQ(ends_of(sent.data(), sent.size()).from, 3u);
  EXPECT_EQ(ends_of(sent.data(), sent.size()).to, 200u);
  EXPECT_EQ(ends_of(sent.data(), 19).from, kNodesMax);  // no whole header
}

TEST(Switchboard, PacketsComeOutInOrderOfArrivalWhenTheyArrive) {
  Switchboard board = make();
  board.accept(0, packet(0, 1, 1), Instant{});
  board.accept(0, packet(0, 2, 2), Instant{});  // near: overtakes
  EXPECT_FALSE(board.next(Instant{}));
  EXPECT_EQ(board.wake_at(), Instant{1ms});
  const auto near = board.next(Instant{1ms});
  ASSERT_TRUE(near);
  EXPECT_EQ(near->to, 2u);
  EXPECT_EQ(near->packet, packet(0, 2, 2));
  EXPECT_FALSE(board.next(Instant{49ms}));
  EXPECT_EQ(board.next(Instant{50ms})->to, 1u);
  EXPECT_FALSE(board.wake_at());
  EXPECT_EQ(board.queued_bytes(), 0u);
}

TEST(Switchboard, APacketOfAnotherAddressOrForNobodyIsRefused) {
  Switchboard board = make();
  board.accept(0, packet(1, 2), Instant{});          // not its address
  board.accept(0, packet(0, 3), Instant{});          // nobody's
  board.accept(0, Bytes{0x60, 0, 0, 0}, Instant{});  // not IPv4
  EXPECT_EQ(board.refused(), 3u);
  EXPECT_FALSE(board.wake_at());
}

TEST(Switchboard, WhatIsOnItsWayIsBounded) {
  Switchboard board = make({.bytes = 50});
  for (int i = 0; i < 3; ++i) board.accept(0, packet(0, 1), Instant{});
  EXPECT_EQ(board.queued_bytes(), 42u);
  EXPECT_EQ(board.overflowed(), 1u);
  ASSERT_TRUE(board.next(Instant{50ms}));
  board.accept(0, packet(0, 1), Instant{50ms});
  EXPECT_EQ(board.overflowed(), 1u);  // there is room again
}

}  // namespace
}  // namespace wusong::emulator
