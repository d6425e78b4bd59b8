// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/id_token.hpp"

#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/openid/errors.hpp"
#include "wusong/testkit/fake_provider.hpp"

namespace wusong::openid {
namespace {

using testkit::FakeProvider;

class IdTokenTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kNow = 1'790'000'000;
  static constexpr std::string_view kNonce = "nonce-of-ours";
  static constexpr std::string_view kAccess = "access-1";

  static FakeProvider& provider() {
    static FakeProvider one;
    return one;
  }
  static std::vector<ProviderKey> keys() {
    auto out = parse_key_set(provider().key_set());
    EXPECT_TRUE(out);
    return out.value_or(std::vector<ProviderKey>{});
  }
  static Result<IdToken> check(const std::string& token) {
    return check_id_token(token, keys(),
                          {.issuer = FakeProvider::kIssuer,
                           .client_id = FakeProvider::kClient,
                           .nonce = kNonce,
                           .access_token = kAccess,
                           .now = kNow});
  }
  using Changes = std::map<std::string, std::string>;
  static std::string token(const Changes& changed = {}, std::string_view algorithm = "ES256") {
    return provider().sign(FakeProvider::claims(kNow, kNonce, changed), algorithm);
  }
  static Error fault(const Changes& changed) {
    const auto checked = check(token(changed));
    return checked ? Error{err::bad_token} : checked.error();
  }
};

TEST_F(IdTokenTest, ATokenOfEachAlgorithmIsBelieved) {
  ASSERT_EQ(keys().size(), 3u);
  for (const std::string_view algorithm : {"RS256", "ES256", "EdDSA"}) {
    const auto checked = check(token({}, algorithm));
    ASSERT_TRUE(checked) << algorithm << " " << checked.error().name();
    EXPECT_EQ(checked->subject, "user-1");
    EXPECT_EQ(checked->claims.root().string_at("iss"), FakeProvider::kIssuer);
  }
}

TEST_F(IdTokenTest, OnlyPublicKeysSign) {
  const std::string claims = FakeProvider::claims(kNow, kNonce);
  for (const std::string_view algorithm :
       {"none", "None", "HS256", "HS512", "RS1", "PS256", "ES384", "es256", ""}) {
    EXPECT_EQ(check(token({}, algorithm)).error(), err::id_token_algorithm) << algorithm;
  }
  const std::string unsigned_token = codec::base64url(as_bytes(R"({"alg":"none"})")) + "." +
                                     codec::base64url(as_bytes(claims)) + ".";
  EXPECT_EQ(check(unsigned_token).error(), err::id_token_algorithm);
  EXPECT_EQ(check(provider().sign(claims, "ES256", R"({"kid":"ES2561"})")).error(),
            err::id_token_algorithm)
      << "no algorithm at all";
  // The public RSA key taken for a shared secret, or for a key of another kind.
  EXPECT_EQ(check(provider().sign(claims, "RS256", R"({"alg":"ES256","kid":"RS2561"})")).error(),
            err::id_token_key);
}

TEST_F(IdTokenTest, AnotherKindOfTokenIsRefused) {
  const std::string claims = FakeProvider::claims(kNow, kNonce);
  const auto with = [&](const std::string& more) {
    return check(
        provider().sign(claims, "ES256", R"({"alg":"ES256","kid":"ES2561",)" + more + "}"));
  };
  EXPECT_TRUE(with(R"("typ":"JWT")"));
  EXPECT_EQ(with(R"("typ":"at+jwt")").error(), err::id_token_algorithm);
  EXPECT_EQ(with(R"("typ":"logout+jwt")").error(), err::id_token_algorithm);
  EXPECT_EQ(with(R"("crit":["exp"])").error(), err::id_token_algorithm);
}

TEST_F(IdTokenTest, AnUnknownKeyIsNamedSo) {
  FakeProvider later{9};
  EXPECT_EQ(check(later.sign(FakeProvider::claims(kNow, kNonce))).error(), err::id_token_key);
  EXPECT_EQ(check_id_token(token(), {},
                           {.issuer = FakeProvider::kIssuer,
                            .client_id = FakeProvider::kClient,
                            .nonce = kNonce,
                            .access_token = kAccess,
                            .now = kNow})
                .error(),
            err::id_token_key);
}

TEST_F(IdTokenTest, WithoutAKeysNameTheKeyMustBeTheOnlyOneOfItsKind) {
  const std::string unnamed =
      provider().sign(FakeProvider::claims(kNow, kNonce), "ES256", R"({"alg":"ES256"})");
  EXPECT_TRUE(check(unnamed));
  auto two = keys();
  two.push_back(two[1]);
  two.back().id = "another";
  EXPECT_EQ(check_id_token(unnamed, two,
                           {.issuer = FakeProvider::kIssuer,
                            .client_id = FakeProvider::kClient,
                            .nonce = kNonce,
                            .access_token = kAccess,
                            .now = kNow})
                .error(),
            err::id_token_key);
}

TEST_F(IdTokenTest, AChangedTokenIsRefused) {
  for (const std::string_view algorithm : {"RS256", "ES256", "EdDSA"}) {
    const auto good = token({}, algorithm);
    const auto other = token({{"sub", "\"user-2\""}}, algorithm);
    const std::string mixed = other.substr(0, other.rfind('.')) + good.substr(good.rfind('.'));
    EXPECT_EQ(check(mixed).error(), err::id_token_signature) << algorithm;
    const std::string cut = good.substr(0, good.rfind('.') + 1) + "AAAA";
    EXPECT_EQ(check(cut).error(), err::id_token_signature) << algorithm;
  }
}

TEST_F(IdTokenTest, WhatIsNoTokenIsNamedSo) {
  for (const std::string_view text : {"", "a", "a.b", "a.b.c", "e30.e30", "e30.W10.AA"}) {
    EXPECT_EQ(check(std::string{text}).error(), err::id_token_malformed) << text;
  }
  EXPECT_EQ(check(std::string(20'000, 'A')).error(), err::id_token_malformed);
  EXPECT_EQ(check(token() + ".AA").error(), err::id_token_malformed) << "four parts";
  EXPECT_EQ(fault({{"exp", ""}}), err::id_token_malformed);
  EXPECT_EQ(fault({{"iat", ""}}), err::id_token_malformed);
  EXPECT_EQ(fault({{"exp", "\"1790000300\""}}), err::id_token_malformed) << "a text";
  EXPECT_EQ(fault({{"exp", "1e300"}}), err::id_token_malformed);
  EXPECT_EQ(fault({{"exp", "-1"}}), err::id_token_malformed);
  EXPECT_EQ(fault({{"nbf", "true"}}), err::id_token_malformed);
}

TEST_F(IdTokenTest, AnotherIssuerIsRefused) {
  EXPECT_EQ(fault({{"iss", "\"https://evil.example\""}}), err::id_token_issuer);
  EXPECT_EQ(fault({{"iss", "\"https://sso.example.cn/\""}}), err::id_token_issuer) << "by a letter";
  EXPECT_EQ(fault({{"iss", ""}}), err::id_token_issuer);
  EXPECT_EQ(fault({{"iss", "[\"https://sso.example.cn\"]"}}), err::id_token_issuer);
}

TEST_F(IdTokenTest, ATokenForOthersIsRefused) {
  EXPECT_EQ(fault({{"aud", "\"another\""}}), err::id_token_audience);
  EXPECT_EQ(fault({{"aud", ""}}), err::id_token_audience);
  EXPECT_EQ(fault({{"aud", "[]"}}), err::id_token_audience);
  EXPECT_EQ(fault({{"aud", R"(["another"])"}, {"azp", "\"data-portal\""}}), err::id_token_audience);
  EXPECT_EQ(fault({{"aud", R"(["data-portal","another"])"}}), err::id_token_audience)
      << "for both, and it does not say for whom it was made";
  EXPECT_EQ(fault({{"azp", "\"another\""}}), err::id_token_audience);
  EXPECT_TRUE(check(token({{"aud", R"(["data-portal"])"}})));
  EXPECT_TRUE(check(token({{"aud", R"(["data-portal","another"])"}, {"azp", "\"data-portal\""}})));
}

TEST_F(IdTokenTest, TimesHoldWithinTheSkew) {
  const auto at = [](std::uint64_t time) { return std::to_string(time); };
  EXPECT_TRUE(check(token({{"exp", at(kNow - kTokenSkewSeconds + 1)}})));
  EXPECT_EQ(fault({{"exp", at(kNow - kTokenSkewSeconds)}}), err::id_token_expired);
  EXPECT_TRUE(check(token({{"iat", at(kNow + kTokenSkewSeconds)}})));
  EXPECT_EQ(fault({{"iat", at(kNow + kTokenSkewSeconds + 1)}}), err::id_token_early);
  EXPECT_TRUE(check(token({{"nbf", at(kNow + kTokenSkewSeconds)}})));
  EXPECT_EQ(fault({{"nbf", at(kNow + kTokenSkewSeconds + 1)}}), err::id_token_early);
  const auto oldest = kNow - kTokenAgeSeconds - kTokenSkewSeconds;
  EXPECT_TRUE(check(token({{"iat", at(oldest)}})));
  EXPECT_EQ(fault({{"iat", at(oldest - 1)}}), err::id_token_old);
  EXPECT_TRUE(check(token({{"iat", at(kNow) + ".5"}, {"exp", at(kNow + 9) + ".25"}})))
      << "fractions are allowed";
}

TEST_F(IdTokenTest, AnAnswerToAnotherQuestionIsRefused) {
  EXPECT_EQ(fault({{"nonce", "\"of somebody else\""}}), err::id_token_nonce);
  EXPECT_EQ(fault({{"nonce", ""}}), err::id_token_nonce);
  EXPECT_EQ(fault({{"nonce", "\"\""}}), err::id_token_nonce);
  const auto nothing_expected = check_id_token(token({{"nonce", "\"\""}}), keys(),
                                               {.issuer = FakeProvider::kIssuer,
                                                .client_id = FakeProvider::kClient,
                                                .nonce = "",
                                                .access_token = kAccess,
                                                .now = kNow});
  EXPECT_EQ(nothing_expected.error(), err::id_token_nonce);
}

TEST_F(IdTokenTest, AnotherAccessTokenIsRefused) {
  const auto half = codec::base64url(hash::sha256(as_bytes(kAccess)).view().first(16));
  const auto half_of_512 = codec::base64url(BytesView{hash::sha512(as_bytes(kAccess))}.first(32));
  for (const std::string_view algorithm : {"RS256", "ES256", "EdDSA"}) {
    const bool wide = algorithm == "EdDSA";
    const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
    EXPECT_TRUE(check(token({{"at_hash", quoted(wide ? half_of_512 : half)}}, algorithm)));
    EXPECT_EQ(check(token({{"at_hash", quoted(wide ? half : half_of_512)}}, algorithm)).error(),
              err::id_token_at_hash);
  }
  EXPECT_EQ(fault({{"at_hash", "\"\""}}), err::id_token_at_hash);
  EXPECT_EQ(fault({{"at_hash", "7"}}), err::id_token_at_hash);
}

TEST_F(IdTokenTest, ATokenAboutNobodyIsRefused) {
  EXPECT_EQ(fault({{"sub", ""}}), err::id_token_subject);
  EXPECT_EQ(fault({{"sub", "\"\""}}), err::id_token_subject);
  EXPECT_EQ(fault({{"sub", "7"}}), err::id_token_subject);
  EXPECT_EQ(fault({{"sub", "\"a\\u0000b\""}}), err::id_token_subject);
  EXPECT_EQ(fault({{"sub", "\"" + std::string(256, 'x') + "\""}}), err::id_token_subject);
  EXPECT_TRUE(check(token({{"sub", "\"" + std::string(255, 'x') + "\""}})));
}

TEST(KeySet, KeysOfOtherKindsAndUsesAreLeftOut) {
  const std::string x = codec::base64url(Bytes(32, 1));
  const auto count = [](const std::string& key) {
    const auto keys = parse_key_set("{\"keys\":[" + key + "]}");
    return keys ? keys->size() : 99;
  };
  EXPECT_EQ(count(R"({"kty":"OKP","crv":"Ed25519","x":")" + x + "\"}"), 1u);
  EXPECT_EQ(count(R"({"kty":"OKP","crv":"Ed25519","use":"enc","x":")" + x + "\"}"), 0u);
  EXPECT_EQ(count(R"({"kty":"OKP","crv":"Ed25519","alg":"ES256","x":")" + x + "\"}"), 0u);
  EXPECT_EQ(count(R"({"kty":"OKP","crv":"X25519","x":")" + x + "\"}"), 0u);
  EXPECT_EQ(count(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"), 0u) << "too short";
  EXPECT_EQ(count(R"({"kty":"oct","k":")" + x + "\"}"), 0u) << "a shared secret";
  EXPECT_EQ(count(R"({"kty":"EC","crv":"P-384","x":")" + x + R"(","y":")" + x + "\"}"), 0u);
  EXPECT_EQ(count(R"({"kty":"RSA","n":"AQAB"})"), 0u);
  EXPECT_EQ(count("7"), 0u);
  for (const std::string_view bad : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":7})"}) {
    EXPECT_EQ(parse_key_set(bad).error(), err::provider_answer) << bad;
  }
  std::string many = "{}";
  for (std::size_t i = 0; i < kProviderKeysMost; ++i) many += ",{}";
  EXPECT_EQ(parse_key_set("{\"keys\":[" + many + "]}").error(), err::provider_answer);
}

}  // namespace
}  // namespace wusong::openid
