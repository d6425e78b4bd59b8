// SPDX-License-Identifier: Apache-2.0
// The extension tower of a pairing: Fp2 = Fp[u]/(u^2+1), Fp6 = Fp2[v]/(v^3-xi), Fp12 =
// Fp6[w]/(w^2-v).
#pragma once

#include <optional>

#include "wusong/math/prime_field.hpp"

namespace wusong::math {

/// c0 + c1 u with u^2 = -1. @shape F is a PrimeField with p = 3 mod 4
template <typename F>
struct Quadratic {
  F c0{};
  F c1{};

  static constexpr Quadratic one() noexcept { return {F::one(), F{}}; }
  constexpr bool is_zero() const noexcept { return c0.is_zero() && c1.is_zero(); }
  friend constexpr bool operator==(const Quadratic&, const Quadratic&) noexcept = default;

  friend constexpr Quadratic operator+(const Quadratic& a, const Quadratic& b) noexcept {
    return {a.c0 + b.c0, a.c1 + b.c1};
  }
  friend constexpr Quadratic operator-(const Quadratic& a, const Quadratic& b) noexcept {
    return {a.c0 - b.c0, a.c1 - b.c1};
  }
  friend constexpr Quadratic operator-(const Quadratic& a) noexcept { return {-a.c0, -a.c1}; }
  friend constexpr Quadratic operator*(const Quadratic& a, const Quadratic& b) noexcept {
    return {F::sum_of_products(a.c0, b.c0, -a.c1, b.c1),
            F::sum_of_products(a.c0, b.c1, a.c1, b.c0)};
  }
  friend constexpr Quadratic operator*(const Quadratic& a, const F& b) noexcept {
    return {a.c0 * b, a.c1 * b};
  }
  constexpr Quadratic squared() const noexcept {
    return {(c0 + c1) * (c0 - c1), c0.doubled() * c1};
  }
  constexpr Quadratic doubled() const noexcept { return {c0.doubled(), c1.doubled()}; }
  constexpr Quadratic halved() const noexcept { return {c0.halved(), c1.halved()}; }
  constexpr Quadratic conjugate() const noexcept { return {c0, -c1}; }
  constexpr F norm() const noexcept { return F::sum_of_products(c0, c0, c1, c1); }
  /// Zero for zero.
  constexpr Quadratic inverse() const noexcept {
    const F scale = norm().inverse();
    return {c0 * scale, -(c1 * scale)};
  }

  /// A square root, or nothing for a non-residue. @source Adj, Rodriguez-Henriquez 2012, for u^2 =
  /// -1
  std::optional<Quadratic> sqrt() const noexcept {
    if (c1.is_zero()) {
      if (const auto root = c0.sqrt()) return Quadratic{*root, F{}};
      // -1 is no residue, so one of c0 and -c0 is.
      if (const auto root = (-c0).sqrt()) return Quadratic{F{}, *root};
      return std::nullopt;
    }
    const auto length = norm().sqrt();
    if (!length) return std::nullopt;
    F half = (c0 + *length).halved();
    auto real = half.sqrt();
    if (!real) {
      half = (c0 - *length).halved();
      real = half.sqrt();
    }
    if (!real || real->is_zero()) return std::nullopt;
    const Quadratic root{*real, (c1 * real->inverse()).halved()};
    if (root.squared() != *this) return std::nullopt;
    return root;
  }
};

/// a0 + a1 v + a2 v^2. @shape T has Fp2, `mul_xi` and `kGamma`, see Tower12
template <typename T>
struct Cubic {
  using F = typename T::Fp2;
  F a0{};
  F a1{};
  F a2{};

  static constexpr Cubic one() noexcept { return {F::one(), F{}, F{}}; }
  friend constexpr bool operator==(const Cubic&, const Cubic&) noexcept = default;
  friend constexpr Cubic operator+(const Cubic& x, const Cubic& y) noexcept {
    return {x.a0 + y.a0, x.a1 + y.a1, x.a2 + y.a2};
  }
  friend constexpr Cubic operator-(const Cubic& x, const Cubic& y) noexcept {
    return {x.a0 - y.a0, x.a1 - y.a1, x.a2 - y.a2};
  }
  friend constexpr Cubic operator-(const Cubic& x) noexcept { return {-x.a0, -x.a1, -x.a2}; }
  friend constexpr Cubic operator*(const Cubic& x, const Cubic& y) noexcept {
    const F t0 = x.a0 * y.a0;
    const F t1 = x.a1 * y.a1;
    const F t2 = x.a2 * y.a2;
    return {T::mul_xi((x.a1 + x.a2) * (y.a1 + y.a2) - t1 - t2) + t0,
            (x.a0 + x.a1) * (y.a0 + y.a1) - t0 - t1 + T::mul_xi(t2),
            (x.a0 + x.a2) * (y.a0 + y.a2) - t0 - t2 + t1};
  }
  /// Times b0 + b1 v.
  constexpr Cubic mul_by_01(const F& b0, const F& b1) const noexcept {
    const F t0 = a0 * b0;
    const F t1 = a1 * b1;
    return {T::mul_xi(a2 * b1) + t0, (a0 + a1) * (b0 + b1) - t0 - t1, a2 * b0 + t1};
  }
  /// Times b1 v.
  constexpr Cubic mul_by_1(const F& b1) const noexcept {
    return {T::mul_xi(a2 * b1), a0 * b1, a1 * b1};
  }
  constexpr Cubic mul_by_0(const F& b0) const noexcept { return {a0 * b0, a1 * b0, a2 * b0}; }
  constexpr Cubic mul_v() const noexcept { return {T::mul_xi(a2), a0, a1}; }
  /// @source Chung, Hasan 2007, SQR2
  constexpr Cubic squared() const noexcept {
    const F s0 = a0.squared();
    const F s1 = (a0 * a1).doubled();
    const F s2 = (a0 - a1 + a2).squared();
    const F s3 = (a1 * a2).doubled();
    const F s4 = a2.squared();
    return {s0 + T::mul_xi(s3), s1 + T::mul_xi(s4), s1 + s2 + s3 - s0 - s4};
  }
  constexpr Cubic inverse() const noexcept {
    const F t0 = a0.squared() - T::mul_xi(a1 * a2);
    const F t1 = T::mul_xi(a2.squared()) - a0 * a1;
    const F t2 = a1.squared() - a0 * a2;
    const F scale = (a0 * t0 + T::mul_xi(a2 * t1 + a1 * t2)).inverse();
    return {t0 * scale, t1 * scale, t2 * scale};
  }
};

/// c0 + c1 w.
///
/// @shape T has: `Fp2`; `mul_xi(Fp2)`, the product with the sextic non-residue xi; and
///        `kGamma[i] = xi^(i (p-1)/6)`, i = 0..5
template <typename T>
struct Tower12 {
  using F = typename T::Fp2;
  using Half = Cubic<T>;
  Half c0{};
  Half c1{};

  static constexpr Tower12 one() noexcept { return {Half::one(), Half{}}; }
  friend constexpr bool operator==(const Tower12&, const Tower12&) noexcept = default;
  friend constexpr Tower12 operator*(const Tower12& x, const Tower12& y) noexcept {
    const Half t0 = x.c0 * y.c0;
    const Half t1 = x.c1 * y.c1;
    return {t0 + t1.mul_v(), (x.c0 + x.c1) * (y.c0 + y.c1) - t0 - t1};
  }
  constexpr Tower12 squared() const noexcept {
    const Half t = c0 * c1;
    return {(c0 + c1) * (c0 + c1.mul_v()) - t - t.mul_v(), t + t};
  }
  constexpr Tower12 conjugate() const noexcept { return {c0, -c1}; }
  constexpr Tower12 inverse() const noexcept {
    const Half scale = (c0.squared() - c1.squared().mul_v()).inverse();
    return {c0 * scale, -(c1 * scale)};
  }

  /// Times b0 + (b3 + b4 v) w: the shape of a line on a D-type twist.
  constexpr Tower12 mul_by_034(const F& b0, const F& b3, const F& b4) const noexcept {
    const Half t0 = c0.mul_by_0(b0);
    const Half t1 = c1.mul_by_01(b3, b4);
    return {t0 + t1.mul_v(), (c0 + c1).mul_by_01(b0 + b3, b4) - t0 - t1};
  }
  /// Times b0 + b1 v + b4 v w: the shape of a line on an M-type twist.
  constexpr Tower12 mul_by_014(const F& b0, const F& b1, const F& b4) const noexcept {
    const Half t0 = c0.mul_by_01(b0, b1);
    const Half t1 = c1.mul_by_1(b4);
    return {t0 + t1.mul_v(), (c0 + c1).mul_by_01(b0, b1 + b4) - t0 - t1};
  }

  /// The p-th power.
  constexpr Tower12 frobenius() const noexcept {
    return {{c0.a0.conjugate(), c0.a1.conjugate() * T::kGamma[2], c0.a2.conjugate() * T::kGamma[4]},
            {c1.a0.conjugate() * T::kGamma[1], c1.a1.conjugate() * T::kGamma[3],
             c1.a2.conjugate() * T::kGamma[5]}};
  }

  /// The square, for elements of the cyclotomic subgroup (after the easy part of the final
  /// exponentiation). @source Granger, Scott, ePrint 2009/565, section 3.2
  constexpr Tower12 cyclotomic_squared() const noexcept {
    const auto [s0, s1] = square_quartic(c0.a0, c1.a1);
    const auto [s2, s3] = square_quartic(c1.a0, c0.a2);
    const auto [s4, s5] = square_quartic(c0.a1, c1.a2);
    const auto plus = [](const F& s, const F& z) { return (s + z).doubled() + s; };
    const auto minus = [](const F& s, const F& z) { return (s - z).doubled() + s; };
    return {{minus(s0, c0.a0), minus(s2, c0.a1), minus(s4, c0.a2)},
            {plus(T::mul_xi(s5), c1.a0), plus(s1, c1.a1), plus(s3, c1.a2)}};
  }
  /// The power, for elements of the cyclotomic subgroup, where an inverse is a conjugate.
  constexpr Tower12 cyclotomic_pow(std::uint64_t exponent) const noexcept {
    if (exponent == 0) return one();
    // Odd signed digits below 8 pay only for their table where the exponent has many ones.
    const bool sparse = std::popcount(exponent) <= 8;
    std::array<Tower12, 4> odd_power;
    odd_power[0] = *this;
    if (!sparse) {
      const Tower12 square = cyclotomic_squared();
      for (std::size_t i = 1; i < 4; ++i) odd_power[i] = odd_power[i - 1] * square;
    }
    std::array<std::int8_t, 65> digits{};
    std::size_t size = 0;
    for (WideLimb rest = exponent; rest != 0; rest >>= 1, ++size) {
      if ((rest & 1) == 0) continue;
      int digit = sparse ? 1 : static_cast<int>(rest & 15);
      if (digit > 8) digit -= 16;
      digits[size] = static_cast<std::int8_t>(digit);
      rest = digit > 0 ? rest - static_cast<Limb>(digit) : rest + static_cast<Limb>(-digit);
    }
    Tower12 out = odd_power[static_cast<std::size_t>(digits[size - 1]) / 2];  // the top is positive
    for (std::size_t i = size - 1; i-- > 0;) {
      out = out.cyclotomic_squared();
      const int digit = digits[i];
      if (digit > 0) out = out * odd_power[static_cast<std::size_t>(digit) / 2];
      if (digit < 0) out = out * odd_power[static_cast<std::size_t>(-digit) / 2].conjugate();
    }
    return out;
  }
  /// The power (p^6 - 1)(p^2 + 1), which lands in the cyclotomic subgroup.
  constexpr Tower12 easy_part() const noexcept {
    const Tower12 t = conjugate() * inverse();
    return t.frobenius().frobenius() * t;
  }

 private:
  struct Pair {
    F first;
    F second;
  };
  // (x + y s)^2 in Fp2[s]/(s^2 - xi).
  static constexpr Pair square_quartic(const F& x, const F& y) noexcept {
    const F xx = x.squared();
    const F yy = y.squared();
    return {xx + T::mul_xi(yy), (x + y).squared() - xx - yy};
  }
};

}  // namespace wusong::math
