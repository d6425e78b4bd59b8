// SPDX-License-Identifier: Apache-2.0
#include "wusong/math/uint256.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace wusong {
namespace {

constexpr U256 kMax = ~U256{};
constexpr U256 kTop{0, 0, 0, 1ull << 63};

/// Numbers where carries, limb borders and quotient corrections happen.
std::vector<U256> samples() {
  std::vector<U256> out{U256{}, U256{1}, U256{2}, U256{3}, kMax, kTop, kMax - U256{1}};
  for (unsigned bit = 31; bit < 256; bit += 32) {
    const U256 power_of_two = U256{1} << bit;
    out.push_back(power_of_two);
    out.push_back(power_of_two - U256{1});
    out.push_back(power_of_two + U256{1});
  }
  out.push_back({0, 0, ~0ull, ~0ull});
  out.push_back({~0ull, 0, ~0ull, 1ull << 63});
  out.push_back({0, ~0ull, ~0ull - 1, 1ull << 63});
  std::uint64_t state = 88172645463325252ull;
  const auto next = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  for (int i = 0; i < 160; ++i) {
    U256 value{next(), next(), next(), next()};
    value = value >> static_cast<unsigned>(next() % 256);
    if (i % 4 == 0) value = value << static_cast<unsigned>(next() % 128);
    out.push_back(value);
  }
  return out;
}

/// Bit by bit: nothing shared with the code under test but shifts, subtraction and comparison.
U256Division slow_divide(const U256& numerator, const U256& denominator) {
  U256Division out;
  for (int i = 255; i >= 0; --i) {
    const bool overflow = is_negative(out.remainder);
    out.remainder = out.remainder << 1;
    out.remainder.limb[0] |= numerator.limb[i / 64] >> (i % 64) & 1;
    out.quotient = out.quotient << 1;
    if (overflow || (out.remainder <=> denominator) >= 0) {
      out.remainder = out.remainder - denominator;
      out.quotient.limb[0] |= 1;
    }
  }
  return out;
}
/// Of a and b below m.
U256 add_reduced(const U256& a, const U256& b, const U256& m) {
  // a - (m - b) where that does not wrap: never exceeds 256 bits.
  const U256 room = m - b;
  return (a <=> room) >= 0 ? a - room : a + b;
}
U256 slow_add_mod(const U256& a, const U256& b, const U256& m) {
  return add_reduced(slow_divide(a, m).remainder, slow_divide(b, m).remainder, m);
}
U256 slow_mul_mod(const U256& a, const U256& b, const U256& m) {
  const U256 reduced = slow_divide(a, m).remainder;
  U256 out;
  for (int i = 255; i >= 0; --i) {
    out = add_reduced(out, out, m);
    if ((b.limb[i / 64] >> (i % 64) & 1) != 0) out = add_reduced(out, reduced, m);
  }
  return out;
}
U256 slow_multiply(const U256& a, const U256& b) {
  U256 out;
  for (unsigned i = 0; i < 256; ++i)
    if ((b.limb[i / 64] >> (i % 64) & 1) != 0) out = out + (a << i);
  return out;
}

TEST(Uint256, ComparisonsAgreeWithEachOther) {
  const auto all = samples();
  for (const auto& a : all) {
    for (const auto& b : all) {
      const auto order = a <=> b;
      EXPECT_EQ(a < b, order < 0);
      EXPECT_EQ(a > b, order > 0);
      EXPECT_EQ(a <= b, order <= 0);
      EXPECT_EQ(a >= b, order >= 0);
      EXPECT_EQ(a == b, order == 0);
      EXPECT_EQ(signed_less(a, b), ((a ^ kTop) <=> (b ^ kTop)) < 0);
    }
  }
}

TEST(Uint256, AdditionAndSubtractionUndoEachOther) {
  const auto all = samples();
  for (const auto& a : all)
    for (const auto& b : all) {
      EXPECT_EQ((a + b) - b, a);
      EXPECT_EQ(a + negate(b), a - b);
    }
  EXPECT_EQ(kMax + U256{1}, U256{});
  EXPECT_EQ(U256{} - U256{1}, kMax);
}

TEST(Uint256, MultiplicationAgreesWithShiftsAndAdditions) {
  const auto all = samples();
  for (std::size_t i = 0; i < all.size(); i += 2)
    for (std::size_t j = 0; j < all.size(); j += 3)
      ASSERT_EQ(all[i] * all[j], slow_multiply(all[i], all[j]));
}

TEST(Uint256, DivisionAgreesWithBitByBitDivision) {
  const auto all = samples();
  for (const auto& a : all) {
    for (const auto& b : all) {
      const auto got = divide(a, b);
      if (b.is_zero()) {
        EXPECT_TRUE(got.quotient.is_zero() && got.remainder.is_zero());
        continue;
      }
      ASSERT_EQ(got.quotient * b + got.remainder, a);
      ASSERT_TRUE(got.remainder < b);
      const auto want = slow_divide(a, b);
      ASSERT_EQ(got.quotient, want.quotient);
    }
  }
}

TEST(Uint256, DivisionCorrectsItsGuessedDigits) {
  // Quotients next to 2^64 multiples force the rare branches of algorithm D.
  const auto all = samples();
  for (const auto& d : all) {
    if (d.fits_u64() || d.bit_width() > 192) continue;
    for (const std::uint64_t q : {1ull, ~0ull, ~0ull - 1, 1ull << 63}) {
      const U256 product = d * U256{q};
      if (product.bit_width() < d.bit_width()) continue;
      for (const U256& n : {product, product - U256{1}, product + U256{1}, product + d - U256{1}}) {
        const auto got = divide(n, d);
        const auto want = slow_divide(n, d);
        ASSERT_EQ(got.quotient, want.quotient);
        ASSERT_EQ(got.remainder, want.remainder);
      }
    }
  }
}

TEST(Uint256, ModularSumsAndProductsDoNotWrap) {
  const auto all = samples();
  EXPECT_EQ(add_mod(kMax, kMax, U256{}), U256{});
  EXPECT_EQ(mul_mod(kMax, kMax, U256{}), U256{});
  EXPECT_EQ(mul_mod(kMax, kMax, kMax), U256{});
  for (std::size_t i = 0; i < all.size(); i += 11)
    for (std::size_t j = 0; j < all.size(); j += 13)
      for (std::size_t k = 1; k < all.size(); k += 17) {
        ASSERT_EQ(add_mod(all[i], all[j], all[k]), slow_add_mod(all[i], all[j], all[k]));
        ASSERT_EQ(mul_mod(all[i], all[j], all[k]), slow_mul_mod(all[i], all[j], all[k]));
      }
}

TEST(Uint256, PowersAreRepeatedProducts) {
  for (const auto& base : samples()) {
    U256 want{1};
    for (std::uint64_t e = 0; e < 70; ++e) {
      ASSERT_EQ(power(base, U256{e}), want);
      want = slow_multiply(want, base);
    }
  }
  EXPECT_EQ(power(U256{}, U256{}), U256{1});
  EXPECT_EQ(power(U256{2}, U256{255}), kTop);
  EXPECT_EQ(power(U256{2}, U256{256}), U256{});
  EXPECT_EQ(power(U256{3}, kMax) * U256{3}, power(U256{3}, U256{}));  // the odd group's order
}

TEST(Uint256, SignedDivisionTruncatesTowardsZero) {
  const auto minus = [](std::uint64_t v) { return negate(U256{v}); };
  EXPECT_EQ(divide_signed(minus(7), U256{2}).quotient, minus(3));
  EXPECT_EQ(divide_signed(minus(7), U256{2}).remainder, minus(1));
  EXPECT_EQ(divide_signed(U256{7}, minus(2)).quotient, minus(3));
  EXPECT_EQ(divide_signed(U256{7}, minus(2)).remainder, U256{1});
  EXPECT_EQ(divide_signed(kTop, kMax).quotient, kTop);
  EXPECT_EQ(divide_signed(kTop, kMax).remainder, U256{});
  EXPECT_EQ(divide_signed(kTop, U256{}).quotient, U256{});
}

TEST(Uint256, ShiftsReachEveryBit) {
  for (const auto& a : samples()) {
    for (unsigned s = 0; s <= 257; ++s) {
      U256 doubled = a;
      U256 signed_halves = a;
      for (unsigned i = 0; i < s; ++i) doubled = doubled + doubled;
      ASSERT_EQ(a << s, doubled);
      const U256 sign = is_negative(a) ? kMax : U256{};
      signed_halves = (a >> s) | (s == 0 ? U256{} : s >= 256 ? sign : sign << (256 - s));
      ASSERT_EQ(shift_right_signed(a, s), signed_halves);
      if (s < 256) ASSERT_EQ((a >> s) << s, a & (kMax << s));
      if (s >= 256) ASSERT_EQ(a >> s, U256{});
    }
  }
}

TEST(Uint256, SignExtensionKeepsTheLowBytes) {
  EXPECT_EQ(sign_extend(U256{0x80}, 0), kMax - U256{0x7f});
  EXPECT_EQ(sign_extend(U256{0x17f}, 0), U256{0x7f});
  EXPECT_EQ(sign_extend(U256{0x8000}, 1), kMax - U256{0x7fff});
  EXPECT_EQ(sign_extend(kTop, 31), kTop);
  EXPECT_EQ(sign_extend(kTop, 30), U256{});
  EXPECT_EQ(sign_extend(kTop, 1000), kTop);
}

TEST(Uint256, BytesAreBigEndian) {
  for (const auto& a : samples()) {
    EXPECT_EQ(to_u256(to_hash(a)), a);
    EXPECT_EQ(from_be_bytes(to_hash(a)), a);
  }
  EXPECT_EQ(to_hash(U256{1}).bytes[31], 1);
}

}  // namespace
}  // namespace wusong
