// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/keccak_states.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "wusong/base/processor.hpp"
namespace wusong::hash {
namespace {

KeccakStates varied() {
  KeccakStates states{};
  std::uint64_t x = 1;
  for (auto& row : states.word)
    for (auto& word : row) word = x = std::rotl(x * 0x9e3779b97f4a7c15, 23) + 1;
  return states;
}

TEST(KeccakStates, ThePermutationOfZeroIsThePublishedOne) {
  std::uint64_t state[kKeccakWords]{};
  keccak_permute(state);
  // The Keccak team's KeccakF-1600-IntermediateValues.txt.
  EXPECT_EQ(state[0], 0xf1258f7940e1dde7u);
  EXPECT_EQ(state[1], 0x84d5ccf933c0478au);
  EXPECT_EQ(state[24], 0xeaf1ff7b5ceca249u);
}

TEST(KeccakStates, EveryProviderPermutesEachStateAsAlone) {
  std::size_t checked = 0;
  for (const auto& provider : keccak_providers()) {
    if (!provider.is_supported()) continue;
    for (std::size_t count = 1; count <= kKeccakStates; ++count) {
      const KeccakStates before = varied();
      KeccakStates after = before;
      provider.permute(after, count);
      for (std::size_t k = 0; k < count; ++k) {
        std::uint64_t alone[kKeccakWords];
        for (std::size_t i = 0; i < kKeccakWords; ++i) alone[i] = before.word[i][k];
        keccak_permute(alone);
        for (std::size_t i = 0; i < kKeccakWords; ++i)
          ASSERT_EQ(after.word[i][k], alone[i]) << provider.name << " state " << k;
      }
    }
    ++checked;
  }
  EXPECT_GE(checked, 1u);
}

TEST(KeccakStates, WithoutExtensionsTheLastProviderAloneIsThere) {
  const auto all = keccak_providers();
  for (const KeccakProvider& each : all.first(all.size() - 1))
    EXPECT_TRUE(may_use_extensions() || !each.is_supported()) << each.name;
  EXPECT_TRUE(all.back().is_supported());
}

}  // namespace
}  // namespace wusong::hash
