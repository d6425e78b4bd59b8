// SPDX-License-Identifier: Apache-2.0
// What providers with AES-NI and PCLMULQDQ share. A wider one defines WUSONG_CIPHER_TARGET and
// _INLINE before it includes this.
#pragma once

#if !defined(WUSONG_CIPHER_TARGET)
#define WUSONG_CIPHER_FEATURES "avx2,aes,pclmul"
#define WUSONG_CIPHER_TARGET __attribute__((target(WUSONG_CIPHER_FEATURES)))
#define WUSONG_CIPHER_INLINE \
  __attribute__((target(WUSONG_CIPHER_FEATURES), always_inline)) static inline
#endif
#include <immintrin.h>

#include "wusong/cipher/internal/kernel_loops.hpp"

namespace wusong::cipher::internal {
namespace {

/// S-box of AES for each byte of a word: a last round whose shift of rows sees four equal columns.
[[maybe_unused]] WUSONG_CIPHER_TARGET inline std::uint32_t aes_substitute(
    std::uint32_t word) noexcept {
  const __m128i x = _mm_set1_epi32(static_cast<int>(word));
  return static_cast<std::uint32_t>(
      _mm_cvtsi128_si32(_mm_aesenclast_si128(x, _mm_setzero_si128())));
}

/// @shape of the schedule: kRounds + 1 round keys, then those of the inverse cipher
template <std::size_t kRounds>
struct AesNiKeys {
  WUSONG_CIPHER_TARGET static void expand(const std::uint8_t* key, Schedule& out) noexcept {
    expand_aes<aes_substitute>(key, kRounds - 6, kRounds,
                               reinterpret_cast<std::uint32_t*>(out.bytes));
    auto* const keys = reinterpret_cast<__m128i*>(out.bytes);
    for (std::size_t i = 0; i <= kRounds; ++i) {
      const __m128i k = _mm_load_si128(keys + kRounds - i);
      const bool is_end = i == 0 || i == kRounds;
      _mm_store_si128(keys + kRounds + 1 + i, is_end ? k : _mm_aesimc_si128(k));
    }
  }

  /// One block after the other, so in one register.
  WUSONG_CIPHER_TARGET static void chain(const Schedule& schedule, std::uint8_t* sum,
                                         const std::uint8_t* in, std::size_t blocks) noexcept {
    const auto* const keys = reinterpret_cast<const __m128i*>(schedule.bytes);
    auto* const place = reinterpret_cast<__m128i*>(sum);
    __m128i x = _mm_loadu_si128(place);
    for (; blocks != 0; --blocks, in += kBlock) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
      x = _mm_xor_si128(x, _mm_xor_si128(block, _mm_load_si128(keys)));
#pragma GCC unroll 14
      for (std::size_t r = 1; r < kRounds; ++r) x = _mm_aesenc_si128(x, _mm_load_si128(keys + r));
      x = _mm_aesenclast_si128(x, _mm_load_si128(keys + kRounds));
    }
    _mm_storeu_si128(place, x);
  }
};

WUSONG_CIPHER_INLINE __m128i reversal() noexcept {
  return _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}
WUSONG_CIPHER_INLINE __m128i reverse(__m128i v) noexcept {
  return _mm_shuffle_epi8(v, reversal());
}

/// low + high * 2^128, times x^-128, in POLYVAL's field.
/// @source RFC 8452, section 3; Gueron: fast reduction by two products with 0xc2 << 56
WUSONG_CIPHER_INLINE __m128i polyval_reduce(__m128i low, __m128i high) noexcept {
  const __m128i modulus = _mm_set_epi64x(0, static_cast<long long>(0xc200000000000000));
  for (int i = 0; i < 2; ++i)
    low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, modulus, 0x00));
  return _mm_xor_si128(low, high);
}

[[maybe_unused]] WUSONG_CIPHER_INLINE __m128i polyval_product(__m128i a, __m128i b) noexcept {
  const __m128i middle =
      _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
  return polyval_reduce(_mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x00), _mm_slli_si128(middle, 8)),
                        _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x11), _mm_srli_si128(middle, 8)));
}

/// Reversed and times x, so that products by it are GHASH's.
[[maybe_unused]] WUSONG_CIPHER_INLINE __m128i polyval_key(const std::uint8_t* h) noexcept {
  const __m128i v = reverse(_mm_loadu_si128(reinterpret_cast<const __m128i*>(h)));
  const __m128i carries = _mm_srli_epi64(v, 63);
  const __m128i doubled = _mm_or_si128(_mm_add_epi64(v, v), _mm_slli_si128(carries, 8));
  const __m128i top = _mm_shuffle_epi32(_mm_srai_epi32(v, 31), 0xff);
  const __m128i modulus = _mm_set_epi64x(static_cast<long long>(0xc200000000000000), 1);
  return _mm_xor_si128(doubled, _mm_and_si128(top, modulus));
}

/// The key's powers from the highest down to the key itself.
template <std::size_t kPowers>
WUSONG_CIPHER_INLINE void store_powers(const std::uint8_t* h, std::uint8_t* out) noexcept {
  const __m128i key = polyval_key(h);
  __m128i power = key;
  for (std::size_t i = kPowers; i-- != 0;) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + kBlock * i), power);
    power = polyval_product(power, key);
  }
}

}  // namespace
}  // namespace wusong::cipher::internal
