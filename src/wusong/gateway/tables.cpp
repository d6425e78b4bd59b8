// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/tables.hpp"

#include <charconv>

#include "wusong/codec/hex.hpp"

namespace wusong::gateway {
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
