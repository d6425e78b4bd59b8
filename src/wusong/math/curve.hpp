// SPDX-License-Identifier: Apache-2.0
// Points of y^2 = x^3 + b over any field. Variable time: public inputs only.
#pragma once

#include <span>
#include <vector>

#include "wusong/math/limbs.hpp"

namespace wusong::math {

template <typename F>
struct AffinePoint {
  F x{};
  F y{};
  bool infinity = true;

  friend constexpr bool operator==(const AffinePoint& a, const AffinePoint& b) noexcept {
    if (a.infinity || b.infinity) return a.infinity == b.infinity;
    return a.x == b.x && a.y == b.y;
  }
  friend constexpr AffinePoint operator-(const AffinePoint& a) noexcept {
    return {a.x, -a.y, a.infinity};
  }
  constexpr bool is_on_curve(const F& b) const noexcept {
    return infinity || y.squared() == x.squared() * x + b;
  }
};

/// (X / Z^2, Y / Z^3); infinity has Z = 0.
/// @source Bernstein, Lange, Explicit-Formulas Database, Jacobian coordinates with a = 0
template <typename F>
struct JacobianPoint {
  F x{};
  F y{};
  F z{};

  constexpr JacobianPoint() noexcept = default;
  constexpr JacobianPoint(const F& x_in, const F& y_in, const F& z_in) noexcept
      : x{x_in}, y{y_in}, z{z_in} {}
  constexpr explicit JacobianPoint(const AffinePoint<F>& p) noexcept {
    if (p.infinity) return;
    x = p.x;
    y = p.y;
    z = F::one();
  }

  constexpr bool is_infinity() const noexcept { return z.is_zero(); }
  friend constexpr JacobianPoint operator-(const JacobianPoint& a) noexcept {
    return {a.x, -a.y, a.z};
  }

  /// dbl-2009-l
  constexpr JacobianPoint doubled() const noexcept {
    if (is_infinity()) return *this;
    const F a = x.squared();
    const F b = y.squared();
    const F c = b.squared();
    const F d = ((x + b).squared() - a - c).doubled();
    const F e = a.doubled() + a;
    JacobianPoint out;
    out.x = e.squared() - d.doubled();
    out.y = e * (d - out.x) - c.doubled().doubled().doubled();
    out.z = (y * z).doubled();
    return out;
  }
  /// add-2007-bl, with the cases it leaves out
  friend constexpr JacobianPoint operator+(const JacobianPoint& p,
                                           const JacobianPoint& q) noexcept {
    if (p.is_infinity()) return q;
    if (q.is_infinity()) return p;
    const F z1z1 = p.z.squared();
    const F z2z2 = q.z.squared();
    const F u1 = p.x * z2z2;
    const F s1 = p.y * q.z * z2z2;
    const F h = q.x * z1z1 - u1;
    const F r = (q.y * p.z * z1z1 - s1).doubled();
    if (h.is_zero()) return r.is_zero() ? p.doubled() : JacobianPoint{};
    const F i = h.doubled().squared();
    const F j = h * i;
    const F v = u1 * i;
    JacobianPoint out;
    out.x = r.squared() - j - v.doubled();
    out.y = r * (v - out.x) - (s1 * j).doubled();
    out.z = (p.z * q.z * h).doubled();
    return out;
  }
  /// madd-2007-bl, with the cases it leaves out
  friend constexpr JacobianPoint operator+(const JacobianPoint& p,
                                           const AffinePoint<F>& q) noexcept {
    if (q.infinity) return p;
    if (p.is_infinity()) return JacobianPoint{q};
    const F z1z1 = p.z.squared();
    const F h = q.x * z1z1 - p.x;
    const F r = (q.y * p.z * z1z1 - p.y).doubled();
    if (h.is_zero()) return r.is_zero() ? p.doubled() : JacobianPoint{};
    const F hh = h.squared();
    const F i = hh.doubled().doubled();
    const F j = h * i;
    const F v = p.x * i;
    JacobianPoint out;
    out.x = r.squared() - j - v.doubled();
    out.y = r * (v - out.x) - (p.y * j).doubled();
    out.z = (p.z + h).squared() - z1z1 - hh;
    return out;
  }

  constexpr AffinePoint<F> to_affine() const noexcept {
    if (is_infinity()) return {};
    return with_inverse(z.inverse());
  }
  /// The caller has inverted z.
  constexpr AffinePoint<F> with_inverse(const F& z_inverse) const noexcept {
    const F square = z_inverse.squared();
    return {x * square, y * square * z_inverse, false};
  }

  /// Equality of the points, not of the coordinates.
  friend constexpr bool operator==(const JacobianPoint& p, const JacobianPoint& q) noexcept {
    if (p.is_infinity() || q.is_infinity()) return p.is_infinity() == q.is_infinity();
    const F z1z1 = p.z.squared();
    const F z2z2 = q.z.squared();
    return p.x * z2z2 == q.x * z1z1 && p.y * q.z * z2z2 == q.y * p.z * z1z1;
  }

  /// Double and add: for short or sparse public scalars, and as the tests' reference.
  template <std::size_t N>
  constexpr JacobianPoint times(const Limbs<N>& scalar) const noexcept {
    JacobianPoint out;
    for (std::size_t i = bit_width(scalar); i-- > 0;) {
      out = out.doubled();
      if (bit(scalar, i)) out = out + *this;
    }
    return out;
  }
};

/// Normalises all points with one inversion. @source Montgomery's trick
template <typename F>
void to_affine(std::span<const JacobianPoint<F>> in, std::span<AffinePoint<F>> out) noexcept {
  WUSONG_ASSERT(in.size() == out.size());
  // The running products wait in out[i].x, so nothing is allocated.
  F product = F::one();
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i].x = product;
    if (!in[i].is_infinity()) product = product * in[i].z;
  }
  F inverse = product.inverse();
  for (std::size_t i = in.size(); i-- > 0;) {
    if (in[i].is_infinity()) {
      out[i] = {};
      continue;
    }
    const F z_inverse = inverse * out[i].x;
    inverse = inverse * in[i].z;
    out[i] = in[i].with_inverse(z_inverse);
  }
}

}  // namespace wusong::math
