// SPDX-License-Identifier: Apache-2.0
// Vectors of 64-bit lanes: what the arithmetic of lane_field.hpp and lane_curve.hpp is made of. One
// source serves all: a file that checks the machine first defines WUSONG_LANE_AVX512 before it
// includes this and takes Avx512Lanes, eight lanes; any other takes PlainLane, one lane of ordinary
// words. Each function carries its own target, as nothing of a shared header may be compiled for a
// machine that others may lack; for the same reason all of it has internal linkage.
//
// No operation branches, and none but row() reads memory by the value of a lane.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "wusong/math/limbs.hpp"

#if defined(WUSONG_LANE_AVX512)
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#define WUSONG_LANE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")))
#else
#define WUSONG_LANE_TARGET
#endif
#define WUSONG_LANE_INLINE WUSONG_LANE_TARGET __attribute__((always_inline)) inline
#define WUSONG_LANE_CALL WUSONG_LANE_TARGET __attribute__((noinline))

namespace wusong::math {

/// A point of a table in eight words: x and y, each packed, the least significant word first.
struct alignas(64) PointRow {
  std::uint64_t word[8];
};

/// Entries that are chosen by a secret: words apart, so that a word of all entries lies together.
template <std::size_t kEntries, std::size_t kWords = 8>
struct alignas(64) SecretRows {
  std::uint64_t word[kWords][kEntries];
};

namespace {

inline constexpr std::uint64_t kLimbMask = (std::uint64_t{1} << 52) - 1;

struct PlainLane {
  using V = std::uint64_t;
  using Mask = std::uint64_t;  // all ones or zero
  static constexpr std::size_t kCount = 1;

  WUSONG_LANE_INLINE static V all(std::uint64_t value) noexcept { return value; }
  WUSONG_LANE_INLINE static V load(const std::uint64_t* from) noexcept { return *from; }
  WUSONG_LANE_INLINE static void store(std::uint64_t* to, V a) noexcept { *to = a; }
  WUSONG_LANE_INLINE static V add(V a, V b) noexcept { return a + b; }
  WUSONG_LANE_INLINE static V sub(V a, V b) noexcept { return a - b; }
  WUSONG_LANE_INLINE static V product(V a, V b) noexcept { return a * b; }
  WUSONG_LANE_INLINE static V both(V a, V b) noexcept { return a & b; }
  WUSONG_LANE_INLINE static V either(V a, V b) noexcept { return a | b; }
  template <unsigned kBits>
  WUSONG_LANE_INLINE static V left(V a) noexcept {
    return a << kBits;
  }
  template <unsigned kBits>
  WUSONG_LANE_INLINE static V right(V a) noexcept {
    return a >> kBits;
  }
  /// Keeps the sign.
  template <unsigned kBits>
  WUSONG_LANE_INLINE static V signed_right(V a) noexcept {
    return static_cast<V>(static_cast<std::int64_t>(a) >> kBits);
  }
  /// sum + the low, or the high, 52 bits of the product of the low 52 bits of a and b.
  WUSONG_LANE_INLINE static V low(V sum, V a, V b) noexcept {
    return sum + (((a & kLimbMask) * (b & kLimbMask)) & kLimbMask);
  }
  WUSONG_LANE_INLINE static V high(V sum, V a, V b) noexcept {
    return sum + static_cast<V>((static_cast<WideLimb>(a & kLimbMask) * (b & kLimbMask)) >> 52);
  }
  /// Where the lane shares a bit with `bits`, or shares none.
  WUSONG_LANE_INLINE static Mask any_of(V a, std::uint64_t bits) noexcept {
    const V common = a & bits;
    return hidden(0 - ((common | (0 - common)) >> 63));
  }
  WUSONG_LANE_INLINE static Mask none_of(V a, std::uint64_t bits) noexcept {
    return ~any_of(a, bits);
  }
  WUSONG_LANE_INLINE static V chosen(Mask where, V yes, V no) noexcept {
    return (where & yes) | (~where & no);
  }
  WUSONG_LANE_INLINE static V exclusive(V a, V b, V c) noexcept { return a ^ b ^ c; }
  /// A bit for each lane.
  WUSONG_LANE_INLINE static unsigned bits_of(Mask mask) noexcept { return mask & 1; }
  WUSONG_LANE_INLINE static Mask mask_of(unsigned bits) noexcept {
    return hidden(0 - (bits & Mask{1}));
  }
  WUSONG_LANE_INLINE static V shifted_right(V a, unsigned bits) noexcept { return a >> bits; }
  /// Nothing for a shift by 64.
  WUSONG_LANE_INLINE static V shifted_left(V a, unsigned bits) noexcept {
    return bits < 64 ? a << bits : 0;
  }
  template <std::size_t kBy>
  WUSONG_LANE_INLINE static V turned(V a) noexcept {
    return a;
  }

  /// Lane i reads the row base_i + index_i: a public index.
  WUSONG_LANE_INLINE static void row(const PointRow* const (&base)[kCount], V index,
                                     V (&out)[8]) noexcept {
    for (std::size_t i = 0; i < 8; ++i) out[i] = base[0][index].word[i];
  }
  WUSONG_LANE_INLINE static void store_row(PointRow* const (&to)[kCount],
                                           const V (&words)[8]) noexcept {
    for (std::size_t i = 0; i < 8; ++i) to[0]->word[i] = words[i];
  }
  /// All entries are read.
  template <std::size_t kEntries, std::size_t kWords>
  WUSONG_LANE_INLINE static void secret_row(const SecretRows<kEntries, kWords>& rows, V index,
                                            V (&out)[kWords]) noexcept {
    for (V& word : out) word = 0;
    for (std::size_t entry = 0; entry < kEntries; ++entry) {
      const Mask here = none_of(index ^ entry, ~std::uint64_t{0});
      for (std::size_t i = 0; i < kWords; ++i) out[i] |= rows.word[i][entry] & here;
    }
  }
};

#if defined(WUSONG_LANE_AVX512)
struct Avx512Lanes {
  using V = __m512i;
  using Mask = __mmask8;
  static constexpr std::size_t kCount = 8;

  WUSONG_LANE_INLINE static V all(std::uint64_t value) noexcept {
    return _mm512_set1_epi64(static_cast<long long>(value));
  }
  WUSONG_LANE_INLINE static V load(const std::uint64_t* from) noexcept {
    return _mm512_loadu_si512(from);
  }
  WUSONG_LANE_INLINE static void store(std::uint64_t* to, V a) noexcept {
    _mm512_storeu_si512(to, a);
  }
  WUSONG_LANE_INLINE static V add(V a, V b) noexcept { return _mm512_add_epi64(a, b); }
  WUSONG_LANE_INLINE static V sub(V a, V b) noexcept { return _mm512_sub_epi64(a, b); }
  WUSONG_LANE_INLINE static V product(V a, V b) noexcept { return _mm512_mullo_epi64(a, b); }
  WUSONG_LANE_INLINE static V both(V a, V b) noexcept { return _mm512_and_si512(a, b); }
  WUSONG_LANE_INLINE static V either(V a, V b) noexcept { return _mm512_or_si512(a, b); }
  template <unsigned kBits>
  WUSONG_LANE_INLINE static V left(V a) noexcept {
    return _mm512_slli_epi64(a, kBits);
  }
  template <unsigned kBits>
  WUSONG_LANE_INLINE static V right(V a) noexcept {
    return _mm512_srli_epi64(a, kBits);
  }
  template <unsigned kBits>
  WUSONG_LANE_INLINE static V signed_right(V a) noexcept {
    return _mm512_srai_epi64(a, kBits);
  }
  WUSONG_LANE_INLINE static V low(V sum, V a, V b) noexcept {
    return _mm512_madd52lo_epu64(sum, a, b);
  }
  WUSONG_LANE_INLINE static V high(V sum, V a, V b) noexcept {
    return _mm512_madd52hi_epu64(sum, a, b);
  }
  WUSONG_LANE_INLINE static Mask any_of(V a, std::uint64_t bits) noexcept {
    return _mm512_test_epi64_mask(a, all(bits));
  }
  WUSONG_LANE_INLINE static Mask none_of(V a, std::uint64_t bits) noexcept {
    return _mm512_testn_epi64_mask(a, all(bits));
  }
  WUSONG_LANE_INLINE static V chosen(Mask where, V yes, V no) noexcept {
    return _mm512_mask_blend_epi64(where, no, yes);
  }
  WUSONG_LANE_INLINE static V exclusive(V a, V b, V c) noexcept {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
  }
  WUSONG_LANE_INLINE static unsigned bits_of(Mask mask) noexcept { return mask; }
  WUSONG_LANE_INLINE static Mask mask_of(unsigned bits) noexcept { return static_cast<Mask>(bits); }
  WUSONG_LANE_INLINE static V shifted_right(V a, unsigned bits) noexcept {
    return _mm512_srl_epi64(a, _mm_cvtsi64_si128(static_cast<long long>(bits)));
  }
  WUSONG_LANE_INLINE static V shifted_left(V a, unsigned bits) noexcept {
    return _mm512_sll_epi64(a, _mm_cvtsi64_si128(static_cast<long long>(bits)));
  }
  template <std::size_t kBy>
  WUSONG_LANE_INLINE static V turned(V a) noexcept {
    return _mm512_alignr_epi64(a, a, kBy);
  }

  WUSONG_LANE_INLINE static void row(const PointRow* const (&base)[kCount], V index,
                                     V (&out)[8]) noexcept {
    alignas(64) std::uint64_t at[kCount];
    _mm512_store_si512(at, index);
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kCount; ++i) out[i] = _mm512_load_si512(base[i] + at[i]);
    transpose(out);
  }
  WUSONG_LANE_INLINE static void store_row(PointRow* const (&to)[kCount],
                                           const V (&words)[8]) noexcept {
    V rows[8];
    WUSONG_UNROLL
    for (int i = 0; i < 8; ++i) rows[i] = words[i];
    transpose(rows);
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kCount; ++i) _mm512_store_si512(to[i]->word, rows[i]);
  }
  template <std::size_t kEntries, std::size_t kWords>
  WUSONG_LANE_INLINE static void secret_row(const SecretRows<kEntries, kWords>& rows, V index,
                                            V (&out)[kWords]) noexcept {
    static_assert(kEntries == 64 || kEntries == 16);
    const Mask bit4 = any_of(index, 16);
    const Mask bit5 = any_of(index, 32);
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t* const from = rows.word[i];
      if constexpr (kEntries == 16) {
        out[i] = sixteenth(from, index);
      } else {
        out[i] =
            chosen(bit5, chosen(bit4, sixteenth(from + 48, index), sixteenth(from + 32, index)),
                   chosen(bit4, sixteenth(from + 16, index), sixteenth(from, index)));
      }
    }
  }

 private:
  /// One of sixteen, by the low four bits of an index.
  WUSONG_LANE_INLINE static V sixteenth(const std::uint64_t* from, V index) noexcept {
    return _mm512_permutex2var_epi64(load(from), index, load(from + 8));
  }
  /// Rows of lanes to words of lanes, and back.
  WUSONG_LANE_INLINE static void transpose(V (&m)[8]) noexcept {
    V a[8];
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) {
      a[2 * i] = _mm512_unpacklo_epi64(m[2 * i], m[2 * i + 1]);
      a[2 * i + 1] = _mm512_unpackhi_epi64(m[2 * i], m[2 * i + 1]);
    }
    V b[8];
    WUSONG_UNROLL
    for (int i = 0; i < 2; ++i) {  // pairs of rows to fours
      WUSONG_UNROLL
      for (int j = 0; j < 2; ++j) {
        b[i + 2 * j] = _mm512_shuffle_i64x2(a[i + 4 * j], a[i + 4 * j + 2], 0x88);
        b[i + 2 * j + 4] = _mm512_shuffle_i64x2(a[i + 4 * j], a[i + 4 * j + 2], 0xdd);
      }
    }
    WUSONG_UNROLL
    for (int i = 0; i < 2; ++i) {
      WUSONG_UNROLL
      for (int j = 0; j < 2; ++j) {
        m[i + 2 * j] = _mm512_shuffle_i64x2(b[i + 4 * j], b[i + 4 * j + 2], 0x88);
        m[i + 2 * j + 4] = _mm512_shuffle_i64x2(b[i + 4 * j], b[i + 4 * j + 2], 0xdd);
      }
    }
  }
};
#endif

}  // namespace
}  // namespace wusong::math
