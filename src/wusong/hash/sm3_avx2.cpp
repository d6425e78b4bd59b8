// SPDX-License-Identifier: Apache-2.0
// SM3 of eight messages at a time.
#if defined(__x86_64__)
#define WUSONG_SM3_TARGET __attribute__((target("avx2")))
#define WUSONG_SM3_INLINE __attribute__((target("avx2"), always_inline)) static inline
#include <immintrin.h>

#include "wusong/base/processor.hpp"
#include "wusong/hash/internal/sm3_lanes.hpp"

namespace wusong::hash::internal {
namespace {

struct Avx2 {
  using Vector = __m256i;
  static constexpr std::size_t kCount = 8;

  WUSONG_SM3_INLINE Vector set(std::uint32_t word) noexcept {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  WUSONG_SM3_INLINE void store(std::uint32_t* to, Vector v) noexcept {
    _mm256_store_si256(reinterpret_cast<Vector*>(to), v);
  }
  WUSONG_SM3_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi32(a, b); }
  WUSONG_SM3_INLINE Vector exclusive(Vector a, Vector b) noexcept { return _mm256_xor_si256(a, b); }
  WUSONG_SM3_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return exclusive(exclusive(a, b), c);
  }
  WUSONG_SM3_INLINE Vector majority(Vector a, Vector b, Vector c) noexcept {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
  }
  /// b where a is set, else c.
  WUSONG_SM3_INLINE Vector choose(Vector a, Vector b, Vector c) noexcept {
    return exclusive(c, _mm256_and_si256(a, exclusive(b, c)));
  }
  template <int kBits>
  WUSONG_SM3_INLINE Vector rotate(Vector a) noexcept {
    return _mm256_or_si256(_mm256_slli_epi32(a, kBits), _mm256_srli_epi32(a, 32 - kBits));
  }

  WUSONG_SM3_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                    Vector (&w)[16]) noexcept {
    const Vector swap = _mm256_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 12,
                                        13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    for (int half = 0; half < 2; ++half) {
      Vector s[8];
      for (int i = 0; i < 8; i += 4) {
        Vector r[4];
        for (int k = 0; k < 4; ++k)
          r[k] = _mm256_shuffle_epi8(
              _mm256_loadu_si256(reinterpret_cast<const Vector*>(from[i + k] + 32 * half)), swap);
        const Vector t0 = _mm256_unpacklo_epi32(r[0], r[1]);
        const Vector t1 = _mm256_unpackhi_epi32(r[0], r[1]);
        const Vector t2 = _mm256_unpacklo_epi32(r[2], r[3]);
        const Vector t3 = _mm256_unpackhi_epi32(r[2], r[3]);
        s[i] = _mm256_unpacklo_epi64(t0, t2);
        s[i + 1] = _mm256_unpackhi_epi64(t0, t2);
        s[i + 2] = _mm256_unpacklo_epi64(t1, t3);
        s[i + 3] = _mm256_unpackhi_epi64(t1, t3);
      }
      for (int i = 0; i < 4; ++i) {
        w[8 * half + i] = _mm256_permute2x128_si256(s[i], s[i + 4], 0x20);
        w[8 * half + i + 4] = _mm256_permute2x128_si256(s[i], s[i + 4], 0x31);
      }
    }
  }
};

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx2") != 0;
}

}  // namespace

constinit const Sm3Provider kSm3Avx2{"avx2", 3, is_supported, sm3_many<Avx2>};

}  // namespace wusong::hash::internal
#endif
