// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/machine.hpp"

#include <gtest/gtest.h>

namespace wusong::operate {
namespace {

/// Four proposers in turn, 100 ms apart; each with a clock so many milliseconds off.
std::vector<TimedBlock> blocks_by(const std::vector<std::int64_t>& offsets) {
  std::vector<TimedBlock> out;
  std::uint64_t parent = 1'000'000;
  for (std::uint64_t i = 0; i < 80; ++i) {
    const auto real = static_cast<std::int64_t>(1'000'000 + 100 * i);
    const auto clock = static_cast<std::uint64_t>(real + offsets[i % offsets.size()]);
    const std::uint64_t time = std::max(parent, clock);
    out.push_back({"node" + std::to_string(i % offsets.size()), time, parent});
    parent = time;
  }
  return out;
}

TEST(Clocks, ThatAgreeAreWell) {
  const auto blocks = blocks_by({0, 20, -20, 5});
  EXPECT_EQ(check_clocks(blocks, blocks.back().time_ms).grade, Grade::ok);
}

TEST(Clocks, TheOneBehindTheOthersIsNamed) {
  const auto blocks = blocks_by({0, -5'000, 0, 0});
  const Finding finding = check_clocks(blocks, blocks.back().time_ms);
  EXPECT_EQ(finding.grade, Grade::fail);
  EXPECT_EQ(finding.what, "behind the others: node1");
}

TEST(Clocks, TheOneAheadOfTheOthersIsNamed) {
  const auto blocks = blocks_by({0, 0, 5'000, 0});
  const Finding finding = check_clocks(blocks, blocks.back().time_ms);
  EXPECT_EQ(finding.grade, Grade::fail);
  EXPECT_EQ(finding.what, "ahead of the others: node2");
}

TEST(Clocks, AMachineBehindTheChainIsTold) {
  const auto blocks = blocks_by({0, 0, 0, 0});
  EXPECT_EQ(check_clocks(blocks, blocks.back().time_ms - 3'000).grade, Grade::fail);
  EXPECT_EQ(check_clocks(blocks, blocks.back().time_ms - 900).grade, Grade::ok);
}

TEST(Clocks, AFewBlocksJudgeNobody) {
  const std::vector<TimedBlock> blocks{{"node0", 5, 5}, {"node0", 5, 5}};
  EXPECT_EQ(check_clocks(blocks, 5).grade, Grade::ok);
  EXPECT_EQ(check_clocks({}, 5).grade, Grade::ok);
}

TEST(Ports, ATakenOneIsAFaultThatNamesIt) {
  // Nobody listens on port 1 of an address for documentation, and no such address is ours.
  const Finding finding = check_port_free("port", "192.0.2.1", 1);
  EXPECT_EQ(finding.grade, Grade::fail);
  EXPECT_NE(finding.what.find("192.0.2.1:1"), std::string::npos);
  EXPECT_FALSE(finding.mend.empty());
}

TEST(Ports, ANameThatDoesNotResolveIsSaid) {
  EXPECT_FALSE(why_unreachable("no-such-host.invalid", 1, std::chrono::milliseconds{10}).empty());
}

TEST(Machine, EveryFindingThatIsNotWellNamesTheMend) {
  for (const Finding& finding : {check_disk_space("/tmp"), check_disk_speed("/tmp"),
                                 check_open_files({}), check_memory(), check_clock_source()}) {
    EXPECT_FALSE(finding.what.empty()) << finding.check;
    EXPECT_EQ(finding.grade == Grade::ok, finding.mend.empty()) << finding.check;
  }
}

TEST(Machine, AFolderThatIsNotThereYetIsJudgedByTheOneAbove) {
  EXPECT_NE(check_disk_space("/tmp/none/such").what.find(" at /tmp"), std::string::npos);
}

}  // namespace
}  // namespace wusong::operate
