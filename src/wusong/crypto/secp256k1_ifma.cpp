// SPDX-License-Identifier: Apache-2.0
// Eight secp256k1 keys at a time with AVX-512 IFMA, one a lane.
//
// Every function carries its own target attribute rather than the file a compiler flag: inline
// functions of shared headers must not be compiled here for a machine that others may lack.
//
// A field element is five limbs of 52 bits. Fe is carried: limbs below 2^52, value below 2^260.
// Sum is what products leave: signed limbs far below 2^63. Below, a *unit* is 2^256 (1 + 2^-40): a
// product has value below one unit, and an Fe may hold up to 15. Multiples of p are added before a
// carry so that the value is not negative; p = 2^256 - kFold makes that two additions.
#include "wusong/crypto/internal/secp256k1_batch.hpp"

#if defined(__x86_64__)
// g++-12's header starts an undefined vector from itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "wusong/base/processor.hpp"
#include "wusong/hash/keccak_states.hpp"
#include "wusong/math/limbs.hpp"

#define WUSONG_LANES [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]]
#define WUSONG_LANES_INLINE WUSONG_LANES [[gnu::always_inline]] inline

namespace wusong::crypto::internal {
namespace {

using V = __m512i;
constexpr int kLimbs = 5;
constexpr std::uint64_t kLimbMask = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t kTopMask = (std::uint64_t{1} << 48) - 1;
constexpr std::uint64_t kFold = 0x1000003d1;    // 2^256 mod p
constexpr std::uint64_t kFold260 = kFold << 4;  // 2^260 mod p

struct Fe {
  V l[kLimbs];
};
struct Sum {
  V l[kLimbs];
};

WUSONG_LANES_INLINE V all(std::uint64_t value) noexcept {
  return _mm512_set1_epi64(static_cast<long long>(value));
}
WUSONG_LANES_INLINE V low(V sum, V a, V b) noexcept {
  return _mm512_madd52lo_epu64(sum, a, b);
}
WUSONG_LANES_INLINE V high(V sum, V a, V b) noexcept {
  return _mm512_madd52hi_epu64(sum, a, b);
}

// ---- Sums

WUSONG_LANES_INLINE Sum to_sum(const Fe& a) noexcept {
  Sum out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) out.l[i] = a.l[i];
  return out;
}
WUSONG_LANES_INLINE Sum operator+(const Sum& a, const Sum& b) noexcept {
  Sum out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) out.l[i] = _mm512_add_epi64(a.l[i], b.l[i]);
  return out;
}
WUSONG_LANES_INLINE Sum operator-(const Sum& a, const Sum& b) noexcept {
  Sum out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) out.l[i] = _mm512_sub_epi64(a.l[i], b.l[i]);
  return out;
}
template <unsigned kBits>
WUSONG_LANES_INLINE Sum shifted(const Sum& a) noexcept {
  Sum out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) out.l[i] = _mm512_slli_epi64(a.l[i], kBits);
  return out;
}
/// a + multiple * p
WUSONG_LANES_INLINE Sum plus_p(const Sum& a, std::uint64_t multiple) noexcept {
  Sum out = a;
  out.l[0] = _mm512_sub_epi64(out.l[0], all(multiple * kFold));
  out.l[4] = _mm512_add_epi64(out.l[4], all(multiple << 48));
  return out;
}
WUSONG_LANES_INLINE Sum negated_where(const Sum& a, __mmask8 where) noexcept {
  Sum out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i)
    out.l[i] = _mm512_mask_sub_epi64(a.l[i], where, _mm512_setzero_si512(), a.l[i]);
  return out;
}
/// The value is in [0, 2^260).
WUSONG_LANES_INLINE Fe carried(const Sum& a) noexcept {
  Fe out;
  V carry = _mm512_setzero_si512();
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs - 1; ++i) {
    const V limb = _mm512_add_epi64(a.l[i], carry);
    carry = _mm512_srai_epi64(limb, 52);
    out.l[i] = _mm512_and_si512(limb, all(kLimbMask));
  }
  out.l[4] = _mm512_add_epi64(a.l[4], carry);
  return out;
}

// ---- Products

/// Ten columns to five. Columns are below 2^57, and the whole is below 2^520.
WUSONG_LANES_INLINE Sum folded(V (&c)[2 * kLimbs]) noexcept {
  WUSONG_UNROLL
  for (int i = kLimbs; i < 2 * kLimbs - 1; ++i)  // multiplication ignores what lies above 52 bits
    c[i + 1] = _mm512_add_epi64(c[i + 1], _mm512_srli_epi64(c[i], 52));
  const V fold = all(kFold260);
  Sum out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) out.l[i] = low(c[i], c[i + kLimbs], fold);
  WUSONG_UNROLL
  for (int i = 1; i < kLimbs; ++i) out.l[i] = high(out.l[i], c[i + kLimbs - 1], fold);
  // What lies at 2^256 and above; below 2^42.
  const V over = high(_mm512_setzero_si512(), c[2 * kLimbs - 1], fold);
  const V top = _mm512_add_epi64(_mm512_slli_epi64(over, 4), _mm512_srli_epi64(out.l[4], 48));
  out.l[4] = _mm512_and_si512(out.l[4], all(kTopMask));
  out.l[0] = low(out.l[0], top, all(kFold));
  out.l[1] = high(out.l[1], top, all(kFold));
  return out;
}

WUSONG_LANES_INLINE Sum operator*(const Fe& a, const Fe& b) noexcept {
  // Low and high halves apart: two short chains instead of a long one.
  V c[2 * kLimbs];
  V d[2 * kLimbs];
  WUSONG_UNROLL
  for (V& column : c) column = _mm512_setzero_si512();
  WUSONG_UNROLL
  for (V& column : d) column = _mm512_setzero_si512();
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) {
    WUSONG_UNROLL
    for (int j = 0; j < kLimbs; ++j) {
      c[i + j] = low(c[i + j], a.l[i], b.l[j]);
      d[i + j + 1] = high(d[i + j + 1], a.l[i], b.l[j]);
    }
  }
  WUSONG_UNROLL
  for (int i = 1; i < 2 * kLimbs; ++i) c[i] = _mm512_add_epi64(c[i], d[i]);
  return folded(c);
}

WUSONG_LANES_INLINE Sum squared(const Fe& a) noexcept {
  V c[2 * kLimbs];
  V d[2 * kLimbs];
  WUSONG_UNROLL
  for (V& column : c) column = _mm512_setzero_si512();
  WUSONG_UNROLL
  for (V& column : d) column = _mm512_setzero_si512();
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) {
    WUSONG_UNROLL
    for (int j = i + 1; j < kLimbs; ++j) {
      c[i + j] = low(c[i + j], a.l[i], a.l[j]);
      d[i + j + 1] = high(d[i + j + 1], a.l[i], a.l[j]);
    }
  }
  WUSONG_UNROLL
  for (int i = 1; i < 2 * kLimbs - 1; ++i) {
    c[i] = _mm512_add_epi64(c[i], d[i]);
    c[i] = _mm512_add_epi64(c[i], c[i]);
  }
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) {
    c[2 * i] = low(c[2 * i], a.l[i], a.l[i]);
    c[2 * i + 1] = high(c[2 * i + 1], a.l[i], a.l[i]);
  }
  return folded(c);
}

// ---- Words and reduction

WUSONG_LANES_INLINE Fe from_words(const V (&w)[4]) noexcept {
  const V mask = all(kLimbMask);
  constexpr int kOrAnd = 0xa8;  // (a | b) & c
  Fe out;
  out.l[0] = _mm512_and_si512(w[0], mask);
  out.l[1] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(w[0], 52), _mm512_slli_epi64(w[1], 12),
                                       mask, kOrAnd);
  out.l[2] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(w[1], 40), _mm512_slli_epi64(w[2], 24),
                                       mask, kOrAnd);
  out.l[3] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(w[2], 28), _mm512_slli_epi64(w[3], 36),
                                       mask, kOrAnd);
  out.l[4] = _mm512_srli_epi64(w[3], 16);
  return out;
}
/// The value is below 2^256.
WUSONG_LANES_INLINE void to_words(const Fe& a, V (&w)[4]) noexcept {
  w[0] = _mm512_or_si512(a.l[0], _mm512_slli_epi64(a.l[1], 52));
  w[1] = _mm512_or_si512(_mm512_srli_epi64(a.l[1], 12), _mm512_slli_epi64(a.l[2], 40));
  w[2] = _mm512_or_si512(_mm512_srli_epi64(a.l[2], 24), _mm512_slli_epi64(a.l[3], 28));
  w[3] = _mm512_or_si512(_mm512_srli_epi64(a.l[3], 36), _mm512_slli_epi64(a.l[4], 16));
}
WUSONG_LANES_INLINE Fe fold_top(const Fe& a) noexcept {
  Sum sum = to_sum(a);
  const V top = _mm512_srli_epi64(sum.l[4], 48);
  sum.l[4] = _mm512_and_si512(sum.l[4], all(kTopMask));
  sum.l[0] = low(sum.l[0], top, all(kFold));
  return carried(sum);
}
/// The same element below 2^256: what exceeds it after the first step is below 2^37.
WUSONG_LANES_INLINE Fe below_two_to_256(const Fe& a) noexcept {
  return fold_top(fold_top(a));
}
/// The same element below p.
WUSONG_LANES_INLINE Fe reduced(const Fe& a) noexcept {
  const Fe weak = below_two_to_256(a);
  Sum sum = to_sum(weak);
  sum.l[0] = _mm512_add_epi64(sum.l[0], all(kFold));
  Fe less = carried(sum);  // less + p = weak + 2^256
  const __mmask8 from_p = _mm512_test_epi64_mask(less.l[4], all(kTopMask + 1));
  less.l[4] = _mm512_and_si512(less.l[4], all(kTopMask));
  Fe out;
  WUSONG_UNROLL
  for (int i = 0; i < kLimbs; ++i) out.l[i] = _mm512_mask_blend_epi64(from_p, weak.l[i], less.l[i]);
  return out;
}
WUSONG_LANES_INLINE __mmask8 is_zero(const Fe& a) noexcept {
  const Fe r = reduced(a);
  const V any = _mm512_or_si512(
      _mm512_or_si512(_mm512_or_si512(r.l[0], r.l[1]), _mm512_or_si512(r.l[2], r.l[3])), r.l[4]);
  return _mm512_testn_epi64_mask(any, any);
}
WUSONG_LANES_INLINE Fe load(const LaneWords<4>& words) noexcept {
  V w[4];
  WUSONG_UNROLL
  for (int i = 0; i < 4; ++i) w[i] = _mm512_load_si512(words.word[i]);
  return from_words(w);
}
WUSONG_LANES_INLINE void store(const Fe& a, LaneWords<4>& words) noexcept {
  V w[4];
  to_words(a, w);
  WUSONG_UNROLL
  for (int i = 0; i < 4; ++i) _mm512_store_si512(words.word[i], w[i]);
}
WUSONG_LANES_INLINE Fe small(std::uint64_t value) noexcept {
  Fe out;
  WUSONG_UNROLL
  for (V& limb : out.l) limb = _mm512_setzero_si512();
  out.l[0] = all(value);
  return out;
}
WUSONG_LANES_INLINE Fe beta() noexcept {
  // @source SEC 2 gives the curve; beta is a cube root of one: 7ae96a2b657c0710…719501ee
  return {all(0x96c28719501ee), all(0x7512f58995c13), all(0xc3434e99cf049), all(0x7106e64479ea),
          all(0x7ae96a2b657c)};
}

// ---- Square root

template <int K>
struct Fes {
  Fe v[K];
};

/// a^(2^count) for each of K groups, whose steps alternate so that one hides the other's latency.
template <int K>
WUSONG_LANES [[gnu::noinline]] void square_times(Fes<K>& a, int count) noexcept {
  Fes<K> x = a;
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < K; ++k) x.v[k] = carried(squared(x.v[k]));
  a = x;
}
template <int K>
WUSONG_LANES [[gnu::noinline]] void multiply_by(Fes<K>& a, const Fes<K>& b) noexcept {
  for (int k = 0; k < K; ++k) a.v[k] = carried(a.v[k] * b.v[k]);
}
/// a^(2^count) * b
template <int K>
WUSONG_LANES [[gnu::noinline]] Fes<K> raised(const Fes<K>& a, int count, const Fes<K>& b) noexcept {
  Fes<K> out = a;
  square_times(out, count);
  multiply_by(out, b);
  return out;
}
/// a^((p + 1) / 4), a root where there is one. The exponent in binary: 223 ones, a zero, 22 ones,
/// four zeros, two ones, two zeros.
template <int K>
WUSONG_LANES [[gnu::noinline]] Fes<K> root(const Fes<K>& a) noexcept {
  const Fes<K> x2 = raised(a, 1, a);  // xN is a^(2^N - 1)
  const Fes<K> x3 = raised(x2, 1, a);
  const Fes<K> x6 = raised(x3, 3, x3);
  const Fes<K> x9 = raised(x6, 3, x3);
  const Fes<K> x11 = raised(x9, 2, x2);
  const Fes<K> x22 = raised(x11, 11, x11);
  const Fes<K> x44 = raised(x22, 22, x22);
  const Fes<K> x88 = raised(x44, 44, x44);
  const Fes<K> x176 = raised(x88, 88, x88);
  const Fes<K> x220 = raised(x176, 44, x44);
  const Fes<K> x223 = raised(x220, 3, x3);
  Fes<K> out = raised(raised(x223, 23, x22), 6, x2);
  square_times(out, 2);
  return out;
}

// ---- Points
//
// Jacobian coordinates: X and Y below 10 units, Z below 2. The additions are incomplete. Their
// exceptions are P = Q, P = -Q and P = O, where Q is never O, and each leaves Z = 0: the first two
// because Z3 = Z1 (x2 Z1^2 - X1), the third because Z1 is a factor. Z = 0 then stays, as every
// later doubling and addition multiplies by Z. So Z = 0 at the end, and only that, tells that a
// lane met an exception, or that its key is O. Doubling has none: the order is odd.

template <int K>
struct Points {
  Fes<K> x;
  Fes<K> y;
  Fes<K> z;
};
/// Affine points of a table, y to be negated where `negative` says so.
template <int K>
struct Addends {
  Fes<K> x;
  Fes<K> y;
  __mmask8 negative[K];
};

template <int K>
WUSONG_LANES [[gnu::noinline]] void double_points(Points<K>& p) noexcept {
  Fe e[K];
  Fe b[K];
  Sum d[K];
  Sum f[K];
  Fe w[K];
  for (int k = 0; k < K; ++k) {
    const Sum a = squared(p.x.v[k]);
    e[k] = carried(a + a + a);
    b[k] = carried(squared(p.y.v[k]));
  }
  for (int k = 0; k < K; ++k) {
    const Sum yz = p.y.v[k] * p.z.v[k];
    p.z.v[k] = carried(yz + yz);
    d[k] = shifted<2>(p.x.v[k] * b[k]);
    f[k] = squared(e[k]);
  }
  for (int k = 0; k < K; ++k) {
    p.x.v[k] = carried(plus_p(f[k] - shifted<1>(d[k]), 9));
    w[k] = carried(plus_p(d[k] + shifted<1>(d[k]) - f[k], 2));  // D - X3
  }
  for (int k = 0; k < K; ++k)
    p.y.v[k] = carried(plus_p(e[k] * w[k] - shifted<3>(squared(b[k])), 9));
}

/// p + q, where q is affine on the curve on which p has `scale` for Z. @source madd-2007-bl, EFD
template <int K>
WUSONG_LANES [[gnu::noinline]] void add_points(Points<K>& p, const Addends<K>& q,
                                               const Fes<K>& scale) noexcept {
  Fe zz[K];
  Fe zzz[K];
  Fe h[K];
  Fe r[K];
  for (int k = 0; k < K; ++k) zz[k] = carried(squared(scale.v[k]));
  for (int k = 0; k < K; ++k) {
    zzz[k] = carried(scale.v[k] * zz[k]);
    h[k] = carried(plus_p(q.x.v[k] * zz[k] - to_sum(p.x.v[k]), 11));
  }
  Fe hh[K];
  for (int k = 0; k < K; ++k) {
    const Sum s = negated_where(q.y.v[k] * zzz[k], q.negative[k]);
    r[k] = carried(plus_p(s - to_sum(p.y.v[k]), 12));
    hh[k] = carried(squared(h[k]));
  }
  Sum v[K];
  Sum hhh[K];
  Fe hhh_carried[K];
  Sum rr[K];
  for (int k = 0; k < K; ++k) {
    rr[k] = squared(r[k]);
    v[k] = p.x.v[k] * hh[k];
    hhh[k] = h[k] * hh[k];
    hhh_carried[k] = carried(hhh[k]);
    p.z.v[k] = carried(p.z.v[k] * h[k]);
  }
  Fe w[K];
  for (int k = 0; k < K; ++k) {
    const Sum v2 = v[k] + v[k];
    p.x.v[k] = carried(plus_p(rr[k] - hhh[k] - v2, 4));
    w[k] = carried(plus_p(v2 + v[k] + hhh[k] - rr[k], 2));  // V - X3
  }
  for (int k = 0; k < K; ++k)
    p.y.v[k] = carried(plus_p(r[k] * w[k] - p.y.v[k] * hhh_carried[k], 2));
}

// ---- Tables

/// Rows of lanes to words of lanes, and back: it is its own inverse.
WUSONG_LANES_INLINE void transpose(V (&m)[8]) noexcept {
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

constexpr std::size_t kEntries = std::size_t{1} << (kPointWindow - 1);
/// A group's odd multiples of R, by lane and then by multiple.
struct PointTable {
  PointRow row[kLaneCount][kEntries];
};

/// Odd multiples of R = (x, y) for every lane, all with one Z, which is returned: read as affine
/// they lie on another curve of the same shape, x^3 + 7 Z^6, on which the additions do not differ.
/// A step adds 2R to the last multiple while both have one Z, which is never exceptional: R's order
/// is large. @source Meloni 2007, section 3, for the step
template <int K>
WUSONG_LANES [[gnu::noinline]] void build_tables(PointTable (&tables)[K], const Fes<K>& x,
                                                 const Fes<K>& y, Fes<K>& shared_z) noexcept {
  Fe multiple_x[K][kEntries];
  Fe multiple_y[K][kEntries];
  Fe ratio[K][kEntries];  // Z of a multiple over Z of the one before
  Fe x2[K];               // 2R
  Fe y2[K];
  for (int k = 0; k < K; ++k) {
    const Sum a = squared(x.v[k]);
    const Fe e = carried(a + a + a);
    const Fe b = carried(squared(y.v[k]));
    const Sum d = shifted<2>(x.v[k] * b);
    const Sum f = squared(e);
    const Sum c = shifted<3>(squared(b));
    x2[k] = fold_top(carried(plus_p(f - shifted<1>(d), 9)));
    const Fe w = carried(plus_p(d + shifted<1>(d) - f, 2));
    y2[k] = fold_top(carried(plus_p(e * w - c, 9)));
    multiple_x[k][0] = carried(d);  // R with the Z of 2R, 2y
    multiple_y[k][0] = carried(c);
    shared_z.v[k] = carried(to_sum(y.v[k]) + to_sum(y.v[k]));
  }
  for (std::size_t i = 1; i < kEntries; ++i) {
    for (int k = 0; k < K; ++k) {
      const Sum x1 = to_sum(multiple_x[k][i - 1]);
      const Sum y1 = to_sum(multiple_y[k][i - 1]);
      const Fe dx = carried(plus_p(to_sum(x2[k]) - x1, 5));  // x1 below 4 units, y1 below 8
      const Fe dy = carried(plus_p(to_sum(y2[k]) - y1, 9));
      const Fe c = carried(squared(dx));
      const Sum w1 = x2[k] * c;
      const Sum w2 = multiple_x[k][i - 1] * c;
      const Sum d = squared(dy);
      const Fe a = carried(y2[k] * carried(plus_p(w1 - w2, 2)));
      ratio[k][i] = dx;
      multiple_x[k][i] = carried(plus_p(d - w1 - w2, 3));
      const Fe w = carried(plus_p(w1 + w1 + w2 - d, 2));
      multiple_y[k][i] = carried(plus_p(dy * w - to_sum(a), 2));
      x2[k] = carried(w1);
      y2[k] = a;
    }
  }
  Fe scale[K];  // the last Z over this multiple's
  for (std::size_t i = kEntries; i-- > 0;) {
    for (int k = 0; k < K; ++k) {
      Fe tx = multiple_x[k][i];
      Fe ty = multiple_y[k][i];
      if (i + 1 < kEntries) {
        scale[k] = i + 2 < kEntries ? carried(scale[k] * ratio[k][i + 1]) : ratio[k][i + 1];
        const Fe square = carried(squared(scale[k]));
        tx = carried(tx * square);
        ty = carried(ty * carried(square * scale[k]));
      }
      V words[8];
      V(&x_words)[4] = reinterpret_cast<V(&)[4]>(words[0]);
      V(&y_words)[4] = reinterpret_cast<V(&)[4]>(words[4]);
      to_words(below_two_to_256(tx), x_words);
      to_words(below_two_to_256(ty), y_words);
      transpose(words);
      WUSONG_UNROLL
      for (std::size_t lane = 0; lane < kLaneCount; ++lane)
        _mm512_store_si512(tables[k].row[lane][i].word, words[lane]);
    }
  }
  for (int k = 0; k < K; ++k) shared_z.v[k] = carried(shared_z.v[k] * scale[k]);
}

struct Digits {
  V offset;  // in bytes, of a row among a lane's
  __mmask8 negative;
};
/// The digit at a bit: 2 b - (2^window - 1) of a window's bits b.
template <unsigned kWindow>
WUSONG_LANES_INLINE Digits digits_at(const LaneWords<4>& scalar, unsigned bit) noexcept {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kWindow) - 1;
  const __m128i down = _mm_cvtsi64_si128(static_cast<long long>(bit % 64));
  const __m128i up = _mm_cvtsi64_si128(static_cast<long long>(64 - bit % 64));
  const V bits =
      _mm512_or_si512(_mm512_srl_epi64(_mm512_load_si512(scalar.word[bit / 64]), down),
                      _mm512_sll_epi64(_mm512_load_si512(scalar.word[bit / 64 + 1]), up));
  const __mmask8 negative = _mm512_testn_epi64_mask(bits, all((kMask >> 1) + 1));
  V index = _mm512_mask_xor_epi64(bits, negative, bits, all(kMask));
  index = _mm512_and_si512(index, all(kMask >> 1));
  return {_mm512_slli_epi64(index, 6), negative};
}
WUSONG_LANES_INLINE void look_up(const void* base, const Digits& digits, V lane_offset, Fe& x,
                                 Fe& y, __mmask8& negative) noexcept {
  alignas(64) std::uint64_t offset[kLaneCount];
  _mm512_store_si512(offset, _mm512_add_epi64(digits.offset, lane_offset));
  const auto* const bytes = static_cast<const std::uint8_t*>(base);
  V words[8];
  for (std::size_t i = 0; i < kLaneCount; ++i) words[i] = _mm512_load_si512(bytes + offset[i]);
  transpose(words);
  x = from_words(reinterpret_cast<V(&)[4]>(words[0]));
  y = from_words(reinterpret_cast<V(&)[4]>(words[4]));
  negative = digits.negative;
}
template <int K>
WUSONG_LANES [[gnu::noinline]] void look_up_point(const PointTable (&tables)[K],
                                                  const LaneTask* tasks, int half, unsigned bit,
                                                  Addends<K>& out) noexcept {
  constexpr long long kStride = sizeof(PointTable) / kLaneCount;
  const V lane_offset = _mm512_setr_epi64(0, kStride, 2 * kStride, 3 * kStride, 4 * kStride,
                                          5 * kStride, 6 * kStride, 7 * kStride);
  for (int k = 0; k < K; ++k) {
    look_up(&tables[k], digits_at<kPointWindow>(tasks[k].point[half], bit), lane_offset, out.x.v[k],
            out.y.v[k], out.negative[k]);
    if (half == 1) out.x.v[k] = carried(out.x.v[k] * beta());
  }
}
template <int K>
WUSONG_LANES [[gnu::noinline]] void look_up_generator(std::span<const PointRow> generator,
                                                      const LaneTask* tasks, int half, unsigned bit,
                                                      Addends<K>& out) noexcept {
  for (int k = 0; k < K; ++k) {
    look_up(generator.data(), digits_at<kGeneratorWindow>(tasks[k].generator[half], bit),
            _mm512_setzero_si512(), out.x.v[k], out.y.v[k], out.negative[k]);
    if (half == 1) out.x.v[k] = carried(out.x.v[k] * beta());
  }
}

// ---- The whole

template <int K>
WUSONG_LANES void find_points(const LaneTask* tasks, Fes<K>& x, Fes<K>& y,
                              LaneKeys* keys) noexcept {
  Fes<K> right;  // x^3 + 7
  for (int k = 0; k < K; ++k) {
    x.v[k] = load(tasks[k].x);
    const Fe square = carried(squared(x.v[k]));
    right.v[k] = carried(x.v[k] * square + to_sum(small(7)));
  }
  y = root(right);
  for (int k = 0; k < K; ++k) {
    const Fe difference = carried(plus_p(squared(y.v[k]) - to_sum(right.v[k]), 2));
    keys[k].on_curve = is_zero(difference);
    const Fe least = reduced(y.v[k]);
    const __mmask8 odd = _mm512_test_epi64_mask(least.l[0], all(1));
    const auto wrong = static_cast<__mmask8>(odd ^ tasks[k].odd);
    y.v[k] = carried(plus_p(negated_where(to_sum(least), wrong), 1));
  }
}

template <int K>
WUSONG_LANES void multiply(const LaneTask* tasks, LaneKeys* keys,
                           std::span<const PointRow> generator) noexcept {
  Fes<K> x;
  Fes<K> y;
  find_points(tasks, x, y, keys);
  PointTable tables[K];
  Fes<K> shared_z;
  build_tables(tables, x, y, shared_z);

  Addends<K> addend;
  Points<K> sum;
  constexpr unsigned kTop = digit_bits(kPointWindow) - kPointWindow;
  static_assert(kTop > digit_bits(kGeneratorWindow) - kGeneratorWindow);
  look_up_point(tables, tasks, 0, kTop, addend);
  for (int k = 0; k < K; ++k) {
    sum.x.v[k] = addend.x.v[k];
    sum.y.v[k] = carried(plus_p(negated_where(to_sum(addend.y.v[k]), addend.negative[k]), 2));
    sum.z.v[k] = small(1);
  }
  look_up_point(tables, tasks, 1, kTop, addend);
  add_points(sum, addend, sum.z);
  for (unsigned bit = kTop; bit-- > 0;) {
    double_points(sum);
    if (bit % kPointWindow == 0) {
      WUSONG_UNROLL
      for (int half = 0; half < 2; ++half) {
        look_up_point(tables, tasks, half, bit, addend);
        add_points(sum, addend, sum.z);
      }
    }
    if (bit % kGeneratorWindow == 0) {
      WUSONG_UNROLL
      for (int half = 0; half < 2; ++half) {
        look_up_generator(generator, tasks, half, bit, addend);
        Fes<K> scale = sum.z;  // Z on the generator's own curve
        multiply_by(scale, shared_z);
        add_points(sum, addend, scale);
      }
    }
  }
  multiply_by(sum.z, shared_z);
  for (int k = 0; k < K; ++k) {
    keys[k].exceptional = is_zero(sum.z.v[k]);
    store(reduced(sum.x.v[k]), keys[k].x);
    store(reduced(sum.y.v[k]), keys[k].y);
    store(reduced(sum.z.v[k]), keys[k].z);
  }
}

// ---- Addresses

WUSONG_LANES_INLINE V bytes_reversed(V a) noexcept {
  const V order = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607);
  return _mm512_shuffle_epi8(a, order);
}

WUSONG_LANES void addresses(const LaneKeys& keys, const LaneWords<4>& z_inverse,
                            std::array<Address, kLaneCount>& out) noexcept {
  const Fe inverse = load(z_inverse);
  const Fe square = carried(squared(inverse));
  const Fe cube = carried(square * inverse);
  V x[4];
  V y[4];
  to_words(reduced(carried(load(keys.x) * square)), x);
  to_words(reduced(carried(load(keys.y) * cube)), y);
  static_assert(kLaneCount == hash::kKeccakStates);
  hash::KeccakStates states{};
  WUSONG_UNROLL
  for (int i = 0; i < 4; ++i) {
    _mm512_store_si512(states.word[i], bytes_reversed(x[3 - i]));
    _mm512_store_si512(states.word[4 + i], bytes_reversed(y[3 - i]));
  }
  _mm512_store_si512(states.word[8], all(1));  // padding, from byte 64 to byte 135
  _mm512_store_si512(states.word[16], all(std::uint64_t{1} << 63));
  hash::keccak_providers().front().permute(states, kLaneCount);  // AVX-512's, which is here
  const auto& digest = states.word;
  WUSONG_UNROLL
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    const auto first = static_cast<std::uint32_t>(digest[1][lane] >> 32);
    std::memcpy(out[lane].data(), &first, 4);
    std::memcpy(out[lane].data() + 4, &digest[2][lane], 8);
    std::memcpy(out[lane].data() + 12, &digest[3][lane], 8);
  }
}

}  // namespace

bool ifma_is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma");
}

void ifma_multiply(std::span<const LaneTask> tasks, std::span<LaneKeys> keys,
                   std::span<const PointRow> generator) noexcept {
  WUSONG_ASSERT(tasks.size() == keys.size() && (tasks.size() == 1 || tasks.size() == 2));
  WUSONG_ASSERT(generator.size() == std::size_t{1} << (kGeneratorWindow - 1));
  if (tasks.size() == 2) {
    multiply<2>(tasks.data(), keys.data(), generator);
  } else {
    multiply<1>(tasks.data(), keys.data(), generator);
  }
}

void ifma_addresses(const LaneKeys& keys, const LaneWords<4>& z_inverse,
                    std::array<Address, kLaneCount>& out) noexcept {
  addresses(keys, z_inverse, out);
}

}  // namespace wusong::crypto::internal

#else

namespace wusong::crypto::internal {

bool ifma_is_supported() noexcept {
  return false;
}
void ifma_multiply(std::span<const LaneTask>, std::span<LaneKeys>,
                   std::span<const PointRow>) noexcept {
  WUSONG_ASSERT(false);
}
void ifma_addresses(const LaneKeys&, const LaneWords<4>&,
                    std::array<Address, kLaneCount>&) noexcept {
  WUSONG_ASSERT(false);
}

}  // namespace wusong::crypto::internal

#endif
