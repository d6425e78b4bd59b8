// SPDX-License-Identifier: Apache-2.0
// Eight lanes of 32 and four of 64 bits.
#if defined(__x86_64__)
#define WUSONG_HASH_TARGET __attribute__((target("avx2")))
#define WUSONG_HASH_INLINE __attribute__((target("avx2"), always_inline)) static inline
#include <immintrin.h>

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
  using Vector = __m256i;
  static constexpr std::size_t kCount = 32 / sizeof(Word);

  WUSONG_HASH_INLINE Vector load(const Word* from) noexcept {
    return _mm256_load_si256(reinterpret_cast<const Vector*>(from));
  }
  WUSONG_HASH_INLINE void store(Word* to, Vector v) noexcept {
    _mm256_store_si256(reinterpret_cast<Vector*>(to), v);
  }
  WUSONG_HASH_INLINE Vector exclusive(Vector a, Vector b) noexcept {
    return _mm256_xor_si256(a, b);
  }
  WUSONG_HASH_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return exclusive(exclusive(a, b), c);
  }
  WUSONG_HASH_INLINE Vector choose(Vector a, Vector b, Vector c) noexcept {
    return exclusive(c, _mm256_and_si256(a, exclusive(b, c)));
  }
  WUSONG_HASH_INLINE Vector majority(Vector a, Vector b, Vector c) noexcept {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)));
  }
  WUSONG_HASH_INLINE Vector or_not(Vector a, Vector b) noexcept {
    return exclusive(_mm256_andnot_si256(a, b), _mm256_set1_epi32(-1));
  }
  WUSONG_HASH_INLINE Vector chi(Vector a, Vector b, Vector c) noexcept {
    return exclusive(a, _mm256_andnot_si256(b, c));
  }
  WUSONG_HASH_INLINE Vector shuffled(Vector a, __m128i order) noexcept {
    return _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(order));
  }
};

struct Eight : Common<std::uint32_t> {
  WUSONG_HASH_INLINE Vector set(Word word) noexcept {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  WUSONG_HASH_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi32(a, b); }
  template <int kBits>
  WUSONG_HASH_INLINE Vector rotate(Vector a) noexcept {
    return _mm256_or_si256(_mm256_slli_epi32(a, kBits), _mm256_srli_epi32(a, 32 - kBits));
  }
  template <int kBits>
  WUSONG_HASH_INLINE Vector shift(Vector a) noexcept {
    return _mm256_srli_epi32(a, kBits);
  }

  template <bool kSwap>
  WUSONG_HASH_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                     Vector (&w)[16]) noexcept {
    const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    for (int half = 0; half < 2; ++half) {
      Vector s[8];
      for (int i = 0; i < 8; i += 4) {
        Vector r[4];
        for (int k = 0; k < 4; ++k) {
          r[k] = _mm256_loadu_si256(reinterpret_cast<const Vector*>(from[i + k] + 32 * half));
          if constexpr (kSwap) r[k] = shuffled(r[k], swap);
        }
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

struct Four : Common<std::uint64_t> {
  WUSONG_HASH_INLINE Vector set(Word word) noexcept {
    return _mm256_set1_epi64x(static_cast<long long>(word));
  }
  WUSONG_HASH_INLINE Vector add(Vector a, Vector b) noexcept { return _mm256_add_epi64(a, b); }
  template <int kBits>
  WUSONG_HASH_INLINE Vector rotate(Vector a) noexcept {
    if constexpr (kBits == 1) {
      return _mm256_or_si256(add(a, a), _mm256_srli_epi64(a, 63));
    } else if constexpr (kBits == 32) {
      return _mm256_shuffle_epi32(a, 0xb1);
    } else if constexpr (kBits == 40) {
      return shuffled(a, _mm_set_epi8(10, 9, 8, 15, 14, 13, 12, 11, 2, 1, 0, 7, 6, 5, 4, 3));
    } else if constexpr (kBits == 48) {
      return shuffled(a, _mm_set_epi8(9, 8, 15, 14, 13, 12, 11, 10, 1, 0, 7, 6, 5, 4, 3, 2));
    } else {
      return _mm256_or_si256(_mm256_slli_epi64(a, kBits), _mm256_srli_epi64(a, 64 - kBits));
    }
  }
  template <int kBits>
  WUSONG_HASH_INLINE Vector shift(Vector a) noexcept {
    return _mm256_srli_epi64(a, kBits);
  }

  template <bool kSwap, std::size_t kWords>
  WUSONG_HASH_INLINE void load_words(const std::uint8_t* const (&from)[kCount],
                                     Vector (&w)[kWords]) noexcept {
    const __m128i swap = _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    for (int quarter = 0; quarter < 4; ++quarter) {
      Vector r[4];
      for (int k = 0; k < 4; ++k) {
        r[k] = _mm256_loadu_si256(reinterpret_cast<const Vector*>(from[k] + 32 * quarter));
        if constexpr (kSwap) r[k] = shuffled(r[k], swap);
      }
      const Vector t0 = _mm256_unpacklo_epi64(r[0], r[1]);
      const Vector t1 = _mm256_unpackhi_epi64(r[0], r[1]);
      const Vector t2 = _mm256_unpacklo_epi64(r[2], r[3]);
      const Vector t3 = _mm256_unpackhi_epi64(r[2], r[3]);
      w[4 * quarter] = _mm256_permute2x128_si256(t0, t2, 0x20);
      w[4 * quarter + 1] = _mm256_permute2x128_si256(t1, t3, 0x20);
      w[4 * quarter + 2] = _mm256_permute2x128_si256(t0, t2, 0x31);
      w[4 * quarter + 3] = _mm256_permute2x128_si256(t1, t3, 0x31);
    }
    if constexpr (kWords == 17) {
      alignas(32) Word last[kCount];
      for (std::size_t i = 0; i < kCount; ++i) std::memcpy(&last[i], from[i] + 128, 8);
      w[16] = load(last);
    }
  }
};

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx2") != 0;
}

template <template <typename> typename Rounds, typename Lanes>
constexpr Kernel<typename Lanes::Word> kernel(unsigned cost) noexcept {
  return {"avx2", Lanes::kCount, cost, is_supported, compress_lanes<Rounds, Lanes>};
}

}  // namespace

constinit const Kernels kAvx2Kernels{
    kernel<Sm3Rounds, Eight>(157),
    kernel<Sha256Rounds, Eight>(144),
    kernel<Ripemd160Rounds, Eight>(126),
    kernel<Sha512Rounds, Four>(152),
    kernel<Blake2bRounds, Four>(144),
    kernel<KeccakRounds, Four>(150),
    {"avx2", is_supported, permute_states<KeccakRounds<Four>, Four>}};

}  // namespace wusong::hash::internal
#endif
