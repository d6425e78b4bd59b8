// SPDX-License-Identifier: Apache-2.0
// What both pairings must satisfy, and where their constants come from.
#include <gtest/gtest.h>

#include "wusong/pairing/internal/bls12_381.hpp"
#include "wusong/pairing/internal/bn254.hpp"

namespace wusong::pairing {
namespace {

math::Limbs<4> limbs(const U256& value) {
  return {value.limb[0], value.limb[1], value.limb[2], value.limb[3]};
}

// xi, read off the tower.
template <typename T>
typename T::Fp2 xi() {
  return T::mul_xi(T::Fp2::one());
}

struct Bn254 {
  using T = bn254::TowerParams;
  static constexpr U256 kOrder = bn254::kOrder;
  static constexpr bn254::G1Affine kG1{bn254::Fp::one(), bn254::Fp::from_u64(2), false};
  // EIP-197's generator.
  static constexpr bn254::G2Affine kG2{
      {bn254::Fp::from_hex("1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
       bn254::Fp::from_hex("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2")},
      {bn254::Fp::from_hex("12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
       bn254::Fp::from_hex("90689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b")},
      false};
  static auto twist_b() { return xi<T>().inverse() * bn254::Fp::from_u64(3); }
  static auto final_exponentiation(const bn254::Fp12& f) { return bn254::final_exponentiation(f); }
};

struct Bls12381 {
  using T = bls12_381::TowerParams;
  static constexpr U256 kOrder = bls12_381::kOrder;
  static constexpr auto kG1 = bls12_381::kG1Generator;
  static constexpr auto kG2 = bls12_381::kG2Generator;
  static auto twist_b() { return xi<T>() * bls12_381::Fp::from_u64(4); }
  static auto final_exponentiation(const bls12_381::Fp12& f) {
    return bls12_381::final_exponentiation(f);
  }
};

template <typename C>
struct Kit {
  using T = typename C::T;
  using Fp = typename T::Fp;
  using Fp2 = typename T::Fp2;
  using Fp12 = math::Tower12<T>;
  using G1 = math::JacobianPoint<Fp>;
  using G2 = math::JacobianPoint<Fp2>;

  static Fp12 power(const Fp12& base, std::span<const math::Limb> exponent) {
    Fp12 out = Fp12::one();
    for (std::size_t i = 64 * exponent.size(); i-- > 0;) {
      out = out.squared();
      if (((exponent[i / 64] >> (i % 64)) & 1) != 0) out = out * base;
    }
    return out;
  }
  static Fp12 pair(const G1& p, const G2& q) {
    const math::PairingTerm<T> term{p.to_affine(), q.to_affine()};
    return C::final_exponentiation(miller(std::span<const math::PairingTerm<T>>{&term, 1}));
  }
  static Fp12 some_element() {
    const Fp2 a{Fp::from_u64(3).inverse(), Fp::from_u64(5).inverse()};
    return {{a, a.squared(), Fp2::one()}, {-a, a * a.squared(), a + Fp2::one()}};
  }
  static G1 g1(std::uint64_t k) { return G1{C::kG1}.times(math::Limbs<1>{k}); }
  static G2 g2(std::uint64_t k) { return G2{C::kG2}.times(math::Limbs<1>{k}); }
};
template <typename C>
class Pairing : public ::testing::Test {};
using Curves = ::testing::Types<Bn254, Bls12381>;
TYPED_TEST_SUITE(Pairing, Curves);

TYPED_TEST(Pairing, ConstantsFollowFromXi) {
  using Fixture = Kit<TypeParam>;
  using T = typename TypeParam::T;
  using Fp12 = typename Fixture::Fp12;
  const Fp12 lifted{{xi<T>(), {}, {}}, {}};
  // gamma[1]^6 is xi^(p-1), and w^p = gamma[1] w by definition.
  auto exponent = T::Fp::kModulus;
  exponent[0] -= 1;
  const auto sixth = T::kGamma[5] * T::kGamma[1];
  EXPECT_EQ((Fp12{{sixth, {}, {}}, {}}), Fixture::power(lifted, exponent));
  const Fp12 w{{}, {Fixture::Fp2::one(), {}, {}}};
  EXPECT_EQ(w.frobenius(), Fixture::power(w, T::Fp::kModulus));
  EXPECT_EQ(T::kTwistB, TypeParam::twist_b());
}

TYPED_TEST(Pairing, FrobeniusIsThePthPower) {
  using Fixture = Kit<TypeParam>;
  const auto f = Fixture::some_element();
  EXPECT_EQ(f.frobenius(), Fixture::power(f, TypeParam::T::Fp::kModulus));
}

TYPED_TEST(Pairing, CyclotomicSquaringIsSquaringAfterTheEasyPart) {
  using Fixture = Kit<TypeParam>;
  const auto f = Fixture::some_element();
  const auto t = f.easy_part();
  EXPECT_EQ(t.cyclotomic_squared(), t.squared());
  EXPECT_NE(f.cyclotomic_squared(), f.squared());
  EXPECT_EQ(t * t.conjugate(), Fixture::Fp12::one());
  EXPECT_EQ(t.cyclotomic_pow(1000003), Fixture::power(t, math::Limbs<1>{1000003}));
}

TYPED_TEST(Pairing, ReducedValuesHaveOrderR) {
  using Fixture = Kit<TypeParam>;
  const auto reduced = TypeParam::final_exponentiation(Fixture::some_element());
  EXPECT_NE(reduced, Fixture::Fp12::one());
  EXPECT_EQ(Fixture::power(reduced, limbs(TypeParam::kOrder)), Fixture::Fp12::one());
}

TYPED_TEST(Pairing, IsBilinearAndNotDegenerate) {
  using Fixture = Kit<TypeParam>;
  const auto base = Fixture::pair(Fixture::g1(1), Fixture::g2(1));
  EXPECT_NE(base, Fixture::Fp12::one());
  EXPECT_EQ(Fixture::pair(Fixture::g1(7), Fixture::g2(11)),
            Fixture::power(base, math::Limbs<1>{77}));
  EXPECT_EQ(Fixture::pair(Fixture::g1(77), Fixture::g2(1)),
            Fixture::pair(Fixture::g1(1), Fixture::g2(77)));
  EXPECT_EQ(Fixture::pair(-Fixture::g1(1), Fixture::g2(1)), base.conjugate());
  EXPECT_EQ(
      Fixture::pair(Fixture::g1(3), Fixture::g2(1)) * Fixture::pair(Fixture::g1(4), Fixture::g2(1)),
      Fixture::pair(Fixture::g1(7), Fixture::g2(1)));
}

TYPED_TEST(Pairing, AProductSharesOneLoop) {
  using Fixture = Kit<TypeParam>;
  using Term = math::PairingTerm<typename TypeParam::T>;
  std::vector<Term> terms;
  auto expected = Fixture::Fp12::one();
  for (std::uint64_t i = 1; i < 5; ++i) {
    terms.push_back({Fixture::g1(i).to_affine(), Fixture::g2(i * i + 1).to_affine()});
    expected = expected * Fixture::pair(Fixture::g1(i), Fixture::g2(i * i + 1));
  }
  EXPECT_EQ(TypeParam::final_exponentiation(miller(std::span<const Term>{terms})), expected);
}

// Points of the twist found by trying x = i + u; hardly any lies in the subgroup by chance.
TYPED_TEST(Pairing, SubgroupTestOfG2AgreesWithTheOrder) {
  using Fixture = Kit<TypeParam>;
  using T = typename TypeParam::T;
  using Fp = typename Fixture::Fp;
  using G2 = typename Fixture::G2;
  int tried = 0;
  for (std::uint64_t i = 0; tried < 8; ++i) {
    const typename Fixture::Fp2 x{Fp::from_u64(i), Fp::one()};
    const auto y = (x.squared() * x + T::kTwistB).sqrt();
    if (!y) continue;
    ++tried;
    const math::AffinePoint<typename Fixture::Fp2> q{x, *y, false};
    ASSERT_TRUE(q.is_on_curve(T::kTwistB));
    EXPECT_EQ(is_in_subgroup(q), G2{q}.times(limbs(TypeParam::kOrder)).is_infinity());
    EXPECT_FALSE(is_in_subgroup(q));
  }
  EXPECT_TRUE(is_in_subgroup(TypeParam::kG2));
  EXPECT_TRUE(is_in_subgroup(Fixture::g2(123456789).to_affine()));
  EXPECT_TRUE(Fixture::g2(1).times(limbs(TypeParam::kOrder)).is_infinity());
}

TYPED_TEST(Pairing, PsiIsMultiplicationByPOnG2) {
  using Fixture = Kit<TypeParam>;
  const auto q = Fixture::g2(31);
  EXPECT_EQ(psi(q), q.times(TypeParam::T::Fp::kModulus));
}

TEST(Bls12381, SubgroupTestOfG1AgreesWithTheOrder) {
  using namespace bls12_381;  // NOLINT: both curves in one file
  int tried = 0;
  for (std::uint64_t i = 1; tried < 8; ++i) {
    const Fp x = Fp::from_u64(i);
    const auto y = (x.squared() * x + kB).sqrt();
    if (!y) continue;
    ++tried;
    const G1Affine p{x, *y, false};
    EXPECT_FALSE(is_in_subgroup(p));
    EXPECT_FALSE(G1{p}.times(limbs(kOrder)).is_infinity());
  }
  EXPECT_TRUE(is_in_subgroup(kG1Generator));
  EXPECT_TRUE(is_in_subgroup(G1Affine{}));
}

// Scalars at every edge of the endomorphism's split.
TEST(Bn254, SplitMultiplicationAgreesWithDoubleAndAdd) {
  using namespace bn254;  // NOLINT: both curves in one file
  const G1 g{Bn254::kG1};
  const U256 top = ~U256{};
  for (const U256& k :
       {U256{}, U256{1}, U256{2}, kOrder - U256{1}, kOrder, kOrder + U256{1}, top, top - U256{1},
        U256{0, 0, 1, 0}, U256{0, 1, 0, 0}, kOrder >> 1,
        U256{0x123456789abcdef0, 0xfedcba9876543210, 0x55aa55aa55aa55aa, 0x1fffffff}})
    EXPECT_EQ(multiply(Bn254::kG1, k), g.times(limbs(k)));
  EXPECT_TRUE(multiply(G1Affine{}, top).is_infinity());
}

TEST(Bls12381, SplitSumsAgreeWithDoubleAndAdd) {
  using namespace bls12_381;  // NOLINT: both curves in one file
  const U256 top = ~U256{};
  const U256 xx{0x0000000100000000, 0xac45a4010001a402, 0, 0};  // x^2
  std::vector<Scaled<G1Affine>> terms1;
  std::vector<Scaled<G2Affine>> terms2;
  G1 sum1;
  G2 sum2;
  std::uint64_t i = 1;
  for (const U256& k : {U256{}, U256{1}, kOrder - U256{1}, kOrder, top, xx, xx - U256{1}, xx * xx,
                        U256{kMinusX}, U256{kMinusX - 1}, kOrder >> 1}) {
    const G1 p = G1{kG1Generator}.times(math::Limbs<1>{i});
    const G2 q = G2{kG2Generator}.times(math::Limbs<1>{i++});
    const Scaled<G1Affine> one1{p.to_affine(), k};
    const Scaled<G2Affine> one2{q.to_affine(), k};
    EXPECT_EQ(multiply_sum(std::span{&one1, 1}), p.times(limbs(k)));
    EXPECT_EQ(multiply_sum(std::span{&one2, 1}), q.times(limbs(k)));
    terms1.push_back(one1);
    terms2.push_back(one2);
    sum1 = sum1 + p.times(limbs(k));
    sum2 = sum2 + q.times(limbs(k));
  }
  EXPECT_EQ(multiply_sum(terms1), sum1);
  EXPECT_EQ(multiply_sum(terms2), sum2);
  // Long enough for buckets.
  for (int doubling = 0; doubling < 4; ++doubling) {
    terms1.insert(terms1.end(), terms1.begin(),
                  terms1.begin() + static_cast<std::ptrdiff_t>(terms1.size()));
    terms2.insert(terms2.end(), terms2.begin(),
                  terms2.begin() + static_cast<std::ptrdiff_t>(terms2.size()));
  }
  EXPECT_EQ(multiply_sum(terms1), sum1.times(math::Limbs<1>{16}));
  EXPECT_EQ(multiply_sum(terms2), sum2.times(math::Limbs<1>{16}));
}

}  // namespace
}  // namespace wusong::pairing
