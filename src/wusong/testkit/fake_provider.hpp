// SPDX-License-Identifier: Apache-2.0
// An identity provider as a test plays it: signs what it is told to, publishes its keys, and
// answers the portal's questions.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <map>
#include <memory>
#include <string>

#include "wusong/codec/base64.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/openid/jose.hpp"
#include "wusong/openid/provider.hpp"
#include "wusong/testkit/fake_web.hpp"

namespace wusong::testkit {

class FakeProvider {
 public:
  static constexpr std::string_view kIssuer = "https://sso.example.cn";
  static constexpr std::string_view kClient = "data-portal";

  explicit FakeProvider(std::uint8_t seed = 1) { change_keys(seed); }

  static openid::IdentityProvider settings() {
    return {.id = "gov",
            .issuer = std::string{kIssuer},
            .client_id = std::string{kClient},
            .client_secret = "s3cret",
            .label_zh = "统一身份认证",
            .label_en = "City sign-in"};
  }

  /// Other keys under other names (RSA: another name alone): no old token holds any longer.
  void change_keys(std::uint8_t seed) {
    const Bytes secret(32, seed);
    ec_secret_ = secret;
    ec_ = openid::jose_key(crypto::p256_public_key(secret).value_or(crypto::PointBytes{}));
    auto signer = crypto::make_signer(crypto::Scheme::ed25519, secret);
    EXPECT_TRUE(signer);
    ed_ = std::move(*signer);
    number_ = std::to_string(seed);
  }
  std::string kid(std::string_view algorithm) const { return std::string{algorithm} + number_; }

  std::string key_set() const {
    codec::JsonWriter out;
    out.open_object().key("keys").open_array();
    out.open_object().key("kty").string("RSA").key("kid").string(kid("RS256"));
    out.key("n").string(rsa_number("n")).key("e").string(rsa_number("e"));
    out.key("use").string("sig").key("alg").string("RS256").close_object();
    out.open_object().key("kty").string("EC").key("crv").string("P-256");
    out.key("kid").string(kid("ES256"));
    const BytesView point{ec_.point};
    out.key("x").string(codec::base64url(point.first(32)));
    out.key("y").string(codec::base64url(point.last(32))).close_object();
    out.open_object().key("kty").string("OKP").key("crv").string("Ed25519");
    out.key("kid").string(kid("EdDSA")).key("x").string(codec::base64url(ed_->public_key()));
    out.close_object().close_array().close_object();
    return out.take();
  }

  /// A token in compact form; another `header` than the usual one as JSON.
  std::string sign(const std::string& claims, std::string_view algorithm = "ES256",
                   std::string header = {}) const {
    if (header.empty()) {
      header = R"({"alg":")" + std::string{algorithm} + R"(","kid":")" + kid(algorithm) + "\"}";
    }
    const std::string text =
        codec::base64url(as_bytes(header)) + "." + codec::base64url(as_bytes(claims));
    return text + "." + codec::base64url(signature(algorithm, text));
  }

  /// Claims of a good token; `changed` replaces members, an empty value leaves one out.
  static std::string claims(std::uint64_t now, std::string_view nonce,
                            const std::map<std::string, std::string>& changed = {}) {
    std::map<std::string, std::string> all{{"iss", "\"" + std::string{kIssuer} + "\""},
                                           {"sub", "\"user-1\""},
                                           {"aud", "\"" + std::string{kClient} + "\""},
                                           {"exp", std::to_string(now + 300)},
                                           {"iat", std::to_string(now)},
                                           {"nonce", "\"" + std::string{nonce} + "\""}};
    for (const auto& [name, value] : changed) all[name] = value;
    std::string out = "{";
    for (const auto& [name, value] : all) {
      if (value.empty()) continue;
      if (out.size() > 1) out += ",";
      out += "\"" + name + "\":" + value;
    }
    return out + "}";
  }

  std::string metadata(const std::string& more = {}) const {
    const std::string at{kIssuer};
    return R"({"issuer":")" + at + R"(","authorization_endpoint":")" + at +
           R"(/authorize","token_endpoint":")" + at + R"(/token","jwks_uri":")" + at +
           R"(/jwks","userinfo_endpoint":")" + at + R"(/me","end_session_endpoint":")" + at +
           R"(/logout")" + more + "}";
  }

  /// Answers discovery, keys, and `token` and `user` as they stand.
  Result<openid::WebReply> answer(const openid::WebRequest& request) {
    const std::string path = request.url.substr(kIssuer.size());
    if (path == "/.well-known/openid-configuration") return reply(metadata());
    if (path == "/jwks") return reply(key_set());
    if (path == "/me") return reply(user);
    if (path != "/token") return openid::WebReply{.status = 404};
    last_form = request.body;
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization") last_authorization = value;
    }
    if (token.empty())
      return openid::WebReply{.status = 400, .body = R"({"error":"invalid_grant"})"};
    return reply(R"({"access_token":"access-1","token_type":"Bearer","id_token":")" + token +
                 "\"}");
  }

  static openid::WebReply reply(std::string body) {
    return {.status = 200, .body = std::move(body)};
  }

  std::string token;  // what a code is good for; empty: refused
  std::string user{R"({"sub":"user-1","name":"李四","email":"li@example.cn"})"};
  std::string last_form;
  std::string last_authorization;

 private:
  struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  };
  /// Made once: it takes a while.
  static EVP_PKEY* rsa() {
    static const std::unique_ptr<EVP_PKEY, FreeKey> kKey{EVP_RSA_gen(2048)};
    return kKey.get();
  }
  static std::string rsa_number(const char* name) {
    BIGNUM* number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(rsa(), name, &number), 1);
    Bytes out(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, out.data());
    BN_free(number);
    return codec::base64url(out);
  }
  Bytes signature(std::string_view algorithm, std::string_view text) const {
    if (algorithm == "EdDSA") return ed_->sign(as_bytes(text));
    if (algorithm == "ES256") {
      const auto out = crypto::p256_sign(hash::sha256(as_bytes(text)), ec_secret_);
      return to_bytes(BytesView{out.value_or(crypto::PointBytes{})});
    }
    if (algorithm != "RS256") return Bytes(32, 7);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::size_t size = 256;
    Bytes out(size);
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, rsa()), 1);
    EXPECT_EQ(EVP_DigestSign(context, out.data(), &size,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    EVP_MD_CTX_free(context);
    return out;
  }

  Bytes ec_secret_;
  openid::JoseKey ec_;
  std::unique_ptr<crypto::Signer> ed_;
  std::string number_;
};

}  // namespace wusong::testkit
