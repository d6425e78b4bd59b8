// SPDX-License-Identifier: Apache-2.0
// A secret multiple of somebody's point, for agreeing on keys: in constant time, for any lanes, of
// which one is used. Additions are complete, so that no point and no scalar is an exception.
//
// Fault check: the result lies on the curve.
#pragma once

#include <cstring>

#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/math/lane_curve.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes, typename C>
struct CurveMultiple {
  using F = math::LaneField<Lanes, typename C::Field>;
  using Curve = math::LaneCurve<F, C, 1>;
  using V = typename Lanes::V;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  using Point = typename Curve::Projective;
  static constexpr unsigned kWindow = 4;
  static constexpr std::size_t kEntries = std::size_t{1} << kWindow;

  WUSONG_LANE_INLINE static Fe element(const Number& number) noexcept {
    Words words;
    words.fill(number);
    return F::to_montgomery(F::load(words));
  }
  WUSONG_LANE_INLINE static Point projective(const PlainPoint& from) noexcept {
    Point out;
    out.x.v[0] = element(from.x);
    out.y.v[0] = element(from.y);
    out.z.v[0] = F::one();
    return out;
  }
  WUSONG_LANE_INLINE static Point neutral() noexcept {
    Point out;
    out.x.v[0] = F::zero();
    out.y.v[0] = F::one();
    out.z.v[0] = F::zero();
    return out;
  }
  WUSONG_LANE_INLINE static bool is_on_curve(const Fe& x, const Fe& y) noexcept {
    return (Lanes::bits_of(Curve::is_on_curve(x, y)) & 1) != 0;
  }
  /// The entry with this index: all are read.
  WUSONG_LANE_INLINE static Point look_up(const Point (&table)[kEntries], V index) noexcept {
    Point out = table[0];
    for (std::size_t i = 1; i < kEntries; ++i) {
      const auto is_here =
          Lanes::none_of(Lanes::exclusive(index, Lanes::all(i), Lanes::all(0)), kEntries - 1);
      out.x.v[0] = F::chosen(is_here, table[i].x.v[0], out.x.v[0]);
      out.y.v[0] = F::chosen(is_here, table[i].y.v[0], out.y.v[0]);
      out.z.v[0] = F::chosen(is_here, table[i].z.v[0], out.z.v[0]);
    }
    return out;
  }

  struct Work {
    Words scalar;
    Point table[kEntries];
    Point sum;
    Point addend;
    ~Work() {
      std::memset(static_cast<void*>(this), 0, sizeof(*this));
      asm volatile("" : : "r"(this) : "memory");
    }
  };

  WUSONG_LANE_CALL static Product multiply(const Number& k, const PlainPoint& p,
                                           const PlainPoint* plus, PlainPoint& out) noexcept {
    Work work;
    work.table[0] = neutral();
    work.table[1] = projective(p);
    if (!is_on_curve(work.table[1].x.v[0], work.table[1].y.v[0])) return Product::bad_point;
    for (std::size_t i = 2; i < kEntries; ++i) {
      work.table[i] = work.table[i - 1];
      Curve::add_complete(work.table[i], work.table[1]);
    }
    work.scalar.fill(k);
    work.sum = neutral();
    for (unsigned bit = 256; bit > 0;) {
      for (unsigned i = 0; i < kWindow; ++i) Curve::add_complete(work.sum, work.sum);
      bit -= kWindow;
      const V word = Lanes::load(work.scalar.word[bit / 64]);
      work.addend = look_up(
          work.table, Lanes::both(Lanes::shifted_right(word, bit % 64), Lanes::all(kEntries - 1)));
      Curve::add_complete(work.sum, work.addend);
    }
    if (plus != nullptr) {
      work.addend = projective(*plus);
      if (!is_on_curve(work.addend.x.v[0], work.addend.y.v[0])) return Product::bad_point;
      Curve::add_complete(work.sum, work.addend);
    }
    return affine(work.sum, out);
  }
  WUSONG_LANE_INLINE static Product affine(Point& p, PlainPoint& out) noexcept {
    const unsigned is_neutral = Lanes::bits_of(F::is_zero(p.z.v[0])) & 1;
    F::invert(p.z.v[0]);
    p.x.v[0] = F::product(p.x.v[0], p.z.v[0]);
    p.y.v[0] = F::product(p.y.v[0], p.z.v[0]);
    const unsigned is_right = Lanes::bits_of(Curve::is_on_curve(p.x.v[0], p.y.v[0])) & 1;
    Words words;
    F::store(F::from_montgomery(p.x.v[0]), words);
    out.x = words.get(0);
    F::store(F::from_montgomery(p.y.v[0]), words);
    out.y = words.get(0);
    std::memset(static_cast<void*>(&words), 0, sizeof(words));
    asm volatile("" : : "r"(&words) : "memory");
    // No branch: which of them it is goes out as a number.
    return static_cast<Product>(is_neutral | ((is_neutral | is_right) ^ 1) << 1);
  }

  /// a b modulo the order, in constant time.
  WUSONG_LANE_CALL static Number multiply_scalars(const Number& a, const Number& b) noexcept {
    using Fn = math::LaneField<Lanes, typename C::Order>;
    Words first;
    Words second;
    first.fill(a);
    second.fill(b);
    Fn::store(Fn::product(Fn::to_montgomery(Fn::load(first)), Fn::load(second)), first);
    return first.get(0);
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
