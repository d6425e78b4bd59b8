// SPDX-License-Identifier: Apache-2.0
// The rings in lanes of AVX2.
#if defined(__x86_64__)
#define WUSONG_PQ_TARGET __attribute__((target("avx2")))
#define WUSONG_PQ_INLINE __attribute__((target("avx2"), always_inline)) static inline
#include "wusong/base/processor.hpp"
#include "wusong/pq/internal/avx2_ml_kem.hpp"

namespace wusong::pq::internal {
namespace {

struct MlDsaLanes {
  using Ring = MlDsaRing;
  using Vector = __m256i;
  static constexpr int kCount = 8;

  WUSONG_PQ_INLINE Vector set(std::int32_t word) noexcept { return _mm256_set1_epi32(word); }
  WUSONG_PQ_INLINE Vector load(const std::int32_t* from) noexcept {
    return _mm256_load_si256(reinterpret_cast<const Vector*>(from));
  }
  WUSONG_PQ_INLINE void store(std::int32_t* to, Vector v) noexcept {
    _mm256_store_si256(reinterpret_cast<Vector*>(to), v);
  }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi32(a, b); }
  WUSONG_PQ_INLINE Vector subtract(Vector a, Vector b) noexcept { return _mm256_sub_epi32(a, b); }
  /// The high halves of even and odd products, together.
  WUSONG_PQ_INLINE Vector high_halves(Vector even, Vector odd) noexcept {
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  }
  WUSONG_PQ_INLINE Vector turn(Vector a, Vector value, Vector twisted) noexcept {
    const Vector q = set(Ring::kModulus);
    const Vector odd = _mm256_srli_epi64(a, 32);
    const Vector odd_value = _mm256_srli_epi64(value, 32);
    const Vector odd_twisted = _mm256_srli_epi64(twisted, 32);
    const Vector m0 = _mm256_mul_epi32(_mm256_mul_epi32(a, twisted), q);
    const Vector m1 = _mm256_mul_epi32(_mm256_mul_epi32(odd, odd_twisted), q);
    return high_halves(_mm256_sub_epi64(_mm256_mul_epi32(a, value), m0),
                       _mm256_sub_epi64(_mm256_mul_epi32(odd, odd_value), m1));
  }
  WUSONG_PQ_INLINE void transpose(Vector (&v)[kCount]) noexcept {
    Vector s[8];
    WUSONG_UNROLL
    for (int i = 0; i < 8; i += 4) {
      const Vector t0 = _mm256_unpacklo_epi32(v[i], v[i + 1]);
      const Vector t1 = _mm256_unpackhi_epi32(v[i], v[i + 1]);
      const Vector t2 = _mm256_unpacklo_epi32(v[i + 2], v[i + 3]);
      const Vector t3 = _mm256_unpackhi_epi32(v[i + 2], v[i + 3]);
      s[i] = _mm256_unpacklo_epi64(t0, t2);
      s[i + 1] = _mm256_unpackhi_epi64(t0, t2);
      s[i + 2] = _mm256_unpacklo_epi64(t1, t3);
      s[i + 3] = _mm256_unpackhi_epi64(t1, t3);
    }
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) {
      v[i] = _mm256_permute2x128_si256(s[i], s[i + 4], 0x20);
      v[i + 4] = _mm256_permute2x128_si256(s[i], s[i + 4], 0x31);
    }
  }
};

WUSONG_PQ_INLINE __m256i montgomery_sums(__m256i sums, __m256i inverse, __m256i q) noexcept {
  return _mm256_sub_epi64(sums, _mm256_mul_epi32(_mm256_mul_epi32(sums, inverse), q));
}

WUSONG_PQ_TARGET void dot(Poly32& out, const Poly32* a, const Poly32* b,
                          std::size_t count) noexcept {
  const __m256i q = _mm256_set1_epi32(MlDsaRing::kModulus);
  const __m256i inverse = _mm256_set1_epi32(kInverseModulus<MlDsaRing>);
  for (int i = 0; i < 256; i += 8) {
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (std::size_t k = 0; k < count; ++k) {
      const __m256i x = MlDsaLanes::load(a[k].at + i);
      const __m256i y = MlDsaLanes::load(b[k].at + i);
      even = _mm256_add_epi64(even, _mm256_mul_epi32(x, y));
      odd = _mm256_add_epi64(odd,
                             _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32)));
    }
    MlDsaLanes::store(out.at + i, MlDsaLanes::high_halves(montgomery_sums(even, inverse, q),
                                                          montgomery_sums(odd, inverse, q)));
  }
}

/// Nearly always all eight are below the modulus; where one is not, they go one by one.
WUSONG_PQ_TARGET std::size_t sample(Poly32& f, std::size_t have, const std::uint8_t* from,
                                    std::size_t size) noexcept {
  const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 0,
                                          1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  std::size_t i = 0;
  for (; i < size && have + 8 <= kDegree; i += 24) {
    const auto* const low = reinterpret_cast<const __m128i*>(from + i);
    const auto* const high = reinterpret_cast<const __m128i*>(from + i + 12);
    const __m256i bytes = _mm256_set_m128i(_mm_loadu_si128(high), _mm_loadu_si128(low));
    const __m256i words =
        _mm256_and_si256(_mm256_shuffle_epi8(bytes, spread), _mm256_set1_epi32(0x7fffff));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(f.at + have), words);
    const __m256i beyond = _mm256_cmpgt_epi32(words, _mm256_set1_epi32(MlDsaRing::kModulus - 1));
    have =
        _mm256_testz_si256(beyond, beyond) != 0 ? have + 8 : sample_ml_dsa(f, have, from + i, 24);
  }
  return sample_ml_dsa(f, have, from + i, size - i);
}

WUSONG_PQ_TARGET std::size_t sample_bounded(Poly32& f, std::int32_t eta, std::size_t have,
                                            const std::uint8_t* from, std::size_t size) noexcept {
  return sample_bounded_ml_dsa(f, eta, have, from, size);
}

WUSONG_PQ_TARGET std::size_t sample_narrow(Poly16& f, std::size_t have, const std::uint8_t* from,
                                           std::size_t size) noexcept {
  return sample_ml_kem(f, have, from, size);
}

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx2") != 0;
}

}  // namespace

extern const Provider kAvx2;
constinit const Provider kAvx2{
    "avx2",
    is_supported,
    nullptr,
    {ntt_lanes<MlDsaLanes>, inverse_ntt_lanes<MlDsaLanes>, dot, sample},
    sample_bounded,
    {ntt_lanes<MlKemLanes>, inverse_ntt_lanes<MlKemLanes>, dot_ml_kem_lanes, sample_narrow},
    nullptr};

}  // namespace wusong::pq::internal
#endif
