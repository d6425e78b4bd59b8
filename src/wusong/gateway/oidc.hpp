// SPDX-License-Identifier: Apache-2.0
// Sites that let people in with their account here: who they are, and what they were given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/openid/provider.hpp"

namespace wusong::gateway {

struct OidcClient {
  std::string id;
  std::string secret;  // empty: a public client, held by PKCE alone
  std::string name;    // shown to people
  std::vector<std::string> redirect_uris;
};
/// https; http of this machine; or an application's own scheme, which has a dot (RFC 8252, 7.1). No
/// fragment, no user name, nothing that needs escaping.
bool redirect_uri_valid(std::string_view uri) noexcept;
/// Adds or replaces one; of the secret only its digest is kept.
/// @errors err::bad_request: no name, no address, or one that is not valid
[[nodiscard]] Result<void> add_oidc_client(io::SqlConnection& db, const OidcClient& client);
/// The same with a new id and, where it can keep one, a new secret of 256 bits: shown once.
[[nodiscard]] Result<OidcClient> register_oidc_client(io::SqlConnection& db, io::Entropy& entropy,
                                                      OidcClient client, bool confidential);
/// Its `secret` is the digest. @errors io's SQL rows
[[nodiscard]] Result<std::optional<OidcClient>> find_oidc_client(io::SqlConnection& db,
                                                                 std::string_view id);
[[nodiscard]] Result<std::vector<OidcClient>> list_oidc_clients(io::SqlConnection& db);
/// With everything that was given to it. False where there is none.
[[nodiscard]] Result<bool> remove_oidc_client(io::SqlConnection& db, std::string_view id);

inline constexpr std::uint64_t kOidcCodeMs = 60'000;
inline constexpr std::uint64_t kOidcAccessMs = 10 * 60'000;
inline constexpr std::uint64_t kOidcRefreshMs = std::uint64_t{30} * 86'400'000;

/// What a person has agreed to: all tokens that come of one agreement are one family.
struct OidcGrant {
  std::string family;
  std::string client;
  std::string account;
  std::string scope;  // names separated by blanks
  std::uint64_t auth_time{0};
  std::uint64_t expires{0};
};
struct OidcCode {
  OidcGrant grant;
  std::string redirect_uri;
  std::string challenge;
  std::string nonce;
};

/// Codes and tokens; only digests are stored.
/// @thread as its connection
class OidcGrants {
 public:
  OidcGrants(io::SqlConnection& db, io::Entropy& entropy) : db_{&db}, entropy_{&entropy} {}
  [[nodiscard]] Result<std::string> add_code(OidcCode code, UnixMillis now);
  /// Works once: the second time everything that came of it is revoked. Nothing where it is
  /// unknown, used or older than a minute.
  [[nodiscard]] Result<std::optional<OidcCode>> take_code(std::string_view code, UnixMillis now);
  [[nodiscard]] Result<std::string> add_access(const OidcGrant& grant, UnixMillis now);
  /// `grant.expires` is the family's end, or 0 for a new one.
  [[nodiscard]] Result<std::string> add_refresh(const OidcGrant& grant, UnixMillis now);
  /// Of this client only. Works once, as a code does.
  [[nodiscard]] Result<std::optional<OidcGrant>> take_refresh(std::string_view token,
                                                              std::string_view client,
                                                              UnixMillis now);
  [[nodiscard]] Result<std::optional<OidcGrant>> find_access(std::string_view token,
                                                             UnixMillis now);
  /// A refresh token takes its family along. Another client's is left alone.
  [[nodiscard]] Result<void> revoke(std::string_view token, std::string_view client);

  /// What the person has agreed to before for this client; empty: nothing.
  [[nodiscard]] Result<std::string> consent(std::string_view account, std::string_view client);
  [[nodiscard]] Result<void> add_consent(std::string_view account, std::string_view client,
                                         std::string_view scope, UnixMillis now);

 private:
  [[nodiscard]] Result<std::string> add_token(const OidcGrant& grant, std::string_view kind,
                                              std::uint64_t expires);
  [[nodiscard]] Result<void> revoke_family(std::string_view family);
  io::SqlConnection* db_;
  io::Entropy* entropy_;
};

using openid::scope_has;
/// Whether every name of `part` stands in `whole`.
bool scope_within(std::string_view part, std::string_view whole) noexcept;

}  // namespace wusong::gateway
