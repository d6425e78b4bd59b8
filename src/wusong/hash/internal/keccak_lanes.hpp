// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] on eight states side by side, one in each lane of AVX-512 vectors. Only for files
// that check the machine first; every function carries its target, so nothing else of such a file
// is compiled for AVX-512.
#pragma once

#if defined(__x86_64__)
#include <cstdint>
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/base/processor.hpp"
#include "wusong/math/limbs.hpp"

#define WUSONG_KECCAK_LANES [[gnu::target("avx512f")]]
#define WUSONG_KECCAK_LANES_INLINE WUSONG_KECCAK_LANES [[gnu::always_inline]] inline

namespace wusong::hash::internal {

inline bool keccak_lanes_are_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") != 0;
}

inline constexpr std::uint64_t kKeccakRoundConstants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

template <int kBits>
WUSONG_KECCAK_LANES_INLINE __m512i keccak_turned(__m512i a, __m512i d) noexcept {
  return _mm512_rol_epi64(_mm512_xor_si512(a, d), kBits);
}
WUSONG_KECCAK_LANES_INLINE __m512i keccak_xor3(__m512i a, __m512i b, __m512i c) noexcept {
  return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
WUSONG_KECCAK_LANES_INLINE void keccak_chi(__m512i (&out)[25], int row, __m512i b0, __m512i b1,
                                           __m512i b2, __m512i b3, __m512i b4) noexcept {
  constexpr int kChi = 0xd2;  // a ^ (~b & c)
  out[row] = _mm512_ternarylogic_epi64(b0, b1, b2, kChi);
  out[row + 1] = _mm512_ternarylogic_epi64(b1, b2, b3, kChi);
  out[row + 2] = _mm512_ternarylogic_epi64(b2, b3, b4, kChi);
  out[row + 3] = _mm512_ternarylogic_epi64(b3, b4, b0, kChi);
  out[row + 4] = _mm512_ternarylogic_epi64(b4, b0, b1, kChi);
}

/// The permutation; its steps are those of keccak.cpp.
WUSONG_KECCAK_LANES_INLINE void keccak_permute_lanes(__m512i (&a)[25]) noexcept {
  for (const std::uint64_t constant : kKeccakRoundConstants) {
    __m512i c[5];
    __m512i d[5];
    WUSONG_UNROLL
    for (int i = 0; i < 5; ++i)
      c[i] = keccak_xor3(keccak_xor3(a[i], a[i + 5], a[i + 10]), a[i + 15], a[i + 20]);
    WUSONG_UNROLL
    for (int i = 0; i < 5; ++i)
      d[i] = _mm512_xor_si512(c[(i + 4) % 5], _mm512_rol_epi64(c[(i + 1) % 5], 1));
    __m512i e[25];
    keccak_chi(e, 0, _mm512_xor_si512(a[0], d[0]), keccak_turned<44>(a[6], d[1]),
               keccak_turned<43>(a[12], d[2]), keccak_turned<21>(a[18], d[3]),
               keccak_turned<14>(a[24], d[4]));
    e[0] = _mm512_xor_si512(e[0], _mm512_set1_epi64(static_cast<long long>(constant)));
    keccak_chi(e, 5, keccak_turned<28>(a[3], d[3]), keccak_turned<20>(a[9], d[4]),
               keccak_turned<3>(a[10], d[0]), keccak_turned<45>(a[16], d[1]),
               keccak_turned<61>(a[22], d[2]));
    keccak_chi(e, 10, keccak_turned<1>(a[1], d[1]), keccak_turned<6>(a[7], d[2]),
               keccak_turned<25>(a[13], d[3]), keccak_turned<8>(a[19], d[4]),
               keccak_turned<18>(a[20], d[0]));
    keccak_chi(e, 15, keccak_turned<27>(a[4], d[4]), keccak_turned<36>(a[5], d[0]),
               keccak_turned<10>(a[11], d[1]), keccak_turned<15>(a[17], d[2]),
               keccak_turned<56>(a[23], d[3]));
    keccak_chi(e, 20, keccak_turned<62>(a[2], d[2]), keccak_turned<55>(a[8], d[3]),
               keccak_turned<39>(a[14], d[4]), keccak_turned<41>(a[15], d[0]),
               keccak_turned<2>(a[21], d[1]));
    WUSONG_UNROLL
    for (int i = 0; i < 25; ++i) a[i] = e[i];
  }
}

}  // namespace wusong::hash::internal
#endif
