// SPDX-License-Identifier: Apache-2.0
// Signed tokens (JWT) with the one algorithm that this portal speaks: ES256.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/p256.hpp"

namespace wusong::openid {

/// A public key as others fetch it.
struct JoseKey {
  std::string id;  // its thumbprint (RFC 7638)
  crypto::PointBytes point{};
};
/// The key with its thumbprint.
JoseKey jose_key(const crypto::PointBytes& point);
/// {"kty":"EC","crv":"P-256","x":…,"y":…,"kid":…,"alg":"ES256","use":"sig"} @source RFC 7517
void write_jwk(codec::JsonWriter& out, const JoseKey& key);

/// header.claims.signature in compact form; `claims` is JSON.
/// @errors crypto::err::bad_secret_key
/// @source RFC 7515, RFC 7518 section 3.4, RFC 7519
[[nodiscard]] Result<std::string> sign_jwt(std::string_view claims, const JoseKey& key,
                                           BytesView secret_key);

/// The three parts, decoded; nothing is trusted yet.
struct JwtParts {
  std::string header;
  std::string claims;
  Bytes signature;
  std::string_view signed_text;  // of the token
};
/// At most 16 KiB, exactly three parts, canonical base64url, header and claims JSON objects.
/// @errors err::bad_token
[[nodiscard]] Result<JwtParts> split_jwt(std::string_view token);
/// The claims, once the signature holds under one of the keys. Times and audience are the caller's.
/// @errors err::bad_token, err::untrusted_token (another algorithm, an unknown key, a wrong
/// signature)
[[nodiscard]] Result<codec::JsonDocument> verify_jwt(std::string_view token,
                                                     std::span<const JoseKey> keys);

}  // namespace wusong::openid
