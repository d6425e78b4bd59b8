// SPDX-License-Identifier: Apache-2.0
// SM2's signatures on every provider; curves_test.cpp has the curve.
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
using internal::less_than;
using internal::Number;
using internal::PeerCurve;
using internal::PlainPoint;
using internal::SignatureParts;
using internal::SigningEquation;

constexpr Number kOrder = internal::Sm2Curve::Order::kModulus;

const PeerCurve& peer() {
  static const PeerCurve kShared{NID_sm2};
  return kShared;
}

TEST(Sm2Scalars, AWrongNumberOfEitherFormOfTheSecretIsSeen) {
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const Number plus_one{1234};
    const Number inverse = provider.sm2.invert_scalar(plus_one);
    std::vector<SigningEquation> equations(11,
                                           {Number{5}, Number{6}, Number{7}, inverse, plus_one});
    std::vector<SignatureParts> parts(equations.size());
    const auto are_signed = [&] { return provider.sm2.are_signed(equations, parts); };
    provider.sm2.sign(equations, parts);
    EXPECT_TRUE(are_signed());
    EXPECT_TRUE(parts[10].is_usable);
    for (Number SigningEquation::* const number :
         {&SigningEquation::nonce, &SigningEquation::digest, &SigningEquation::x,
          &SigningEquation::check}) {
      (equations[9].*number)[0] ^= 2;
      EXPECT_FALSE(are_signed());
      (equations[9].*number)[0] ^= 2;
    }
    equations[9].secret[2] ^= 1 << 20;
    provider.sm2.sign(equations, parts);
    EXPECT_FALSE(are_signed());
  });
}

TEST(Sm2Scalars, NoncesThatDoNotServeAreNamed) {
  for_each_curve_provider([&](const internal::CurveProvider& provider) {
    const Number plus_one{1234};
    const Number inverse = provider.sm2.invert_scalar(plus_one);
    const Number minus_five = less_than(kOrder, 5);
    SigningEquation equations[] = {
        {Number{9}, minus_five, Number{5}, inverse, plus_one},         // r = 0
        {minus_five, Number{2}, Number{3}, inverse, plus_one},         // r + k = n
        {Number{2468 - 3}, Number{1}, Number{1}, inverse, plus_one}};  // s = 2467 / 1234 - 2
    equations[2].nonce = Number{2 * 1234 - 2};                         // s = 0
    SignatureParts parts[3];
    provider.sm2.sign(equations, parts);
    EXPECT_TRUE(provider.sm2.are_signed(equations, parts));
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
    for (const Number& scalar :
         {Number{1}, Number{2}, Number{128}, less_than(kOrder, 1), less_than(kOrder, 2)}) {
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
