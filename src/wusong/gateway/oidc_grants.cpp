// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/oidc.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/gateway/tokens.hpp"

namespace wusong::gateway {
namespace {

constexpr std::string_view kAccess = "access";
constexpr std::string_view kRefresh = "refresh";
/// A used code is remembered for so long, to notice that it comes again.
constexpr std::uint64_t kCodeKeptMs = 86'400'000;

std::uint64_t natural(const io::SqlValue& value) {
  return static_cast<std::uint64_t>(number_of(value));
}

/// Columns: kind, family, client, account, scope, auth_time, expires, used.
OidcGrant grant_of(const Row& row) {
  return {text_of(row[1]), text_of(row[2]), text_of(row[3]),
          text_of(row[4]), natural(row[5]), natural(row[6])};
}

}  // namespace

bool scope_within(std::string_view part, std::string_view whole) noexcept {
  while (!part.empty()) {
    const auto end = part.find(' ');
    if (end != 0 && !scope_has(whole, part.substr(0, end))) return false;
    part = end == std::string_view::npos ? std::string_view{} : part.substr(end + 1);
  }
  return true;
}

Result<std::string> OidcGrants::add_code(OidcCode code, UnixMillis now) {
  const std::string text = random_hex(*entropy_, 32);
  WUSONG_CHECK(run(*db_, "DELETE FROM oidc_codes WHERE created < $1",
                   sql(now.value - std::min(now.value, kCodeKeptMs))));
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO oidc_codes(code, family, client, account, redirect_uri, challenge, "
                   "nonce, scope, created, auth_time, used) VALUES ($1, $2, $3, $4, $5, $6, $7, "
                   "$8, $9, $10, 0)",
                   sql(digest_hex(text)), sql(random_hex(*entropy_, 16)), sql(code.grant.client),
                   sql(code.grant.account), sql(code.redirect_uri), sql(code.challenge),
                   sql(code.nonce), sql(code.grant.scope), sql(now.value),
                   sql(code.grant.auth_time)));
  return text;
}

Result<std::optional<OidcCode>> OidcGrants::take_code(std::string_view code, UnixMillis now) {
  std::optional<OidcCode> out;
  const std::string digest = digest_hex(code);
  const auto done = transact(*db_, [&]() -> Result<void> {
    out.reset();
    WUSONG_TRY(const auto row,
               find_row(*db_,
                        "SELECT family, client, account, redirect_uri, challenge, nonce, scope, "
                        "created, auth_time FROM oidc_codes WHERE code = $1",
                        sql(digest)));
    if (!row) return {};
    WUSONG_TRY(
        const auto first,
        run(*db_, "UPDATE oidc_codes SET used = 1 WHERE code = $1 AND used = 0", sql(digest)));
    if (first != 1) return revoke_family(text_of((*row)[0]));
    if (natural((*row)[7]) + kOidcCodeMs < now.value) return {};
    out = OidcCode{{text_of((*row)[0]), text_of((*row)[1]), text_of((*row)[2]), text_of((*row)[6]),
                    natural((*row)[8]), 0},
                   text_of((*row)[3]),
                   text_of((*row)[4]),
                   text_of((*row)[5])};
    return {};
  });
  if (!done) return fail(done.error());
  return out;
}

Result<std::string> OidcGrants::add_token(const OidcGrant& grant, std::string_view kind,
                                          std::uint64_t expires) {
  const std::string text = random_hex(*entropy_, 32);
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO oidc_tokens(token, kind, family, client, account, scope, "
                   "auth_time, expires, used) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
                   sql(digest_hex(text)), sql(kind), sql(grant.family), sql(grant.client),
                   sql(grant.account), sql(grant.scope), sql(grant.auth_time), sql(expires)));
  return text;
}

Result<std::string> OidcGrants::add_access(const OidcGrant& grant, UnixMillis now) {
  WUSONG_CHECK(run(*db_, "DELETE FROM oidc_tokens WHERE expires < $1", sql(now.value)));
  return add_token(grant, kAccess, now.value + kOidcAccessMs);
}

Result<std::string> OidcGrants::add_refresh(const OidcGrant& grant, UnixMillis now) {
  return add_token(grant, kRefresh,
                   grant.expires == 0 ? now.value + kOidcRefreshMs : grant.expires);
}

Result<std::optional<OidcGrant>> OidcGrants::take_refresh(std::string_view token,
                                                          std::string_view client, UnixMillis now) {
  std::optional<OidcGrant> out;
  const std::string digest = digest_hex(token);
  const auto done = transact(*db_, [&]() -> Result<void> {
    out.reset();
    WUSONG_TRY(const auto row,
               find_row(*db_,
                        "SELECT kind, family, client, account, scope, auth_time, expires FROM "
                        "oidc_tokens WHERE token = $1 AND kind = $2 AND client = $3",
                        sql(digest), sql(kRefresh), sql(client)));
    if (!row || natural((*row)[6]) < now.value) return {};
    WUSONG_TRY(
        const auto first,
        run(*db_, "UPDATE oidc_tokens SET used = 1 WHERE token = $1 AND used = 0", sql(digest)));
    // Two hold the same token: one of them has stolen it.
    if (first != 1) return revoke_family(text_of((*row)[1]));
    out = grant_of(*row);
    return {};
  });
  if (!done) return fail(done.error());
  return out;
}

Result<std::optional<OidcGrant>> OidcGrants::find_access(std::string_view token, UnixMillis now) {
  WUSONG_TRY(const auto row,
             find_row(*db_,
                      "SELECT kind, family, client, account, scope, auth_time, expires FROM "
                      "oidc_tokens WHERE token = $1 AND kind = $2",
                      sql(digest_hex(token)), sql(kAccess)));
  if (!row || natural((*row)[6]) < now.value) return std::optional<OidcGrant>{};
  return std::optional{grant_of(*row)};
}

Result<void> OidcGrants::revoke_family(std::string_view family) {
  WUSONG_CHECK(run(*db_, "DELETE FROM oidc_tokens WHERE family = $1", sql(family)));
  return {};
}

Result<void> OidcGrants::revoke(std::string_view token, std::string_view client) {
  const std::string digest = digest_hex(token);
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(
        const auto row,
        find_row(*db_, "SELECT kind, family FROM oidc_tokens WHERE token = $1 AND client = $2",
                 sql(digest), sql(client)));
    if (!row) return {};
    if (text_of((*row)[0]) == kRefresh) return revoke_family(text_of((*row)[1]));
    WUSONG_CHECK(run(*db_, "DELETE FROM oidc_tokens WHERE token = $1", sql(digest)));
    return {};
  });
}

Result<std::string> OidcGrants::consent(std::string_view account, std::string_view client) {
  WUSONG_TRY(const auto row,
             find_row(*db_, "SELECT scope FROM oidc_consents WHERE account = $1 AND client = $2",
                      sql(account), sql(client)));
  return row ? text_of((*row)[0]) : std::string{};
}

Result<void> OidcGrants::add_consent(std::string_view account, std::string_view client,
                                     std::string_view scope, UnixMillis now) {
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO oidc_consents(account, client, scope, given) VALUES ($1, $2, $3, "
                   "$4) ON CONFLICT(account, client) DO UPDATE SET scope = excluded.scope, given = "
                   "excluded.given",
                   sql(account), sql(client), sql(scope), sql(now.value)));
  return {};
}

}  // namespace wusong::gateway
