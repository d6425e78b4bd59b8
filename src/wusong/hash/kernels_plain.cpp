// SPDX-License-Identifier: Apache-2.0
// One message after the other on ordinary words.
#include "wusong/hash/internal/blake2b_rounds.hpp"
#include "wusong/hash/internal/keccak_rounds.hpp"
#include "wusong/hash/internal/kernels.hpp"
#include "wusong/hash/internal/plain_lane.hpp"
#include "wusong/hash/internal/ripemd160_rounds.hpp"
#include "wusong/hash/internal/sha2_rounds.hpp"
#include "wusong/hash/internal/sm3_rounds.hpp"

namespace wusong::hash::internal {
namespace {

bool always() noexcept {
  return true;
}

void permute_each(KeccakStates& states, std::size_t count) noexcept {
  for (std::size_t k = 0; k < count; ++k) {
    std::uint64_t state[kKeccakWords];
    for (std::size_t i = 0; i < kKeccakWords; ++i) state[i] = states.word[i][k];
    keccak_permute(state);
    for (std::size_t i = 0; i < kKeccakWords; ++i) states.word[i][k] = state[i];
  }
}

template <template <typename> typename Rounds, typename Word>
constexpr Kernel<Word> kernel() noexcept {
  return {"one by one", 1, 100, always, compress_lanes<Rounds, PlainLane<Word>>};
}

}  // namespace

constinit const Kernels kPlainKernels{
    kernel<Sm3Rounds, std::uint32_t>(),       kernel<Sha256Rounds, std::uint32_t>(),
    kernel<Ripemd160Rounds, std::uint32_t>(), kernel<Sha512Rounds, std::uint64_t>(),
    kernel<Blake2bRounds, std::uint64_t>(),   kernel<KeccakRounds, std::uint64_t>(),
    {"one by one", always, permute_each}};

}  // namespace wusong::hash::internal

namespace wusong::hash {

void keccak_permute(std::uint64_t (&state)[kKeccakWords]) noexcept {
  internal::KeccakRounds<internal::PlainLane<std::uint64_t>>::permute(state);
}

}  // namespace wusong::hash
