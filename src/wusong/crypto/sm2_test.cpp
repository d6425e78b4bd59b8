// SPDX-License-Identifier: Apache-2.0
// SM2 on every provider, against OpenSSL and where additions meet their exceptions.
#include "wusong/crypto/sm2.hpp"

#include <vector>

#include "wusong/base/processor.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

using internal::for_each_curve_provider;
using internal::Holds;
using internal::less_than;
using internal::Number;
using internal::PeerCurve;
using internal::PlainPoint;
using internal::PointEquation;

constexpr Number kOrder = internal::Sm2Curve::Order::kModulus;
constexpr Number kPrime = internal::Sm2Curve::Field::kModulus;
constexpr PlainPoint kGenerator{internal::Sm2Curve::kX, internal::Sm2Curve::kY};

const PeerCurve& peer() {
  static const PeerCurve kShared{NID_sm2};
  return kShared;
}
/// 30 2^252 - n, whose digits make the last addition of the fixed tables a doubling.
Number doubling_scalar() {
  Number out{0, 0, 0, std::uint64_t{30} << 60};  // modulo 2^256
  math::subtract_in_place(out, kOrder);
  return out;
}
std::vector<Number> boundary_scalars() {
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

TEST(Sm2Curve, MultiplesOfTheGeneratorAreOpensslsWhateverTheirNumber) {
  std::mt19937_64 random{1};
  std::vector<Number> scalars = boundary_scalars();
  while (scalars.size() < 300) scalars.push_back(internal::random_number(random, kOrder));
  std::vector<PlainPoint> expected;
  for (const Number& k : scalars) expected.push_back(*peer().multiple(k));
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    for (const std::size_t count : {0u, 1u, 2u, 7u, 8u, 9u, 15u, 16u, 17u, 24u, 255u, 256u, 300u}) {
      std::vector<PlainPoint> out(count);
      ASSERT_TRUE(provider.sm2.multiply_base(std::span{scalars}.first(count), out));
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(out[i].x, expected[i].x) << i << " of " << count;
        EXPECT_EQ(out[i].y, expected[i].y) << i << " of " << count;
      }
    }
    for (const Number& k : scalars) {
      const Number inverse = provider.sm2.invert_scalar(k);
      EXPECT_EQ(provider.sm2.invert_scalar(inverse), k);
    }
  });
}

TEST(Sm2Curve, WhatCannotBeMultipliedIsNotPassedOff) {
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    for (const Number& bad : {Number{}, doubling_scalar()}) {
      for (const std::size_t at : {0u, 5u, 20u}) {
        std::vector<Number> scalars(21, Number{77});
        scalars[at] = bad;
        std::vector<PlainPoint> out(scalars.size());
        EXPECT_FALSE(provider.sm2.multiply_base(scalars, out)) << at;
      }
    }
  });
}

TEST(Sm2Curve, EquationsHoldExactlyWhereOpensslSaysSo) {
  const Number some = internal::number_of(internal::make_bn(BytesView{hash::sm3({})}).get());
  std::vector<Number> scalars{Number{},
                              Number{1},
                              Number{3},
                              less_than(kOrder, 1),
                              less_than(kOrder, 2),
                              peer().modulo_order(some)};
  std::vector<PlainPoint> keys{kGenerator};
  for (const Number& k : {Number{2}, less_than(kOrder, 1), some})
    keys.push_back(*peer().multiple(k));
  std::vector<PointEquation> equations;
  std::vector<Holds> expected;
  for (const PlainPoint& key : keys) {
    for (const Number& u1 : scalars) {
      for (const Number& u2 : scalars) {
        const auto point = peer().sum(u1, u2, key);
        const Number r = point ? peer().modulo_order(point->x) : Number{};
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
      provider.sm2.check(std::span{equations}.subspan(start), out);
      for (std::size_t i = 0; i < out.size(); ++i)
        ASSERT_EQ(out[i], expected[start + i]) << start + i;
    }
  });
}

TEST(Sm2Curve, AnAbscissaBeyondTheOrderCounts) {
  // R with n <= x < p, and Q = R - G: R = G + Q, and r = x - n.
  const internal::EcPointPtr point = internal::make_point(peer().group());
  Number x = kOrder;
  for (;; math::add_in_place(x, Number{1})) {
    ASSERT_TRUE(math::less(x, kPrime));
    if (EC_POINT_set_compressed_coordinates(peer().group(), point.get(), internal::peer_bn(x).get(),
                                            0, nullptr) == 1)
      break;
  }
  const internal::BnPtr y = internal::make_bn();
  ASSERT_EQ(EC_POINT_get_affine_coordinates(peer().group(), point.get(), nullptr, y.get(), nullptr),
            1);
  const auto key = peer().sum(less_than(kOrder, 1), Number{1}, {x, internal::number_of(y.get())});
  ASSERT_TRUE(key);
  Number r = x;
  math::subtract_in_place(r, kOrder);
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const PointEquation equation{*key, Number{1}, Number{1}, r};
    Holds holds = Holds::no;
    provider.sm2.check({&equation, 1}, {&holds, 1});
    EXPECT_EQ(holds, Holds::yes);
  });
}

TEST(Sm2Curve, AWrongNumberOfTheSecretIsSeenBeforeItSigns) {
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const Number plus_one{1234};
    const Number inverse = provider.sm2.invert_scalar(plus_one);
    std::vector<internal::Sm2Equation> equations(
        11, {Number{5}, Number{6}, Number{7}, plus_one, inverse});
    std::vector<internal::Sm2Parts> parts(equations.size());
    EXPECT_TRUE(provider.sm2_sign(equations, parts));
    EXPECT_TRUE(parts[10].is_usable);
    equations[9].inverse[2] ^= 1 << 20;
    EXPECT_FALSE(provider.sm2_sign(equations, parts));
    equations[9].inverse = inverse;
    equations[9].one_plus_secret[0] ^= 2;
    EXPECT_FALSE(provider.sm2_sign(equations, parts));
  });
}

TEST(Sm2Curve, NoncesThatDoNotServeAreNamed) {
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const Number plus_one{1234};
    const Number inverse = provider.sm2.invert_scalar(plus_one);
    const Number minus_five = less_than(kOrder, 5);
    internal::Sm2Equation equations[] = {
        {Number{9}, minus_five, Number{5}, plus_one, inverse},         // r = 0
        {minus_five, Number{2}, Number{3}, plus_one, inverse},         // r + k = n
        {Number{2468 - 3}, Number{1}, Number{1}, plus_one, inverse}};  // s = 2467 / 1234 - 2
    equations[2].nonce = Number{2 * 1234 - 2};                         // s = 0
    internal::Sm2Parts parts[3];
    EXPECT_TRUE(provider.sm2_sign(equations, parts));
    for (const auto& each : parts) EXPECT_FALSE(each.is_usable);
  });
}

// ---- Signatures

Bytes message_of(std::size_t i) {
  return Bytes(i % 70, static_cast<std::uint8_t>(i));
}

struct Case {
  std::vector<Sm2Secret> secrets;
  std::vector<Sm2SignRequest> requests;
};
Case case_of(std::size_t count) {
  Case out;
  for (std::uint8_t i = 0; i < 5; ++i)
    out.secrets.push_back(*Sm2Secret::from(Bytes(32, static_cast<std::uint8_t>(i + 1))));
  for (std::size_t i = 0; i < count; ++i) {
    const Sm2Secret& secret = out.secrets[i % 5];
    out.requests.push_back({&secret, sm2_digest(secret.public_key(), message_of(i / 2))});
  }
  return out;
}
Sm2VerifyRequest check_of(const Sm2SignRequest& request, const Sm2Signature& signature) {
  return {request.secret->public_key(), request.digest, signature};
}

TEST(Sm2Signatures, AreTheSameOneByOneAndTogetherOnEveryProvider) {
  std::vector<Sm2Signature> expected;
  for_each_curve_provider([&](const internal::CurveProvider&) {
    const Case made = case_of(40);
    std::vector<Sm2Signature> together(made.requests.size());
    ASSERT_TRUE(sm2_sign(made.requests, together));
    if (expected.empty()) expected = together;
    EXPECT_EQ(together, expected);
    for (std::size_t i = 0; i < 6; ++i) {
      Sm2Signature alone;
      ASSERT_TRUE(sm2_sign(std::span{made.requests}.subspan(i, 1), {&alone, 1}));
      EXPECT_EQ(alone, together[i]);
    }
  });
}

TEST(Sm2Signatures, VerifyAloneAndTogetherAndNothingElseDoes) {
  for_each_curve_provider([&](const internal::CurveProvider&) {
    const Case made = case_of(37);
    std::vector<Sm2Signature> signatures(made.requests.size());
    ASSERT_TRUE(sm2_sign(made.requests, signatures));
    for (std::size_t i = 3; i < signatures.size(); i += 3)
      signatures[i][i % 64] ^= static_cast<std::uint8_t>(1 << (i % 8));
    std::vector<Sm2VerifyRequest> checks;
    for (std::size_t i = 0; i < signatures.size(); ++i)
      checks.push_back(check_of(made.requests[i], signatures[i]));
    std::vector<Result<void>> out(checks.size());
    sm2_verify(checks, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const bool is_changed = i >= 3 && i % 3 == 0;
      EXPECT_EQ(out[i], is_changed ? fail(err::bad_signature) : Result<void>{}) << i;
      EXPECT_EQ(sm2_verify(checks[i]), out[i]) << i;
    }
  });
}

TEST(Sm2Signatures, AHedgeChangesThemAndTheyVerify) {
  const Case made = case_of(3);
  std::vector<Sm2Signature> plain(3);
  std::vector<Sm2Signature> hedged(3);
  ASSERT_TRUE(sm2_sign(made.requests, plain));
  ASSERT_TRUE(sm2_sign(made.requests, hedged, hash::sm3({})));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NE(plain[i], hedged[i]);
    EXPECT_TRUE(sm2_verify(check_of(made.requests[i], hedged[i])));
  }
}

TEST(Sm2Signatures, WhatIsNoKeyOrNoSignatureHasANamedError) {
  for_each_curve_provider([&](const internal::CurveProvider&) {
    const Case made = case_of(1);
    Sm2Signature good;
    ASSERT_TRUE(sm2_sign(made.requests, {&good, 1}));
    const Hash digest = made.requests[0].digest;
    const Bytes key = to_bytes(made.secrets[0].public_key());
    const auto verdict = [&](const Bytes& k, BytesView s) { return sm2_verify({k, digest, s}); };
    EXPECT_TRUE(verdict(key, good));
    EXPECT_EQ(verdict(key, BytesView{good}.first(63)), fail(err::bad_length));
    EXPECT_EQ(verdict(Bytes(65, 4), good), fail(err::bad_length));
    EXPECT_EQ(verdict(Bytes(64, 0), good), fail(err::bad_public_key));
    EXPECT_EQ(verdict(Bytes(64, 0xff), good), fail(err::bad_public_key));
    Bytes off = key;
    off[63] ^= 1;
    EXPECT_EQ(verdict(off, good), fail(err::bad_public_key));
    // r or s: zero, the order, beyond; and r + s = n.
    std::array<std::uint8_t, 32> order;
    math::store_be_limbs(kOrder, order.data());
    for (const std::size_t half : {0u, 32u}) {
      for (const int kind : {0, 1, 2}) {
        Sm2Signature bad = good;
        for (std::size_t i = 0; i < 32; ++i)
          bad[half + i] = kind == 0 ? 0 : kind == 1 ? order[i] : 0xff;
        EXPECT_EQ(verdict(key, bad), fail(err::bad_signature));
      }
    }
    Number s = kOrder;
    math::subtract_in_place(s, math::load_be_limbs<4>(good.data()));
    Sm2Signature opposite = good;
    math::store_be_limbs(s, opposite.data() + 32);
    EXPECT_EQ(verdict(key, opposite), fail(err::bad_signature));
  });
}

TEST(Sm2Secrets, EveryScalarBelowTheOrderLessOneIsAKey) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    std::vector<Number> scalars = boundary_scalars();
    scalars.push_back(doubling_scalar());
    for (const Number& scalar : scalars) {
      std::array<std::uint8_t, 32> bytes;
      math::store_be_limbs(scalar, bytes.data());
      const auto made = Sm2Secret::from(bytes);
      ASSERT_EQ(made.has_value(), scalar != less_than(kOrder, 1));
      if (!made) continue;
      const PlainPoint expected = *peer().multiple(scalar);
      EXPECT_EQ(math::load_be_limbs<4>(made->public_key().data()), expected.x);
      EXPECT_EQ(math::load_be_limbs<4>(made->public_key().data() + 32), expected.y);
    }
  });
}

TEST(Sm2Secrets, AreOverwrittenWhenTheirOwnerGoes) {
  alignas(Sm2Secret) std::array<std::uint8_t, sizeof(Sm2Secret)> memory{};
  auto made = Sm2Secret::from(Bytes(32, 3));
  ASSERT_TRUE(made);
  const Bytes key = to_bytes(made->public_key());
  auto* const secret = new (memory.data()) Sm2Secret{std::move(*made)};
  const auto count = [&memory] {
    return std::ranges::count_if(memory, [](std::uint8_t byte) { return byte != 0; });
  };
  EXPECT_GT(count(), 120);
  secret->~Sm2Secret();
  // Only the public key is left.
  EXPECT_LE(count(), 64);
}

TEST(CurveProviders, WithoutExtensionsTheLastAloneIsThere) {
  const auto all = internal::curve_providers();
  for (const internal::CurveProvider* const each : all.first(all.size() - 1))
    EXPECT_TRUE(may_use_extensions() || !each->is_supported()) << each->name;
  EXPECT_TRUE(all.back()->is_supported());
}

}  // namespace
}  // namespace wusong::crypto
