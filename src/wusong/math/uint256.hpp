// SPDX-License-Identifier: Apache-2.0
// Unsigned 256-bit integers with wrap-around arithmetic, as the EVM's word.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>

#include "wusong/base/bytes.hpp"

namespace wusong {

/// @shape four 64-bit limbs, least significant first
struct U256 {
  std::uint64_t limb[4]{0, 0, 0, 0};

  constexpr U256() noexcept = default;
  constexpr explicit(false) U256(std::uint64_t low) noexcept : limb{low, 0, 0, 0} {}  // NOLINT
  constexpr U256(std::uint64_t l0, std::uint64_t l1, std::uint64_t l2, std::uint64_t l3) noexcept
      : limb{l0, l1, l2, l3} {}

  constexpr bool is_zero() const noexcept { return (limb[0] | limb[1] | limb[2] | limb[3]) == 0; }
  constexpr explicit operator bool() const noexcept { return !is_zero(); }
  constexpr bool fits_u64() const noexcept { return (limb[1] | limb[2] | limb[3]) == 0; }
  constexpr std::uint64_t low() const noexcept { return limb[0]; }
  /// The value, or 2^64-1 where it does not fit.
  constexpr std::uint64_t saturated() const noexcept { return fits_u64() ? limb[0] : ~0ull; }
  constexpr unsigned bit_width() const noexcept {
    for (int i = 3; i >= 0; --i)
      if (limb[i] != 0) return static_cast<unsigned>(64 * i + 64 - std::countl_zero(limb[i]));
    return 0;
  }

  friend constexpr bool operator==(const U256& a, const U256& b) noexcept {
    return ((a.limb[0] ^ b.limb[0]) | (a.limb[1] ^ b.limb[1]) | (a.limb[2] ^ b.limb[2]) |
            (a.limb[3] ^ b.limb[3])) == 0;
  }
  friend constexpr std::strong_ordering operator<=>(const U256& a, const U256& b) noexcept {
    for (int i = 3; i > 0; --i)
      if (a.limb[i] != b.limb[i]) return a.limb[i] <=> b.limb[i];
    return a.limb[0] <=> b.limb[0];
  }
  /// Without branches: the borrow of a - b.
  friend constexpr bool operator<(const U256& a, const U256& b) noexcept {
    std::uint64_t borrow = 0;
    for (int i = 0; i < 4; ++i)
      borrow = static_cast<std::uint64_t>(
                   (static_cast<unsigned __int128>(a.limb[i]) - b.limb[i] - borrow) >> 64) &
               1;
    return borrow != 0;
  }
  friend constexpr bool operator>(const U256& a, const U256& b) noexcept { return b < a; }
  friend constexpr bool operator<=(const U256& a, const U256& b) noexcept { return !(b < a); }
  friend constexpr bool operator>=(const U256& a, const U256& b) noexcept { return !(a < b); }
};

constexpr U256 operator+(const U256& a, const U256& b) noexcept {
  U256 out;
  unsigned __int128 carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<unsigned __int128>(a.limb[i]) + b.limb[i];
    out.limb[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return out;
}
constexpr U256 operator-(const U256& a, const U256& b) noexcept {
  U256 out;
  unsigned __int128 borrow = 0;
  for (int i = 0; i < 4; ++i) {
    const auto difference = static_cast<unsigned __int128>(a.limb[i]) - b.limb[i] - borrow;
    out.limb[i] = static_cast<std::uint64_t>(difference);
    borrow = (difference >> 64) & 1;
  }
  return out;
}
constexpr U256& operator+=(U256& a, const U256& b) noexcept {
  return a = a + b;
}
constexpr U256& operator-=(U256& a, const U256& b) noexcept {
  return a = a - b;
}
constexpr U256 operator~(const U256& a) noexcept {
  return {~a.limb[0], ~a.limb[1], ~a.limb[2], ~a.limb[3]};
}
constexpr U256 operator&(const U256& a, const U256& b) noexcept {
  return {a.limb[0] & b.limb[0], a.limb[1] & b.limb[1], a.limb[2] & b.limb[2],
          a.limb[3] & b.limb[3]};
}
constexpr U256 operator|(const U256& a, const U256& b) noexcept {
  return {a.limb[0] | b.limb[0], a.limb[1] | b.limb[1], a.limb[2] | b.limb[2],
          a.limb[3] | b.limb[3]};
}
constexpr U256 operator^(const U256& a, const U256& b) noexcept {
  return {a.limb[0] ^ b.limb[0], a.limb[1] ^ b.limb[1], a.limb[2] ^ b.limb[2],
          a.limb[3] ^ b.limb[3]};
}

/// A copy made limb by limb. A vector load would wait for the four stores that just wrote the value
/// to reach the cache; scalar loads are forwarded from them.
[[gnu::always_inline]] inline U256 copy_by_limbs(const U256& from) noexcept {
  std::uint64_t l0 = from.limb[0];
  std::uint64_t l1 = from.limb[1];
  std::uint64_t l2 = from.limb[2];
  std::uint64_t l3 = from.limb[3];
  __asm__("" : "+r"(l0), "+r"(l1), "+r"(l2), "+r"(l3));
  return {l0, l1, l2, l3};
}

namespace detail {
// Halving first makes a distance of 64 - 0 harmless, and hiding that keeps the compiler from using
// the double-width shift, which is slow on some machines.
constexpr std::uint64_t opaque(std::uint64_t value) noexcept {
  if !consteval {
    __asm__("" : "+r"(value));
  }
  return value;
}
/// The upper word of (high, low) << bits, bits below 64.
constexpr std::uint64_t funnel_left(std::uint64_t high, std::uint64_t low, unsigned bits) noexcept {
  return high << bits | opaque(low >> 1) >> (63 - bits);
}
/// The lower word of (high, low) >> bits, bits below 64.
constexpr std::uint64_t funnel_right(std::uint64_t high, std::uint64_t low,
                                     unsigned bits) noexcept {
  return low >> bits | opaque(high << 1) << (63 - bits);
}
}  // namespace detail

/// Zero from 256 on.
[[gnu::always_inline]] constexpr U256 operator<<(const U256& a, unsigned shift) noexcept {
  using detail::funnel_left;
  const unsigned b = shift % 64;
  const auto& l = a.limb;
  if (shift < 64)
    return {l[0] << b, funnel_left(l[1], l[0], b), funnel_left(l[2], l[1], b),
            funnel_left(l[3], l[2], b)};
  switch (shift / 64) {
    case 1:
      return {0, l[0] << b, funnel_left(l[1], l[0], b), funnel_left(l[2], l[1], b)};
    case 2:
      return {0, 0, l[0] << b, funnel_left(l[1], l[0], b)};
    case 3:
      return {0, 0, 0, l[0] << b};
    default:
      return {};
  }
}
/// Zero from 256 on.
[[gnu::always_inline]] constexpr U256 operator>>(const U256& a, unsigned shift) noexcept {
  using detail::funnel_right;
  const unsigned b = shift % 64;
  const auto& l = a.limb;
  if (shift < 64)
    return {funnel_right(l[1], l[0], b), funnel_right(l[2], l[1], b), funnel_right(l[3], l[2], b),
            l[3] >> b};
  switch (shift / 64) {
    case 1:
      return {funnel_right(l[2], l[1], b), funnel_right(l[3], l[2], b), l[3] >> b, 0};
    case 2:
      return {funnel_right(l[3], l[2], b), l[3] >> b, 0, 0};
    case 3:
      return {l[3] >> b, 0, 0, 0};
    default:
      return {};
  }
}

constexpr U256 operator*(const U256& a, const U256& b) noexcept {
  // Written out: ten 64-bit products, the last row without high halves.
  using W = unsigned __int128;
  const W p0 = static_cast<W>(a.limb[0]) * b.limb[0];
  W t = static_cast<W>(a.limb[0]) * b.limb[1] + static_cast<std::uint64_t>(p0 >> 64);
  W u = static_cast<W>(a.limb[1]) * b.limb[0] + static_cast<std::uint64_t>(t);
  const auto r1 = static_cast<std::uint64_t>(u);
  W v = static_cast<W>(a.limb[0]) * b.limb[2] + static_cast<std::uint64_t>(t >> 64);
  v += static_cast<std::uint64_t>(u >> 64);
  W w = static_cast<W>(a.limb[1]) * b.limb[1] + static_cast<std::uint64_t>(v);
  const W x = static_cast<W>(a.limb[2]) * b.limb[0] + static_cast<std::uint64_t>(w);
  const std::uint64_t r3 = static_cast<std::uint64_t>(v >> 64) +
                           static_cast<std::uint64_t>(w >> 64) +
                           static_cast<std::uint64_t>(x >> 64) + a.limb[0] * b.limb[3] +
                           a.limb[1] * b.limb[2] + a.limb[2] * b.limb[1] + a.limb[3] * b.limb[0];
  return {static_cast<std::uint64_t>(p0), r1, static_cast<std::uint64_t>(x), r3};
}

struct U256Division {
  U256 quotient;
  U256 remainder;
};
/// Division by zero gives zero for both, as the EVM has it.
U256Division divide(const U256& numerator, const U256& denominator) noexcept;
inline U256 operator/(const U256& a, const U256& b) noexcept {
  return divide(a, b).quotient;
}
inline U256 operator%(const U256& a, const U256& b) noexcept {
  return divide(a, b).remainder;
}
/// (a + b) mod modulus without wrapping at 2^256; zero for modulus zero.
U256 add_mod(const U256& a, const U256& b, const U256& modulus) noexcept;
/// (a * b) mod modulus without wrapping at 2^256; zero for modulus zero.
U256 mul_mod(const U256& a, const U256& b, const U256& modulus) noexcept;
/// base^exponent mod 2^256; 0^0 is 1.
U256 power(const U256& base, const U256& exponent) noexcept;

// Two's complement.
constexpr bool is_negative(const U256& a) noexcept {
  return (a.limb[3] >> 63) != 0;
}
constexpr U256 negate(const U256& a) noexcept {
  return U256{} - a;
}
constexpr bool signed_less(const U256& a, const U256& b) noexcept {
  const bool sign_a = is_negative(a);
  return sign_a != is_negative(b) ? sign_a : a < b;
}
/// Truncates towards zero; -2^255 / -1 is -2^255; the remainder has the numerator's sign.
U256Division divide_signed(const U256& numerator, const U256& denominator) noexcept;
/// Arithmetic shift; 0 or -1 from 256 on.
[[gnu::always_inline]] constexpr U256 shift_right_signed(const U256& a, unsigned shift) noexcept {
  if (!is_negative(a)) return a >> shift;
  return ~(~a >> shift);
}
/// Extends the sign of the number held in bytes 0..last (0 is the least significant).
[[gnu::always_inline]] constexpr U256 sign_extend(const U256& a, unsigned last) noexcept {
  if (last >= 31) return a;
  const unsigned shift = 8 * (31 - last);
  return shift_right_signed(a << shift, shift);
}

/// Big-endian, 32 bytes.
inline void store_be(const U256& value, std::uint8_t* out) noexcept {
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t word = __builtin_bswap64(value.limb[3 - i]);
    std::memcpy(out + 8 * i, &word, 8);
  }
}
/// Big-endian, 32 bytes.
inline U256 load_be(const std::uint8_t* in) noexcept {
  U256 out;
  for (int i = 0; i < 4; ++i) {
    std::uint64_t word;
    std::memcpy(&word, in + 8 * i, 8);
    out.limb[3 - i] = __builtin_bswap64(word);
  }
  return out;
}
inline Hash to_hash(const U256& value) noexcept {
  Hash out;
  store_be(value, out.data());
  return out;
}
inline U256 to_u256(const Hash& value) noexcept {
  return load_be(value.data());
}
inline U256 to_u256(const Address& value) noexcept {
  std::uint8_t padded[32]{};
  std::memcpy(padded + 12, value.data(), 20);
  return load_be(padded);
}
/// Big-endian bytes, 32 at most.
inline U256 from_be_bytes(BytesView bytes) noexcept {
  WUSONG_ASSERT(bytes.size() <= 32);
  std::uint8_t padded[32]{};
  if (!bytes.empty()) std::memcpy(padded + 32 - bytes.size(), bytes.data(), bytes.size());
  return load_be(padded);
}

}  // namespace wusong
