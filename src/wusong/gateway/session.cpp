// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/session.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::string_view kApiPrefix = "wusong_";  // so that leak scanners know one
/// `seen` is written at most so often: a page's twenty requests are one write.
constexpr std::uint64_t kSeenStepMs = 60'000;

}  // namespace

std::string Sessions::csrf_of(std::string_view token) const {
  return codec::to_hex(hmac_sha256(keys_->csrf(), token));
}

Result<std::optional<Account>> Sessions::account(std::string_view id) {
  Accounts accounts{*db_, *keys_, *entropy_, {}};
  WUSONG_TRY(auto found, accounts.by_id(id));
  if (found && found->disabled) found.reset();
  return found;
}

Result<std::string> Sessions::open(const Account& account, std::string_view remote, UnixMillis now,
                                   std::string_view provider) {
  const std::string token = random_hex(*entropy_, kTokenBytes);
  const auto oldest = now.value - std::min(now.value, kSessionMostMs);
  WUSONG_CHECK(run(*db_, "DELETE FROM sessions WHERE created < $1", sql(oldest)));
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO sessions(token, account, created, seen, remote, provider) VALUES "
                   "($1, $2, $3, $3, $4, $5)",
                   sql(digest_hex(token)), sql(account.id), sql(now.value), sql(remote),
                   sql(provider)));
  return token;
}

Result<std::optional<Session>> Sessions::find(std::string_view token, UnixMillis now) {
  if (!is_hex(token, kTokenBytes * 2)) return std::optional<Session>{};
  const std::string digest = digest_hex(token);
  WUSONG_TRY(
      const auto row,
      find_row(*db_, "SELECT account, created, seen, provider FROM sessions WHERE token = $1",
               sql(digest)));
  if (!row) return std::optional<Session>{};
  const auto created = static_cast<std::uint64_t>(number_of((*row)[1]));
  const auto seen = static_cast<std::uint64_t>(number_of((*row)[2]));
  if (now.value > created + kSessionMostMs || now.value > seen + kSessionIdleMs) {
    WUSONG_CHECK(run(*db_, "DELETE FROM sessions WHERE token = $1", sql(digest)));
    return std::optional<Session>{};
  }
  if (now.value > seen + kSeenStepMs) {
    WUSONG_CHECK(
        run(*db_, "UPDATE sessions SET seen = $1 WHERE token = $2", sql(now.value), sql(digest)));
  }
  WUSONG_TRY(auto who, account(text_of((*row)[0])));
  if (!who) return std::optional<Session>{};
  return std::optional{Session{std::move(*who), csrf_of(token), created, text_of((*row)[3])}};
}

Result<void> Sessions::close(std::string_view token) {
  WUSONG_CHECK(run(*db_, "DELETE FROM sessions WHERE token = $1", sql(digest_hex(token))));
  return {};
}

Result<std::string> Sessions::add_token(const Account& account, std::string_view name,
                                        std::uint64_t expires, UnixMillis now) {
  WUSONG_TRY(const auto existing, tokens(account.id));
  if (existing.size() >= kApiTokensMax) return fail(err::quota);
  const std::string token = std::string{kApiPrefix} + random_hex(*entropy_, kTokenBytes);
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO api_tokens(token, id, account, name, created, expires) VALUES "
                   "($1, $2, $3, $4, $5, $6)",
                   sql(digest_hex(token)), sql(random_hex(*entropy_, 16)), sql(account.id),
                   sql(name), sql(now.value), sql(expires)));
  return token;
}

Result<std::vector<Sessions::ApiToken>> Sessions::tokens(std::string_view account) {
  WUSONG_TRY(const auto rows, find_rows(*db_,
                                        "SELECT id, name, created, expires FROM api_tokens WHERE "
                                        "account = $1 ORDER BY created, id",
                                        sql(account)));
  std::vector<ApiToken> out;
  for (const auto& row : rows.rows) {
    out.push_back({text_of(row[0]), text_of(row[1]), static_cast<std::uint64_t>(number_of(row[2])),
                   static_cast<std::uint64_t>(number_of(row[3]))});
  }
  return out;
}

Result<bool> Sessions::remove_token(std::string_view account, std::string_view id) {
  WUSONG_TRY(const auto count, run(*db_, "DELETE FROM api_tokens WHERE account = $1 AND id = $2",
                                   sql(account), sql(id)));
  return count > 0;
}

Result<std::optional<Session>> Sessions::by_token(std::string_view token, UnixMillis now) {
  if (!token.starts_with(kApiPrefix) || token.size() != kApiPrefix.size() + kTokenBytes * 2) {
    return std::optional<Session>{};
  }
  WUSONG_TRY(const auto row,
             find_row(*db_, "SELECT account, created, expires FROM api_tokens WHERE token = $1",
                      sql(digest_hex(token))));
  if (!row) return std::optional<Session>{};
  const auto expires = static_cast<std::uint64_t>(number_of((*row)[2]));
  if (expires != 0 && now.value > expires) return std::optional<Session>{};
  WUSONG_TRY(auto who, account(text_of((*row)[0])));
  if (!who) return std::optional<Session>{};
  return std::optional{
      Session{std::move(*who), "", static_cast<std::uint64_t>(number_of((*row)[1]))}};
}

std::string session_cookie(std::string_view token, bool secure) {
  std::string out{kSessionCookie};
  out += "=";
  out += token;
  out += "; Path=/; HttpOnly; SameSite=Lax";
  if (secure) out += "; Secure";
  out += token.empty() ? "; Max-Age=0" : "; Max-Age=" + std::to_string(kSessionMostMs / 1000);
  return out;
}

}  // namespace wusong::gateway
