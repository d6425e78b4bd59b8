// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/fork.hpp"

#include <gtest/gtest.h>

#include "wusong/vm/fork_table.hpp"
#include "wusong/vm/host.hpp"
#include "wusong/vm/opcodes.hpp"

namespace wusong::vm {
namespace {

constexpr Fork kForks[]{Fork::berlin, Fork::london, Fork::paris, Fork::shanghai,
                        Fork::cancun, Fork::prague, Fork::osaka};

TEST(ForkTable, NamesLeadBackToTheirForks) {
  for (const Fork fork : kForks) {
    EXPECT_EQ(find_fork(name_of(fork)), fork);
    EXPECT_EQ(rules_of(fork).fork, fork);
  }
  // Only tests from before the fork was settled have these rules.
  EXPECT_EQ(rules_of(Fork::prague_2024_04).fork, Fork::prague_2024_04);
  EXPECT_EQ(find_fork(name_of(Fork::prague_2024_04)), std::nullopt);
  EXPECT_EQ(find_fork("Merge"), Fork::paris);
  EXPECT_EQ(find_fork("Frontier"), std::nullopt);
}

TEST(ForkTable, InstructionsOnlyAppear) {
  const auto defined = [](Fork fork) {
    int count = 0;
    for (const auto gas : rules_of(fork).gas) count += gas >= 0 ? 1 : 0;
    return count;
  };
  // 140 of Istanbul and Berlin; BASEFEE; PUSH0; five of Cancun; CLZ.
  const int berlin = defined(Fork::berlin);
  EXPECT_EQ(defined(Fork::london), berlin + 1);
  EXPECT_EQ(defined(Fork::paris), berlin + 1);
  EXPECT_EQ(defined(Fork::shanghai), berlin + 2);
  EXPECT_EQ(defined(Fork::cancun), berlin + 7);
  EXPECT_EQ(defined(Fork::prague_2024_04), berlin + 7);
  EXPECT_EQ(defined(Fork::prague), berlin + 7);
  EXPECT_EQ(defined(Fork::osaka), berlin + 8);
}

TEST(ForkTable, DefinedInstructionsHaveNames) {
  for (unsigned op = 0; op < 256; ++op) {
    const auto byte = static_cast<std::uint8_t>(op);
    EXPECT_EQ(rules_of(Fork::osaka).gas[op] >= 0, !name_of(byte).empty()) << op;
    if (name_of(byte).empty()) continue;
    EXPECT_GE(kOpcodes[op].required + kOpcodes[op].change, 0) << name_of(byte);
  }
  EXPECT_EQ(name_of(std::uint8_t{0x60}), "PUSH1");
  EXPECT_EQ(name_of(std::uint8_t{0x1e}), "CLZ");
  EXPECT_EQ(name_of(std::uint8_t{0xfa}), "STATICCALL");
  EXPECT_EQ(name_of(std::uint8_t{0x16}), "AND");
}

TEST(Status, EveryOneHasWords) {
  for (int i = 0; i <= static_cast<int>(Status::nonce_overflow); ++i) {
    EXPECT_FALSE(text_of(static_cast<Status>(i)).empty());
    EXPECT_NE(text_of(static_cast<Status>(i)), "unknown");
  }
}

}  // namespace
}  // namespace wusong::vm
