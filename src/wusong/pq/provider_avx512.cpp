// SPDX-License-Identifier: Apache-2.0
// ML-DSA's ring and both kinds of sampling in sixteen lanes of AVX-512.
#if defined(__x86_64__)
#define WUSONG_PQ_TARGET __attribute__((target("avx2,avx512f,avx512dq,avx512bw,avx512vl")))
#define WUSONG_PQ_INLINE \
  __attribute__((target("avx2,avx512f,avx512dq,avx512bw,avx512vl"), always_inline)) static inline
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/base/processor.hpp"
#include "wusong/pq/internal/avx2_ml_kem.hpp"

namespace wusong::pq::internal {
namespace {

struct MlDsaLanes {
  using Ring = MlDsaRing;
  using Vector = __m512i;
  static constexpr int kCount = 16;

  WUSONG_PQ_INLINE Vector set(std::int32_t word) noexcept { return _mm512_set1_epi32(word); }
  WUSONG_PQ_INLINE Vector load(const std::int32_t* from) noexcept {
    return _mm512_load_si512(from);
  }
  WUSONG_PQ_INLINE void store(std::int32_t* to, Vector v) noexcept { _mm512_store_si512(to, v); }
  WUSONG_PQ_INLINE Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi32(a, b); }
  WUSONG_PQ_INLINE Vector subtract(Vector a, Vector b) noexcept { return _mm512_sub_epi32(a, b); }
  /// The high halves of even and odd products, together.
  WUSONG_PQ_INLINE Vector high_halves(Vector even, Vector odd) noexcept {
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
  }
  WUSONG_PQ_INLINE Vector turn(Vector a, Vector value, Vector twisted) noexcept {
    const Vector q = set(Ring::kModulus);
    const Vector odd = _mm512_srli_epi64(a, 32);
    const Vector odd_value = _mm512_srli_epi64(value, 32);
    const Vector odd_twisted = _mm512_srli_epi64(twisted, 32);
    const Vector m0 = _mm512_mul_epi32(_mm512_mul_epi32(a, twisted), q);
    const Vector m1 = _mm512_mul_epi32(_mm512_mul_epi32(odd, odd_twisted), q);
    return high_halves(_mm512_sub_epi64(_mm512_mul_epi32(a, value), m0),
                       _mm512_sub_epi64(_mm512_mul_epi32(odd, odd_value), m1));
  }
  WUSONG_PQ_INLINE void transpose(Vector (&v)[kCount]) noexcept {
    Vector s[16];
    WUSONG_UNROLL
    for (int i = 0; i < 16; i += 4) {
      const Vector t0 = _mm512_unpacklo_epi32(v[i], v[i + 1]);
      const Vector t1 = _mm512_unpackhi_epi32(v[i], v[i + 1]);
      const Vector t2 = _mm512_unpacklo_epi32(v[i + 2], v[i + 3]);
      const Vector t3 = _mm512_unpackhi_epi32(v[i + 2], v[i + 3]);
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
      v[i] = _mm512_shuffle_i32x4(a, b, 0x88);
      v[i + 8] = _mm512_shuffle_i32x4(a, b, 0xdd);
      v[i + 4] = _mm512_shuffle_i32x4(c, d, 0x88);
      v[i + 12] = _mm512_shuffle_i32x4(c, d, 0xdd);
    }
  }
};

WUSONG_PQ_INLINE __m512i montgomery_sums(__m512i sums, __m512i inverse, __m512i q) noexcept {
  return _mm512_sub_epi64(sums, _mm512_mul_epi32(_mm512_mul_epi32(sums, inverse), q));
}

WUSONG_PQ_TARGET void dot(Poly32& out, const Poly32* a, const Poly32* b,
                          std::size_t count) noexcept {
  const __m512i q = _mm512_set1_epi32(MlDsaRing::kModulus);
  const __m512i inverse = _mm512_set1_epi32(kInverseModulus<MlDsaRing>);
  for (int i = 0; i < 256; i += 16) {
    __m512i even = _mm512_setzero_si512();
    __m512i odd = _mm512_setzero_si512();
    for (std::size_t k = 0; k < count; ++k) {
      const __m512i x = MlDsaLanes::load(a[k].at + i);
      const __m512i y = MlDsaLanes::load(b[k].at + i);
      even = _mm512_add_epi64(even, _mm512_mul_epi32(x, y));
      odd = _mm512_add_epi64(odd,
                             _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(y, 32)));
    }
    MlDsaLanes::store(out.at + i, MlDsaLanes::high_halves(montgomery_sums(even, inverse, q),
                                                          montgomery_sums(odd, inverse, q)));
  }
}

WUSONG_PQ_TARGET std::size_t sample(Poly32& f, std::size_t have, const std::uint8_t* from,
                                    std::size_t size) noexcept {
  const __m512i quarters = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
  const __m512i spread =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1));
  const __m512i modulus = _mm512_set1_epi32(MlDsaRing::kModulus);
  std::size_t i = 0;
  for (; i + 48 <= size && have + 16 <= kDegree; i += 48) {
    const __m512i bytes = _mm512_permutexvar_epi32(quarters, _mm512_loadu_si512(from + i));
    const __m512i words =
        _mm512_and_si512(_mm512_shuffle_epi8(bytes, spread), _mm512_set1_epi32(0x7fffff));
    const __mmask16 kept = _mm512_cmplt_epi32_mask(words, modulus);
    _mm512_storeu_si512(f.at + have, _mm512_maskz_compress_epi32(kept, words));
    have += static_cast<std::size_t>(__builtin_popcount(kept));
  }
  return sample_ml_dsa(f, have, from + i, size - i);
}

/// The value of each nibble is looked up in a register.
WUSONG_PQ_TARGET std::size_t sample_bounded(Poly32& f, std::int32_t eta, std::size_t have,
                                            const std::uint8_t* from, std::size_t size) noexcept {
  const __m512i values =
      eta == 2 ? _mm512_setr_epi32(2, 1, 0, -1, -2, 2, 1, 0, -1, -2, 2, 1, 0, -1, -2, 0)
               : _mm512_setr_epi32(4, 3, 2, 1, 0, -1, -2, -3, -4, 0, 0, 0, 0, 0, 0, 0);
  const __m512i end = _mm512_set1_epi32(eta == 2 ? 15 : 9);
  std::size_t i = 0;
  for (; i < size && have + 16 <= kDegree; i += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
    const __m128i nibbles =
        _mm_and_si128(_mm_unpacklo_epi8(bytes, _mm_srli_epi16(bytes, 4)), _mm_set1_epi8(15));
    const __m512i words = _mm512_cvtepu8_epi32(nibbles);
    const __mmask16 kept = _mm512_cmplt_epi32_mask(words, end);
    _mm512_storeu_si512(f.at + have,
                        _mm512_maskz_compress_epi32(kept, _mm512_permutexvar_epi32(words, values)));
    have += static_cast<std::size_t>(__builtin_popcount(kept));
  }
  return sample_bounded_ml_dsa(f, eta, have, from + i, size - i);
}

WUSONG_PQ_TARGET std::size_t sample_narrow(Poly16& f, std::size_t have, const std::uint8_t* from,
                                           std::size_t size) noexcept {
  // A quarter takes six bytes: four numbers of twelve bits.
  alignas(64) static constexpr std::int16_t kQuarters[32] = {
      0, 1, 2, 0, 0, 0, 0, 0, 3, 4, 5, 0, 0, 0, 0, 0, 6, 7, 8, 0, 0, 0, 0, 0, 9, 10, 11};
  const __m512i quarters = _mm512_load_si512(kQuarters);
  const __m512i spread =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, -1, -1, 1, 2, -1, -1, 3, 4, -1, -1, 4, 5, -1, -1));
  const __m512i shifts = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 4, 0, 4));
  const __m512i modulus = _mm512_set1_epi32(MlKemRing::kModulus);
  std::size_t i = 0;
  for (; i < size && have + 16 <= kDegree; i += 24) {
    const __m512i loaded =
        _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
    const __m512i bytes = _mm512_shuffle_epi8(_mm512_permutexvar_epi16(quarters, loaded), spread);
    const __m512i words =
        _mm512_and_si512(_mm512_srlv_epi32(bytes, shifts), _mm512_set1_epi32(0xfff));
    const __mmask16 kept = _mm512_cmplt_epi32_mask(words, modulus);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(f.at + have),
                        _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(kept, words)));
    have += static_cast<std::size_t>(__builtin_popcount(kept));
  }
  return sample_ml_kem(f, have, from + i, size - i);
}

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
}

}  // namespace

extern const Provider kAvx512;
constinit const Provider kAvx512{
    "avx512",
    is_supported,
    nullptr,
    {ntt_lanes<MlDsaLanes>, inverse_ntt_lanes<MlDsaLanes>, dot, sample},
    sample_bounded,
    {ntt_lanes<MlKemLanes>, inverse_ntt_lanes<MlKemLanes>, dot_ml_kem_lanes, sample_narrow},
    nullptr};

}  // namespace wusong::pq::internal
#endif
