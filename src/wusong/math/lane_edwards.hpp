// SPDX-License-Identifier: Apache-2.0
// Points of -x^2 + y^2 = 1 + d x^2 y^2, one a lane. Additions are
// complete: d is no square, and -1 is one.
#pragma once

#include "wusong/math/lane_curve.hpp"
#include "wusong/math/lane_field25519.hpp"

namespace wusong::math {

/// Points to be added, in a table.
template <std::size_t kEntries>
struct EdwardsRows {
  PointRow half[kEntries][2];  // minus and plus, product and twice_z
};

namespace {

/// @shape C has kD and kTwoD, numbers below the prime of F, and kX, kY (the generator)
template <typename F, typename C, int K>
struct LaneEdwards {
  using L = typename F::L;
  using V = typename L::V;
  using Mask = typename L::Mask;
  using Fe = typename F::Fe;
  using Sum = typename F::Sum;
  using DigitWords = LaneWords<6, L::kCount>;

  /// (X / Z, Y / Z) and T = X Y / Z. @source Hisil, Wong, Carter, Dawson 2008
  struct Point {
    Fe x;
    Fe y;
    Fe z;
    Fe t;
  };
  struct Points {
    Point v[K];
  };
  /// Y - X, Y + X, 2 d T and 2 Z of what is added; 2 Z is two where it is not read.
  struct Addend {
    Fe minus;
    Fe plus;
    Fe product;
    Fe twice_z;
  };
  struct Addends {
    Addend v[K];
  };

  WUSONG_LANE_INLINE static Fe two_d() noexcept { return F::constant(F::limbs(C::kTwoD)); }
  WUSONG_LANE_INLINE static Fe twice(const Fe& a) noexcept {
    return F::carried(F::add(F::sum(a), F::sum(a)));
  }
  WUSONG_LANE_INLINE static Point neutral() noexcept {
    return {F::zero(), F::one(), F::one(), F::zero()};
  }
  WUSONG_LANE_INLINE static Point generator() noexcept {
    const Fe x = F::constant(F::limbs(C::kX));
    const Fe y = F::constant(F::limbs(C::kY));
    return {x, y, F::one(), F::product(x, y)};
  }
  WUSONG_LANE_INLINE static Addend addend(const Point& p) noexcept {
    return {F::minus(p.y, p.x), F::plus(p.y, p.x), F::product(p.t, two_d()), twice(p.z)};
  }
  WUSONG_LANE_INLINE static Addend negated_where(const Addend& q, Mask where) noexcept {
    return {F::chosen(where, q.plus, q.minus), F::chosen(where, q.minus, q.plus),
            F::opposite_where(where, q.product), q.twice_z};
  }
  /// The same with Z = 1.
  WUSONG_LANE_INLINE static Point affine(const Point& p) noexcept {
    Fe inverse = p.z;
    F::invert(inverse);
    const Fe x = F::product(p.x, inverse);
    const Fe y = F::product(p.y, inverse);
    return {x, y, F::one(), F::product(x, y)};
  }

  /// p + q; kAffine: q has Z = 1; kAgain: T is needed, an addition follows.
  template <bool kAffine, bool kAgain>
  WUSONG_LANE_CALL static void add_points(Points& p, const Addends& q) noexcept {
    Sum a[K];
    Sum b[K];
    Sum c[K];
    Sum d[K];
    for (int k = 0; k < K; ++k) {
      Point& at = p.v[k];
      a[k] = F::times(F::minus(at.y, at.x), q.v[k].minus);
      b[k] = F::times(F::carried(F::add(F::sum(at.y), F::sum(at.x))), q.v[k].plus);
      c[k] = F::times(at.t, q.v[k].product);
      d[k] = kAffine ? F::add(F::sum(at.z), F::sum(at.z)) : F::times(at.z, q.v[k].twice_z);
    }
    for (int k = 0; k < K; ++k) finish<kAgain>(p.v[k], a[k], b[k], c[k], d[k]);
  }
  /// 2 p
  template <bool kAgain>
  WUSONG_LANE_CALL static void double_points(Points& p) noexcept {
    Sum xx[K];
    Sum yy[K];
    Sum zz[K];
    Sum both[K];
    for (int k = 0; k < K; ++k) {
      Point& at = p.v[k];
      xx[k] = F::squared(at.x);
      yy[k] = F::squared(at.y);
      zz[k] = F::squared(at.z);
      both[k] = F::squared(F::carried(F::add(F::sum(at.x), F::sum(at.y))));
    }
    for (int k = 0; k < K; ++k) {
      const Sum h = F::add(xx[k], yy[k]);
      const Sum g = F::sub(xx[k], yy[k]);
      products<kAgain>(p.v[k], F::settled(F::sub(h, both[k])),
                       F::settled(F::add(F::add(zz[k], zz[k]), g)), F::settled(g), F::carried(h));
    }
  }

  // ---- Tables

  /// Odd multiples for every lane; kAffine: with Z = 1, at an inversion each.
  template <bool kAffine, std::size_t kEntries>
  WUSONG_LANE_CALL static void odd_multiples(
      const Points& of, EdwardsRows<kEntries>* const (&rows)[K][L::kCount]) noexcept {
    Points p = of;
    Addends two;
    Points doubled = of;
    double_points<true>(doubled);
    for (int k = 0; k < K; ++k) two.v[k] = addend(doubled.v[k]);
    for (std::size_t i = 0; i < kEntries; ++i) {
      if (i != 0) add_points<false, true>(p, two);
      for (int k = 0; k < K; ++k) store(addend(kAffine ? affine(p.v[k]) : p.v[k]), rows[k], i);
    }
  }
  template <std::size_t kEntries>
  WUSONG_LANE_CALL static void store(const Addend& entry,
                                     EdwardsRows<kEntries>* const (&rows)[L::kCount],
                                     std::size_t at) noexcept {
    const Fe* const parts[4] = {&entry.minus, &entry.plus, &entry.product, &entry.twice_z};
    for (std::size_t half = 0; half < 2; ++half) {
      V words[8];
      V low[4];
      V high[4];
      F::to_words(F::reduced(*parts[2 * half]), low);
      F::to_words(F::reduced(*parts[2 * half + 1]), high);
      for (int j = 0; j < 4; ++j) {
        words[j] = low[j];
        words[4 + j] = high[j];
      }
      PointRow* to[L::kCount];
      for (std::size_t lane = 0; lane < L::kCount; ++lane) to[lane] = &rows[lane]->half[at][half];
      L::store_row(to, words);
    }
  }
  /// The entry of the digit at a bit, of a table for each lane; the index is public.
  template <unsigned kWindow>
  WUSONG_LANE_INLINE static Addend read(
      const EdwardsRows<(1 << (kWindow - 1))>* const (&tables)[L::kCount], const DigitWords& digits,
      unsigned bit) noexcept {
    return read<(1 << (kWindow - 1))>(tables, digit_at<L, kWindow>(digits, bit));
  }
  template <std::size_t kEntries>
  WUSONG_LANE_INLINE static Addend read(const EdwardsRows<kEntries>* const (&tables)[L::kCount],
                                        const Digit<L>& digit) noexcept {
    Addend out;
    for (std::size_t half = 0; half < 2; ++half) {
      const PointRow* base[L::kCount];
      for (std::size_t lane = 0; lane < L::kCount; ++lane)
        base[lane] = &tables[lane]->half[0][half];
      V words[8];
      L::row(base, L::add(digit.index, digit.index), words);
      (half == 0 ? out.minus : out.product) =
          F::from_words({words[0], words[1], words[2], words[3]});
      (half == 0 ? out.plus : out.twice_z) =
          F::from_words({words[4], words[5], words[6], words[7]});
    }
    return negated_where(out, digit.negative);
  }

 private:
  template <bool kAgain>
  WUSONG_LANE_INLINE static void finish(Point& p, const Sum& a, const Sum& b, const Sum& c,
                                        const Sum& d) noexcept {
    products<kAgain>(p, F::settled(F::sub(b, a)), F::settled(F::sub(d, c)),
                     F::carried(F::add(d, c)), F::carried(F::add(b, a)));
  }
  template <bool kAgain>
  WUSONG_LANE_INLINE static void products(Point& p, const Fe& e, const Fe& f, const Fe& g,
                                          const Fe& h) noexcept {
    p.x = F::product(e, f);
    p.y = F::product(g, h);
    p.z = F::product(f, g);
    if constexpr (kAgain) p.t = F::product(e, h);
  }
};

}  // namespace
}  // namespace wusong::math
