// SPDX-License-Identifier: Apache-2.0
// What an identity provider signs: its published keys, and the checks of a token before it is
// believed. RS256, ES256 and EdDSA with Ed25519; nothing that is keyed with a shared secret.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/codec/json.hpp"

namespace wusong::openid {

enum class TokenAlgorithm : std::uint8_t { rs256, es256, eddsa };

struct ProviderKey {
  std::string id;  // may be empty
  TokenAlgorithm algorithm{TokenAlgorithm::rs256};
  Bytes key;         // modulus; x || y; Ed25519's 32 bytes
  Bytes exponent{};  // RSA's
};

inline constexpr std::size_t kProviderKeysMost = 64;
/// The keys that check signatures; those of other kinds and for other uses are left out.
/// @errors err::provider_answer: no key set, or one of more than kProviderKeysMost keys
/// @source RFC 7517, RFC 7518 section 6, RFC 8037
[[nodiscard]] Result<std::vector<ProviderKey>> parse_key_set(std::string_view json);

/// How far the provider's clock may be from ours, and how old a token may be when it arrives.
inline constexpr std::uint64_t kTokenSkewSeconds = 60;
inline constexpr std::uint64_t kTokenAgeSeconds = 600;

struct IdTokenExpectation {
  std::string_view issuer;
  std::string_view client_id;
  std::string_view nonce;
  std::string_view access_token;  // that came with it
  std::uint64_t now{0};           // seconds
};
struct IdToken {
  std::string subject;
  codec::JsonDocument claims;
};
/// Believed from here on: signed by one of the keys, by this issuer, for us, now, in answer to our
/// question, and beside this access token.
/// @errors err::id_token_malformed, err::id_token_algorithm, err::id_token_key (none that fits: the
///         keys may have changed), err::id_token_signature, err::id_token_issuer,
///         err::id_token_audience, err::id_token_expired, err::id_token_early, err::id_token_old,
///         err::id_token_nonce, err::id_token_at_hash, err::id_token_subject
/// @source OpenID Connect Core 1.0, sections 3.1.3.7 and 3.1.3.8
[[nodiscard]] Result<IdToken> check_id_token(std::string_view token,
                                             std::span<const ProviderKey> keys,
                                             const IdTokenExpectation& expected);

}  // namespace wusong::openid
