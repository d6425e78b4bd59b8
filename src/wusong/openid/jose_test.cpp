// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/jose.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/base64.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::openid {
namespace {

using codec::base64url;
using codec::from_base64url;

/// @source RFC 7515, appendix A.3
constexpr std::string_view kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view kD = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

crypto::PointBytes point() {
  crypto::PointBytes out{};
  std::ranges::copy(from_base64url(kX).value_or(Bytes(32)), out.begin());
  std::ranges::copy(from_base64url(kY).value_or(Bytes(32)), out.begin() + 32);
  return out;
}
Bytes secret() {
  return from_base64url(kD).value_or(Bytes{});
}

TEST(Jose, TheSignatureOfRfc7515HoldsUnderItsKey) {
  const Bytes signature =
      from_base64url(
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
          .value_or(Bytes{});
  const std::string_view text =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
      "bS9pc19yb290Ijp0cnVlfQ";
  EXPECT_TRUE(crypto::p256_verify(hash::sha256(as_bytes(text)), point(), signature));
  EXPECT_EQ(crypto::p256_public_key(secret()).value_or(crypto::PointBytes{}), point());
}

TEST(Jose, ATokenOfOursIsBelievedAndAChangedOneIsNot) {
  const JoseKey key = jose_key(point());
  const auto token = sign_jwt(R"({"sub":"a","aud":"b"})", key, secret());
  ASSERT_TRUE(token);
  const auto claims = verify_jwt(*token, std::array{key});
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->root().string_at("sub").value_or(""), "a");
  const std::string changed = "{\"sub\":\"b\",\"aud\":\"b\"}";
  const auto dot = token->find('.');
  const auto end = token->rfind('.');
  const std::string forged =
      token->substr(0, dot + 1) + base64url(as_bytes(changed)) + token->substr(end);
  EXPECT_FALSE(verify_jwt(forged, std::array{key}));
  EXPECT_FALSE(verify_jwt(*token, {}));
  EXPECT_FALSE(verify_jwt(*token + "A", std::array{key}));
}

TEST(Jose, TheAlgorithmIsNotTheTokensToChoose) {
  const JoseKey key = jose_key(point());
  for (const std::string_view algorithm : {"none", "HS256", "es256", "ES384"}) {
    const std::string header =
        "{\"alg\":\"" + std::string{algorithm} + "\",\"kid\":\"" + key.id + "\"}";
    const std::string text = base64url(as_bytes(header)) + "." + base64url(as_bytes("{}"));
    const auto signature = crypto::p256_sign(hash::sha256(as_bytes(text)), secret());
    ASSERT_TRUE(signature);
    EXPECT_TRUE(split_jwt(text + "." + base64url(*signature)));
    EXPECT_FALSE(verify_jwt(text + "." + base64url(*signature), std::array{key}));
    EXPECT_FALSE(verify_jwt(text + ".", std::array{key}));
  }
}

TEST(Jose, ATokenHasThreePartsAndALimit) {
  EXPECT_TRUE(split_jwt("e30.e30.AA"));
  EXPECT_FALSE(split_jwt("e30.e30"));
  EXPECT_FALSE(split_jwt("e30.e30.AB"));  // stray bits
  EXPECT_FALSE(split_jwt("e30.W10.AA"));  // claims that are no object
  EXPECT_FALSE(split_jwt(std::string(20'000, 'A')));
}

}  // namespace
}  // namespace wusong::openid
