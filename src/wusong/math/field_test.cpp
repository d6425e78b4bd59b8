// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "wusong/math/msm.hpp"
#include "wusong/math/tower.hpp"

namespace wusong::math {
namespace {

struct FourLimbs {  // alt_bn128's p, EIP-196
  static constexpr auto kModulus =
      limbs_from_hex<4>("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");
};
struct SixLimbs {  // BLS12-381's p, EIP-2537
  static constexpr auto kModulus = limbs_from_hex<6>(
      "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffff"
      "aa"
      "ab");
};

/// SplitMix64, for repeatable samples.
class Samples {
 public:
  explicit Samples(std::uint64_t seed) noexcept : state_{seed} {}
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  template <typename F>
  F field() noexcept {
    F out{};
    for (std::size_t i = 0; i <= F::kLimbs; ++i)
      out = out * F::from_raw({0, 1}) + F::from_raw({next()});
    return out;
  }
  Limbs<2> part() noexcept { return {next(), next()}; }

 private:
  std::uint64_t state_;
};

template <typename F>
std::vector<F> interesting() {
  Samples samples{1};
  std::vector<F> out{F{}, F::one(), -F::one(), F::from_u64(2), -F::from_u64(2), F::one().halved()};
  for (int i = 0; i < 20; ++i) out.push_back(samples.field<F>());
  return out;
}

template <typename P>
class PrimeFieldTest : public ::testing::Test {};
using FieldSizes = ::testing::Types<FourLimbs, SixLimbs>;
TYPED_TEST_SUITE(PrimeFieldTest, FieldSizes);

TYPED_TEST(PrimeFieldTest, AnInverseTimesItsElementIsOne) {
  using F = PrimeField<TypeParam>;
  for (const F& a : interesting<F>()) {
    const F expected = a.is_zero() ? F{} : F::one();
    EXPECT_EQ(a * a.inverse(), expected);
  }
  for (std::uint64_t i = 1; i < 300; ++i)
    EXPECT_EQ(F::from_u64(i).inverse() * F::from_u64(i), F::one());
}

TYPED_TEST(PrimeFieldTest, InverseAgreesWithFermat) {
  using F = PrimeField<TypeParam>;
  auto exponent = F::kModulus;
  subtract_in_place(exponent, typename F::Raw{2});
  for (const F& a : interesting<F>()) EXPECT_EQ(a.inverse(), a.pow(exponent));
}

TYPED_TEST(PrimeFieldTest, LawsHold) {
  using F = PrimeField<TypeParam>;
  const auto values = interesting<F>();
  for (const F& a : values) {
    EXPECT_EQ(a + -a, F{});
    EXPECT_EQ(a.halved() + a.halved(), a);
    EXPECT_EQ(a - a.doubled(), -a);
    for (const F& b : values) {
      const F c = values[7];
      EXPECT_EQ(a * b, b * a);
      EXPECT_EQ((a + b) * c, a * c + b * c);
      EXPECT_EQ((a - b) + b, a);
      EXPECT_EQ(F::sum_of_products(a, b, b, c), a * b + b * c);
    }
  }
}

TYPED_TEST(PrimeFieldTest, BytesRoundTripAndTheModulusIsRefused) {
  using F = PrimeField<TypeParam>;
  std::array<std::uint8_t, F::kBytes> bytes;
  for (const F& a : interesting<F>()) {
    a.to_be_bytes(bytes.data());
    EXPECT_EQ(F::from_be_bytes(bytes.data()), a);
  }
  store_be_limbs(F::kModulus, bytes.data());
  EXPECT_EQ(F::from_be_bytes(bytes.data()), std::nullopt);
  bytes.back() -= 1;
  EXPECT_EQ(F::from_be_bytes(bytes.data()), -F::one());
  bytes.fill(0xff);
  EXPECT_EQ(F::from_be_bytes(bytes.data()), std::nullopt);
}

TYPED_TEST(PrimeFieldTest, OneOfAnElementAndItsNegativeHasARoot) {
  using F = PrimeField<TypeParam>;
  for (const F& a : interesting<F>()) {
    const auto root = a.sqrt();
    const auto other = (-a).sqrt();
    if (a.is_zero()) {
      EXPECT_TRUE(root && other);
      continue;
    }
    EXPECT_NE(root.has_value(), other.has_value());
    EXPECT_EQ(root ? root->squared() : -other->squared(), a);
  }
}

struct Policy {  // alt_bn128's tower: xi = 9 + u
  using Fp = PrimeField<FourLimbs>;
  using Fp2 = Quadratic<Fp>;
  static constexpr Fp2 kXi{Fp::from_u64(9), Fp::one()};
  static constexpr Fp2 mul_xi(const Fp2& a) noexcept { return a * kXi; }
};
using Fp = Policy::Fp;
using Fp2 = Policy::Fp2;
using Fp6 = Cubic<Policy>;
using Fp12 = Tower12<Policy>;

Fp2 sample2(Samples& samples) {
  return {samples.field<Fp>(), samples.field<Fp>()};
}
Fp6 sample6(Samples& samples) {
  return {sample2(samples), sample2(samples), sample2(samples)};
}
Fp12 sample12(Samples& samples) {
  return {sample6(samples), sample6(samples)};
}

TEST(Tower, SquaresAndInversesAgreeWithMultiplication) {
  Samples samples{2};
  for (int i = 0; i < 20; ++i) {
    const Fp2 a = sample2(samples);
    EXPECT_EQ(a.squared(), a * a);
    EXPECT_EQ(a * a.inverse(), Fp2::one());
    const Fp6 b = sample6(samples);
    EXPECT_EQ(b.squared(), b * b);
    EXPECT_EQ(b * b.inverse(), Fp6::one());
    const Fp12 c = sample12(samples);
    EXPECT_EQ(c.squared(), c * c);
    EXPECT_EQ(c * c.inverse(), Fp12::one());
  }
}

TEST(Tower, MultiplicationIsAssociativeAndCommutative) {
  Samples samples{3};
  for (int i = 0; i < 10; ++i) {
    const Fp12 a = sample12(samples);
    const Fp12 b = sample12(samples);
    const Fp12 c = sample12(samples);
    EXPECT_EQ((a * b) * c, a * (b * c));
    EXPECT_EQ(a * b, b * a);
  }
}

TEST(Tower, SparseProductsAgreeWithFullOnes) {
  Samples samples{4};
  for (int i = 0; i < 10; ++i) {
    const Fp12 a = sample12(samples);
    const Fp2 x = sample2(samples);
    const Fp2 y = sample2(samples);
    const Fp2 z = sample2(samples);
    EXPECT_EQ(a.mul_by_034(x, y, z), (a * Fp12{{x, {}, {}}, {y, z, {}}}));
    EXPECT_EQ(a.mul_by_014(x, y, z), (a * Fp12{{x, y, {}}, {{}, z, {}}}));
  }
}

TEST(Tower, VCubedIsXiAndWSquaredIsV) {
  const Fp6 v{{}, Fp2::one(), {}};
  EXPECT_EQ(v * v * v, (Fp6{Policy::kXi, {}, {}}));
  EXPECT_EQ(v.mul_v(), v * v);
  const Fp12 w{{}, Fp6::one()};
  EXPECT_EQ(w * w, (Fp12{v, {}}));
}

TEST(Tower, ASquareHasARootAndXiTimesItHasNone) {
  Samples samples{5};
  for (int i = 0; i < 20; ++i) {
    const Fp2 a = i == 0   ? Fp2{}
                  : i == 1 ? Fp2{samples.field<Fp>(), {}}
                  : i == 2 ? Fp2{{}, samples.field<Fp>()}
                           : sample2(samples);
    const auto root = a.squared().sqrt();
    ASSERT_TRUE(root);
    EXPECT_TRUE(*root == a || *root == -a);
    if (!a.is_zero()) {
      EXPECT_FALSE((a.squared() * Policy::kXi).sqrt());
    }
  }
}

using Affine = AffinePoint<Fp>;
using Jacobian = JacobianPoint<Fp>;
constexpr Affine kGenerator{Fp::one(), Fp::from_u64(2), false};
constexpr auto kOrder =
    limbs_from_hex<4>("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");

TEST(Curve, GroupLawsHoldWithInfinityAndOpposites) {
  const Jacobian zero;
  const Jacobian g{kGenerator};
  const Jacobian g5 = g.times(Limbs<1>{5});
  EXPECT_EQ(g + zero, g);
  EXPECT_EQ(zero + g, g);
  EXPECT_EQ(zero + kGenerator, g);
  EXPECT_EQ(g5 + Affine{}, g5);
  EXPECT_EQ(g + -g, zero);
  EXPECT_EQ(g5 + -g5.to_affine(), zero);
  EXPECT_EQ(g + g, g.doubled());
  EXPECT_EQ(g5 + g5.to_affine(), g5.doubled());
  EXPECT_EQ((g5 + g) + g5.doubled(), g5 + (g + g5.doubled()));
  EXPECT_EQ(zero.doubled(), zero);
  EXPECT_TRUE(zero.to_affine().infinity);
  EXPECT_TRUE(g5.to_affine().is_on_curve(Fp::from_u64(3)));
  EXPECT_FALSE((Affine{Fp::one(), Fp::one(), false}.is_on_curve(Fp::from_u64(3))));
}

TEST(Curve, TheOrderTimesAPointIsInfinity) {
  const Jacobian g{kGenerator};
  EXPECT_TRUE(g.times(kOrder).is_infinity());
  auto less_one = kOrder;
  less_one[0] -= 1;
  EXPECT_EQ(g.times(less_one), -g);
}

TEST(Curve, BatchNormalisationAgreesWithSingleAndKeepsInfinity) {
  std::vector<Jacobian> points{Jacobian{}};
  for (Limb i = 1; i < 9; ++i) points.push_back(Jacobian{kGenerator}.times(Limbs<1>{i}));
  points.emplace_back();
  std::vector<Affine> out(points.size());
  to_affine(std::span<const Jacobian>{points}, std::span{out});
  for (std::size_t i = 0; i < points.size(); ++i) EXPECT_EQ(out[i], points[i].to_affine());
}

using Term = MsmTerm<Fp, 1>;
Affine same(const Affine& point, std::size_t) {
  return point;
}

TEST(Msm, BothMethodsAgreeWithDoubleAndAdd) {
  Samples samples{6};
  for (const std::size_t count : {0u, 1u, 2u, 3u, 17u, 60u}) {
    std::vector<Term> terms;
    Jacobian expected;
    for (std::size_t i = 0; i < count; ++i) {
      const Jacobian point = Jacobian{kGenerator}.times(samples.part());
      Term term{.point = point.to_affine(), .part = {}};
      term.part[0] = {.magnitude = samples.part(), .negative = samples.next() % 2 == 0};
      if (i == 1) term.part[0].magnitude = {};
      if (i == 2) term.part[0].magnitude = {~Limb{0}, ~Limb{0}};
      if (i == 5) term.point = {};
      terms.push_back(term);
      const Jacobian product = Jacobian{term.point}.times(term.part[0].magnitude);
      expected = expected + (term.part[0].negative ? -product : product);
    }
    EXPECT_EQ(msm_straus(std::span<const Term>{terms}, same), expected) << count;
    EXPECT_EQ(msm_pippenger(std::span<const Term>{terms}, same), expected) << count;
  }
}

TEST(Msm, RepeatedAndOppositePointsAreSummed) {
  std::vector<Term> terms(40, Term{.point = kGenerator, .part = {}});
  for (std::size_t i = 0; i < terms.size(); ++i)
    terms[i].part[0] = {.magnitude = {7, 0}, .negative = i % 2 == 0};
  EXPECT_TRUE(msm_straus(std::span<const Term>{terms}, same).is_infinity());
  EXPECT_TRUE(msm_pippenger(std::span<const Term>{terms}, same).is_infinity());
  terms[0].part[0].negative = false;
  const auto expected = Jacobian{kGenerator}.times(Limbs<1>{14});
  EXPECT_EQ(msm_straus(std::span<const Term>{terms}, same), expected);
  EXPECT_EQ(msm_pippenger(std::span<const Term>{terms}, same), expected);
}

}  // namespace
}  // namespace wusong::math
