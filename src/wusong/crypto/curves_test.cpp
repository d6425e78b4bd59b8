// SPDX-License-Identifier: Apache-2.0
// The curves of SM2 and P-256 on every provider, against OpenSSL and where additions meet their
// exceptions.
#include <vector>

#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::CurveKernels;
using internal::CurveProvider;
using internal::for_each_curve_provider;
using internal::Holds;
using internal::less_than;
using internal::Number;
using internal::PeerCurve;
using internal::PlainPoint;
using internal::PointEquation;

struct OnSm2 {
  using C = internal::Sm2Curve;
  static constexpr int kPeer = NID_sm2;
  static constexpr CurveKernels CurveProvider::* kKernels = &CurveProvider::sm2;
};
struct OnP256 {
  using C = internal::P256Curve;
  static constexpr int kPeer = NID_X9_62_prime256v1;
  static constexpr CurveKernels CurveProvider::* kKernels = &CurveProvider::p256;
};

template <typename T>
class LaneCurves : public testing::Test {
 protected:
  static constexpr Number kOrder = T::C::Order::kModulus;
  static constexpr Number kPrime = T::C::Field::kModulus;
  static constexpr PlainPoint kGenerator{T::C::kX, T::C::kY};

  static const PeerCurve& peer() {
    static const PeerCurve kShared{T::kPeer};
    return kShared;
  }
  /// 30 2^252 - n, whose digits make the last addition of the fixed tables a doubling.
  static Number doubling_scalar() {
    Number out{0, 0, 0, std::uint64_t{30} << 60};  // modulo 2^256
    math::subtract_in_place(out, kOrder);
    return out;
  }
  static std::vector<Number> boundary_scalars() {
    std::vector<Number> out{Number{1},
                            Number{2},
                            Number{3},
                            Number{4},
                            Number{127},
                            Number{128},
                            less_than(kOrder, 1),
                            less_than(kOrder, 2),
                            less_than(kOrder, 3)};
    for (const unsigned bit : {7u, 8u, 63u, 64u, 128u, 252u, 255u}) {
      Number power{};
      power[bit / 64] = std::uint64_t{1} << (bit % 64);
      out.push_back(power);
      out.push_back(less_than(power, 1));
    }
    return out;
  }
};
using Curves = testing::Types<OnSm2, OnP256>;
TYPED_TEST_SUITE(LaneCurves, Curves);

TYPED_TEST(LaneCurves, MultiplesOfTheGeneratorAreOpensslsWhateverTheirNumber) {
  std::mt19937_64 random{1};
  std::vector<Number> scalars = TestFixture::boundary_scalars();
  while (scalars.size() < 300)
    scalars.push_back(internal::random_number(random, TestFixture::kOrder));
  std::vector<PlainPoint> expected;
  for (const Number& k : scalars) expected.push_back(*TestFixture::peer().multiple(k));
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    for (const std::size_t count : {0u, 1u, 2u, 7u, 8u, 9u, 15u, 16u, 17u, 24u, 255u, 256u, 300u}) {
      std::vector<PlainPoint> out(count);
      ASSERT_TRUE(
          (provider.*TypeParam::kKernels).multiply_base(std::span{scalars}.first(count), out));
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(out[i].x, expected[i].x) << i << " of " << count;
        EXPECT_EQ(out[i].y, expected[i].y) << i << " of " << count;
      }
    }
    for (const Number& k : scalars) {
      const Number inverse = (provider.*TypeParam::kKernels).invert_scalar(k);
      EXPECT_EQ((provider.*TypeParam::kKernels).invert_scalar(inverse), k);
    }
  });
}

TYPED_TEST(LaneCurves, WhatCannotBeMultipliedIsNotPassedOff) {
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    for (const Number& bad : {Number{}, TestFixture::doubling_scalar()}) {
      for (const std::size_t at : {0u, 5u, 20u}) {
        std::vector<Number> scalars(21, Number{77});
        scalars[at] = bad;
        std::vector<PlainPoint> out(scalars.size());
        EXPECT_FALSE((provider.*TypeParam::kKernels).multiply_base(scalars, out)) << at;
      }
    }
  });
}

/// What the same equations give whose keys have been seen before.
std::vector<Holds> check_known(const CurveProvider& provider,
                               std::span<const PointEquation> equations) {
  std::vector<PlainPoint> keys;
  std::vector<internal::KnownPoint> known(equations.size());
  std::vector<internal::KnownPoint*> to;
  for (std::size_t i = 0; i < equations.size(); ++i) {
    keys.push_back(equations[i].key);
    to.push_back(&known[i]);
  }
  provider.sm2_known.prepare(keys, to);
  std::vector<internal::KnownEquation> asked;
  for (std::size_t i = 0; i < equations.size(); ++i)
    asked.push_back({to[i], equations[i].u1, equations[i].u2, equations[i].r});
  std::vector<Holds> out(equations.size());
  provider.sm2_known.check(asked, out);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!known[i].is_on_curve) out[i] = Holds::bad_key;
  return out;
}

TYPED_TEST(LaneCurves, EquationsHoldExactlyWhereOpensslSaysSo) {
  const Number some = internal::number_of(internal::make_bn(BytesView{hash::sm3({})}).get());
  std::vector<Number> scalars{Number{},
                              Number{1},
                              Number{3},
                              less_than(TestFixture::kOrder, 1),
                              less_than(TestFixture::kOrder, 2),
                              TestFixture::peer().modulo_order(some)};
  std::vector<PlainPoint> keys{TestFixture::kGenerator};
  for (const Number& k : {Number{2}, less_than(TestFixture::kOrder, 1), some})
    keys.push_back(*TestFixture::peer().multiple(k));
  std::vector<PointEquation> equations;
  std::vector<Holds> expected;
  for (const PlainPoint& key : keys) {
    for (const Number& u1 : scalars) {
      for (const Number& u2 : scalars) {
        const auto point = TestFixture::peer().sum(u1, u2, key);
        const Number r = point ? TestFixture::peer().modulo_order(point->x) : Number{};
        equations.push_back({key, u1, u2, r});
        expected.push_back(point ? Holds::yes : Holds::no);
        equations.push_back({key, u1, u2, less_than(r[0] == 0 ? Number{9} : r, 1)});
        expected.push_back(Holds::no);
      }
    }
  }
  equations.push_back({{Number{1}, Number{1}}, Number{1}, Number{1}, Number{1}});
  expected.push_back(Holds::bad_key);
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    for (const std::size_t start : {0u, 5u}) {  // other lanes
      std::vector<Holds> out(equations.size() - start);
      (provider.*TypeParam::kKernels).check(std::span{equations}.subspan(start), out);
      for (std::size_t i = 0; i < out.size(); ++i)
        ASSERT_EQ(out[i], expected[start + i]) << start + i;
      if (!std::is_same_v<TypeParam, OnSm2>) continue;
      const auto known = check_known(provider, std::span{equations}.subspan(start));
      for (std::size_t i = 0; i < known.size(); ++i)
        ASSERT_EQ(known[i], expected[start + i]) << start + i;
    }
  });
}

TYPED_TEST(LaneCurves, AnAbscissaBeyondTheOrderCounts) {
  // R with n <= x < p, and Q = R - G: R = G + Q, and r = x - n.
  const internal::EcPointPtr point = internal::make_point(TestFixture::peer().group());
  Number x = TestFixture::kOrder;
  for (;; math::add_in_place(x, Number{1})) {
    ASSERT_TRUE(math::less(x, TestFixture::kPrime));
    if (EC_POINT_set_compressed_coordinates(TestFixture::peer().group(), point.get(),
                                            internal::peer_bn(x).get(), 0, nullptr) == 1)
      break;
  }
  const internal::BnPtr y = internal::make_bn();
  ASSERT_EQ(EC_POINT_get_affine_coordinates(TestFixture::peer().group(), point.get(), nullptr,
                                            y.get(), nullptr),
            1);
  const auto key = TestFixture::peer().sum(less_than(TestFixture::kOrder, 1), Number{1},
                                           {x, internal::number_of(y.get())});
  ASSERT_TRUE(key);
  Number r = x;
  math::subtract_in_place(r, TestFixture::kOrder);
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const PointEquation equation{*key, Number{1}, Number{1}, r};
    Holds holds = Holds::no;
    (provider.*TypeParam::kKernels).check({&equation, 1}, {&holds, 1});
    EXPECT_EQ(holds, Holds::yes);
    if (std::is_same_v<TypeParam, OnSm2>) {
      EXPECT_EQ(check_known(provider, {&equation, 1}).front(), Holds::yes);
    }
  });
}

TEST(KnownPoints, HaveTheSameTablesOnEveryProvider) {
  std::vector<std::vector<internal::KnownPoint>> made;
  const PeerCurve curve{NID_sm2};
  std::vector<PlainPoint> keys;
  for (std::uint64_t k = 1; k < 12; ++k) keys.push_back(*curve.multiple(Number{k * k}));
  for_each_curve_provider([&](const CurveProvider& provider) {
    auto& known = made.emplace_back(keys.size());
    std::vector<internal::KnownPoint*> to;
    for (auto& each : known) to.push_back(&each);
    provider.sm2_known.prepare(keys, to);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(known[i].rows, made.front()[i].rows);
      EXPECT_EQ(known[i].point, keys[i]);
      EXPECT_TRUE(known[i].is_on_curve);
    }
  });
}

TYPED_TEST(LaneCurves, PointsAreOnTheCurveOrNot) {
  std::vector<PlainPoint> points;
  for (std::uint64_t k = 1; k < 20; ++k) points.push_back(*TestFixture::peer().multiple(Number{k}));
  for_each_curve_provider([&](const CurveProvider& provider) {
    const auto are_on_curve = (provider.*TypeParam::kKernels).are_on_curve;
    for (const std::size_t count : {0u, 1u, 8u, 19u})
      EXPECT_TRUE(are_on_curve(std::span{points}.first(count)));
    for (const std::size_t at : {0u, 7u, 18u}) {
      auto changed = points;
      changed[at].x[3] ^= 1 << 9;
      EXPECT_FALSE(are_on_curve(changed));
      changed[at] = {points[at].x, points[at ^ 1].y};
      EXPECT_FALSE(are_on_curve(changed));
    }
  });
}

}  // namespace
}  // namespace wusong::crypto
