// SPDX-License-Identifier: Apache-2.0
// Constant-time arithmetic modulo an odd number between 2^255 and 2^256.
#pragma once

#include <array>
#include <cstdint>

#include "wusong/math/limbs.hpp"

namespace wusong::threshold::internal {

using Words = std::array<std::uint64_t, 4>;  // least significant first

class Modulus {
 public:
  explicit constexpr Modulus(const Words& value) noexcept : value_{value} {
    // Newton's iteration doubles the bits that are right; an odd number is its own inverse mod 8.
    std::uint64_t inverse = value[0];
    for (int i = 0; i < 5; ++i) inverse *= 2 - value[0] * inverse;
    negative_inverse_ = ~inverse + 1;
    // 2^256 mod value is 2^256 - value, as value is above 2^255; doubled 256 times it is 2^512's.
    Words power{};
    static_cast<void>(borrow_subtract(power, value, power));
    for (int i = 0; i < 256; ++i) power = add(power, power);
    square_ = power;
  }

  constexpr const Words& value() const noexcept { return value_; }

  constexpr Words add(const Words& a, const Words& b) const noexcept {
    Words sum{};
    std::uint64_t carry = 0;
    for (int i = 0; i < 4; ++i) {
      const Wide t = Wide{a[i]} + b[i] + carry;
      sum[i] = static_cast<std::uint64_t>(t);
      carry = static_cast<std::uint64_t>(t >> 64);
    }
    return reduced(sum, carry);
  }
  constexpr Words subtract(const Words& a, const Words& b) const noexcept {
    Words out{};
    const std::uint64_t mask = math::hidden(0 - borrow_subtract(a, b, out));
    std::uint64_t carry = 0;
    for (int i = 0; i < 4; ++i) {
      const Wide t = Wide{out[i]} + (value_[i] & mask) + carry;
      out[i] = static_cast<std::uint64_t>(t);
      carry = static_cast<std::uint64_t>(t >> 64);
    }
    return out;
  }
  constexpr Words multiply(const Words& a, const Words& b) const noexcept {
    return montgomery(montgomery(a, b), square_);
  }
  /// By Fermat: the modulus is prime. Zero's is zero.
  constexpr Words invert(const Words& a) const noexcept {
    Words exponent = value_;
    exponent[0] -= 2;  // odd and above 2: no borrow, but where the last word is 1
    const Words base = montgomery(a, square_);
    Words power = montgomery({1, 0, 0, 0}, square_);
    for (int bit = 255; bit >= 0; --bit) {
      power = montgomery(power, power);
      // The exponent is public.
      if ((exponent[bit / 64] >> (bit % 64)) & 1) power = montgomery(power, base);
    }
    return montgomery(power, {1, 0, 0, 0});
  }
  /// (high 2^256 + low) mod value, for any two.
  constexpr Words reduce(const Words& high, const Words& low) const noexcept {
    return add(montgomery(reduced(high, 0), square_), reduced(low, 0));
  }
  /// Whether a number is below the modulus, as 1 or 0.
  constexpr std::uint64_t contains(const Words& a) const noexcept {
    Words ignored{};
    return borrow_subtract(a, value_, ignored);
  }

 private:
  using Wide = unsigned __int128;

  /// a - b; gives the borrow.
  static constexpr std::uint64_t borrow_subtract(const Words& a, const Words& b,
                                                 Words& out) noexcept {
    std::uint64_t borrow = 0;
    for (int i = 0; i < 4; ++i) {
      const Wide t = Wide{a[i]} - b[i] - borrow;
      out[i] = static_cast<std::uint64_t>(t);
      borrow = static_cast<std::uint64_t>(t >> 64) & 1;
    }
    return borrow;
  }
  /// carry 2^256 + a, which is below twice the modulus, without the modulus where it holds it.
  constexpr Words reduced(const Words& a, std::uint64_t carry) const noexcept {
    Words less{};
    const std::uint64_t borrow = borrow_subtract(a, value_, less);
    const std::uint64_t keep = math::hidden(0 - (borrow & (carry ^ 1)));
    Words out{};
    for (int i = 0; i < 4; ++i) out[i] = (a[i] & keep) | (less[i] & ~keep);
    return out;
  }
  /// a b / 2^256. @source Montgomery 1985; coarsely integrated operand scanning
  constexpr Words montgomery(const Words& a, const Words& b) const noexcept {
    std::array<std::uint64_t, 6> t{};
    for (int i = 0; i < 4; ++i) {
      std::uint64_t carry = 0;
      for (int j = 0; j < 4; ++j) {
        const Wide sum = Wide{a[j]} * b[i] + t[j] + carry;
        t[j] = static_cast<std::uint64_t>(sum);
        carry = static_cast<std::uint64_t>(sum >> 64);
      }
      Wide top = Wide{t[4]} + carry;
      t[4] = static_cast<std::uint64_t>(top);
      t[5] = static_cast<std::uint64_t>(top >> 64);
      const std::uint64_t factor = t[0] * negative_inverse_;
      carry = static_cast<std::uint64_t>((Wide{factor} * value_[0] + t[0]) >> 64);
      for (int j = 1; j < 4; ++j) {
        const Wide sum = Wide{factor} * value_[j] + t[j] + carry;
        t[j - 1] = static_cast<std::uint64_t>(sum);
        carry = static_cast<std::uint64_t>(sum >> 64);
      }
      top = Wide{t[4]} + carry;
      t[3] = static_cast<std::uint64_t>(top);
      t[4] = t[5] + static_cast<std::uint64_t>(top >> 64);
    }
    return reduced({t[0], t[1], t[2], t[3]}, t[4]);
  }

  Words value_;
  Words square_{};  // 2^512 mod value
  std::uint64_t negative_inverse_{0};
};

}  // namespace wusong::threshold::internal
