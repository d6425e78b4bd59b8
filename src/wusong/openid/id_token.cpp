// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/id_token.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "wusong/codec/base64.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/crypto/rsa.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/openid/errors.hpp"
#include "wusong/openid/jose.hpp"

namespace wusong::openid {
namespace {

struct AlgorithmName {
  TokenAlgorithm algorithm;
  std::string_view name;
};
constexpr std::array kAlgorithms{AlgorithmName{TokenAlgorithm::rs256, "RS256"},
                                 AlgorithmName{TokenAlgorithm::es256, "ES256"},
                                 AlgorithmName{TokenAlgorithm::eddsa, "EdDSA"}};
constexpr std::size_t kSubjectMost = 255;  // bytes: OpenID Connect Core, section 2

std::string_view name_of(TokenAlgorithm algorithm) noexcept {
  return kAlgorithms[static_cast<std::size_t>(algorithm)].name;
}

std::string_view text_at(const codec::JsonValue& object, std::string_view name) noexcept {
  return object.string_at(name).value_or("");
}

/// A member in base64url of exactly `size` bytes; any size where it is 0.
std::optional<Bytes> bytes_at(const codec::JsonValue& object, std::string_view name,
                              std::size_t size) {
  auto out = codec::strict_base64url(text_at(object, name));
  if (!out || out->empty() || (size != 0 && out->size() != size)) return {};
  return out;
}

/// Nothing where it is a key of another kind or for another use.
std::optional<ProviderKey> parse_key(const codec::JsonValue& from) {
  ProviderKey out;
  out.id = text_at(from, "kid");
  const auto kind = text_at(from, "kty");
  const auto curve = text_at(from, "crv");
  if (kind == "RSA") {
    auto modulus = bytes_at(from, "n", 0);
    auto exponent = bytes_at(from, "e", 0);
    if (!modulus || !exponent) return {};
    out.key = std::move(*modulus);
    out.exponent = std::move(*exponent);
  } else if (kind == "EC" && curve == "P-256") {
    auto x = bytes_at(from, "x", 32);
    const auto y = bytes_at(from, "y", 32);
    if (!x || !y) return {};
    out.algorithm = TokenAlgorithm::es256;
    out.key = std::move(*x);
    append(out.key, *y);
  } else if (kind == "OKP" && curve == "Ed25519") {
    auto x = bytes_at(from, "x", 32);
    if (!x) return {};
    out.algorithm = TokenAlgorithm::eddsa;
    out.key = std::move(*x);
  } else {
    return {};
  }
  const bool for_us = (!from.find("use") || text_at(from, "use") == "sig") &&
                      (!from.find("alg") || text_at(from, "alg") == name_of(out.algorithm));
  if (!for_us) return {};
  return out;
}

bool signature_holds(const ProviderKey& key, const JwtParts& parts) {
  const auto text = as_bytes(parts.signed_text);
  switch (key.algorithm) {
    case TokenAlgorithm::rs256:
      return crypto::rsa_verify_sha256(text, key.key, key.exponent, parts.signature).has_value();
    case TokenAlgorithm::es256:
      return crypto::p256_verify(hash::sha256(text), key.key, parts.signature).has_value();
    case TokenAlgorithm::eddsa:
      return crypto::verify(crypto::Scheme::ed25519, key.key, text, parts.signature).has_value();
  }
  return false;
}

/// The algorithm of the token's signature, once it holds under one of the keys.
Result<TokenAlgorithm> check_signature(const JwtParts& parts, std::span<const ProviderKey> keys) {
  WUSONG_TRY(const auto header, codec::JsonDocument::parse(parts.header));
  const auto root = header.root();
  const auto named = text_at(root, "alg");
  const auto known = std::ranges::find(kAlgorithms, named, &AlgorithmName::name);
  // Another type is another kind of token; what we do not know is critical.
  const auto type = root.find("typ") ? text_at(root, "typ") : "JWT";
  if (known == kAlgorithms.end() || (type != "JWT" && type != "jwt") || root.find("crit")) {
    return fail(err::id_token_algorithm);
  }
  const bool has_id = root.find("kid").has_value();
  const auto id = text_at(root, "kid");
  const ProviderKey* chosen = nullptr;
  for (const auto& key : keys) {
    if (key.algorithm != known->algorithm || (has_id && key.id != id)) continue;
    // Without a name it must be clear which one is meant.
    if (chosen != nullptr) return fail(err::id_token_key);
    chosen = &key;
  }
  if (chosen == nullptr) return fail(err::id_token_key);
  if (!signature_holds(*chosen, parts)) return fail(err::id_token_signature);
  return known->algorithm;
}

/// A NumericDate, which may have a fraction; nothing where the member is missing.
Result<std::optional<std::uint64_t>> time_at(const codec::JsonValue& claims,
                                             std::string_view name) {
  constexpr double kMost = 1e12;
  const auto member = claims.find(name);
  if (!member) return std::optional<std::uint64_t>{};
  const auto seconds = member->number();
  if (!seconds || !(*seconds >= 0 && *seconds <= kMost)) return fail(err::id_token_malformed);
  return std::optional{static_cast<std::uint64_t>(*seconds)};
}

Result<void> check_audience(const codec::JsonValue& claims, std::string_view client_id) {
  const auto audience = claims.find("aud");
  if (!audience) return fail(err::id_token_audience);
  std::size_t count = 1;
  bool ours = audience->string() == client_id;
  if (audience->is_array()) {
    const auto all = audience->items();
    count = all.size();
    ours = std::ranges::any_of(all, [&](const auto& one) { return one.string() == client_id; });
  }
  const auto party = claims.find("azp");
  // One that is for others too must say that it was made for us.
  const bool party_sound = party ? party->string() == client_id : count == 1;
  if (!ours || !party_sound) return fail(err::id_token_audience);
  return {};
}

Result<void> check_times(const codec::JsonValue& claims, std::uint64_t now) {
  WUSONG_TRY(const auto expires, time_at(claims, "exp"));
  WUSONG_TRY(const auto issued, time_at(claims, "iat"));
  WUSONG_TRY(const auto not_before, time_at(claims, "nbf"));
  if (!expires || !issued) return fail(err::id_token_malformed);
  if (now >= *expires + kTokenSkewSeconds) return fail(err::id_token_expired);
  if (*issued > now + kTokenSkewSeconds || not_before.value_or(0) > now + kTokenSkewSeconds) {
    return fail(err::id_token_early);
  }
  if (now > *issued + kTokenAgeSeconds + kTokenSkewSeconds) return fail(err::id_token_old);
  return {};
}

/// The left half of the access token's digest. @source OpenID Connect Core 1.0, section 3.1.3.6
std::string at_hash_of(TokenAlgorithm algorithm, std::string_view access_token) {
  if (algorithm == TokenAlgorithm::eddsa) {
    const auto digest = hash::sha512(as_bytes(access_token));
    return codec::base64url(BytesView{digest}.first(32));
  }
  const auto digest = hash::sha256(as_bytes(access_token));
  return codec::base64url(digest.view().first(16));
}

}  // namespace

Result<std::vector<ProviderKey>> parse_key_set(std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return fail(err::provider_answer);
  const auto keys = document->root().find("keys");
  if (!keys || !keys->is_array() || keys->size() > kProviderKeysMost) {
    return fail(err::provider_answer);
  }
  std::vector<ProviderKey> out;
  for (const auto& one : keys->items()) {
    if (auto key = parse_key(one)) out.push_back(std::move(*key));
  }
  return out;
}

Result<IdToken> check_id_token(std::string_view token, std::span<const ProviderKey> keys,
                               const IdTokenExpectation& expected) {
  const auto parts = split_jwt(token);
  if (!parts) return fail(err::id_token_malformed);
  WUSONG_TRY(const auto algorithm, check_signature(*parts, keys));
  WUSONG_TRY(auto document, codec::JsonDocument::parse(parts->claims));
  const auto claims = document.root();
  if (text_at(claims, "iss") != expected.issuer) return fail(err::id_token_issuer);
  WUSONG_CHECK(check_audience(claims, expected.client_id));
  WUSONG_CHECK(check_times(claims, expected.now));
  if (expected.nonce.empty() || !crypto::equal_secrets(text_at(claims, "nonce"), expected.nonce)) {
    return fail(err::id_token_nonce);
  }
  if (claims.find("at_hash") &&
      text_at(claims, "at_hash") != at_hash_of(algorithm, expected.access_token)) {
    return fail(err::id_token_at_hash);
  }
  std::string subject{text_at(claims, "sub")};
  const bool plain = std::ranges::none_of(
      subject, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (subject.empty() || subject.size() > kSubjectMost || !plain) {
    return fail(err::id_token_subject);
  }
  return IdToken{std::move(subject), std::move(document)};
}

}  // namespace wusong::openid
