// SPDX-License-Identifier: Apache-2.0
#include "wusong/math/uint256.hpp"

namespace wusong {
namespace {

using Limb = std::uint64_t;
using Wide = unsigned __int128;

constexpr Limb high(Wide value) noexcept {
  return static_cast<Limb>(value >> 64);
}
constexpr Limb low(Wide value) noexcept {
  return static_cast<Limb>(value);
}
constexpr Wide join(Limb upper, Limb lower) noexcept {
  return static_cast<Wide>(upper) << 64 | lower;
}

struct LimbDivision {
  Limb quotient;
  Limb remainder;
};

/// (upper, lower) / divisor where upper < divisor.
LimbDivision divide_wide(Limb upper, Limb lower, Limb divisor) noexcept {
#if defined(__x86_64__)
  // The compiler would call a library routine: it cannot know that the quotient fits.
  LimbDivision out{};
  __asm__("divq %[d]"
          : "=a"(out.quotient), "=d"(out.remainder)
          : "a"(lower), "d"(upper), [d] "r"(divisor)
          : "cc");
  return out;
#else
  const Wide value = join(upper, lower);
  return {low(value / divisor), low(value % divisor)};
#endif
}

/// floor((2^128 - 1) / d) - 2^64 for a normalised d.
/// @source Möller, Granlund: Improved division by invariant integers (2011), section 3
Limb reciprocal(Limb d) noexcept {
  return divide_wide(~d, ~Limb{0}, d).quotient;
}

/// floor((2^192 - 1) / (d1, d0)) - 2^64 for a normalised d1. @source the same, algorithm 6
Limb reciprocal(Limb d1, Limb d0) noexcept {
  Limb v = reciprocal(d1);
  Limb p = d1 * v + d0;
  if (p < d0) {
    --v;
    if (p >= d1) {
      --v;
      p -= d1;
    }
    p -= d1;
  }
  const Wide t = static_cast<Wide>(v) * d0;
  p += high(t);
  if (p < high(t)) {
    --v;
    if (join(p, low(t)) >= join(d1, d0)) --v;
  }
  return v;
}

/// @source the same, algorithm 4; u1 < d
LimbDivision divide_2by1(Limb u1, Limb u0, Limb d, Limb v) noexcept {
  const Wide q = static_cast<Wide>(v) * u1 + join(u1, u0);
  Limb q1 = high(q) + 1;
  Limb r = u0 - q1 * d;
  if (r > low(q)) {
    --q1;
    r += d;
  }
  if (r >= d) [[unlikely]] {
    ++q1;
    r -= d;
  }
  return {q1, r};
}

struct LimbPairDivision {
  Limb quotient;
  Wide remainder;
};

/// @source the same, algorithm 5; (u2, u1) < d
LimbPairDivision divide_3by2(Limb u2, Limb u1, Limb u0, Wide d, Limb v) noexcept {
  const Wide q = static_cast<Wide>(v) * u2 + join(u2, u1);
  Limb q1 = high(q);
  const Limb r1 = u1 - q1 * high(d);
  Wide r = join(r1, u0) - static_cast<Wide>(low(d)) * q1 - d;
  ++q1;
  if (high(r) >= low(q)) {
    --q1;
    r += d;
  }
  if (r >= d) [[unlikely]] {
    ++q1;
    r -= d;
  }
  return {q1, r};
}

/// u -= q * d over n limbs; returns the borrow.
Limb subtract_product(Limb* u, const Limb* d, int n, Limb q) noexcept {
  Limb borrow = 0;
  for (int i = 0; i < n; ++i) {
    const Wide product = static_cast<Wide>(q) * d[i] + borrow;
    const Limb before = u[i];
    u[i] = before - low(product);
    borrow = high(product) + (u[i] > before ? 1 : 0);
  }
  return borrow;
}

/// u += d over n limbs; returns the carry.
Limb add(Limb* u, const Limb* d, int n) noexcept {
  Limb carry = 0;
  for (int i = 0; i < n; ++i) {
    const Wide sum = static_cast<Wide>(u[i]) + d[i] + carry;
    u[i] = low(sum);
    carry = high(sum);
  }
  return carry;
}

/// Knuth's algorithm D with a reciprocal. `u` has un + 1 limbs, the last a spare that is shifted
/// into; it is left holding the remainder, shifted by `shift`. `d` is normalised and has dn >= 3
/// limbs. `q` has un - dn + 1 limbs. @source The Art of Computer Programming 2, 4.3.1
void divide_knuth(Limb* u, int un, const Limb* d, int dn, Limb* q) noexcept {
  const Wide divisor = join(d[dn - 1], d[dn - 2]);
  const Limb v = reciprocal(d[dn - 1], d[dn - 2]);
  for (int j = un - dn; j >= 0; --j) {
    const Limb u2 = u[j + dn];
    const Limb u1 = u[j + dn - 1];
    const Limb u0 = u[j + dn - 2];
    if (join(u2, u1) >= divisor) [[unlikely]] {  // only equal: the quotient digit is 2^64 - 1
      q[j] = ~Limb{0};
      u[j + dn] = u2 - subtract_product(u + j, d, dn, ~Limb{0});
      continue;
    }
    auto [digit, remainder] = divide_3by2(u2, u1, u0, divisor, v);
    const Limb borrow = subtract_product(u + j, d, dn - 2, digit);
    const Wide rest = remainder - borrow;
    u[j + dn - 2] = low(rest);
    u[j + dn - 1] = high(rest);
    u[j + dn] = 0;
    if (remainder < borrow) [[unlikely]] {
      --digit;
      add(u + j, d, dn);  // the carry cancels the borrow
    }
    q[j] = digit;
  }
}

/// Divides the un limbs of `u` (one spare follows) by `denominator`, which is not zero and not
/// longer than they. `q` holds un limbs, zero before. Returns the remainder.
U256 divide_limbs(Limb* u, int un, const U256& denominator, Limb* q) noexcept {
  int dn = 4;
  while (denominator.limb[dn - 1] == 0) --dn;
  const auto shift = static_cast<unsigned>(std::countl_zero(denominator.limb[dn - 1]));
  const U256 d = denominator << shift;
  u[un] = 0;
  for (int i = un; i > 0; --i) u[i] = detail::funnel_left(u[i], u[i - 1], shift);
  u[0] <<= shift;
  if (dn == 1) {
    const Limb v = reciprocal(d.limb[0]);
    Limb remainder = u[un];
    for (int j = un - 1; j >= 0; --j) {
      const auto step = divide_2by1(remainder, u[j], d.limb[0], v);
      q[j] = step.quotient;
      remainder = step.remainder;
    }
    return U256{remainder >> shift};
  }
  if (dn == 2) {
    const Limb v = reciprocal(d.limb[1], d.limb[0]);
    const Wide divisor = join(d.limb[1], d.limb[0]);
    Wide remainder = join(u[un], u[un - 1]);
    for (int j = un - 2; j >= 0; --j) {
      const auto step = divide_3by2(high(remainder), low(remainder), u[j], divisor, v);
      q[j] = step.quotient;
      remainder = step.remainder;
    }
    remainder >>= shift;
    return {low(remainder), high(remainder), 0, 0};
  }
  divide_knuth(u, un, d.limb, dn, q);
  return U256{u[0], u[1], u[2], dn == 4 ? u[3] : 0} >> shift;
}

/// Limbs up to the highest that is not zero.
int limb_count(const Limb* limbs, int n) noexcept {
  while (n > 0 && limbs[n - 1] == 0) --n;
  return n;
}

/// Four digits by the machine's own division: four of them cost less than a reciprocal and its
/// corrections where the hardware is recent, and there are rarely four.
U256Division divide_short(const U256& numerator, Limb divisor) noexcept {
  U256Division out;
  Limb remainder = 0;
  for (int i = limb_count(numerator.limb, 4) - 1; i >= 0; --i) {
    const auto step = divide_wide(remainder, numerator.limb[i], divisor);
    out.quotient.limb[i] = step.quotient;
    remainder = step.remainder;
  }
  out.remainder = U256{remainder};
  return out;
}

}  // namespace

U256Division divide(const U256& numerator, const U256& denominator) noexcept {
  if (denominator.fits_u64() && numerator.fits_u64()) {
    if (denominator.limb[0] == 0) return {};
    return {.quotient = U256{numerator.limb[0] / denominator.limb[0]},
            .remainder = U256{numerator.limb[0] % denominator.limb[0]}};
  }
  if (denominator.is_zero()) return {};
  if (numerator < denominator) return {.quotient = {}, .remainder = numerator};
  if (denominator.fits_u64()) return divide_short(numerator, denominator.limb[0]);
  const U256 n = copy_by_limbs(numerator);
  Limb u[5]{n.limb[0], n.limb[1], n.limb[2], n.limb[3], 0};
  U256Division out;
  out.remainder = divide_limbs(u, limb_count(u, 4), denominator, out.quotient.limb);
  return out;
}

U256 add_mod(const U256& a, const U256& b, const U256& modulus) noexcept {
  if (modulus.is_zero()) return {};
  const U256 x = copy_by_limbs(a < modulus ? a : divide(a, modulus).remainder);
  const U256 y = copy_by_limbs(b < modulus ? b : divide(b, modulus).remainder);
  const U256 sum = x + y;
  const U256 reduced = sum - modulus;
  return copy_by_limbs(sum < x || sum >= modulus ? reduced : sum);
}

U256 mul_mod(const U256& a, const U256& b, const U256& modulus) noexcept {
  if (modulus.is_zero()) return {};
  Limb product[9]{};
  for (int i = 0; i < 4; ++i) {
    Limb carry = 0;
    for (int j = 0; j < 4; ++j) {
      const Wide sum = static_cast<Wide>(a.limb[i]) * b.limb[j] + product[i + j] + carry;
      product[i + j] = low(sum);
      carry = high(sum);
    }
    product[i + 4] = carry;
  }
  const int count = limb_count(product, 8);
  const U256 low_half{product[0], product[1], product[2], product[3]};
  if (count <= 4) return divide(low_half, modulus).remainder;
  Limb quotient[8];
  return divide_limbs(product, count, modulus, quotient);
}

U256 power(const U256& base, const U256& exponent) noexcept {
  const unsigned bits = exponent.bit_width();
  if (bits == 0) return U256{1};
  if (base == U256{2})
    return exponent.fits_u64() && exponent.low() < 256
               ? U256{1} << static_cast<unsigned>(exponent.low())
               : U256{};
  const U256 factor = copy_by_limbs(base);
  U256 result = factor;
  for (unsigned i = bits - 1; i-- > 0;) {
    result = result * result;
    if ((exponent.limb[i / 64] >> (i % 64) & 1) != 0) result = result * factor;
  }
  return result;
}

U256Division divide_signed(const U256& numerator, const U256& denominator) noexcept {
  const bool sign_n = is_negative(numerator);
  const bool sign_d = is_negative(denominator);
  auto out =
      divide(sign_n ? negate(numerator) : numerator, sign_d ? negate(denominator) : denominator);
  if (sign_n != sign_d) out.quotient = negate(out.quotient);
  if (sign_n) out.remainder = negate(out.remainder);
  return out;
}

}  // namespace wusong
