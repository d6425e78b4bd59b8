// SPDX-License-Identifier: Apache-2.0
// AVX-512 with GFNI, VAES and VPCLMULQDQ: SM4 in sixteen lanes, whose S-box is one instruction for
// each of q and t; AES and GHASH four blocks to a vector.
#if defined(__x86_64__)
#define WUSONG_CIPHER_FEATURES "avx512f,avx512bw,avx512vl,avx512dq,gfni,vaes,vpclmulqdq,aes,pclmul"
#define WUSONG_CIPHER_TARGET __attribute__((target(WUSONG_CIPHER_FEATURES)))
#define WUSONG_CIPHER_INLINE \
  __attribute__((target(WUSONG_CIPHER_FEATURES), always_inline)) static inline
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/base/processor.hpp"
#include "wusong/cipher/internal/aes_ni.hpp"
#include "wusong/cipher/internal/sm4_lanes.hpp"

namespace wusong::cipher::internal {
namespace {

using V = __m512i;

WUSONG_CIPHER_INLINE V four(__m128i v) noexcept {
  return _mm512_broadcast_i32x4(v);
}

/// One block of SM4.
struct Sm4One {
  using Vector = __m128i;

  WUSONG_CIPHER_INLINE Vector set(std::uint32_t word) noexcept {
    return _mm_set1_epi32(static_cast<int>(word));
  }
  WUSONG_CIPHER_INLINE std::uint32_t first(Vector a) noexcept {
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(a));
  }
  WUSONG_CIPHER_INLINE Vector exclusive(Vector a, Vector b) noexcept { return _mm_xor_si128(a, b); }
  WUSONG_CIPHER_INLINE Vector xor3(Vector a, Vector b, Vector c) noexcept {
    return _mm_ternarylogic_epi32(a, b, c, 0x96);
  }
  WUSONG_CIPHER_INLINE Vector turn8(Vector a) noexcept { return _mm_ror_epi32(a, 8); }
  WUSONG_CIPHER_INLINE Vector turn16(Vector a) noexcept { return _mm_ror_epi32(a, 16); }
  WUSONG_CIPHER_INLINE Vector turn24(Vector a) noexcept { return _mm_ror_epi32(a, 24); }
  WUSONG_CIPHER_INLINE Vector matrix(const BitMatrix& m) noexcept {
    return _mm_set1_epi64x(static_cast<long long>(m.packed()));
  }
  WUSONG_CIPHER_INLINE Vector map_in(Vector a) noexcept {
    return _mm_gf2p8affine_epi64_epi8(a, matrix(kSm4In), 0);
  }
  WUSONG_CIPHER_INLINE Vector map_out(Vector a) noexcept {
    return _mm_gf2p8affine_epi64_epi8(a, matrix(kSm4Out), 0);
  }
  WUSONG_CIPHER_INLINE void inverse(Vector in, Vector& q, Vector& t) noexcept {
    q = _mm_gf2p8affineinv_epi64_epi8(in, matrix(kSm4Q), kSm4QConstant);
    t = _mm_gf2p8affineinv_epi64_epi8(in, matrix(kSm4T), 0);
  }
};

struct Sm4Lanes {
  using Vector = V;
  using One = Sm4One;
  static constexpr std::size_t kVectorBlocks = 16;

  WUSONG_CIPHER_INLINE V load(const void* from) noexcept { return _mm512_loadu_si512(from); }
  WUSONG_CIPHER_INLINE void store(void* to, V v) noexcept { _mm512_storeu_si512(to, v); }
  WUSONG_CIPHER_INLINE V set(std::uint32_t word) noexcept {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  WUSONG_CIPHER_INLINE V add(V a, V b) noexcept { return _mm512_add_epi32(a, b); }
  WUSONG_CIPHER_INLINE V exclusive(V a, V b) noexcept { return _mm512_xor_si512(a, b); }
  WUSONG_CIPHER_INLINE V xor3(V a, V b, V c) noexcept {
    return _mm512_ternarylogic_epi32(a, b, c, 0x96);
  }
  WUSONG_CIPHER_INLINE V unpack_low32(V a, V b) noexcept { return _mm512_unpacklo_epi32(a, b); }
  WUSONG_CIPHER_INLINE V unpack_high32(V a, V b) noexcept { return _mm512_unpackhi_epi32(a, b); }
  WUSONG_CIPHER_INLINE V unpack_low64(V a, V b) noexcept { return _mm512_unpacklo_epi64(a, b); }
  WUSONG_CIPHER_INLINE V unpack_high64(V a, V b) noexcept { return _mm512_unpackhi_epi64(a, b); }
  // Bytes of a word lie in their order in memory: to the left there is to the right in a lane.
  WUSONG_CIPHER_INLINE V turn8(V a) noexcept { return _mm512_ror_epi32(a, 8); }
  WUSONG_CIPHER_INLINE V turn16(V a) noexcept { return _mm512_ror_epi32(a, 16); }
  WUSONG_CIPHER_INLINE V swap_bytes(V a) noexcept {
    return _mm512_shuffle_epi8(
        a, four(_mm_setr_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)));
  }
  template <std::uint64_t kMatrix>
  WUSONG_CIPHER_INLINE V map(V a) noexcept {
    return _mm512_gf2p8affine_epi64_epi8(a, _mm512_set1_epi64(static_cast<long long>(kMatrix)), 0);
  }
  WUSONG_CIPHER_INLINE V map_in(V a) noexcept { return map<kSm4In.packed()>(a); }
  WUSONG_CIPHER_INLINE V map_out(V a) noexcept { return map<kSm4Out.packed()>(a); }
  WUSONG_CIPHER_INLINE void inverse(V in, V& q, V& t) noexcept {
    const V matrix_q = _mm512_set1_epi64(static_cast<long long>(kSm4Q.packed()));
    const V matrix_t = _mm512_set1_epi64(static_cast<long long>(kSm4T.packed()));
    q = _mm512_gf2p8affineinv_epi64_epi8(in, matrix_q, kSm4QConstant);
    t = _mm512_gf2p8affineinv_epi64_epi8(in, matrix_t, 0);
  }
  /// Word w of quarter k belongs to block 4w + k: transposing puts blocks in their order.
  WUSONG_CIPHER_INLINE V order() noexcept {
    return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  }
  WUSONG_CIPHER_TARGET static std::uint32_t substitute(std::uint32_t word) noexcept {
    const auto matrix = [](const BitMatrix& m) { return static_cast<long long>(m.packed()); };
    __m128i x = _mm_cvtsi32_si128(static_cast<int>(word));
    x = _mm_gf2p8affine_epi64_epi8(x, _mm_set1_epi64x(matrix(kSm4In)), kSm4KeyConstant);
    x = _mm_gf2p8affineinv_epi64_epi8(x, _mm_set1_epi64x(matrix(kSm4AfterInverse)), kSm4Constant);
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(x));
  }
};

template <std::size_t kRounds>
struct Aes : AesNiKeys<kRounds> {
  static constexpr std::size_t kWide = 32;
  static constexpr std::size_t kNarrow = 16;
  static constexpr bool kInterleaves = true;
  static_assert(kWide / 4 < kRounds);  // steps of GHASH, one a round

  WUSONG_CIPHER_INLINE V key(const Schedule& keys, std::size_t i) noexcept {
    return four(_mm_load_si128(reinterpret_cast<const __m128i*>(keys.bytes) + i));
  }

  /// A step of other work goes with each round but the last.
  template <std::size_t kVectors, bool kDecrypt, typename Work>
  WUSONG_CIPHER_INLINE void rounds(const Schedule& keys, V (&x)[kVectors], Work& work) noexcept {
    constexpr std::size_t kFirst = kDecrypt ? kRounds + 1 : 0;
    const V white = key(keys, kFirst);
    for (std::size_t i = 0; i < kVectors; ++i) x[i] = _mm512_xor_si512(x[i], white);
#pragma GCC unroll 14
    for (std::size_t r = 1; r < kRounds; ++r) {
      const V k = key(keys, kFirst + r);
      for (std::size_t i = 0; i < kVectors; ++i)
        x[i] = kDecrypt ? _mm512_aesdec_epi128(x[i], k) : _mm512_aesenc_epi128(x[i], k);
      Work::step(work);
    }
    const V last = key(keys, kFirst + kRounds);
    for (std::size_t i = 0; i < kVectors; ++i)
      x[i] = kDecrypt ? _mm512_aesdeclast_epi128(x[i], last) : _mm512_aesenclast_epi128(x[i], last);
  }

  template <std::size_t kCount, bool kDecrypt>
  WUSONG_CIPHER_INLINE void blocks(const Schedule& keys, const std::uint8_t* in,
                                   std::uint8_t* out) noexcept {
    V x[kCount / 4];
    for (std::size_t i = 0; i < kCount / 4; ++i) x[i] = _mm512_loadu_si512(in + 64 * i);
    NoWork none;
    rounds<kCount / 4, kDecrypt>(keys, x, none);
    for (std::size_t i = 0; i < kCount / 4; ++i) _mm512_storeu_si512(out + 64 * i, x[i]);
  }

  template <std::size_t kCount, typename Work>
  WUSONG_CIPHER_INLINE void count_beside(const Schedule& keys, Counter& counter,
                                         const std::uint8_t* in, std::uint8_t* out,
                                         Work& work) noexcept {
    const V swap = four(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12));
    const V fixed = four(_mm_load_si128(reinterpret_cast<const __m128i*>(counter.fixed)));
    const V lanes = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3);
    const V first = _mm512_add_epi32(
        _mm512_mask_set1_epi32(fixed, 0x8888, static_cast<int>(counter.next)), lanes);
    V x[kCount / 4];
    for (std::size_t i = 0; i < kCount / 4; ++i) {
      const V more = four(_mm_setr_epi32(0, 0, 0, static_cast<int>(4 * i)));
      x[i] = _mm512_shuffle_epi8(_mm512_add_epi32(first, more), swap);
    }
    counter.next += static_cast<std::uint32_t>(kCount);
    rounds<kCount / 4, false>(keys, x, work);
    for (std::size_t i = 0; i < kCount / 4; ++i)
      _mm512_storeu_si512(out + 64 * i, _mm512_xor_si512(x[i], _mm512_loadu_si512(in + 64 * i)));
  }
  template <std::size_t kCount>
  WUSONG_CIPHER_INLINE void count(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                                  std::uint8_t* out) noexcept {
    NoWork none;
    count_beside<kCount>(keys, counter, in, out, none);
  }
};

/// Blocks reversed are elements of POLYVAL's field; 32 of them are reduced at once.
/// @source RFC 8452, appendix A, for GHASH by POLYVAL's product
struct Ghash {
  using Sum = __m128i;  // reversed
  static constexpr std::size_t kPowers = 32;

  WUSONG_CIPHER_INLINE Sum load(const std::uint8_t* from) noexcept {
    return reverse(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  WUSONG_CIPHER_INLINE void store(std::uint8_t* to, Sum sum) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), reverse(sum));
  }

  struct Product {  // of 256 bits, in four lanes that are still to be added up
    V low, middle, high;
  };
  WUSONG_CIPHER_INLINE void add_product(Product& sum, V x, V h) noexcept {
    sum.low = _mm512_xor_si512(sum.low, _mm512_clmulepi64_epi128(x, h, 0x00));
    sum.high = _mm512_xor_si512(sum.high, _mm512_clmulepi64_epi128(x, h, 0x11));
    sum.middle = _mm512_ternarylogic_epi64(sum.middle, _mm512_clmulepi64_epi128(x, h, 0x01),
                                           _mm512_clmulepi64_epi128(x, h, 0x10), 0x96);
  }
  WUSONG_CIPHER_INLINE __m128i add_lanes(V v) noexcept {
    const __m256i two =
        _mm256_xor_si256(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
  }
  WUSONG_CIPHER_INLINE Sum reduce(const Product& p) noexcept {
    const V low = _mm512_xor_si512(p.low, _mm512_bslli_epi128(p.middle, 8));
    const V high = _mm512_xor_si512(p.high, _mm512_bsrli_epi128(p.middle, 8));
    return polyval_reduce(add_lanes(low), add_lanes(high));
  }
  WUSONG_CIPHER_INLINE V reverse_four(V v) noexcept {
    return _mm512_shuffle_epi8(v, four(reversal()));
  }

  /// kCount blocks on their way into a sum, four with each step.
  template <std::size_t kCount>
  struct Work {
    const std::uint8_t* in;
    const std::uint8_t* powers;
    std::size_t done;
    Product product;
    V sum;

    WUSONG_CIPHER_INLINE void step(Work& work) noexcept {
      static_assert(kCount <= kPowers);
      if (work.done == kCount) return;
      const std::size_t at = kBlock * work.done;
      const V x = _mm512_xor_si512(reverse_four(_mm512_loadu_si512(work.in + at)), work.sum);
      add_product(work.product, x, _mm512_loadu_si512(work.powers + at));
      work.sum = _mm512_setzero_si512();
      work.done += 4;
    }
  };
  template <std::size_t kCount>
  WUSONG_CIPHER_INLINE Work<kCount> begin(const HashKey& key, Sum sum,
                                          const std::uint8_t* in) noexcept {
    Work<kCount> work{};
    work.in = in;
    work.powers = key.bytes + kBlock * (kPowers - kCount);
    work.sum = _mm512_zextsi128_si512(sum);
    return work;
  }

  template <std::size_t kCount>
  WUSONG_CIPHER_INLINE Sum absorb(const HashKey& key, Sum sum, const std::uint8_t* in) noexcept {
    constexpr std::size_t kNow = kCount < kPowers ? kCount : kPowers;
    auto work = begin<kNow>(key, sum, in);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kNow / 4; ++i) Work<kNow>::step(work);
    sum = reduce(work.product);
    if constexpr (kCount > kNow) sum = absorb<kCount - kNow>(key, sum, in + kBlock * kNow);
    return sum;
  }

  WUSONG_CIPHER_INLINE Sum absorb_any(const HashKey& key, Sum sum, const std::uint8_t* in,
                                      std::size_t count) noexcept {
    for (; count >= kPowers; count -= kPowers, in += kBlock * kPowers)
      sum = absorb<kPowers>(key, sum, in);
    if (count == 0) return sum;
    const std::uint8_t* powers = key.bytes + kBlock * (kPowers - count);
    Product product{};
    V first = _mm512_zextsi128_si512(sum);
    for (; count != 0; in += 64, powers += 64) {
      const std::size_t now = count < 4 ? count : 4;
      const auto mask = static_cast<__mmask8>((1u << 2 * now) - 1);
      const V x = reverse_four(_mm512_maskz_loadu_epi64(mask, in));
      add_product(product, _mm512_xor_si512(x, first), _mm512_maskz_loadu_epi64(mask, powers));
      first = _mm512_setzero_si512();
      count -= now;
    }
    return reduce(product);
  }

  WUSONG_CIPHER_TARGET static void expand(const std::uint8_t* h, HashKey& out) noexcept {
    store_powers<kPowers>(h, out.bytes);
  }
};

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("gfni") != 0 &&
         __builtin_cpu_supports("vpclmulqdq") != 0 && __builtin_cpu_supports("aes") != 0 &&
         __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("vaes") != 0;
}

}  // namespace

constinit const Provider kAvx512{.name = "avx512",
                                 .is_supported = is_supported,
                                 .sm4 = kernels_of<Sm4Engine<Sm4Lanes, 64>, Ghash>(),
                                 .aes128 = kernels_of<Aes<10>, Ghash>(),
                                 .aes256 = kernels_of<Aes<14>, Ghash>(),
                                 .expand_hash_key = Ghash::expand,
                                 .hash = run_hash<Ghash>};

}  // namespace wusong::cipher::internal
#endif
