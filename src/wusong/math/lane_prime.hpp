// SPDX-License-Identifier: Apache-2.0
// What the arithmetic of lanes knows of its prime, computed when the compiler runs.
#pragma once

#include "wusong/math/limbs.hpp"

namespace wusong::math {

/// Constants of a prime of 255 or 256 bits. @shape limbs of 52 bits where it says so
template <typename P>
struct LanePrime {
  static constexpr Limbs<4> kModulus = P::kModulus;
  static constexpr std::size_t kBits = bit_width(kModulus);
  static_assert((kModulus[0] & 1) == 1 && (kBits == 255 || kBits == 256));

  static constexpr Limbs<5> to_52(const Limbs<5>& a) noexcept {
    Limbs<5> out{};
    for (std::size_t i = 0; i < 5; ++i) {
      const std::size_t from = 52 * i;
      const std::size_t shift = from % 64;
      Limb limb = a[from / 64] >> shift;
      if (shift > 12 && from / 64 + 1 < 5) limb |= a[from / 64 + 1] << (64 - shift);
      out[i] = limb & ((Limb{1} << 52) - 1);
    }
    return out;
  }
  static constexpr Limbs<5> widened(const Limbs<4>& a) noexcept {
    return {a[0], a[1], a[2], a[3], 0};
  }
  /// value * 2^count mod p, by doubling.
  static constexpr Limbs<4> doubled(const Limbs<4>& value, std::size_t count) noexcept {
    Limbs<5> out = widened(value);
    for (std::size_t i = 0; i < count; ++i) {
      add_in_place(out, Limbs<5>{out});
      if (!less(out, widened(kModulus))) subtract_in_place(out, widened(kModulus));
    }
    return {out[0], out[1], out[2], out[3]};
  }
  /// The Montgomery form of a value below p, only by the compiler: its loop is slow.
  /// @shape limbs of 52 bits
  static consteval Limbs<5> montgomery(const Limbs<4>& value) noexcept {
    return to_52(widened(doubled(value, 260)));
  }

  static constexpr Limbs<5> kP = to_52(widened(kModulus));
  /// R^2: what a plain number is multiplied by.
  static constexpr Limbs<5> kRSquared = to_52(widened(doubled(Limbs<4>{1}, 520)));
  /// -1/p mod 2^52
  static constexpr Limb kNegativeInverse = [] {
    Limb inverse = 1;  // Newton: each step doubles the number of correct bits
    for (int i = 0; i < 6; ++i) inverse *= 2 - kModulus[0] * inverse;
    return (0 - inverse) & ((Limb{1} << 52) - 1);
  }();
  /// p ends in 52 ones: a step's multiple of p is its lowest limb, and adds nothing but a carry.
  static constexpr bool kEndsInOnes = kNegativeInverse == 1;

  /// What a step of the reduction multiplies by: p, or (p + 1) / 2^52 where p ends in ones. A limb
  /// of ones becomes -1 and a carry, which then costs no multiplication; so most limbs of these
  /// primes are free.
  struct Digits {
    std::array<Limb, 6> limb{};
    std::array<bool, 6> is_minus_one{};
  };
  static constexpr Digits kDigits = [] {
    Limbs<5> from = kP;
    if (kEndsInOnes) {
      from = {kP[1] + 1, kP[2], kP[3], kP[4], 0};
      for (std::size_t i = 0; i < 4; ++i) {
        from[i + 1] += from[i] >> 52;
        from[i] &= (Limb{1} << 52) - 1;
      }
    }
    Digits out;
    Limb carry = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const Limb limb = from[i] + carry;
      out.is_minus_one[i] = limb == (Limb{1} << 52) - 1;
      carry = limb >> 52 | (out.is_minus_one[i] ? 1 : 0);
      out.limb[i] = out.is_minus_one[i] ? 0 : limb & ((Limb{1} << 52) - 1);
    }
    out.limb[5] = carry;
    return out;
  }();

  /// 2^kBits - p as a sum of few signed powers of two.
  struct Fold {
    std::array<std::int8_t, 258> digit{};
  };
  static constexpr Fold kFold = [] {
    Limbs<4> rest{};
    if (kBits == 255) rest[3] = Limb{1} << 63;
    subtract_in_place(rest, kModulus);
    Fold out;
    for (std::size_t i = 0; i < 258; ++i) {
      if ((rest[0] & 1) != 0) {
        out.digit[i] = (rest[0] & 3) == 3 ? -1 : 1;
        if (out.digit[i] == 1) {
          subtract_in_place(rest, Limbs<4>{1});
        } else {
          add_in_place(rest, Limbs<4>{1});
        }
      }
      for (std::size_t k = 0; k < 4; ++k) rest[k] = rest[k] >> 1 | (k < 3 ? rest[k + 1] << 63 : 0);
    }
    return out;
  }();
};

}  // namespace wusong::math
