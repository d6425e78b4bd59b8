// SPDX-License-Identifier: Apache-2.0
// ML-KEM's ring in sixteen lanes of AVX2; a square of sixteen rows is the whole polynomial, so
// wider vectors would gain nothing. Included after WUSONG_PQ_TARGET and _INLINE are set.
#pragma once

#include <immintrin.h>

#include "wusong/pq/internal/ring_lanes.hpp"

namespace wusong::pq::internal {

namespace {

struct MlKemLanes {
  using Ring = MlKemRing;
  using Vector = __m256i;
  static constexpr int kCount = 16;

  WUSONG_PQ_INLINE Vector set(std::int16_t word) noexcept { return _mm256_set1_epi16(word); }
  WUSONG_PQ_INLINE Vector load(const std::int16_t* from) noexcept {
    return _mm256_load_si256(reinterpret_cast<const Vector*>(from));
  }
  WUSONG_PQ_INLINE void store(std::int16_t* to, Vector v) noexcept {
    _mm256_store_si256(reinterpret_cast<Vector*>(to), v);
  }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi16(a, b); }
  WUSONG_PQ_INLINE Vector subtract(Vector a, Vector b) noexcept { return _mm256_sub_epi16(a, b); }
  WUSONG_PQ_INLINE Vector turn(Vector a, Vector value, Vector twisted) noexcept {
    const Vector high = _mm256_mulhi_epi16(a, value);
    const Vector m = _mm256_mullo_epi16(a, twisted);
    return _mm256_sub_epi16(high, _mm256_mulhi_epi16(m, set(Ring::kModulus)));
  }
  WUSONG_PQ_INLINE void reduce(Vector (&v)[kCount]) noexcept {
    WUSONG_UNROLL
    for (int i = 0; i < kCount; ++i) {
      const Vector quotient = _mm256_srai_epi16(_mm256_mulhi_epi16(v[i], set(kBarrett)), 10);
      v[i] = _mm256_sub_epi16(v[i], _mm256_mullo_epi16(quotient, set(Ring::kModulus)));
    }
  }
  /// Eight rows: words, pairs, then fours, within each half.
  WUSONG_PQ_INLINE void turn_eight(Vector* r) noexcept {
    Vector s[8];
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) {
      s[2 * i] = _mm256_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
      s[2 * i + 1] = _mm256_unpackhi_epi16(r[2 * i], r[2 * i + 1]);
    }
    Vector t[8];
    WUSONG_UNROLL
    for (int i = 0; i < 8; i += 4) {
      WUSONG_UNROLL
      for (int k = 0; k < 2; ++k) {
        t[i + 2 * k] = _mm256_unpacklo_epi32(s[i + k], s[i + 2 + k]);
        t[i + 2 * k + 1] = _mm256_unpackhi_epi32(s[i + k], s[i + 2 + k]);
      }
    }
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) {
      r[2 * i] = _mm256_unpacklo_epi64(t[i], t[i + 4]);
      r[2 * i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 4]);
    }
  }
  WUSONG_PQ_INLINE void transpose(Vector (&v)[kCount]) noexcept {
    turn_eight(v);
    turn_eight(v + 8);
    WUSONG_UNROLL
    for (int i = 0; i < 8; ++i) {
      const Vector low = _mm256_permute2x128_si256(v[i], v[i + 8], 0x20);
      v[i + 8] = _mm256_permute2x128_si256(v[i], v[i + 8], 0x31);
      v[i] = low;
    }
  }
};

/// Sums of 32 bits, divided by R, into the low halves.
WUSONG_PQ_INLINE __m256i montgomery_sums(__m256i sums) noexcept {
  const __m256i inverse = _mm256_set1_epi32(static_cast<std::uint16_t>(kInverseModulus<MlKemRing>));
  const __m256i modulus = _mm256_set1_epi32(MlKemRing::kModulus);
  // The factor's high halves are zero, so those of m and of the constant do not meet.
  const __m256i m = _mm256_mullo_epi16(sums, inverse);
  return _mm256_srli_epi32(_mm256_sub_epi32(sums, _mm256_madd_epi16(m, modulus)), 16);
}

[[maybe_unused]] WUSONG_PQ_TARGET void dot_ml_kem_lanes(Poly16& out, const Poly16* a,
                                                        const Poly16* b,
                                                        std::size_t count) noexcept {
  for (int i = 0; i < 256; i += 16) {
    const __m256i value = MlKemLanes::load(kPairFactors.value + i);
    const __m256i twisted = MlKemLanes::load(kPairFactors.twisted + i);
    __m256i low = _mm256_setzero_si256();
    __m256i high = _mm256_setzero_si256();
    for (std::size_t k = 0; k < count; ++k) {
      const __m256i x = MlKemLanes::load(a[k].at + i);
      const __m256i y = MlKemLanes::load(b[k].at + i);
      const __m256i swapped = _mm256_or_si256(_mm256_slli_epi32(y, 16), _mm256_srli_epi32(y, 16));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(x, MlKemLanes::turn(y, value, twisted)));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(x, swapped));
    }
    MlKemLanes::store(out.at + i, _mm256_or_si256(montgomery_sums(low),
                                                  _mm256_slli_epi32(montgomery_sums(high), 16)));
  }
}

}  // namespace
}  // namespace wusong::pq::internal
