// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] of four states at a time.
#if defined(__x86_64__)
#include "wusong/base/processor.hpp"
#include "wusong/hash/internal/keccak_lanes.hpp"
#include "wusong/hash/internal/keccak_many.hpp"

#define WUSONG_FOUR [[gnu::target("avx2")]]
#define WUSONG_FOUR_INLINE WUSONG_FOUR [[gnu::always_inline]] inline

namespace wusong::hash::internal {
namespace {

using V = __m256i;

template <int kBits>
WUSONG_FOUR_INLINE V rotate(V a) noexcept {
  return _mm256_or_si256(_mm256_slli_epi64(a, kBits), _mm256_srli_epi64(a, 64 - kBits));
}
template <int kBits>
WUSONG_FOUR_INLINE V turned(V a, V d) noexcept {
  return rotate<kBits>(_mm256_xor_si256(a, d));
}
WUSONG_FOUR_INLINE void chi(V (&out)[25], int row, V b0, V b1, V b2, V b3, V b4) noexcept {
  out[row] = _mm256_xor_si256(b0, _mm256_andnot_si256(b1, b2));
  out[row + 1] = _mm256_xor_si256(b1, _mm256_andnot_si256(b2, b3));
  out[row + 2] = _mm256_xor_si256(b2, _mm256_andnot_si256(b3, b4));
  out[row + 3] = _mm256_xor_si256(b3, _mm256_andnot_si256(b4, b0));
  out[row + 4] = _mm256_xor_si256(b4, _mm256_andnot_si256(b0, b1));
}

/// From `a` to `e`; the steps are those of keccak.cpp.
WUSONG_FOUR_INLINE void round(const V (&a)[25], V (&e)[25], std::uint64_t constant) noexcept {
  V c[5];
  V d[5];
  WUSONG_UNROLL
  for (int i = 0; i < 5; ++i)
    c[i] = _mm256_xor_si256(_mm256_xor_si256(a[i], a[i + 5]),
                            _mm256_xor_si256(a[i + 10], _mm256_xor_si256(a[i + 15], a[i + 20])));
  WUSONG_UNROLL
  for (int i = 0; i < 5; ++i) d[i] = _mm256_xor_si256(c[(i + 4) % 5], rotate<1>(c[(i + 1) % 5]));
  chi(e, 0, _mm256_xor_si256(a[0], d[0]), turned<44>(a[6], d[1]), turned<43>(a[12], d[2]),
      turned<21>(a[18], d[3]), turned<14>(a[24], d[4]));
  e[0] = _mm256_xor_si256(e[0], _mm256_set1_epi64x(static_cast<long long>(constant)));
  chi(e, 5, turned<28>(a[3], d[3]), turned<20>(a[9], d[4]), turned<3>(a[10], d[0]),
      turned<45>(a[16], d[1]), turned<61>(a[22], d[2]));
  chi(e, 10, turned<1>(a[1], d[1]), turned<6>(a[7], d[2]), turned<25>(a[13], d[3]),
      turned<8>(a[19], d[4]), turned<18>(a[20], d[0]));
  chi(e, 15, turned<27>(a[4], d[4]), turned<36>(a[5], d[0]), turned<10>(a[11], d[1]),
      turned<15>(a[17], d[2]), turned<56>(a[23], d[3]));
  chi(e, 20, turned<62>(a[2], d[2]), turned<55>(a[8], d[3]), turned<39>(a[14], d[4]),
      turned<41>(a[15], d[0]), turned<2>(a[21], d[1]));
}

WUSONG_FOUR void four(KeccakStates& states, std::size_t first) noexcept {
  V a[25];
  V e[25];
  for (int i = 0; i < 25; ++i)
    a[i] = _mm256_load_si256(reinterpret_cast<const V*>(&states.word[i][first]));
  for (int i = 0; i < 24; i += 2) {
    round(a, e, kKeccakRoundConstants[i]);
    round(e, a, kKeccakRoundConstants[i + 1]);
  }
  for (int i = 0; i < 25; ++i)
    _mm256_store_si256(reinterpret_cast<V*>(&states.word[i][first]), a[i]);
}

void four_at_once(KeccakStates& states, std::size_t count) noexcept {
  for (std::size_t first = 0; first < count; first += 4) four(states, first);
}

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx2") != 0;
}

}  // namespace

constinit const KeccakProvider kKeccakAvx2{"avx2", is_supported, four_at_once};

}  // namespace wusong::hash::internal
#endif
