// SPDX-License-Identifier: Apache-2.0
#include "wusong/openid/jose.hpp"

#include "wusong/codec/base64.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/openid/errors.hpp"

namespace wusong::openid {
namespace {

using codec::base64url;
using codec::strict_base64url;

constexpr std::size_t kTokenMost = 16 << 10;

std::string x_of(const crypto::PointBytes& point) {
  return base64url(BytesView{point}.first(32));
}
std::string y_of(const crypto::PointBytes& point) {
  return base64url(BytesView{point}.last(32));
}

Result<std::string> json_part(std::string_view text) {
  const auto bytes = strict_base64url(text);
  if (!bytes) return fail(err::bad_token);
  std::string out{as_text(*bytes)};
  const auto parsed = codec::JsonDocument::parse(out);
  if (!parsed || !parsed->root().is_object()) return fail(err::bad_token);
  return out;
}

}  // namespace

JoseKey jose_key(const crypto::PointBytes& point) {
  // RFC 7638: the required members alone, in the order of their names.
  const std::string text =
      R"({"crv":"P-256","kty":"EC","x":")" + x_of(point) + R"(","y":")" + y_of(point) + R"("})";
  return {base64url(hash::sha256(as_bytes(text))), point};
}

void write_jwk(codec::JsonWriter& out, const JoseKey& key) {
  out.open_object().key("kty").string("EC").key("crv").string("P-256");
  out.key("x").string(x_of(key.point)).key("y").string(y_of(key.point));
  out.key("kid").string(key.id).key("alg").string("ES256").key("use").string("sig");
  out.close_object();
}

Result<std::string> sign_jwt(std::string_view claims, const JoseKey& key, BytesView secret_key) {
  codec::JsonWriter header;
  header.open_object().key("alg").string("ES256").key("typ").string("JWT");
  header.key("kid").string(key.id).close_object();
  std::string out = base64url(as_bytes(header.text())) + "." + base64url(as_bytes(claims));
  WUSONG_TRY(const auto signature, crypto::p256_sign(hash::sha256(as_bytes(out)), secret_key));
  return out + "." + base64url(signature);
}

Result<JwtParts> split_jwt(std::string_view token) {
  if (token.size() > kTokenMost) return fail(err::bad_token);
  const auto first = token.find('.');
  if (first == std::string_view::npos) return fail(err::bad_token);
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return fail(err::bad_token);
  JwtParts out;
  WUSONG_TRY(out.header, json_part(token.substr(0, first)));
  WUSONG_TRY(out.claims, json_part(token.substr(first + 1, second - first - 1)));
  auto signature = strict_base64url(token.substr(second + 1));
  if (!signature) return fail(err::bad_token);
  out.signature = std::move(*signature);
  out.signed_text = token.substr(0, second);
  return out;
}

Result<codec::JsonDocument> verify_jwt(std::string_view token, std::span<const JoseKey> keys) {
  WUSONG_TRY(const auto parts, split_jwt(token));
  WUSONG_TRY(const auto header, codec::JsonDocument::parse(parts.header));
  // The algorithm is ours to choose, not the token's; extensions that we do not know are critical.
  const auto algorithm = header.root().string_at("alg");
  if (!algorithm || *algorithm != "ES256" || header.root().find("crit")) {
    return fail(err::untrusted_token);
  }
  const auto id = header.root().string_at("kid");
  for (const auto& key : keys) {
    if (!id || *id != key.id) continue;
    if (!crypto::p256_verify(hash::sha256(as_bytes(parts.signed_text)), key.point,
                             parts.signature)) {
      return fail(err::untrusted_token);
    }
    return codec::JsonDocument::parse(parts.claims);
  }
  return fail(err::untrusted_token);
}

}  // namespace wusong::openid
