// SPDX-License-Identifier: Apache-2.0
// The Miller loop of ate pairings over sextic twists. Variable time: public inputs only.
#pragma once

#include "wusong/math/curve.hpp"
#include "wusong/math/tower.hpp"

namespace wusong::math {

enum class Twist : std::uint8_t { divide, multiply };  // b' = b / xi, or b' = b * xi

/// Three coefficients of the line through points of the twist; the middle one waits for x of the
/// point in G1, the one at the far end for y.
template <typename T>
struct Line {
  typename T::Fp2 a;
  typename T::Fp2 b;
  typename T::Fp2 c;
};

/// A point of the twist on its way through the Miller loop, in homogeneous coordinates.
///
/// @shape  T is a Tower12 policy with also `kTwist` and `kTwistB` (the twist's b')
/// @source Costello, Lange, Naehrig, PKC 2010; Aranha et al., ePrint 2010/526, section 4
template <typename T>
class MillerPoint {
 public:
  using F = typename T::Fp2;
  explicit MillerPoint(const AffinePoint<F>& q) noexcept : x_{q.x}, y_{q.y}, z_{F::one()} {}

  /// Doubles; gives the tangent.
  Line<T> double_step() noexcept {
    const F a = (x_ * y_).halved();
    const F b = y_.squared();
    const F c = z_.squared();
    const F e = T::kTwistB * (c.doubled() + c);
    const F f = e.doubled() + e;
    const F g = (b + f).halved();
    const F h = (y_ + z_).squared() - (b + c);
    const F i = e - b;
    const F j = x_.squared();
    const F ee = e.squared();
    x_ = a * (b - f);
    y_ = g.squared() - (ee.doubled() + ee);
    z_ = b * h;
    return {i, j.doubled() + j, -h};
  }
  /// Adds q; gives the chord. The sum is neither a doubling nor infinity for points of order r.
  Line<T> add_step(const AffinePoint<F>& q) noexcept {
    const F theta = y_ - q.y * z_;
    const F lambda = x_ - q.x * z_;
    const F c = theta.squared();
    const F d = lambda.squared();
    const F e = lambda * d;
    const F f = z_ * c;
    const F g = x_ * d;
    const F h = e + f - g.doubled();
    x_ = lambda * h;
    y_ = theta * (g - h) - e * y_;
    z_ = z_ * e;
    return {theta * q.x - lambda * q.y, -theta, lambda};
  }

 private:
  F x_;
  F y_;
  F z_;
};

/// f times the line, evaluated at p.
template <typename T>
Tower12<T> times_line(const Tower12<T>& f, const Line<T>& line,
                      const AffinePoint<typename T::Fp>& p) noexcept {
  if constexpr (T::kTwist == Twist::divide) {
    return f.mul_by_034(line.c * p.y, line.b * p.x, line.a);
  } else {
    return f.mul_by_014(line.a, line.b * p.x, line.c * p.y);
  }
}

/// One factor of a product of pairings; both points are finite and of order r.
template <typename T>
struct PairingTerm {
  AffinePoint<typename T::Fp> p;
  AffinePoint<typename T::Fp2> q;
};

/// The product of the Miller functions f_{n,q}(p) over all terms, sharing the squarings.
///
/// @shape  `digits` is n in signed binary, most significant (a one) first
/// @param  moving the points, left at [n]q for the caller's closing lines
template <typename T>
Tower12<T> miller_loop(std::span<const PairingTerm<T>> terms, std::span<const std::int8_t> digits,
                       std::vector<MillerPoint<T>>& moving) {
  moving.clear();
  moving.reserve(terms.size());
  for (const auto& term : terms) moving.emplace_back(term.q);
  auto f = Tower12<T>::one();
  bool first = true;
  for (const std::int8_t digit : digits.subspan(1)) {
    if (!first) f = f.squared();
    first = false;
    for (std::size_t i = 0; i < terms.size(); ++i)
      f = times_line(f, moving[i].double_step(), terms[i].p);
    if (digit == 0) continue;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const auto& q = terms[i].q;
      f = times_line(f, moving[i].add_step(digit > 0 ? q : -q), terms[i].p);
    }
  }
  return f;
}

}  // namespace wusong::math
