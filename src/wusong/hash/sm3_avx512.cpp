// SPDX-License-Identifier: Apache-2.0
// SM3 of sixteen messages at a time: rotation and any function of three words are one instruction.
#if defined(__x86_64__)
#define WUSONG_SM3_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define WUSONG_SM3_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512vl"), always_inline)) static inline
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/base/processor.hpp"
#include "wusong/hash/internal/sm3_lanes.hpp"

namespace wusong::hash::internal {
namespace {

struct Avx512 {
  using Vector = __m512i;
  static constexpr std::size_t kCount = 16;

  WUSONG_SM3_INLINE Vector set(std::uint32_t word) noexcept {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  WUSONG_SM3_INLINE void store(std::uint32_t* to, Vector v) noexcept { _mm512_store_si512(to, v); }
  WUSONG_SM3_INLINE Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi32(a, b); }
  WUSONG_SM3_INLINE Vector exclusive(Vector a, Vector b) noexcept { return _mm512_xor_si512(a, b); }
  WUSONG_SM3_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0x96);
  }
  WUSONG_SM3_INLINE Vector majority(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xe8);
  }
  /// b where a is set, else c.
  WUSONG_SM3_INLINE Vector choose(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xca);
  }
  template <int kBits>
  WUSONG_SM3_INLINE Vector rotate(Vector a) noexcept {
    return _mm512_rol_epi32(a, kBits);
  }

  /// Sixteen rows of sixteen words into sixteen columns: words, pairs, then quarters of a row.
  WUSONG_SM3_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                    Vector (&w)[16]) noexcept {
    const Vector swap =
        _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    Vector r[16];
    for (int i = 0; i < 16; ++i) r[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(from[i]), swap);
    Vector s[16];
    for (int i = 0; i < 16; i += 4) {
      const Vector t0 = _mm512_unpacklo_epi32(r[i], r[i + 1]);
      const Vector t1 = _mm512_unpackhi_epi32(r[i], r[i + 1]);
      const Vector t2 = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]);
      const Vector t3 = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);
      s[i] = _mm512_unpacklo_epi64(t0, t2);
      s[i + 1] = _mm512_unpackhi_epi64(t0, t2);
      s[i + 2] = _mm512_unpacklo_epi64(t1, t3);
      s[i + 3] = _mm512_unpackhi_epi64(t1, t3);
    }
    for (int i = 0; i < 4; ++i) {  // s[i + 4k]: rows 4k to 4k+3, of each quarter the column i
      const Vector a = _mm512_shuffle_i32x4(s[i], s[i + 4], 0x88);
      const Vector b = _mm512_shuffle_i32x4(s[i + 8], s[i + 12], 0x88);
      const Vector c = _mm512_shuffle_i32x4(s[i], s[i + 4], 0xdd);
      const Vector d = _mm512_shuffle_i32x4(s[i + 8], s[i + 12], 0xdd);
      w[i] = _mm512_shuffle_i32x4(a, b, 0x88);
      w[i + 8] = _mm512_shuffle_i32x4(a, b, 0xdd);
      w[i + 4] = _mm512_shuffle_i32x4(c, d, 0x88);
      w[i + 12] = _mm512_shuffle_i32x4(c, d, 0xdd);
    }
  }
};

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

}  // namespace

constinit const Sm3Provider kSm3Avx512{"avx512", 3, is_supported, sm3_many<Avx512>};

}  // namespace wusong::hash::internal
#endif
