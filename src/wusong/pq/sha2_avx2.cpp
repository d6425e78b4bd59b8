// SPDX-License-Identifier: Apache-2.0
// SHA-256 of eight and SHA-512 of four messages at a time.
#if defined(__x86_64__)
#define WUSONG_PQ_TARGET __attribute__((target("avx2")))
#define WUSONG_PQ_INLINE __attribute__((target("avx2"), always_inline)) static inline
#include <immintrin.h>

#include "wusong/pq/internal/sha2_lanes.hpp"

namespace wusong::pq::internal {
namespace {

struct Common {
  using Vector = __m256i;
  WUSONG_PQ_INLINE void store(void* to, Vector v) noexcept {
    _mm256_store_si256(static_cast<Vector*>(to), v);
  }
  WUSONG_PQ_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
  }
  WUSONG_PQ_INLINE Vector majority(Vector a, Vector b, Vector c) noexcept {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
  }
  WUSONG_PQ_INLINE Vector choose(Vector a, Vector b, Vector c) noexcept {
    return _mm256_xor_si256(c, _mm256_and_si256(a, _mm256_xor_si256(b, c)));
  }
};

struct Eight : Common {
  static constexpr std::size_t kCount = 8;
  WUSONG_PQ_INLINE Vector set(std::uint32_t word) noexcept {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi32(a, b); }
  template <int kBits>
  WUSONG_PQ_INLINE Vector rotate(Vector a) noexcept {
    return _mm256_or_si256(_mm256_srli_epi32(a, kBits), _mm256_slli_epi32(a, 32 - kBits));
  }
  template <int kBits>
  WUSONG_PQ_INLINE Vector shift(Vector a) noexcept {
    return _mm256_srli_epi32(a, kBits);
  }
  WUSONG_PQ_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
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

struct Four : Common {
  static constexpr std::size_t kCount = 4;
  WUSONG_PQ_INLINE Vector set(std::uint64_t word) noexcept {
    return _mm256_set1_epi64x(static_cast<long long>(word));
  }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi64(a, b); }
  template <int kBits>
  WUSONG_PQ_INLINE Vector rotate(Vector a) noexcept {
    return _mm256_or_si256(_mm256_srli_epi64(a, kBits), _mm256_slli_epi64(a, 64 - kBits));
  }
  template <int kBits>
  WUSONG_PQ_INLINE Vector shift(Vector a) noexcept {
    return _mm256_srli_epi64(a, kBits);
  }
  WUSONG_PQ_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                   Vector (&w)[16]) noexcept {
    const Vector swap = _mm256_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                        10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    for (int quarter = 0; quarter < 4; ++quarter) {
      Vector r[4];
      for (int k = 0; k < 4; ++k)
        r[k] = _mm256_shuffle_epi8(
            _mm256_loadu_si256(reinterpret_cast<const Vector*>(from[k] + 32 * quarter)), swap);
      const Vector t0 = _mm256_unpacklo_epi64(r[0], r[1]);
      const Vector t1 = _mm256_unpackhi_epi64(r[0], r[1]);
      const Vector t2 = _mm256_unpacklo_epi64(r[2], r[3]);
      const Vector t3 = _mm256_unpackhi_epi64(r[2], r[3]);
      w[4 * quarter] = _mm256_permute2x128_si256(t0, t2, 0x20);
      w[4 * quarter + 1] = _mm256_permute2x128_si256(t1, t3, 0x20);
      w[4 * quarter + 2] = _mm256_permute2x128_si256(t0, t2, 0x31);
      w[4 * quarter + 3] = _mm256_permute2x128_si256(t1, t3, 0x31);
    }
  }
};

}  // namespace

constinit const Sha2Kernels kSha2Avx2{sha2_many<Sha256, Eight>, sha2_many<Sha512, Four>};

}  // namespace wusong::pq::internal
#endif
