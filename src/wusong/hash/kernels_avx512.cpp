// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes of 32 and eight of 64 bits: rotation and any function of three words are one
// instruction.
#if defined(__x86_64__)
#define WUSONG_HASH_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define WUSONG_HASH_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512vl"), always_inline)) static inline
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/base/processor.hpp"
#include "wusong/hash/internal/blake2b_rounds.hpp"
#include "wusong/hash/internal/keccak_rounds.hpp"
#include "wusong/hash/internal/kernels.hpp"
#include "wusong/hash/internal/ripemd160_rounds.hpp"
#include "wusong/hash/internal/sha2_rounds.hpp"
#include "wusong/hash/internal/sm3_rounds.hpp"

namespace wusong::hash::internal {
namespace {

template <typename WordType>
struct Common {
  using Word = WordType;
  using Vector = __m512i;
  static constexpr std::size_t kCount = 64 / sizeof(Word);

  WUSONG_HASH_INLINE Vector load(const Word* from) noexcept { return _mm512_load_si512(from); }
  WUSONG_HASH_INLINE void store(Word* to, Vector v) noexcept { _mm512_store_si512(to, v); }
  WUSONG_HASH_INLINE Vector exclusive(Vector a, Vector b) noexcept {
    return _mm512_xor_si512(a, b);
  }
  WUSONG_HASH_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0x96);
  }
  WUSONG_HASH_INLINE Vector choose(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xca);
  }
  WUSONG_HASH_INLINE Vector majority(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xe8);
  }
  WUSONG_HASH_INLINE Vector or_not(Vector a, Vector b) noexcept {
    return _mm512_ternarylogic_epi32(a, b, b, 0xf3);
  }
  WUSONG_HASH_INLINE Vector chi(Vector a, Vector b, Vector c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0xd2);
  }
};

struct Sixteen : Common<std::uint32_t> {
  WUSONG_HASH_INLINE Vector set(Word word) noexcept {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  WUSONG_HASH_INLINE Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi32(a, b); }
  template <int kBits>
  WUSONG_HASH_INLINE Vector rotate(Vector a) noexcept {
    return _mm512_rol_epi32(a, kBits);
  }
  template <int kBits>
  WUSONG_HASH_INLINE Vector shift(Vector a) noexcept {
    return _mm512_srli_epi32(a, kBits);
  }

  /// Sixteen rows of sixteen words into sixteen columns: words, pairs, then quarters of a row.
  template <bool kSwap>
  WUSONG_HASH_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                     Vector (&w)[16]) noexcept {
    const Vector swap =
        _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    Vector s[16];
    WUSONG_UNROLL
    for (int i = 0; i < 16; i += 4) {
      Vector r[4];
      for (int k = 0; k < 4; ++k) {
        r[k] = _mm512_loadu_si512(from[i + k]);
        if constexpr (kSwap) r[k] = _mm512_shuffle_epi8(r[k], swap);
      }
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

struct Eight : Common<std::uint64_t> {
  WUSONG_HASH_INLINE Vector set(Word word) noexcept {
    return _mm512_set1_epi64(static_cast<long long>(word));
  }
  WUSONG_HASH_INLINE Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi64(a, b); }
  template <int kBits>
  WUSONG_HASH_INLINE Vector rotate(Vector a) noexcept {
    return _mm512_rol_epi64(a, kBits);
  }
  template <int kBits>
  WUSONG_HASH_INLINE Vector shift(Vector a) noexcept {
    return _mm512_srli_epi64(a, kBits);
  }

  /// Eight rows of eight words into columns, twice; a word beyond is taken one by one.
  template <bool kSwap, std::size_t kWords>
  WUSONG_HASH_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                     Vector (&w)[kWords]) noexcept {
    const Vector swap =
        _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    WUSONG_UNROLL
    for (std::size_t half = 0; half < 2; ++half) {
      Vector s[8];
      WUSONG_UNROLL
      for (std::size_t i = 0; i < 8; i += 2) {
        Vector r[2];
        for (std::size_t k = 0; k < 2; ++k) {
          r[k] = _mm512_loadu_si512(from[i + k] + 64 * half);
          if constexpr (kSwap) r[k] = _mm512_shuffle_epi8(r[k], swap);
        }
        s[i] = _mm512_unpacklo_epi64(r[0], r[1]);
        s[i + 1] = _mm512_unpackhi_epi64(r[0], r[1]);
      }
      WUSONG_UNROLL
      for (std::size_t i = 0; i < 2; ++i) {  // s[i + 2k]: rows 2k, 2k+1, of each quarter column i
        const Vector a = _mm512_shuffle_i64x2(s[i], s[i + 2], 0x88);
        const Vector b = _mm512_shuffle_i64x2(s[i + 4], s[i + 6], 0x88);
        const Vector c = _mm512_shuffle_i64x2(s[i], s[i + 2], 0xdd);
        const Vector d = _mm512_shuffle_i64x2(s[i + 4], s[i + 6], 0xdd);
        w[8 * half + i] = _mm512_shuffle_i64x2(a, b, 0x88);
        w[8 * half + i + 4] = _mm512_shuffle_i64x2(a, b, 0xdd);
        w[8 * half + i + 2] = _mm512_shuffle_i64x2(c, d, 0x88);
        w[8 * half + i + 6] = _mm512_shuffle_i64x2(c, d, 0xdd);
      }
    }
    if constexpr (kWords == 17) {
      alignas(64) Word last[kCount];
      for (std::size_t i = 0; i < kCount; ++i) std::memcpy(&last[i], from[i] + 128, 8);
      w[16] = load(last);
    }
  }
};

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

/// One state is as quick alone, and vectors of this width can slow the clock.
void permute_some(KeccakStates& states, std::size_t count) noexcept {
  if (count == 1) return kPlainKernels.permutation.permute(states, 1);
  permute_states<KeccakRounds<Eight>, Eight>(states, count);
}

template <template <typename> typename Rounds, typename Lanes>
constexpr Kernel<typename Lanes::Word> kernel(unsigned cost) noexcept {
  return {"avx512", Lanes::kCount, cost, is_supported, compress_lanes<Rounds, Lanes>};
}

}  // namespace

constinit const Kernels kAvx512Kernels{
    kernel<Sm3Rounds, Sixteen>(160),       kernel<Sha256Rounds, Sixteen>(148),
    kernel<Ripemd160Rounds, Sixteen>(166), kernel<Sha512Rounds, Eight>(154),
    kernel<Blake2bRounds, Eight>(195),     kernel<KeccakRounds, Eight>(166),
    {"avx512", is_supported, permute_some}};

}  // namespace wusong::hash::internal
#endif
