// SPDX-License-Identifier: Apache-2.0
// SHA-256 of sixteen and SHA-512 of eight messages at a time: rotation and any function of three
// words are one instruction.
#if defined(__x86_64__)
#define WUSONG_PQ_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define WUSONG_PQ_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512vl"), always_inline)) static inline
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/pq/internal/sha2_lanes.hpp"

namespace wusong::pq::internal {
namespace {

struct Common {
  using Vector = __m512i;
  WUSONG_PQ_INLINE void store(void* to, Vector v) noexcept { _mm512_store_si512(to, v); }
  WUSONG_PQ_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0x96);
  }
  WUSONG_PQ_INLINE Vector majority(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xe8);
  }
  WUSONG_PQ_INLINE Vector choose(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xca);
  }
};

struct Sixteen : Common {
  static constexpr std::size_t kCount = 16;
  WUSONG_PQ_INLINE Vector set(std::uint32_t word) noexcept {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi32(a, b); }
  template <int kBits>
  WUSONG_PQ_INLINE Vector rotate(Vector a) noexcept {
    return _mm512_ror_epi32(a, kBits);
  }
  template <int kBits>
  WUSONG_PQ_INLINE Vector shift(Vector a) noexcept {
    return _mm512_srli_epi32(a, kBits);
  }
  WUSONG_PQ_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                   Vector (&w)[16]) noexcept {
    const Vector swap =
        _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    Vector s[16];
    WUSONG_UNROLL
    for (int i = 0; i < 16; i += 4) {
      Vector r[4];
      for (int k = 0; k < 4; ++k) r[k] = _mm512_shuffle_epi8(_mm512_loadu_si512(from[i + k]), swap);
      const Vector t0 = _mm512_unpacklo_epi32(r[0], r[1]);
      const Vector t1 = _mm512_unpackhi_epi32(r[0], r[1]);
      const Vector t2 = _mm512_unpacklo_epi32(r[2], r[3]);
      const Vector t3 = _mm512_unpackhi_epi32(r[2], r[3]);
      s[i] = _mm512_unpacklo_epi64(t0, t2);
      s[i + 1] = _mm512_unpackhi_epi64(t0, t2);
      s[i + 2] = _mm512_unpacklo_epi64(t1, t3);
      s[i + 3] = _mm512_unpackhi_epi64(t1, t3);
    }
    WUSONG_UNROLL
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

struct Eight : Common {
  static constexpr std::size_t kCount = 8;
  WUSONG_PQ_INLINE Vector set(std::uint64_t word) noexcept {
    return _mm512_set1_epi64(static_cast<long long>(word));
  }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi64(a, b); }
  template <int kBits>
  WUSONG_PQ_INLINE Vector rotate(Vector a) noexcept {
    return _mm512_ror_epi64(a, kBits);
  }
  template <int kBits>
  WUSONG_PQ_INLINE Vector shift(Vector a) noexcept {
    return _mm512_srli_epi64(a, kBits);
  }
  WUSONG_PQ_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                   Vector (&w)[16]) noexcept {
    alignas(64) std::uint64_t words[16][kCount];
    for (std::size_t lane = 0; lane < kCount; ++lane) {
      for (std::size_t i = 0; i < 16; ++i) {
        std::uint64_t word;
        std::memcpy(&word, from[lane] + 8 * i, 8);
        words[i][lane] = std::byteswap(word);
      }
    }
    for (int i = 0; i < 16; ++i) w[i] = _mm512_load_si512(words[i]);
  }
};

}  // namespace

constinit const Sha2Kernels kSha2Avx512{sha2_many<Sha256, Sixteen>, sha2_many<Sha512, Eight>};

}  // namespace wusong::pq::internal
#endif
