// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] of several states: by eight lanes of AVX-512, or one after the other.
#include "wusong/hash/keccak_states.hpp"

#include <array>

#include "wusong/hash/internal/keccak_lanes.hpp"
#include "wusong/hash/internal/keccak_many.hpp"

namespace wusong::hash {
namespace internal {
namespace {

bool always() noexcept {
  return true;
}

void one_by_one(KeccakStates& states, std::size_t count) noexcept {
  for (std::size_t k = 0; k < count; ++k) {
    std::uint64_t state[kKeccakWords];
    for (std::size_t i = 0; i < kKeccakWords; ++i) state[i] = states.word[i][k];
    keccak_permute(state);
    for (std::size_t i = 0; i < kKeccakWords; ++i) states.word[i][k] = state[i];
  }
}

#if defined(__x86_64__)
WUSONG_KECCAK_LANES void eight_at_once(KeccakStates& states, std::size_t count) noexcept {
  // One state is as quick alone, and vectors of this width can slow the clock.
  if (count == 1) return one_by_one(states, 1);
  __m512i state[kKeccakWords];
  WUSONG_UNROLL
  for (int i = 0; i < 25; ++i) state[i] = _mm512_load_si512(states.word[i]);
  keccak_permute_lanes(state);
  WUSONG_UNROLL
  for (int i = 0; i < 25; ++i) _mm512_store_si512(states.word[i], state[i]);
}
#endif

}  // namespace

#if defined(__x86_64__)
constinit const KeccakProvider kKeccakAvx512{"avx512", keccak_lanes_are_supported, eight_at_once};
#endif

}  // namespace internal

std::span<const KeccakProvider> keccak_providers() noexcept {
  static const std::array kAll{
#if defined(__x86_64__)
      internal::kKeccakAvx512, internal::kKeccakAvx2,
#endif
      KeccakProvider{"one by one", internal::always, internal::one_by_one}};
  return kAll;
}

}  // namespace wusong::hash
