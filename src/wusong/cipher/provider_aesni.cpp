// SPDX-License-Identifier: Apache-2.0
// AVX2 with AES-NI and PCLMULQDQ: SM4 in eight lanes, whose inversion is that of AES's last round
// and whose maps are look-ups of half bytes within a register.
#if defined(__x86_64__)
#include "wusong/base/processor.hpp"
#include "wusong/cipher/internal/aes_ni.hpp"
#include "wusong/cipher/internal/sm4_lanes.hpp"

namespace wusong::cipher::internal {
namespace {

/// A map of bytes as two tables of sixteen, one for each half of a byte.
struct HalfTables {
  alignas(16) std::array<std::uint8_t, 16> low;
  alignas(16) std::array<std::uint8_t, 16> high;

  constexpr explicit HalfTables(const BitMatrix& map, std::uint8_t constant = 0) : low{}, high{} {
    for (unsigned i = 0; i < 16; ++i) {
      low[i] = map(static_cast<std::uint8_t>(i)) ^ constant;
      high[i] = map(static_cast<std::uint8_t>(i << 4));
    }
  }
};
constexpr HalfTables kIn{kSm4In};
constexpr HalfTables kOut{kSm4Out};
/// After the last round of AES, which applies its affine map to the inverse.
constexpr BitMatrix kUndo = kAesAffine.inverse();
constexpr HalfTables kQ{kSm4Q * kUndo, (kSm4Q * kUndo)(kAesConstant) ^ kSm4QConstant};
constexpr HalfTables kT{kSm4T * kUndo};
/// For the key schedule: SM4's own bytes, in and out.
constexpr HalfTables kKeyIn{kSm4In, kSm4KeyConstant};
constexpr HalfTables kKeyOut{kSm4AfterInverse * kUndo,
                             (kSm4AfterInverse * kUndo)(kAesConstant) ^ kSm4Constant};

WUSONG_CIPHER_INLINE __m128i table(const std::array<std::uint8_t, 16>& bytes) noexcept {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes.data()));
}

WUSONG_CIPHER_INLINE __m128i map_one(const HalfTables& t, __m128i x) noexcept {
  const __m128i low = _mm_and_si128(x, _mm_set1_epi8(15));
  const __m128i high = _mm_and_si128(_mm_srli_epi16(x, 4), _mm_set1_epi8(15));
  return _mm_xor_si128(_mm_shuffle_epi8(table(t.low), low), _mm_shuffle_epi8(table(t.high), high));
}

/// One block of SM4: each word fills a vector, so that the last round's shift of rows changes
/// nothing.
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
    return exclusive(exclusive(a, b), c);
  }
  WUSONG_CIPHER_INLINE Vector turn8(Vector a) noexcept {
    return _mm_shuffle_epi8(a, _mm_setr_epi32(0x00030201, 0x04070605, 0x080b0a09, 0x0c0f0e0d));
  }
  WUSONG_CIPHER_INLINE Vector turn16(Vector a) noexcept {
    return _mm_shuffle_epi8(a, _mm_setr_epi32(0x01000302, 0x05040706, 0x09080b0a, 0x0d0c0f0e));
  }
  WUSONG_CIPHER_INLINE Vector turn24(Vector a) noexcept {
    return _mm_shuffle_epi8(a, _mm_setr_epi32(0x02010003, 0x06050407, 0x0a09080b, 0x0e0d0c0f));
  }
  WUSONG_CIPHER_INLINE Vector map_in(Vector a) noexcept { return map_one(kIn, a); }
  WUSONG_CIPHER_INLINE Vector map_out(Vector a) noexcept { return map_one(kOut, a); }
  WUSONG_CIPHER_INLINE void inverse(Vector in, Vector& q, Vector& t) noexcept {
    const Vector x = _mm_aesenclast_si128(in, _mm_setzero_si128());
    q = map_one(kQ, x);
    t = map_one(kT, x);
  }
};

struct Sm4Lanes {
  using V = __m256i;
  using Vector = V;
  using One = Sm4One;
  static constexpr std::size_t kVectorBlocks = 8;

  WUSONG_CIPHER_INLINE V load(const void* from) noexcept {
    return _mm256_loadu_si256(static_cast<const V*>(from));
  }
  WUSONG_CIPHER_INLINE void store(void* to, V v) noexcept {
    _mm256_storeu_si256(static_cast<V*>(to), v);
  }
  WUSONG_CIPHER_INLINE V set(std::uint32_t word) noexcept {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  WUSONG_CIPHER_INLINE V add(V a, V b) noexcept { return _mm256_add_epi32(a, b); }
  WUSONG_CIPHER_INLINE V exclusive(V a, V b) noexcept { return _mm256_xor_si256(a, b); }
  WUSONG_CIPHER_INLINE V xor3(V a, V b, V c) noexcept { return exclusive(exclusive(a, b), c); }
  WUSONG_CIPHER_INLINE V unpack_low32(V a, V b) noexcept { return _mm256_unpacklo_epi32(a, b); }
  WUSONG_CIPHER_INLINE V unpack_high32(V a, V b) noexcept { return _mm256_unpackhi_epi32(a, b); }
  WUSONG_CIPHER_INLINE V unpack_low64(V a, V b) noexcept { return _mm256_unpacklo_epi64(a, b); }
  WUSONG_CIPHER_INLINE V unpack_high64(V a, V b) noexcept { return _mm256_unpackhi_epi64(a, b); }
  WUSONG_CIPHER_INLINE V twice(__m128i v) noexcept { return _mm256_broadcastsi128_si256(v); }
  WUSONG_CIPHER_INLINE V turn8(V a) noexcept {
    return _mm256_shuffle_epi8(
        a, twice(_mm_setr_epi32(0x00030201, 0x04070605, 0x080b0a09, 0x0c0f0e0d)));
  }
  WUSONG_CIPHER_INLINE V turn16(V a) noexcept {
    return _mm256_shuffle_epi8(
        a, twice(_mm_setr_epi32(0x01000302, 0x05040706, 0x09080b0a, 0x0d0c0f0e)));
  }
  WUSONG_CIPHER_INLINE V swap_bytes(V a) noexcept {
    return _mm256_shuffle_epi8(
        a, twice(_mm_setr_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)));
  }
  WUSONG_CIPHER_INLINE V low_halves(V a) noexcept {
    return _mm256_and_si256(a, _mm256_set1_epi8(15));
  }
  WUSONG_CIPHER_INLINE V high_halves(V a) noexcept { return low_halves(_mm256_srli_epi16(a, 4)); }
  WUSONG_CIPHER_INLINE V look_up(const HalfTables& t, V low, V high) noexcept {
    return exclusive(_mm256_shuffle_epi8(twice(table(t.low)), low),
                     _mm256_shuffle_epi8(twice(table(t.high)), high));
  }
  WUSONG_CIPHER_INLINE V map_in(V a) noexcept {
    return look_up(kIn, low_halves(a), high_halves(a));
  }
  WUSONG_CIPHER_INLINE V map_out(V a) noexcept {
    return look_up(kOut, low_halves(a), high_halves(a));
  }
  /// Where a last round's shift of rows took each byte from, undone.
  WUSONG_CIPHER_INLINE __m128i rows_back() noexcept {
    return _mm_setr_epi8(0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3);
  }
  WUSONG_CIPHER_INLINE void inverse(V in, V& q, V& t) noexcept {
    const __m128i zero = _mm_setzero_si128();
    const __m128i first = _mm_aesenclast_si128(_mm256_castsi256_si128(in), zero);
    const __m128i second = _mm_aesenclast_si128(_mm256_extracti128_si256(in, 1), zero);
    const V x = _mm256_shuffle_epi8(_mm256_set_m128i(second, first), twice(rows_back()));
    const V low = low_halves(x);
    const V high = high_halves(x);
    q = look_up(kQ, low, high);
    t = look_up(kT, low, high);
  }
  /// Word w of half k belongs to block 2w + k: transposing puts blocks in their order.
  WUSONG_CIPHER_INLINE V order() noexcept { return _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7); }

  WUSONG_CIPHER_TARGET static std::uint32_t substitute(std::uint32_t word) noexcept {
    __m128i x = map_one(kKeyIn, _mm_set1_epi32(static_cast<int>(word)));
    x = map_one(kKeyOut, _mm_aesenclast_si128(x, _mm_setzero_si128()));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(x));
  }
};

template <std::size_t kRounds>
struct Aes : AesNiKeys<kRounds> {
  static constexpr std::size_t kWide = 8;
  static constexpr std::size_t kNarrow = 4;
  static constexpr bool kInterleaves = false;

  WUSONG_CIPHER_INLINE __m128i key(const Schedule& keys, std::size_t i) noexcept {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(keys.bytes) + i);
  }
  WUSONG_CIPHER_INLINE __m128i load(const std::uint8_t* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  WUSONG_CIPHER_INLINE void store(std::uint8_t* to, __m128i v) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v);
  }

  template <std::size_t kCount, bool kDecrypt>
  WUSONG_CIPHER_INLINE void rounds(const Schedule& keys, __m128i (&x)[kCount]) noexcept {
    constexpr std::size_t kFirst = kDecrypt ? kRounds + 1 : 0;
    const __m128i white = key(keys, kFirst);
    for (std::size_t i = 0; i < kCount; ++i) x[i] = _mm_xor_si128(x[i], white);
#pragma GCC unroll 14
    for (std::size_t r = 1; r < kRounds; ++r) {
      const __m128i k = key(keys, kFirst + r);
      for (std::size_t i = 0; i < kCount; ++i)
        x[i] = kDecrypt ? _mm_aesdec_si128(x[i], k) : _mm_aesenc_si128(x[i], k);
    }
    const __m128i last = key(keys, kFirst + kRounds);
    for (std::size_t i = 0; i < kCount; ++i)
      x[i] = kDecrypt ? _mm_aesdeclast_si128(x[i], last) : _mm_aesenclast_si128(x[i], last);
  }

  template <std::size_t kCount, bool kDecrypt>
  WUSONG_CIPHER_INLINE void blocks(const Schedule& keys, const std::uint8_t* in,
                                   std::uint8_t* out) noexcept {
    __m128i x[kCount];
    for (std::size_t i = 0; i < kCount; ++i) x[i] = load(in + kBlock * i);
    rounds<kCount, kDecrypt>(keys, x);
    for (std::size_t i = 0; i < kCount; ++i) store(out + kBlock * i, x[i]);
  }

  template <std::size_t kCount>
  WUSONG_CIPHER_INLINE void count(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                                  std::uint8_t* out) noexcept {
    const __m128i swap = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12);
    const __m128i first = _mm_insert_epi32(load(counter.fixed), static_cast<int>(counter.next), 3);
    __m128i x[kCount];
    for (std::size_t i = 0; i < kCount; ++i) {
      const __m128i more = _mm_setr_epi32(0, 0, 0, static_cast<int>(i));
      x[i] = _mm_shuffle_epi8(_mm_add_epi32(first, more), swap);
    }
    counter.next += static_cast<std::uint32_t>(kCount);
    rounds<kCount, false>(keys, x);
    for (std::size_t i = 0; i < kCount; ++i)
      store(out + kBlock * i, _mm_xor_si128(x[i], load(in + kBlock * i)));
  }
};

/// As the wider provider's: blocks reversed, eight of them reduced at once.
struct Ghash {
  using Sum = __m128i;  // reversed
  static constexpr std::size_t kPowers = 8;

  WUSONG_CIPHER_INLINE Sum load(const std::uint8_t* from) noexcept {
    return reverse(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  WUSONG_CIPHER_INLINE void store(std::uint8_t* to, Sum sum) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), reverse(sum));
  }

  /// At most kPowers blocks.
  WUSONG_CIPHER_INLINE Sum absorb_few(const HashKey& key, Sum sum, const std::uint8_t* in,
                                      std::size_t count) noexcept {
    const auto* const powers = reinterpret_cast<const __m128i*>(key.bytes) + (kPowers - count);
    __m128i low = _mm_setzero_si128();
    __m128i middle = low;
    __m128i high = low;
    for (std::size_t i = 0; i < count; ++i) {
      const __m128i x = _mm_xor_si128(load(in + kBlock * i), sum);
      const __m128i h = _mm_load_si128(powers + i);
      sum = _mm_setzero_si128();
      low = _mm_xor_si128(low, _mm_clmulepi64_si128(x, h, 0x00));
      high = _mm_xor_si128(high, _mm_clmulepi64_si128(x, h, 0x11));
      middle = _mm_xor_si128(middle, _mm_xor_si128(_mm_clmulepi64_si128(x, h, 0x01),
                                                   _mm_clmulepi64_si128(x, h, 0x10)));
    }
    return polyval_reduce(_mm_xor_si128(low, _mm_slli_si128(middle, 8)),
                          _mm_xor_si128(high, _mm_srli_si128(middle, 8)));
  }
  WUSONG_CIPHER_INLINE Sum absorb_any(const HashKey& key, Sum sum, const std::uint8_t* in,
                                      std::size_t count) noexcept {
    for (; count >= kPowers; count -= kPowers, in += kBlock * kPowers)
      sum = absorb_few(key, sum, in, kPowers);
    return count == 0 ? sum : absorb_few(key, sum, in, count);
  }
  template <std::size_t kCount>
  WUSONG_CIPHER_INLINE Sum absorb(const HashKey& key, Sum sum, const std::uint8_t* in) noexcept {
    static_assert(kCount <= kPowers || kCount % kPowers == 0);
    for (std::size_t i = 0; i < kCount; i += kPowers)
      sum = absorb_few(key, sum, in + kBlock * i, kCount < kPowers ? kCount : kPowers);
    return sum;
  }

  WUSONG_CIPHER_TARGET static void expand(const std::uint8_t* h, HashKey& out) noexcept {
    store_powers<kPowers>(h, out.bytes);
  }
};

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

}  // namespace

constinit const Provider kAesNi{.name = "aesni",
                                .is_supported = is_supported,
                                .sm4 = kernels_of<Sm4Engine<Sm4Lanes, 32>, Ghash>(),
                                .aes128 = kernels_of<Aes<10>, Ghash>(),
                                .aes256 = kernels_of<Aes<14>, Ghash>(),
                                .expand_hash_key = Ghash::expand,
                                .hash = run_hash<Ghash>};

}  // namespace wusong::cipher::internal
#endif
