// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/group.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include "wusong/codec/hex.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/internal/modular.hpp"
#include "wusong/threshold/test_world.hpp"

namespace wusong::threshold {
namespace {

class GroupOf : public ::testing::TestWithParam<const Group*> {
 protected:
  const Group& group = *GetParam();
  testkit::SeededEntropy entropy;
};
INSTANTIATE_TEST_SUITE_P(, GroupOf,
                         ::testing::Values(&ed25519_group(), &sm2_group(), &p256_group(),
                                           &secp256k1_group(), &ToyGroup::shared()),
                         [](const auto& tested) { return std::string{tested.param->name()}; });

TEST_P(GroupOf, ScalarsAreAField) {
  for (int round = 0; round < 50; ++round) {
    const Scalar a = group.random_nonzero(entropy);
    const Scalar b = group.random(entropy);
    const Scalar c = group.random(entropy);
    EXPECT_EQ(group.multiply(a, group.invert(a)), group.scalar(1));
    EXPECT_EQ(group.subtract(group.add(a, b), b), a);
    EXPECT_EQ(group.multiply(a, group.add(b, c)),
              group.add(group.multiply(a, b), group.multiply(a, c)));
    EXPECT_EQ(group.multiply(a, group.multiply(b, c)), group.multiply(group.multiply(a, b), c));
    const auto again = group.decode_scalar(a.view());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, a);
  }
  EXPECT_TRUE(group.invert(Scalar{}).is_zero());
}

TEST_P(GroupOf, MultiplesFollowScalars) {
  for (int round = 0; round < 8; ++round) {
    const Scalar a = group.random_nonzero(entropy);
    const Scalar b = group.random_nonzero(entropy);
    const Point p = group.base_times(a);
    EXPECT_EQ(group.add(p, group.base_times(b)), group.base_times(group.add(a, b)));
    EXPECT_EQ(group.times(p, b), group.base_times(group.multiply(a, b)));
    EXPECT_EQ(group.subtract(p, p), group.identity());
    EXPECT_EQ(group.add(p, group.identity()), p);
    EXPECT_EQ(group.times(p, Scalar{}), group.identity());
    EXPECT_EQ(group.times(group.identity(), b), group.identity());
    EXPECT_EQ(group.base_times(Scalar{}), group.identity());
    EXPECT_EQ(group.add(p, p), group.times(p, group.scalar(2)));
    const auto again = group.decode_point(group.encoded(p));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, p);
  }
}

TEST_P(GroupOf, TheIdentityAndOtherLengthsAreNoPoints) {
  EXPECT_EQ(group.decode_point(group.encoded(group.identity())).error(), err::bad_point);
  EXPECT_EQ(group.decode_point({}).error(), err::bad_point);
  const Bytes long_one(group.point_size() + 1);
  EXPECT_EQ(group.decode_point(long_one).error(), err::bad_point);
  EXPECT_EQ(group.decode_scalar(Bytes(kScalarSize - 1)).error(), err::bad_scalar);
  EXPECT_EQ(group.decode_scalar(Bytes(kScalarSize, 0xff)).error(), err::bad_scalar);
}

TEST_P(GroupOf, KnowledgeIsProvenForOneElementInOneContext) {
  const Scalar secret = group.random_nonzero(entropy);
  const Point element = group.base_times(secret);
  const auto proof = prove_knowledge(group, as_bytes("here"), secret, entropy);
  EXPECT_TRUE(check_knowledge(group, as_bytes("here"), element, proof));
  if (&group == &ToyGroup::shared()) return;  // challenges of eleven values collide
  EXPECT_EQ(check_knowledge(group, as_bytes("there"), element, proof).error(), err::bad_proof);
  EXPECT_EQ(check_knowledge(group, as_bytes("here"), group.add(element, element), proof).error(),
            err::bad_proof);
  KnowledgeProof wrong = proof;
  wrong.response = group.add(wrong.response, group.scalar(1));
  EXPECT_FALSE(check_knowledge(group, as_bytes("here"), element, wrong));
}

TEST(Ed25519Group, RefusesTheOrderSmallOrdersAndOtherEncodings) {
  const Group& group = ed25519_group();
  const auto order =
      *codec::from_hex("0xedd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  EXPECT_EQ(group.decode_scalar(order).error(), err::bad_scalar);
  Bytes below = order;
  --below[0];
  EXPECT_TRUE(group.decode_scalar(below));
  for (const char* text :
       {"0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",     // order 2
        "0x0000000000000000000000000000000000000000000000000000000000000000",     // order 4
        "0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",     // order 8
        "0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {  // 1 + p
    EXPECT_EQ(group.decode_point(*codec::from_hex(text)).error(), err::bad_point) << text;
  }
}

struct CurveCase {
  const Group* group;
  const char* order;
};
class CurveOf : public ::testing::TestWithParam<CurveCase> {
 protected:
  const Group& group = *GetParam().group;
  testkit::SeededEntropy entropy;
};
INSTANTIATE_TEST_SUITE_P(
    , CurveOf,
    ::testing::Values(
        CurveCase{&sm2_group(), "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123"},
        CurveCase{&p256_group(),
                  "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"},
        CurveCase{&secp256k1_group(),
                  "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141"}),
    [](const auto& tested) { return std::string{tested.param.group->name()}; });

TEST_P(CurveOf, ScalarsAgreeWithBigNumbersAtBoundsAndAtRandom) {
  BN_CTX* const context = BN_CTX_new();
  BIGNUM* order = nullptr;
  BN_hex2bn(&order, GetParam().order);
  std::vector<Scalar> samples{group.scalar(0), group.scalar(1), group.scalar(2),
                              group.subtract(group.scalar(0), group.scalar(1)),
                              group.invert(group.scalar(2))};
  for (int i = 0; i < 20; ++i) samples.push_back(group.random(entropy));
  const auto number = [](BytesView bytes) {
    return BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  };
  for (const Scalar& a : samples)
    for (const Scalar& b : samples) {
      BIGNUM* const x = number(a.view());
      BIGNUM* const y = number(b.view());
      BIGNUM* const z = BN_new();
      Scalar want;
      BN_mod_mul(z, x, y, order, context);
      BN_bn2binpad(z, want.bytes.data(), 32);
      EXPECT_EQ(group.multiply(a, b), want);
      BN_mod_add(z, x, y, order, context);
      BN_bn2binpad(z, want.bytes.data(), 32);
      EXPECT_EQ(group.add(a, b), want);
      BN_mod_sub(z, x, y, order, context);
      BN_bn2binpad(z, want.bytes.data(), 32);
      EXPECT_EQ(group.subtract(a, b), want);
      std::array<std::uint8_t, 64> wide;
      std::ranges::copy(a.bytes, wide.begin());
      std::ranges::copy(b.bytes, wide.begin() + 32);
      for (const std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{0xff}}) {
        std::fill_n(wide.begin() + 16, 4, fill);
        BIGNUM* const w = number(wide);
        BN_nnmod(z, w, order, context);
        BN_bn2binpad(z, want.bytes.data(), 32);
        EXPECT_EQ(group.reduce(wide), want);
        BN_free(w);
      }
      BN_free(x);
      BN_free(y);
      BN_free(z);
    }
  std::array<std::uint8_t, 64> ones;
  ones.fill(0xff);
  BIGNUM* const w = number(ones);
  BIGNUM* const z = BN_new();
  BN_nnmod(z, w, order, context);
  Scalar want;
  BN_bn2binpad(z, want.bytes.data(), 32);
  EXPECT_EQ(group.reduce(ones), want);
  BN_free(w);
  BN_free(z);
  BN_free(order);
  BN_CTX_free(context);
}

TEST_P(CurveOf, RefusesTheOrderAndWhatIsNotOnTheCurve) {
  const auto order = *codec::from_hex("0x" + std::string{GetParam().order});
  EXPECT_EQ(group.decode_scalar(order).error(), err::bad_scalar);
  Bytes below = order;
  --below[31];
  EXPECT_TRUE(group.decode_scalar(below));
  Bytes point = to_bytes(group.encoded(group.base_times(group.scalar(5))));
  point[63] ^= 1;
  EXPECT_EQ(group.decode_point(point).error(), err::bad_point);
  EXPECT_EQ(group.decode_point(Bytes(64, 0xff)).error(), err::bad_point);
}

}  // namespace
}  // namespace wusong::threshold
