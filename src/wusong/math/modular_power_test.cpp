// SPDX-License-Identifier: Apache-2.0
#include "wusong/math/modular_power.hpp"

#include <gtest/gtest.h>

namespace wusong::math {
namespace {

class Samples {
 public:
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Runs of equal bits find carries that uniform limbs do not.
  LongLimbs number(std::size_t limbs) {
    LongLimbs out(limbs);
    for (Limb& limb : out) {
      const std::uint64_t kind = next() % 4;
      limb = kind == 0 ? 0 : kind == 1 ? ~Limb{0} : kind == 2 ? Limb{1} << (next() % 64) : next();
    }
    return out;
  }

 private:
  std::uint64_t state_ = 7;
};

bool zero(const LongLimbs& value) {
  return std::ranges::all_of(value, [](Limb limb) { return limb == 0; });
}

// Schoolbook: shifts and subtractions only, one bit at a time.
LongLimbs slow_remainder(const LongLimbs& numerator, const LongLimbs& modulus) {
  LongLimbs rest(modulus.size() + 1);
  for (std::size_t i = 64 * numerator.size(); i-- > 0;) {
    for (std::size_t j = rest.size(); j-- > 0;)
      rest[j] = rest[j] << 1 | (j == 0 ? (numerator[i / 64] >> (i % 64)) & 1 : rest[j - 1] >> 63);
    LongLimbs reduced = rest;
    Limb borrow = 0;
    for (std::size_t j = 0; j < rest.size(); ++j) {
      const Limb m = j < modulus.size() ? modulus[j] : 0;
      const Limb difference = reduced[j] - m - borrow;
      borrow = reduced[j] < m || (reduced[j] == m && borrow != 0) ? 1 : 0;
      reduced[j] = difference;
    }
    if (borrow == 0) rest = reduced;
  }
  rest.resize(modulus.size());
  return rest;
}

LongLimbs product(const LongLimbs& a, const LongLimbs& b) {
  LongLimbs out(a.size() + b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    Limb carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const WideLimb sum = static_cast<WideLimb>(a[i]) * b[j] + out[i + j] + carry;
      out[i + j] = static_cast<Limb>(sum);
      carry = static_cast<Limb>(sum >> 64);
    }
    out[i + b.size()] = carry;
  }
  return out;
}

LongLimbs slow_power(const LongLimbs& base, BytesView exponent, const LongLimbs& modulus) {
  LongLimbs out = slow_remainder(LongLimbs{1}, modulus);
  for (const std::uint8_t byte : exponent) {
    for (int i = 7; i >= 0; --i) {
      out = slow_remainder(product(out, out), modulus);
      if (((byte >> i) & 1) != 0) out = slow_remainder(product(out, base), modulus);
    }
  }
  return out;
}

TEST(LongReduce, AgreesWithShiftAndSubtract) {
  Samples samples;
  for (std::size_t i = 0; i < 3000; ++i) {
    LongLimbs numerator = samples.number(samples.next() % 9);
    LongLimbs modulus = samples.number(1 + samples.next() % 5);
    if (zero(modulus)) modulus[0] = 1;
    const LongLimbs expected = slow_remainder(numerator, modulus);
    long_reduce(numerator, modulus);
    ASSERT_EQ(numerator, expected) << i;
  }
}

TEST(ModularPower, AgreesWithTheSlowMethodForOddAndEvenModuli) {
  Samples samples;
  for (std::size_t i = 0; i < 400; ++i) {
    const LongLimbs base = samples.number(samples.next() % 12);
    LongLimbs modulus = samples.number(1 + samples.next() % 10);
    if (i % 3 == 0) modulus[0] |= 1;
    if (zero(modulus)) modulus.back() = 1 + samples.next() % 8;
    Bytes exponent(samples.next() % 3);
    for (auto& byte : exponent) byte = static_cast<std::uint8_t>(samples.next());
    LongLimbs expected = slow_power(base, exponent, modulus);
    LongLimbs actual = modular_power(base, exponent, modulus);
    actual.resize(expected.size());
    ASSERT_EQ(actual, expected) << i;
  }
}

// Fermat's little theorem at a size where the long code paths and the widest window run.
TEST(ModularPower, AMersennePrimesFermatPowerIsOne) {
  for (const std::size_t bits : {127u, 521u, 1279u}) {
    LongLimbs prime((bits + 63) / 64, ~Limb{0});
    prime.back() >>= 64 * prime.size() - bits;
    Bytes exponent(8 * prime.size());
    long_to_be(prime, exponent);
    exponent.back() -= 1;
    const LongLimbs base{3};
    LongLimbs one(prime.size());
    one[0] = 1;
    EXPECT_EQ(modular_power(base, exponent, prime), one) << bits;
  }
}

TEST(ModularPower, BytesRoundTrip) {
  const Bytes bytes{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  Bytes out(bytes.size());
  long_to_be(long_from_be(bytes), out);
  EXPECT_EQ(out, bytes);
  EXPECT_TRUE(long_from_be({}).empty());
  EXPECT_TRUE(long_from_be(Bytes(20)).empty());
}

}  // namespace
}  // namespace wusong::math
