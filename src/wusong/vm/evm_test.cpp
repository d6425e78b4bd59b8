// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/evm.hpp"

#include <gtest/gtest.h>

#include "wusong/vm/internal/test_host.hpp"

namespace wusong::vm {
namespace {

using internal::TestHost;

TEST(Evm, AddsAndReturns) {
  TestHost host;
  const Bytes code{0x60, 2, 0x60, 3, 0x01, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3};
  const auto result = host.run(code, 100);
  EXPECT_EQ(result.status, Status::success);
  EXPECT_EQ(result.gas_left, 100 - 3 - 3 - 3 - 2 - 6 - 3 - 2);
  ASSERT_EQ(result.output.size(), 32u);
  EXPECT_EQ(result.output[31], 5);
}

}  // namespace
}  // namespace wusong::vm
