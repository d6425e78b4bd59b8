// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/tables.hpp"

#include <charconv>

#include "wusong/codec/hex.hpp"

namespace wusong::gateway {
namespace {

/// $ID is a number that the database gives out.
constexpr std::string_view kSchema = R"sql(
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
CREATE INDEX IF NOT EXISTS uploads_account ON uploads(account, created);
CREATE TABLE IF NOT EXISTS file_facts(
  digest TEXT NOT NULL, format TEXT NOT NULL, kind TEXT NOT NULL, answer TEXT NOT NULL,
  created BIGINT NOT NULL, PRIMARY KEY(digest, format, kind));
CREATE TABLE IF NOT EXISTS calls(
  account TEXT NOT NULL, day BIGINT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY(account, day));
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

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

}  // namespace

Result<void> create_private_tables(io::SqlConnection& db) {
  const bool lite = db.dialect() == io::SqlDialect::sqlite;
  std::string text{kSchema};
  replace_all(text, "$ID", lite ? "INTEGER PRIMARY KEY" : "BIGSERIAL PRIMARY KEY");
  replace_all(text, "$BLOB", lite ? "BLOB" : "BYTEA");
  return db.script(text);
}

std::string text_of(const io::SqlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* blob = std::get_if<Bytes>(&value)) return std::string{as_text(*blob)};
  return {};
}

std::int64_t number_of(const io::SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  std::int64_t out = 0;
  if (const auto* text = std::get_if<std::string>(&value)) {
    std::from_chars(text->data(), text->data() + text->size(), out);
  } else if (const auto* real = std::get_if<double>(&value)) {
    out = static_cast<std::int64_t>(*real);
  }
  return out;
}

Bytes blob_of(const io::SqlValue& value) {
  if (const auto* blob = std::get_if<Bytes>(&value)) return *blob;
  if (const auto* text = std::get_if<std::string>(&value)) return to_bytes(as_bytes(*text));
  return {};
}

Result<std::optional<Row>> one_row(io::SqlConnection& db, std::string_view text,
                                   std::span<const io::SqlValue> parameters) {
  WUSONG_TRY(auto rows, db.query(text, parameters));
  if (rows.rows.empty()) return std::optional<Row>{};
  return std::optional<Row>{std::move(rows.rows.front())};
}

Result<void> transact(io::SqlConnection& db, const std::function<Result<void>()>& work) {
  constexpr int kTries = 20;
  for (int i = 1;; ++i) {
    auto done = db.transaction(work);
    if (done || done.error() != Error{io::err::sql_conflict} || i == kTries) return done;
  }
}

Result<std::optional<std::string>> find_fact(io::SqlConnection& db, const FileFact& fact) {
  WUSONG_TRY(const auto row,
             find_row(db,
                      "SELECT answer FROM file_facts WHERE digest = $1 AND format = $2 AND "
                      "kind = $3",
                      sql(codec::to_hex(fact.file)), sql(fact.format), sql(fact.kind)));
  return row ? std::optional{text_of((*row)[0])} : std::nullopt;
}

Result<void> keep_fact(io::SqlConnection& db, const FileFact& fact, std::string_view answer,
                       UnixMillis now) {
  WUSONG_CHECK(run(db,
                   "INSERT INTO file_facts(digest, format, kind, answer, created) VALUES ($1, $2, "
                   "$3, $4, $5) ON CONFLICT(digest, format, kind) DO UPDATE SET answer = $4, "
                   "created = $5",
                   sql(codec::to_hex(fact.file)), sql(fact.format), sql(fact.kind), sql(answer),
                   sql(now.value)));
  return {};
}

Result<std::uint64_t> add_call(io::SqlConnection& db, std::string_view account, std::uint64_t day) {
  WUSONG_CHECK(run(db,
                   "INSERT INTO calls(account, day, count) VALUES ($1, $2, 1) "
                   "ON CONFLICT(account, day) DO UPDATE SET count = calls.count + 1",
                   sql(account), sql(day)));
  WUSONG_TRY(const auto row, find_row(db, "SELECT count FROM calls WHERE account = $1 AND day = $2",
                                      sql(account), sql(day)));
  return row ? static_cast<std::uint64_t>(number_of((*row)[0])) : 0;
}

Result<void> record_read(io::SqlConnection& db, const ReadRecord& record) {
  WUSONG_CHECK(run(db,
                   "INSERT INTO reads(time, account, address, action, object, digest, permit, "
                   "remote, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   sql(record.time), sql(record.account), sql(record.address), sql(record.action),
                   sql(record.object), sql(record.digest), sql(record.right), sql(record.remote),
                   sql(record.bytes)));
  return {};
}

Result<std::vector<NumberedRead>> list_reads(io::SqlConnection& db, const ReadQuery& query) {
  constexpr std::uint64_t kNewest = std::uint64_t{1} << 62;
  std::string text =
      "SELECT number, time, account, address, action, object, digest, permit, remote, bytes "
      "FROM reads WHERE number < $1";
  std::vector<io::SqlValue> parameters{sql(query.before == 0 ? kNewest : query.before)};
  if (!query.account.empty()) {
    parameters.push_back(sql(query.account));
    text += " AND account = $" + std::to_string(parameters.size());
  }
  if (!query.object.empty()) {
    parameters.push_back(sql(query.object));
    text += " AND object = $" + std::to_string(parameters.size());
  }
  parameters.push_back(sql(std::uint64_t{query.limit}));
  text += " ORDER BY number DESC LIMIT $" + std::to_string(parameters.size());
  WUSONG_TRY(const auto rows, db.query(text, parameters));
  std::vector<NumberedRead> out;
  for (const auto& row : rows.rows) {
    const auto natural = [&](std::size_t i) {
      return static_cast<std::uint64_t>(number_of(row[i]));
    };
    out.push_back({natural(0),
                   {natural(1), text_of(row[2]), text_of(row[3]), text_of(row[4]), text_of(row[5]),
                    text_of(row[6]), text_of(row[7]), text_of(row[8]), natural(9)}});
  }
  return out;
}

}  // namespace wusong::gateway
