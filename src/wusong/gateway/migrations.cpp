// SPDX-License-Identifier: Apache-2.0
// A step that a release has taken is never changed: what should be otherwise is a further step.
#include <array>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway {
namespace {

/// "IF NOT EXISTS": databases from before steps were counted hold some or all of these.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE IF NOT EXISTS accounts(
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, display TEXT NOT NULL,
  identity $BLOB NOT NULL, identity_mark TEXT NOT NULL UNIQUE, verified_by TEXT NOT NULL,
  verified_at BIGINT NOT NULL, password TEXT NOT NULL, email TEXT NOT NULL, address TEXT NOT NULL UNIQUE,
  sealed_key $BLOB, created BIGINT NOT NULL, disabled BIGINT NOT NULL, admin BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions(
  token TEXT PRIMARY KEY, account TEXT NOT NULL, created BIGINT NOT NULL, seen BIGINT NOT NULL, remote TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS sessions_account ON sessions(account);
CREATE TABLE IF NOT EXISTS api_tokens(
  token TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL,
  expires BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS api_tokens_account ON api_tokens(account);
CREATE TABLE IF NOT EXISTS throttles(
  subject TEXT PRIMARY KEY, failures BIGINT NOT NULL, since BIGINT NOT NULL, until BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox(
  number $ID, account TEXT NOT NULL, address TEXT NOT NULL, nonce BIGINT NOT NULL, hash TEXT NOT NULL UNIQUE,
  raw $BLOB NOT NULL, once TEXT NOT NULL UNIQUE, item TEXT NOT NULL, about TEXT NOT NULL, content TEXT NOT NULL,
  status TEXT NOT NULL, reason TEXT NOT NULL, block BIGINT NOT NULL, created BIGINT NOT NULL, changed BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_status ON outbox(status, address, nonce);
CREATE INDEX IF NOT EXISTS outbox_address ON outbox(address, nonce);
CREATE TABLE IF NOT EXISTS reads(
  number $ID, time BIGINT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL,
  object TEXT NOT NULL, digest TEXT NOT NULL, permit TEXT NOT NULL, remote TEXT NOT NULL, bytes BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS reads_account ON reads(account, number);
CREATE INDEX IF NOT EXISTS reads_object ON reads(object, number);
CREATE TABLE IF NOT EXISTS uploads(
  id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, size BIGINT NOT NULL,
  created BIGINT NOT NULL, digest TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS uploads_digest ON uploads(digest, account);
CREATE TABLE IF NOT EXISTS secrets(name TEXT PRIMARY KEY, sealed $BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS challenges(
  challenge TEXT PRIMARY KEY, purpose TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL,
  host TEXT NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS challenges_expires ON challenges(expires);
CREATE TABLE IF NOT EXISTS dids(
  did TEXT PRIMARY KEY, account TEXT NOT NULL, created BIGINT NOT NULL, used BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS dids_account ON dids(account);
CREATE TABLE IF NOT EXISTS passkeys(
  id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, algorithm TEXT NOT NULL,
  public_key $BLOB NOT NULL, sign_count BIGINT NOT NULL, created BIGINT NOT NULL, used BIGINT NOT NULL,
  backed_up BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS passkeys_account ON passkeys(account);
CREATE TABLE IF NOT EXISTS oidc_clients(
  id TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL, redirect_uris TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS oidc_codes(
  code TEXT PRIMARY KEY, family TEXT NOT NULL, client TEXT NOT NULL, account TEXT NOT NULL,
  redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, nonce TEXT NOT NULL, scope TEXT NOT NULL,
  created BIGINT NOT NULL, auth_time BIGINT NOT NULL, used BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS oidc_tokens(
  token TEXT PRIMARY KEY, kind TEXT NOT NULL, family TEXT NOT NULL, client TEXT NOT NULL,
  account TEXT NOT NULL, scope TEXT NOT NULL, auth_time BIGINT NOT NULL, expires BIGINT NOT NULL,
  used BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS oidc_tokens_family ON oidc_tokens(family);
CREATE INDEX IF NOT EXISTS oidc_tokens_account ON oidc_tokens(account);
CREATE TABLE IF NOT EXISTS oidc_consents(
  account TEXT NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, given BIGINT NOT NULL,
  PRIMARY KEY(account, client));
)sql";

/// Signing in with accounts of other sites.
constexpr std::string_view kProviders = R"sql(
ALTER TABLE sessions ADD COLUMN provider TEXT NOT NULL DEFAULT '';
CREATE TABLE provider_flows(
  state TEXT PRIMARY KEY, browser TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
  target TEXT NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX provider_flows_expires ON provider_flows(expires);
CREATE TABLE provider_claims(
  browser TEXT PRIMARY KEY, provider TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL,
  sealed $BLOB NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX provider_claims_expires ON provider_claims(expires);
CREATE TABLE provider_bindings(
  id TEXT PRIMARY KEY, provider TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL,
  account TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL, used BIGINT NOT NULL,
  UNIQUE(issuer, subject));
CREATE INDEX provider_bindings_account ON provider_bindings(account);
)sql";

// What files hold, by digest; calls of rows and aggregates, by account and day.
constexpr std::string_view kTablesOfFiles = R"sql(
CREATE INDEX uploads_account ON uploads(account, created);
CREATE TABLE file_facts(
  digest TEXT NOT NULL, format TEXT NOT NULL, kind TEXT NOT NULL, answer TEXT NOT NULL,
  created BIGINT NOT NULL, PRIMARY KEY(digest, format, kind));
CREATE TABLE calls(
  account TEXT NOT NULL, day BIGINT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY(account, day));
)sql";

constexpr std::array kSteps{kFirst, kProviders, kTablesOfFiles};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

std::string in_dialect(std::string_view step, io::SqlDialect dialect) {
  const bool lite = dialect == io::SqlDialect::sqlite;
  std::string out{step};
  replace_all(out, "$ID", lite ? "INTEGER PRIMARY KEY" : "BIGSERIAL PRIMARY KEY");
  replace_all(out, "$BLOB", lite ? "BLOB" : "BYTEA");
  return out;
}

Result<void> ensure_version_table(io::SqlConnection& db) {
  constexpr std::string_view kText =
      "CREATE TABLE IF NOT EXISTS private_schema(one BIGINT PRIMARY KEY, version BIGINT NOT NULL)";
  // PostgreSQL may refuse the slower one of two that make it at once; the second try finds it.
  if (db.script(kText)) return {};
  return db.script(kText);
}

Result<std::uint64_t> read_version(io::SqlConnection& db) {
  WUSONG_TRY(const auto row, find_row(db, "SELECT version FROM private_schema WHERE one = 1"));
  return row ? static_cast<std::uint64_t>(number_of((*row)[0])) : 0;
}

}  // namespace

std::span<const std::string_view> private_steps() noexcept {
  return kSteps;
}

Result<std::uint64_t> private_version(io::SqlConnection& db) {
  WUSONG_CHECK(ensure_version_table(db));
  return read_version(db);
}

Result<void> upgrade_private_tables(io::SqlConnection& db,
                                    std::span<const std::string_view> steps) {
  WUSONG_CHECK(ensure_version_table(db));
  return transact(db, [&]() -> Result<void> {
    // SQLite's transactions have one writer anyway. The lock comes before the first look, so that
    // whoever waited for it sees what the other one did.
    if (db.dialect() == io::SqlDialect::postgres) {
      WUSONG_CHECK(db.script("LOCK TABLE private_schema IN EXCLUSIVE MODE"));
    }
    WUSONG_TRY(const auto version, read_version(db));
    if (version > steps.size()) return fail(err::database_newer);
    if (version == steps.size()) return {};
    for (const auto step : steps.subspan(version)) {
      WUSONG_CHECK(db.script(in_dialect(step, db.dialect())));
    }
    WUSONG_CHECK(run(db,
                     "INSERT INTO private_schema(one, version) VALUES (1, $1) ON CONFLICT(one) DO "
                     "UPDATE SET version = excluded.version",
                     sql(std::uint64_t{steps.size()})));
    return {};
  });
}

}  // namespace wusong::gateway
