// SPDX-License-Identifier: Apache-2.0
// What each file of lanes offers to kernels.cpp.
#pragma once

#include "wusong/hash/internal/kernel.hpp"
#include "wusong/hash/keccak_states.hpp"

namespace wusong::hash::internal {

struct Kernels {
  Kernel<std::uint32_t> sm3;
  Kernel<std::uint32_t> sha256;
  Kernel<std::uint32_t> ripemd160;
  Kernel<std::uint64_t> sha512;
  Kernel<std::uint64_t> blake2b;
  Kernel<std::uint64_t> keccak256;
  KeccakProvider permutation;
};
extern const Kernels kPlainKernels;  // one message after the other
#if defined(__x86_64__)
extern const Kernels kAvx512Kernels;           // sixteen of 32-bit words, eight of 64-bit words
extern const Kernels kAvx2Kernels;             // half as many
extern const Kernel<std::uint32_t> kShaNiTwo;  // SHA-256 alone
extern const Kernel<std::uint32_t> kShaNiOne;
#endif

namespace {

/// Permutes states in groups of the lanes' number; that divides eight.
template <typename Rounds, typename Lanes>
WUSONG_HASH_TARGET void permute_group(KeccakStates& states, std::size_t first) noexcept {
  typename Lanes::Vector a[kKeccakWords];
  for (std::size_t i = 0; i < kKeccakWords; ++i) a[i] = Lanes::load(&states.word[i][first]);
  Rounds::permute(a);
  for (std::size_t i = 0; i < kKeccakWords; ++i) Lanes::store(&states.word[i][first], a[i]);
}
template <typename Rounds, typename Lanes>
void permute_states(KeccakStates& states, std::size_t count) noexcept {
  for (std::size_t first = 0; first < count; first += Lanes::kCount)
    permute_group<Rounds, Lanes>(states, first);
}

}  // namespace
}  // namespace wusong::hash::internal
