// SPDX-License-Identifier: Apache-2.0
// Points of y^2 = x^3 + a x + b over a prime field, of odd order, one a lane.
//
// Sums use Jacobian coordinates and incomplete additions of affine points. Their exceptions are
// P = Q, P = -Q and P = O, where Q is never O, and each leaves Z = 0: the first two because
// Z3 = Z1 (x2 Z1^2 - X1), the third because Z1 is a factor. Z = 0 then stays, as every later
// doubling and addition multiplies by Z. So Z = 0 at the end, and only that, tells that a lane met
// an exception, or that the sum is O. Doubling has none: the order is odd.
//
// Beside them stands a complete addition, slower by a third, for what must not have exceptions.
#pragma once

#include "wusong/math/lane_field.hpp"

namespace wusong::math {

/// A scalar as odd signed digits of a window: bits b of the words stand for signed bits 2b - 1.
using SignedDigits = Limbs<6>;

/// Bits that the digits cover: the least multiple of the window not below 257.
constexpr unsigned digit_bits(unsigned window) noexcept {
  return (257 + window - 1) / window * window;
}
/// k + n where k is even, so that digits exist: (k + 2^bits - 1) / 2. The same steps for every k.
/// @shape k is below n; zero becomes n
constexpr SignedDigits signed_digits(const Limbs<4>& k, const Limbs<4>& n,
                                     unsigned window) noexcept {
  SignedDigits out{k[0], k[1], k[2], k[3]};
  const Limb even = hidden((k[0] & 1) - 1);
  add_in_place(out, SignedDigits{n[0] & even, n[1] & even, n[2] & even, n[3] & even});
  const unsigned above = digit_bits(window) - 256;
  constexpr Limb kOnes = ~Limb{0};
  add_in_place(out, SignedDigits{kOnes, kOnes, kOnes, kOnes, (Limb{1} << above) - 1});
  for (std::size_t i = 0; i < 6; ++i) out[i] = out[i] >> 1 | (i < 5 ? out[i + 1] << 63 : 0);
  return out;
}

namespace {

template <typename L>
struct Digit {
  typename L::V index;  // among the odd multiples
  typename L::Mask negative;
};
/// The digit of a window's bits b: 2 b - (2^window - 1). Higher bits do not count.
template <typename L, unsigned kWindow>
WUSONG_LANE_INLINE Digit<L> digit_of(typename L::V bits) noexcept {
  using V = typename L::V;
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kWindow) - 1;
  const typename L::Mask negative = L::none_of(bits, (kMask >> 1) + 1);
  // Negative digits count from the other end.
  const V index = L::chosen(negative, L::sub(L::all(kMask), L::both(bits, L::all(kMask))), bits);
  return {L::both(index, L::all(kMask >> 1)), negative};
}
/// The digit at a bit.
template <typename L, unsigned kWindow>
WUSONG_LANE_INLINE Digit<L> digit_at(const LaneWords<6, L::kCount>& words, unsigned bit) noexcept {
  return digit_of<L, kWindow>(
      L::either(L::shifted_right(L::load(words.word[bit / 64]), bit % 64),
                L::shifted_left(L::load(words.word[bit / 64 + 1]), 64 - bit % 64)));
}

/// A key's tables divide the spacing of its teeth into columns; the generator's teeth stand as
/// close as those columns are many. The last tooth's sign is an entry's.
template <unsigned kOfKey, unsigned kTablesOfKey>
struct CombShape {
  static constexpr unsigned kTeeth = kOfKey;
  static constexpr unsigned kTables = kTablesOfKey;
  static constexpr unsigned kSpacing = digit_bits(kTeeth) / kTeeth;
  static constexpr unsigned kColumns = (kSpacing + kTables - 1) / kTables;
  static constexpr unsigned kGeneratorTeeth = digit_bits(kColumns) / kColumns;
  static constexpr std::size_t kEntries = std::size_t{1} << (kTeeth - 1);  // of a table
  static constexpr std::size_t kGeneratorEntries = std::size_t{1} << (kGeneratorTeeth - 1);
};

/// The digit of a comb at a column: a bit of each tooth, which stand so many bits apart.
template <typename L, unsigned kTeeth, unsigned kApart>
WUSONG_LANE_INLINE Digit<L> comb_digit_at(const LaneWords<6, L::kCount>& words,
                                          unsigned column) noexcept {
  typename L::V bits = L::all(0);
  for (unsigned tooth = 0; tooth < kTeeth; ++tooth) {
    const unsigned at = column + tooth * kApart;
    const auto bit = L::both(L::shifted_right(L::load(words.word[at / 64]), at % 64), L::all(1));
    bits = L::either(bits, L::shifted_left(bit, tooth));
  }
  return digit_of<L, kTeeth>(bits);
}

/// @shape C has kA, kB, kX, kY (the generator): numbers below the prime of F
template <typename F, typename C, int K>
struct LaneCurve {
  using L = typename F::L;
  using V = typename L::V;
  using Mask = typename L::Mask;
  using Fe = typename F::Fe;
  using Sum = typename F::Sum;
  using Elements = Fes<F, K>;
  using Prime = typename F::Prime;
  static constexpr bool kHasA = !math::is_zero(C::kA);
  using DigitWords = LaneWords<6, L::kCount>;

  /// w is a Z^4, where a doubling comes next. x, y and w below 2.1 units, z below 3.
  struct Points {
    Elements x;
    Elements y;
    Elements z;
    Elements w;
  };
  /// Affine points of a table, y to be negated where `negative` says so.
  struct Addends {
    Elements x;
    Elements y;
    Mask negative[K];
  };
  /// (X / Z, Y / Z), and (0, 1, 0) for O.
  struct Projective {
    Elements x;
    Elements y;
    Elements z;
  };

  WUSONG_LANE_INLINE static Fe a() noexcept { return F::constant(Prime::montgomery(C::kA)); }
  WUSONG_LANE_INLINE static Fe b() noexcept { return F::constant(Prime::montgomery(C::kB)); }

  WUSONG_LANE_INLINE static Points points(const Addends& q) noexcept {
    Points out;
    for (int k = 0; k < K; ++k) {
      out.x.v[k] = q.x.v[k];
      out.y.v[k] = F::settled(F::negated_where(F::sum(q.y.v[k]), q.negative[k]));
      out.z.v[k] = F::one();
      out.w.v[k] = a();
    }
    return out;
  }

  /// Where (x, y) is on the curve.
  WUSONG_LANE_INLINE static Mask is_on_curve(const Fe& x, const Fe& y) noexcept {
    const Fe square = F::square(x);
    const Fe right = F::settled(F::add(F::times(x, F::plus(square, a())), F::sum(b())));
    return F::is_equal(F::square(y), right);
  }

  /// 2 p; kAgain: another doubling follows. @source modified Jacobian: dbl of Cohen, Miyaji, Ono
  /// 1998
  template <bool kAgain>
  WUSONG_LANE_CALL static void double_points(Points& p) noexcept {
    Fe m[K];
    Fe yy[K];
    Sum s[K];
    Fe u[K];
    Fe t[K];
    for (int k = 0; k < K; ++k) {
      const Sum xx = F::squared(p.x.v[k]);
      const Sum triple = F::add(F::add(xx, xx), xx);
      m[k] = F::carried(kHasA ? F::add(triple, F::sum(p.w.v[k])) : triple);
      yy[k] = F::square(p.y.v[k]);
    }
    for (int k = 0; k < K; ++k) {
      const Sum yz = F::times(p.y.v[k], p.z.v[k]);
      p.z.v[k] = F::carried(F::add(yz, yz));
      s[k] = F::template times_power<2>(F::times(p.x.v[k], yy[k]));
      u[k] = F::carried(F::template times_power<3>(F::squared(yy[k])));
    }
    for (int k = 0; k < K; ++k) {
      const Sum mm = F::squared(m[k]);
      p.x.v[k] = F::settled(F::sub(mm, F::template times_power<1>(s[k])));
      // S - X3
      t[k] = F::settled(F::sub(F::add(F::template times_power<1>(s[k]), s[k]), mm));
    }
    for (int k = 0; k < K; ++k) {
      p.y.v[k] = F::settled(F::sub(F::times(m[k], t[k]), F::sum(u[k])));
      if constexpr (kHasA && kAgain)
        p.w.v[k] = F::settled(F::template times_power<1>(F::times(u[k], p.w.v[k])));
    }
  }

  /// p + q, where q is affine on the curve on which p has `scale` for Z.
  /// @source madd-2007-bl, EFD
  WUSONG_LANE_CALL static void add_points(Points& p, const Addends& q,
                                          const Elements& scale) noexcept {
    Fe zz[K];
    Fe zzz[K];
    Fe h[K];
    Fe r[K];
    Fe hh[K];
    Sum v[K];
    Sum hhh[K];
    Fe t[K];
    for (int k = 0; k < K; ++k) zz[k] = F::square(scale.v[k]);
    for (int k = 0; k < K; ++k) {
      zzz[k] = F::product(scale.v[k], zz[k]);
      h[k] = F::settled(F::sub(F::times(q.x.v[k], zz[k]), F::sum(p.x.v[k])));
    }
    for (int k = 0; k < K; ++k) {
      const Sum s = F::negated_where(F::times(q.y.v[k], zzz[k]), q.negative[k]);
      r[k] = F::settled(F::sub(s, F::sum(p.y.v[k])));
      hh[k] = F::square(h[k]);
    }
    for (int k = 0; k < K; ++k) {
      const Sum rr = F::squared(r[k]);
      v[k] = F::times(p.x.v[k], hh[k]);
      hhh[k] = F::times(h[k], hh[k]);
      p.z.v[k] = F::product(p.z.v[k], h[k]);
      const Sum twice = F::add(v[k], v[k]);
      p.x.v[k] = F::settled(F::sub(F::sub(rr, hhh[k]), twice));
      t[k] = F::settled(F::sub(F::add(F::add(twice, v[k]), hhh[k]), rr));  // V - X3
    }
    for (int k = 0; k < K; ++k) {
      p.y.v[k] = F::settled(F::sub(F::times(r[k], t[k]), F::times(p.y.v[k], F::carried(hhh[k]))));
    }
  }

  /// After additions, before doublings; on a curve of the same shape with this a.
  WUSONG_LANE_CALL static void refresh(Points& p, const Elements& a_here) noexcept {
    if constexpr (kHasA) {
      for (int k = 0; k < K; ++k)
        p.w.v[k] = F::product(a_here.v[k], F::square(F::square(p.z.v[k])));
    }
  }

  /// p + q for any two points. @source Renes, Costello, Batina 2016, algorithm 1
  WUSONG_LANE_CALL static void add_complete(Projective& p, const Projective& q) noexcept {
    for (int k = 0; k < K; ++k) {
      const Fe &x1 = p.x.v[k], &y1 = p.y.v[k], &z1 = p.z.v[k];
      const Fe &x2 = q.x.v[k], &y2 = q.y.v[k], &z2 = q.z.v[k];
      const Sum t0 = F::times(x1, x2);
      const Sum t1 = F::times(y1, y2);
      const Fe t2 = F::product(z1, z2);
      const Fe xy = F::settled(F::sub(F::times(F::plus(x1, y1), F::plus(x2, y2)), F::add(t0, t1)));
      const Fe xz =
          F::settled(F::sub(F::times(F::plus(x1, z1), F::plus(x2, z2)), F::add(t0, F::sum(t2))));
      const Fe yz =
          F::settled(F::sub(F::times(F::plus(y1, z1), F::plus(y2, z2)), F::add(t1, F::sum(t2))));
      const Fe b3 = F::settled(F::add(F::add(F::sum(b()), F::sum(b())), F::sum(b())));
      const Sum side = F::add(F::times(a(), xz), F::times(b3, t2));
      const Fe low = F::settled(F::sub(t1, side));
      const Fe high = F::settled(F::add(t1, side));
      const Fe at2 = F::product(a(), t2);
      const Fe m = F::settled(F::add(F::add(F::add(t0, t0), t0), F::sum(at2)));
      const Fe n =
          F::settled(F::add(F::times(b3, xz), F::times(a(), F::settled(F::sub(t0, F::sum(at2))))));
      p.x.v[k] = F::settled(F::sub(F::times(xy, low), F::times(yz, n)));
      p.y.v[k] = F::settled(F::add(F::times(low, high), F::times(m, n)));
      p.z.v[k] = F::settled(F::add(F::times(yz, high), F::times(xy, m)));
    }
  }

  // ---- Tables

  WUSONG_LANE_INLINE static void unpack(const V (&words)[8], Fe& x, Fe& y) noexcept {
    x = F::from_words({words[0], words[1], words[2], words[3]});
    y = F::from_words({words[4], words[5], words[6], words[7]});
  }

  template <std::size_t kEntries>
  struct Multiples {
    Fe x[K][kEntries];
    Fe y[K][kEntries];
    Fe ratio[K][kEntries];  // Z of a multiple over Z of the one before
  };

  /// Odd multiples of a point of large order for every lane, all with one Z, which is returned:
  /// read as affine they lie on another curve of the same shape, where additions do not differ.
  /// With kAffine that Z is one: at the price of an inversion. A step adds 2R to the last multiple
  /// while both have one Z. @source Meloni 2007, section 3
  template <bool kAffine, std::size_t kEntries>
  WUSONG_LANE_CALL static void odd_multiples(const Elements& x, const Elements& y,
                                             Multiples<kEntries>& work,
                                             PointRow* const (&rows)[K][L::kCount],
                                             Elements& shared_z) noexcept {
    Elements x2;  // 2R
    Elements y2;
    for (int k = 0; k < K; ++k) {
      const Sum xx = F::squared(x.v[k]);
      const Fe m = F::settled(F::add(F::add(F::add(xx, xx), xx), F::sum(a())));
      const Fe yy = F::square(y.v[k]);
      const Sum d = F::template times_power<2>(F::times(x.v[k], yy));
      const Sum c = F::template times_power<3>(F::squared(yy));
      const Sum mm = F::squared(m);
      x2.v[k] = F::settled(F::sub(mm, F::template times_power<1>(d)));
      const Fe t = F::settled(F::sub(F::add(F::template times_power<1>(d), d), mm));
      y2.v[k] = F::settled(F::sub(F::times(m, t), c));
      work.x[k][0] = F::settled(d);  // R with the Z of 2R, 2y
      work.y[k][0] = F::settled(c);
      shared_z.v[k] = F::settled(F::add(F::sum(y.v[k]), F::sum(y.v[k])));
    }
    for (std::size_t i = 1; i < kEntries; ++i) {
      for (int k = 0; k < K; ++k) {
        const Fe dx = F::minus(x2.v[k], work.x[k][i - 1]);
        const Fe dy = F::minus(y2.v[k], work.y[k][i - 1]);
        const Fe c = F::square(dx);
        const Sum w1 = F::times(x2.v[k], c);
        const Sum w2 = F::times(work.x[k][i - 1], c);
        const Sum d = F::squared(dy);
        const Fe e = F::product(y2.v[k], F::settled(F::sub(w1, w2)));
        work.ratio[k][i] = dx;
        work.x[k][i] = F::settled(F::sub(F::sub(d, w1), w2));
        const Fe t = F::settled(F::sub(F::add(F::add(w1, w1), w2), d));
        work.y[k][i] = F::settled(F::sub(F::times(dy, t), F::sum(e)));
        x2.v[k] = F::carried(w1);
        y2.v[k] = e;
        if (kAffine) shared_z.v[k] = F::product(shared_z.v[k], dx);
      }
    }
    Elements scale;  // the last Z over this multiple's
    for (int k = 0; k < K; ++k) {
      if (kAffine) F::invert(shared_z.v[k]);
      scale.v[k] = kAffine ? shared_z.v[k] : F::one();
    }
    for (std::size_t i = kEntries; i-- > 0;) {
      for (int k = 0; k < K; ++k) {
        const Fe square = F::square(scale.v[k]);
        V words[8];
        V x_words[4];
        V y_words[4];
        F::to_words(F::reduced(F::product(work.x[k][i], square)), x_words);
        F::to_words(F::reduced(F::product(work.y[k][i], F::product(square, scale.v[k]))), y_words);
        for (int j = 0; j < 4; ++j) {
          words[j] = x_words[j];
          words[4 + j] = y_words[j];
        }
        PointRow* to[L::kCount];
        for (std::size_t lane = 0; lane < L::kCount; ++lane) to[lane] = rows[k][lane] + i;
        L::store_row(to, words);
        if (i != 0) scale.v[k] = F::product(scale.v[k], work.ratio[k][i]);
      }
    }
    for (int k = 0; k < K; ++k)
      shared_z.v[k] = kAffine ? F::one() : F::product(shared_z.v[k], scale.v[k]);
  }
};

}  // namespace
}  // namespace wusong::math
