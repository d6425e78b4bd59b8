// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/ml_dsa.hpp"

#include <gtest/gtest.h>

#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/ml_dsa_parts.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::pq {
namespace {

constexpr MlDsa kSets[] = {MlDsa::ml_dsa_44, MlDsa::ml_dsa_65, MlDsa::ml_dsa_87};
const Bytes kMessage = to_bytes(as_bytes("a record of public data"));
const Bytes kContext = to_bytes(as_bytes("test"));

MlDsaSecretKey key_of(MlDsa set,
                      const internal::Provider& provider = internal::fastest_provider()) {
  const Bytes seed(kMlDsaSeedSize, 7);
  return MlDsaSecretKey::from_seed(set, MlDsaSeed{seed}, provider);
}
Error verdict_of(const MlDsaPublicKey& key, BytesView signature) {
  const auto verdict = key.verify(kMessage, kContext, signature);
  EXPECT_FALSE(verdict.has_value());
  return verdict ? Error{err::signing_fault} : verdict.error();
}
std::size_t hints_at(MlDsa set) {
  const auto& p = internal::parameters_of(set);
  return p.shape.signature - p.omega - p.k;
}

TEST(MlDsa, WhatAKeySignsItsPublicHalfVerifiesAndNothingElse) {
  testkit::SeededEntropy entropy;
  for (const MlDsa set : kSets) {
    const auto key = key_of(set);
    const auto signature = key.sign(kMessage, kContext, entropy);
    ASSERT_TRUE(signature);
    const auto decoded = MlDsaPublicKey::decode(set, key.public_key().encoded());
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(decoded->verify(kMessage, kContext, *signature));
    EXPECT_EQ(decoded->verify(kMessage, {}, *signature).error(), err::bad_signature);
    EXPECT_EQ(decoded->verify({}, kContext, *signature).error(), err::bad_signature);
    Bytes other_key = to_bytes(key.public_key().encoded());
    other_key[40] ^= 1;
    EXPECT_FALSE(MlDsaPublicKey::decode(set, other_key)->verify(kMessage, kContext, *signature));
  }
}

TEST(MlDsa, EveryChangedBitOfTheChallengeAndOthersIsRefused) {
  const auto key = key_of(MlDsa::ml_dsa_44);
  const Bytes signature = *key.sign_deterministic(kMessage, kContext);
  for (std::size_t bit = 0; bit < 8 * signature.size(); bit += bit < 256 ? 1 : 97) {
    Bytes changed = signature;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(key.public_key().verify(kMessage, kContext, changed)) << bit;
  }
}

TEST(MlDsa, HedgedSignaturesDifferAndDeterministicOnesDoNot) {
  testkit::SeededEntropy entropy;
  const auto key = key_of(MlDsa::ml_dsa_65);
  EXPECT_NE(*key.sign(kMessage, {}, entropy), *key.sign(kMessage, {}, entropy));
  EXPECT_EQ(*key.sign_deterministic(kMessage, {}), *key.sign_deterministic(kMessage, {}));
}

TEST(MlDsa, LengthsAreChecked) {
  for (const MlDsa set : kSets) {
    const auto key = key_of(set);
    const Bytes signature = *key.sign_deterministic(kMessage, kContext);
    Bytes longer = signature;
    longer.push_back(0);
    EXPECT_EQ(verdict_of(key.public_key(), BytesView{signature}.first(signature.size() - 1)),
              err::signature_length);
    EXPECT_EQ(verdict_of(key.public_key(), longer), err::signature_length);
    EXPECT_EQ(verdict_of(key.public_key(), {}), err::signature_length);
    const BytesView encoded = key.public_key().encoded();
    EXPECT_EQ(MlDsaPublicKey::decode(set, encoded.first(encoded.size() - 1)).error(),
              err::public_key_length);
    const auto secret = key.encode();
    EXPECT_EQ(MlDsaSecretKey::decode(set, secret.view().first(100)).error(),
              err::secret_key_length);
    const Bytes context(kContextSizeMax + 1);
    EXPECT_EQ(key.sign_deterministic(kMessage, context).error(), err::context_too_long);
    EXPECT_EQ(key.public_key().verify(kMessage, context, signature).error(), err::context_too_long);
    EXPECT_TRUE(key.sign_deterministic(kMessage, BytesView{context}.first(kContextSizeMax)));
  }
}

TEST(MlDsa, HintsHaveOneEncoding) {
  for (const MlDsa set : kSets) {
    const auto& p = internal::parameters_of(set);
    const auto key = key_of(set);
    const Bytes signature = *key.sign_deterministic(kMessage, kContext);
    const std::size_t at = hints_at(set);
    const std::size_t counts = at + p.omega;
    const std::size_t used = signature.back();
    ASSERT_GE(signature[counts], 2) << "choose another message";
    ASSERT_LT(used, p.omega);
    const auto changed = [&](auto change) {
      Bytes out = signature;
      change(out);
      return verdict_of(key.public_key(), out);
    };
    EXPECT_EQ(changed([&](Bytes& s) { std::swap(s[at], s[at + 1]); }), err::hint_encoding);
    EXPECT_EQ(changed([&](Bytes& s) { s[at + 1] = s[at]; }), err::hint_encoding);
    EXPECT_EQ(changed([&](Bytes& s) { s[at + used] = 1; }), err::hint_encoding);
    EXPECT_EQ(changed([&](Bytes& s) { s[at + p.omega - 1] = 1; }), err::hint_encoding);
    EXPECT_EQ(changed([&](Bytes& s) { s.back() = static_cast<std::uint8_t>(p.omega + 1); }),
              err::hint_encoding);
    EXPECT_EQ(changed([&](Bytes& s) { s.back() = 255; }), err::hint_encoding);
    EXPECT_EQ(changed([&](Bytes& s) { s[counts] = static_cast<std::uint8_t>(used + 1); }),
              err::hint_encoding);
  }
}

TEST(MlDsa, AResponseBeyondItsBoundIsNamed) {
  for (const MlDsa set : kSets) {
    const auto& p = internal::parameters_of(set);
    const auto key = key_of(set);
    Bytes signature = *key.sign_deterministic(kMessage, kContext);
    // gamma1 less zero is the largest response there is.
    std::fill_n(signature.begin() + static_cast<std::ptrdiff_t>(p.challenge_size), 3, 0);
    EXPECT_EQ(verdict_of(key.public_key(), signature), err::response_too_large);
  }
}

TEST(MlDsa, ASecretKeyComesBackFromItsEncodingAndAChangedOneDoesNot) {
  for (const MlDsa set : kSets) {
    const auto key = key_of(set);
    const auto encoded = key.encode();
    const auto again = MlDsaSecretKey::decode(set, encoded.view());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again->sign_deterministic(kMessage, kContext),
              *key.sign_deterministic(kMessage, kContext));
    EXPECT_TRUE(std::ranges::equal(again->encode().view(), encoded.view()));
    const auto error_at = [&](std::size_t at, std::uint8_t flip) {
      Bytes changed = to_bytes(encoded.view());
      changed[at] ^= flip;
      const auto decoded = MlDsaSecretKey::decode(set, changed);
      EXPECT_FALSE(decoded) << at;
      return decoded ? Error{err::signing_fault} : decoded.error();
    };
    EXPECT_EQ(error_at(0, 1), err::key_inconsistent);                          // rho
    EXPECT_EQ(error_at(64, 1), err::key_inconsistent);                         // tr
    EXPECT_EQ(error_at(encoded.view().size() - 1, 1), err::key_inconsistent);  // t0
    Bytes beyond = to_bytes(encoded.view());
    beyond[128] = 0xff;
    EXPECT_EQ(MlDsaSecretKey::decode(set, beyond).error(), err::secret_out_of_range);
  }
}

/// The portable provider, but one call of the inverse transform goes wrong.
int calls_until_fault = 0;
void faulty_inverse_ntt(internal::Poly32& f) noexcept {
  internal::providers().back().ml_dsa.inverse_ntt(f);
  if (calls_until_fault-- == 0) f.at[100] ^= 1;
}

TEST(MlDsa, AFaultInSigningGivesNoSignature) {
  static internal::Provider faulty = internal::providers().back();
  faulty.ml_dsa.inverse_ntt = faulty_inverse_ntt;
  calls_until_fault = -1;
  const auto key = key_of(MlDsa::ml_dsa_44, faulty);
  const Bytes right = *key.sign_deterministic(kMessage, kContext);
  std::size_t faults = 0;
  for (int at = 0; at < 64; ++at) {
    calls_until_fault = at;
    const auto signature = key.sign_deterministic(kMessage, kContext);
    if (signature) {
      // The fault fell into an attempt that was rejected, or changed no rounded value.
      EXPECT_TRUE(key.public_key().verify(kMessage, kContext, *signature)) << at;
      continue;
    }
    EXPECT_EQ(signature.error(), err::signing_fault);
    ++faults;
  }
  EXPECT_GT(faults, 0u);
  calls_until_fault = -1;
  EXPECT_EQ(*key.sign_deterministic(kMessage, kContext), right);
}

}  // namespace
}  // namespace wusong::pq
