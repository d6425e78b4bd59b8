// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "wusong/vm/internal/test_programs.hpp"

namespace wusong::vm::internal {
namespace {

std::string hex_of(BytesView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

TEST(Engines, EndRandomProgramsAlike) {
  std::uint64_t state = 0x9e3779b97f4a7c15ull;
  const auto random = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 11;
  };
  std::uint64_t succeeded = 0;
  constexpr int kPrograms = 6000;
  for (int i = 0; i < kPrograms; ++i) {
    Bytes seed(4 + random() % 120);
    for (auto& byte : seed) byte = static_cast<std::uint8_t>(random());
    const Bytes code = i % 16 == 0 ? seed : ProgramMaker{seed}.make();
    const auto fork = static_cast<Fork>(random() % 7);
    const auto gas = static_cast<std::int64_t>(random() % (1u << (8 + random() % 12)));
    const bool is_static = random() % 8 == 0;
    const auto expected = run_program(kEngines[0], fork, code, seed, gas, is_static);
    if (expected.result.status == Status::success) ++succeeded;
    for (std::size_t e = 1; e < std::size(kEngines); ++e) {
      const auto got = run_program(kEngines[e], fork, code, seed, gas, is_static);
      ASSERT_TRUE(same_outcome(expected, got))
          << "engine " << e << " fork " << name_of(fork) << " gas " << gas << " code "
          << hex_of(code) << "\nplain " << text_of(expected.result.status) << " "
          << expected.result.gas_left << ", got " << text_of(got.result.status) << " "
          << got.result.gas_left;
    }
  }
  EXPECT_GT(succeeded, kPrograms / 10u);  // else the programs say little
}

}  // namespace
}  // namespace wusong::vm::internal
