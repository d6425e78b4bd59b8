// SPDX-License-Identifier: Apache-2.0
// Another site that signs people in here: what the operator says of it, and what it says itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"

namespace wusong::openid {

/// Whether a scope text, names separated by blanks, has this one.
bool scope_has(std::string_view scope, std::string_view name) noexcept;

struct IdentityProvider {
  std::string id;             // in addresses: lower-case letters, digits, "-"
  std::string issuer;         // letter by letter what its tokens say
  std::string client_id;      // who this portal is there
  std::string client_secret;  // empty: a public client, held by PKCE alone
  std::string label_zh;       // on buttons; at least one of the two
  std::string label_en;
  std::string scope{"openid profile email"};
  std::vector<std::string> origins{};  // of its other hosts, where it has some
  bool real_name{false};               // checks real names: its claims count as an identity check
  std::string name_claim{"name"};      // what they are called then
  std::string number_claim{"id_number"};
};
/// @errors err::bad_provider: a name that no address can hold, an issuer or origin that is neither
///         https nor http of this machine, no client, no label, a scope without "openid"
[[nodiscard]] Result<void> check_provider(const IdentityProvider& provider);

/// "https://sso.example.cn" of an address: https, or http of this machine, in lower case, without a
/// port that goes without saying. Nothing where it is another kind, or holds a user name, a blank
/// or a byte that addresses do not.
std::optional<std::string> web_origin(std::string_view url);

/// Its own description. Every address lies on an origin that the operator has named.
struct ProviderMetadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string userinfo_endpoint;     // may be empty
  std::string end_session_endpoint;  // may be empty
  bool basic{true};                  // the secret goes in a header, else in the body
  bool names_issuer{false};          // in answers through the browser: RFC 9207
};
/// Whether the provider's word or the operator's covers this address.
bool covers(const IdentityProvider& provider, std::string_view url);
/// @errors err::provider_answer: no such JSON, another issuer, an address elsewhere, no way to
/// prove
///         ourselves that we know
/// @source OpenID Connect Discovery 1.0, sections 3 and 4.3
[[nodiscard]] Result<ProviderMetadata> parse_metadata(const IdentityProvider& provider,
                                                      std::string_view json);

}  // namespace wusong::openid
