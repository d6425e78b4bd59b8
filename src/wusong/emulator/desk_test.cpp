// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "wusong/emulator/errors.hpp"
#include "wusong/emulator/internal/desk.hpp"

namespace wusong::emulator::internal {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::size_t, 3> kPlaces{0, 1, 1};

struct Office {
  Switchboard board{[] {
    const auto regions =
        wan::Regions::parse(R"({"regions": ["east", "west"], "rtt_ms_p50": [[2, 100], [100, 2]]})");
    WUSONG_ASSERT(regions.has_value());
    return wan::Network{*regions, kPlaces, 1};
  }()};
  Desk desk{{{"node0", "east", 0}, {"node1", "west", 0}, {"node2", "west", 7}}, board};

  std::string ask(std::string_view request) { return desk.answer(request).text; }
  std::string refusal(std::string_view request) {
    const auto document = codec::JsonDocument::parse(ask(request));
    return document ? std::string{document->root().string_at("error").value_or("")} : "no JSON";
  }
  bool cut(std::size_t from, std::size_t to) { return board.network().path(from, to).cut; }
};

TEST(Desk, JoiningTellsTheAddressesOfAll) {
  Office office;
  EXPECT_EQ(office.ask(R"({"op": "join", "node": "node1"})"),
            R"({"node":1,"addresses":[{"name":"node0","address":"10.77.0.1"},)"
            R"({"name":"node1","address":"10.77.0.2"},{"name":"node2","address":"10.77.0.3"}]})");
  EXPECT_EQ(office.desk.answer(R"({"op": "attach", "node": "node2"})").attach, 2u);
}

TEST(Desk, APartitionReplacesTheOneBefore) {
  Office office;
  EXPECT_EQ(office.ask(R"({"op": "partition", "nodes": ["node0"]})"), "{}");
  EXPECT_TRUE(office.cut(0, 1) && office.cut(1, 0) && office.cut(2, 0));
  EXPECT_FALSE(office.cut(1, 2));
  EXPECT_EQ(office.ask(R"({"op": "partition", "nodes": ["node2"]})"), "{}");
  EXPECT_FALSE(office.cut(0, 1));
  EXPECT_TRUE(office.cut(2, 0) && office.cut(1, 2));
  EXPECT_NE(office.ask(R"({"op": "status"})").find(R"("cutFrom":["node2"])"), std::string::npos);
}

TEST(Desk, ARegionMeansItsNodesAndHealingRestoresTheFile) {
  Office office;
  const wan::Path before = office.board.network().path(0, 2);
  EXPECT_EQ(
      office.ask(R"({"op": "set", "from": "east", "to": "west", "delay_ms": 80, "jitter_ms": 5,
                          "loss_permille": 1.5, "mbit_s": 8})"),
      "{}");
  const wan::Path changed{
      .delay_p50 = 80ms, .delay_p90 = 85ms, .loss_ppm = 1'500, .bytes_per_second = 1'000'000};
  EXPECT_EQ(office.board.network().path(0, 1), changed);
  EXPECT_EQ(office.board.network().path(0, 2), changed);
  EXPECT_EQ(office.board.network().path(2, 0).delay_p50, 50ms);  // one way
  EXPECT_EQ(office.ask(R"({"op": "set", "from": "node0", "to": "*", "cut": true, "both": true})"),
            "{}");
  EXPECT_TRUE(office.cut(0, 2) && office.cut(2, 0));
  EXPECT_EQ(office.ask(R"({"op": "heal"})"), "{}");
  EXPECT_EQ(office.board.network().path(0, 2), before);
}

TEST(Desk, WhatMakesNoSenseIsRefused) {
  Office office;
  EXPECT_EQ(office.refusal("{"), err::bad_request.name);
  EXPECT_EQ(office.refusal("[]"), err::bad_request.name);
  EXPECT_EQ(office.refusal(R"({"op": "dance"})"), err::bad_request.name);
  EXPECT_EQ(office.refusal(R"({"op": "join"})"), err::bad_request.name);
  EXPECT_EQ(office.refusal(R"({"op": "join", "node": "node9"})"), err::unknown_node.name);
  EXPECT_EQ(office.refusal(R"({"op": "partition", "nodes": ["node0", "node9"]})"),
            err::unknown_node.name);
  EXPECT_EQ(office.refusal(R"({"op": "set", "from": "*", "to": "north", "cut": true})"),
            err::unknown_node.name);
  EXPECT_EQ(office.refusal(R"({"op": "set", "from": "*", "to": "*"})"), err::bad_request.name);
  EXPECT_EQ(office.refusal(R"({"op": "set", "from": "*", "to": "*", "loss_permille": 1001})"),
            err::bad_request.name);
  EXPECT_EQ(office.refusal(R"({"op": "set", "from": "*", "to": "*", "delay_ms": -1})"),
            err::bad_request.name);
  EXPECT_FALSE(office.cut(0, 1));  // nothing of it was done
}

TEST(Desk, OnlyEndEnds) {
  Office office;
  EXPECT_FALSE(office.desk.answer(R"({"op": "status"})").end);
  EXPECT_TRUE(office.desk.answer(R"({"op": "end"})").end);
}

}  // namespace
}  // namespace wusong::emulator::internal
