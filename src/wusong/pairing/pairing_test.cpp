// SPDX-License-Identifier: Apache-2.0
// The entry points: what they refuse, and how they treat infinity and the edges.
#include "wusong/pairing/pairing.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::pairing {
namespace {

Bytes hex(std::string_view text) {
  auto out = codec::from_hex(text);
  EXPECT_TRUE(out.has_value());
  return out ? *out : Bytes{};
}
Bytes joined(std::initializer_list<BytesView> parts) {
  Bytes out;
  for (const BytesView part : parts) append(out, part);
  return out;
}
template <std::size_t N>
std::span<const std::uint8_t, N> exactly(const Bytes& bytes) {
  WUSONG_ASSERT(bytes.size() == N);
  return BytesView{bytes}.first<N>();
}
Bytes word(std::uint8_t last) {
  Bytes out(32);
  out.back() = last;
  return out;
}

const Bytes kBnPrime = hex("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");
const Bytes kBnOrder = hex("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");
const Bytes kBnMinusTwo = hex("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45");
const Bytes kBnG1 = joined({word(1), word(2)});
const Bytes kBnMinusG1 = joined({word(1), kBnMinusTwo});
const Bytes kBnG2 =
    hex("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa");

TEST(Bn254Add, InfinityIsNeutralAndOppositesCancel) {
  const Bytes zero(64);
  EXPECT_EQ(to_bytes(*bn254_add(exactly<128>(joined({kBnG1, zero})))), kBnG1);
  EXPECT_EQ(to_bytes(*bn254_add(exactly<128>(joined({zero, kBnG1})))), kBnG1);
  EXPECT_EQ(to_bytes(*bn254_add(exactly<128>(joined({zero, zero})))), zero);
  EXPECT_EQ(to_bytes(*bn254_add(exactly<128>(joined({kBnG1, kBnMinusG1})))), zero);
}

TEST(Bn254Add, CoordinatesNotBelowThePrimeAreRefused) {
  for (const Bytes& bad : {joined({kBnPrime, word(2)}), joined({word(1), kBnPrime}),
                           joined({kBnPrime, kBnPrime}), Bytes(64, 0xff)}) {
    EXPECT_EQ(bn254_add(exactly<128>(joined({bad, kBnG1}))).error(), Error{err::bad_point});
    EXPECT_EQ(bn254_add(exactly<128>(joined({kBnG1, bad}))).error(), Error{err::bad_point});
  }
}

TEST(Bn254Add, APointOffTheCurveIsRefused) {
  for (const Bytes& bad :
       {joined({word(1), word(3)}), joined({word(0), word(1)}), joined({word(1), word(0)})})
    EXPECT_EQ(bn254_add(exactly<128>(joined({bad, kBnG1}))).error(), Error{err::bad_point});
}

TEST(Bn254Mul, ScalarsWrapAtTheOrder) {
  const auto multiply = [](const Bytes& point, const Bytes& scalar) {
    return to_bytes(*bn254_mul(exactly<96>(joined({point, scalar}))));
  };
  Bytes order_plus_one = kBnOrder;
  order_plus_one.back() += 1;
  Bytes order_minus_one = kBnOrder;
  order_minus_one.back() -= 1;
  EXPECT_EQ(multiply(kBnG1, word(0)), Bytes(64));
  EXPECT_EQ(multiply(kBnG1, word(1)), kBnG1);
  EXPECT_EQ(multiply(kBnG1, kBnOrder), Bytes(64));
  EXPECT_EQ(multiply(kBnG1, order_plus_one), kBnG1);
  EXPECT_EQ(multiply(kBnG1, order_minus_one), kBnMinusG1);
  EXPECT_EQ(multiply(Bytes(64), Bytes(32, 0xff)), Bytes(64));
  EXPECT_EQ(multiply(kBnG1, word(2)), to_bytes(*bn254_add(exactly<128>(joined({kBnG1, kBnG1})))));
  EXPECT_EQ(bn254_mul(exactly<96>(joined({word(1), word(1), word(0)}))).error(),
            Error{err::bad_point});
}

TEST(Bn254Pairing, OppositePairsCancelAndOneAloneDoesNot) {
  EXPECT_TRUE(*bn254_pairing(joined({kBnG1, kBnG2, kBnMinusG1, kBnG2})));
  EXPECT_FALSE(*bn254_pairing(joined({kBnG1, kBnG2})));
  EXPECT_FALSE(*bn254_pairing(joined({kBnG1, kBnG2, kBnG1, kBnG2})));
  EXPECT_TRUE(*bn254_pairing({}));
}

TEST(Bn254Pairing, InfinityOnEitherSideGivesOne) {
  EXPECT_TRUE(*bn254_pairing(joined({kBnG1, Bytes(128)})));
  EXPECT_TRUE(*bn254_pairing(joined({Bytes(64), kBnG2})));
  EXPECT_TRUE(*bn254_pairing(Bytes(192)));
  EXPECT_FALSE(*bn254_pairing(joined({Bytes(64), kBnG2, kBnG1, kBnG2})));
}

TEST(Bn254Pairing, BadPointsAreRefusedEvenBesideInfinity) {
  Bytes off_twist = kBnG2;
  off_twist.back() ^= 1;
  EXPECT_EQ(bn254_pairing(joined({Bytes(64), off_twist})).error(), Error{err::bad_point});
  EXPECT_EQ(bn254_pairing(joined({word(1), word(1), Bytes(128)})).error(), Error{err::bad_point});
  Bytes too_large = kBnG2;
  std::ranges::copy(kBnPrime, too_large.begin());
  EXPECT_EQ(bn254_pairing(joined({kBnG1, too_large})).error(), Error{err::bad_point});
}

// x = 2 + u has a y on the twist, but the point's order is not r.
TEST(Bn254Pairing, APointOfTheTwistOutsideTheSubgroupIsRefused) {
  const Bytes outside =
      hex("0000000000000000000000000000000000000000000000000000000000000001"
          "0000000000000000000000000000000000000000000000000000000000000002"
          "2b76c179599bb92a963dac85546a005a777f7c13f6a7b75d5918b6b5808f5fde"
          "101f7278419308b95099eca02dcee0c5381f4d26d1d62313f057167f064101ce");
  EXPECT_EQ(bn254_pairing(joined({kBnG1, outside})).error(), Error{err::bad_point});
  EXPECT_EQ(bn254_pairing(joined({Bytes(64), outside})).error(), Error{err::bad_point});
}

TEST(Bn254Pairing, APartialPairIsRefused) {
  for (const std::size_t size : {1u, 191u, 193u, 383u})
    EXPECT_EQ(bn254_pairing(Bytes(size)).error(), Error{err::bad_length});
}

TEST(Bls12381, WrongLengthsAreRefused) {
  for (const std::size_t size :
       {0u, 1u, 63u, 65u, 127u, 129u, 159u, 161u, 255u, 257u, 287u, 289u, 383u, 385u, 511u, 513u}) {
    const Bytes input(size);
    const Error bad{err::bad_length};
    EXPECT_EQ(bls12_381_g1_add(input).error(), bad);
    EXPECT_EQ(bls12_381_g2_add(input).error(), bad);
    EXPECT_EQ(bls12_381_g1_msm(input).error(), bad);
    EXPECT_EQ(bls12_381_g2_msm(input).error(), bad);
    EXPECT_EQ(bls12_381_pairing(input).error(), bad);
    EXPECT_EQ(bls12_381_map_fp_to_g1(input).error(), bad);
    EXPECT_EQ(bls12_381_map_fp2_to_g2(input).error(), bad);
  }
}

TEST(Bls12381, InfinityIsAcceptedEverywhere) {
  EXPECT_EQ(to_bytes(*bls12_381_g1_add(Bytes(256))), Bytes(128));
  EXPECT_EQ(to_bytes(*bls12_381_g2_add(Bytes(512))), Bytes(256));
  EXPECT_EQ(to_bytes(*bls12_381_g1_msm(Bytes(160))), Bytes(128));
  EXPECT_EQ(to_bytes(*bls12_381_g2_msm(Bytes(288 * 3))), Bytes(256));
  EXPECT_TRUE(*bls12_381_pairing(Bytes(384)));
}

TEST(Bls12381, MapsLandInTheSubgroups) {
  for (std::uint8_t i = 0; i < 6; ++i) {
    Bytes fp(64);
    fp.back() = i;
    const Bytes p = to_bytes(*bls12_381_map_fp_to_g1(fp));
    const Bytes q = to_bytes(*bls12_381_map_fp2_to_g2(joined({fp, fp})));
    EXPECT_NE(p, Bytes(128));
    EXPECT_NE(q, Bytes(256));
    const auto paired = bls12_381_pairing(joined({p, q}));
    ASSERT_TRUE(paired.has_value());
    EXPECT_FALSE(*paired);
    EXPECT_EQ(to_bytes(*bls12_381_g1_msm(joined({p, word(1)}))), p);
    EXPECT_EQ(to_bytes(*bls12_381_g2_msm(joined({q, word(1)}))), q);
    EXPECT_EQ(to_bytes(*bls12_381_g1_add(joined({p, p}))),
              to_bytes(*bls12_381_g1_msm(joined({p, word(2)}))));
    EXPECT_EQ(to_bytes(*bls12_381_g2_add(joined({q, q}))),
              to_bytes(*bls12_381_g2_msm(joined({q, word(1), q, word(1)}))));
  }
}

// (0, 2) is on the curve and has order 3: additions take it, sums and pairings do not.
TEST(Bls12381, OnlyAdditionAcceptsAPointOutsideTheSubgroup) {
  Bytes p(128);
  p.back() = 2;
  EXPECT_TRUE(bls12_381_g1_add(joined({p, p})).has_value());
  EXPECT_EQ(bls12_381_g1_msm(joined({p, word(1)})).error(), Error{err::bad_point});
  EXPECT_EQ(bls12_381_pairing(joined({p, Bytes(256)})).error(), Error{err::bad_point});
}

// go-ethereum, core/vm/testdata/precompiles/pointEvaluation.json
Bytes kzg_input() {
  return hex(
      "01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acf"
      "e0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434"
      "196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f269368"
      "57bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612"
      "fbeafdad446cbc7bcdbdcd780af2c16a");
}
// Puts a commitment in place, with the versioned hash that belongs to it.
Bytes with_commitment(Bytes input, BytesView commitment) {
  const Hash hash = hash::sha256(commitment);
  std::ranges::copy(hash.view(), input.begin());
  input[0] = 1;
  std::ranges::copy(commitment, input.begin() + 96);
  return input;
}

TEST(Kzg, ARightProofIsAcceptedAndAnyOtherValueIsNot) {
  EXPECT_TRUE(kzg_point_evaluation(kzg_input()).has_value());
  for (const std::size_t at : {63u, 95u}) {  // z, then y
    Bytes input = kzg_input();
    input[at] ^= 1;
    EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_proof});
  }
}

TEST(Kzg, AnotherPointAsProofIsRefused) {
  Bytes input = kzg_input();
  std::copy_n(input.begin() + 96, 48, input.begin() + 144);
  EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_proof});
}

TEST(Kzg, TheVersionedHashMustBelongToTheCommitment) {
  Bytes input = kzg_input();
  input[0] = 2;
  EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_proof});
  input = kzg_input();
  input[31] ^= 1;
  EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_proof});
}

TEST(Kzg, ScalarsNotBelowTheOrderAreRefused) {
  const Bytes order = hex("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
  for (const std::ptrdiff_t at : {32, 64}) {
    Bytes input = kzg_input();
    std::ranges::copy(order, input.begin() + at);
    EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_scalar});
  }
}

TEST(Kzg, MalformedPointsAreRefused) {
  const auto expect_bad = [](std::size_t at, std::uint8_t first) {
    Bytes input = kzg_input();
    input[at] = first;
    if (at == 96) input = with_commitment(input, BytesView{input}.subspan(96, 48));
    EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_point});
  };
  for (const std::size_t at : {96u, 144u}) {
    expect_bad(at, 0x0f);  // not compressed
    expect_bad(at, 0xcf);  // infinity with an x
    expect_bad(at, 0x9f);  // x not below p
  }
}

// The zero polynomial: every evaluation is zero and the proof is infinity.
TEST(Kzg, TheZeroPolynomialEvaluatesToZeroOnly) {
  Bytes infinity(48);
  infinity[0] = 0xc0;
  Bytes input = with_commitment(Bytes(192), infinity);
  std::ranges::copy(infinity, input.begin() + 144);
  input[63] = 5;
  EXPECT_TRUE(kzg_point_evaluation(input).has_value());
  input[95] = 1;
  EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_proof});
}

// A constant polynomial: its commitment is the constant times the generator.
TEST(Kzg, AConstantPolynomialEvaluatesToItself) {
  const Bytes generator = hex(
      "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22"
      "c6bb");
  Bytes input = with_commitment(Bytes(192), generator);
  input[144] = 0xc0;
  input[40] = 9;
  EXPECT_EQ(kzg_point_evaluation(input).error(), Error{err::bad_proof});
  input[95] = 1;
  EXPECT_TRUE(kzg_point_evaluation(input).has_value());
}

TEST(Kzg, WrongLengthsAreRefused) {
  for (const std::size_t size : {0u, 191u, 193u})
    EXPECT_EQ(kzg_point_evaluation(Bytes(size)).error(), Error{err::bad_length});
}

TEST(Modexp, EmptyAndZeroModuliGiveZeros) {
  EXPECT_EQ(modexp(word(3), word(5), {}), Bytes{});
  EXPECT_EQ(modexp({}, {}, {}), Bytes{});
  EXPECT_EQ(modexp(word(3), word(5), Bytes(7)), Bytes(7));
  EXPECT_EQ(modexp({}, {}, Bytes(1)), Bytes(1));
}

TEST(Modexp, ModulusOneGivesZeroWhateverTheExponent) {
  EXPECT_EQ(modexp(word(3), {}, word(1)), word(0));
  EXPECT_EQ(modexp(word(3), word(5), word(1)), word(0));
}

TEST(Modexp, ExponentZeroGivesOneAlsoForBaseZero) {
  EXPECT_EQ(modexp(word(3), {}, word(7)), word(1));
  EXPECT_EQ(modexp(word(0), word(0), word(7)), word(1));
  EXPECT_EQ(modexp({}, Bytes(100), word(8)), word(1));
  EXPECT_EQ(modexp({}, word(1), word(7)), word(0));
}

TEST(Modexp, SmallCasesAgreeWithPlainArithmetic) {
  for (unsigned base = 0; base < 20; ++base) {
    for (unsigned modulus = 2; modulus < 40; ++modulus) {
      unsigned expected = 1 % modulus;
      for (unsigned exponent = 0; exponent < 20; ++exponent) {
        const Bytes b{static_cast<std::uint8_t>(base)};
        const Bytes e{0, static_cast<std::uint8_t>(exponent)};
        const Bytes m{0, 0, static_cast<std::uint8_t>(modulus)};
        const Bytes out{0, 0, static_cast<std::uint8_t>(expected)};
        ASSERT_EQ(modexp(b, e, m), out) << base << '^' << exponent << " mod " << modulus;
        expected = expected * base % modulus;
      }
    }
  }
}

// EIP-198's first example: Fermat's little theorem for secp256k1's field.
TEST(Modexp, FermatHoldsForSecp256k1sPrime) {
  const Bytes prime = hex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
  Bytes exponent = prime;
  exponent.back() -= 1;
  EXPECT_EQ(modexp(Bytes{3}, exponent, prime), word(1));
  EXPECT_EQ(modexp(prime, exponent, prime), word(0));
}

// (m - 1)^2 = 1 and (m - 1)^3 = m - 1 modulo any m, at the largest size of EIP-7823.
TEST(Modexp, WorksAtALengthOf1024Bytes) {
  for (const std::uint8_t last : Bytes{0xff, 0x80, 0x00}) {
    Bytes modulus(1024, 0xa5);
    modulus.back() = last;
    Bytes minus_one = modulus;
    for (std::size_t i = minus_one.size(); minus_one[--i]-- == 0;) {
    }
    Bytes one(1024);
    one.back() = 1;
    EXPECT_EQ(modexp(minus_one, Bytes{2}, modulus), one);
    EXPECT_EQ(modexp(minus_one, Bytes{3}, modulus), minus_one);
    const Bytes wide = joined({modulus, Bytes(1024)});  // modulus * 2^8192, so zero
    EXPECT_EQ(modexp(wide, Bytes{1}, modulus), Bytes(1024));
  }
}

TEST(Modexp, PowersOfTwoAsModulusKeepTheLowBits) {
  Bytes modulus(40);
  modulus[3] = 0x10;  // 2^292
  EXPECT_EQ(modexp(Bytes{3}, Bytes{0}, modulus).back(), 1);
  EXPECT_EQ(modexp(Bytes{9}, Bytes{3}, modulus), (joined({Bytes(38), Bytes{0x02, 0xd9}})));
  EXPECT_EQ(modexp(Bytes{2}, Bytes{0x01, 0x24}, modulus), Bytes(40));
  EXPECT_EQ(modexp(Bytes{2}, Bytes{0x01, 0x23}, modulus)[3], 0x08);
}

}  // namespace
}  // namespace wusong::pairing
