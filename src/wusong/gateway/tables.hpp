// SPDX-License-Identifier: Apache-2.0
// The private database: what is not on the chain and cannot be rebuilt. How rows are read and
// written, and its schema as a list of steps, each taken once and in order (migrations.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

/// All steps, the first one being number 1. In the texts, $ID is a number that the database
/// gives out and $BLOB its type of bytes.
std::span<const std::string_view> private_steps() noexcept;
/// How many have been taken; 0 in an empty database, and in one from before they were counted.
/// @errors io's SQL rows
[[nodiscard]] Result<std::uint64_t> private_version(io::SqlConnection& db);
/// Takes the steps that are missing, all of them or none. Of several programs that open the
/// database at once, one takes them.
/// @errors err::database_newer where more were taken than there are in `steps`: nothing is changed;
///         io's SQL rows
[[nodiscard]] Result<void> upgrade_private_tables(
    io::SqlConnection& db, std::span<const std::string_view> steps = private_steps());

using Row = std::vector<io::SqlValue>;
/// Text, or a number written as text; empty for NULL.
std::string text_of(const io::SqlValue& value);
/// An integer, or text that holds one; 0 for NULL.
std::int64_t number_of(const io::SqlValue& value);
Bytes blob_of(const io::SqlValue& value);
inline io::SqlValue sql(std::string_view text) {
  return std::string{text};
}
inline io::SqlValue sql(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
inline io::SqlValue sql(std::int64_t value) {
  return value;
}
inline io::SqlValue sql(BytesView blob) {
  return to_bytes(blob);
}

/// The first row, or nothing. @errors io's SQL rows
[[nodiscard]] Result<std::optional<Row>> one_row(io::SqlConnection& db, std::string_view text,
                                                 std::span<const io::SqlValue> parameters);
template <typename... Values>
[[nodiscard]] Result<std::optional<Row>> find_row(io::SqlConnection& db, std::string_view text,
                                                  Values... values) {
  const std::array<io::SqlValue, sizeof...(Values)> parameters{values...};
  return one_row(db, text, parameters);
}
template <typename... Values>
[[nodiscard]] Result<io::SqlRows> find_rows(io::SqlConnection& db, std::string_view text,
                                            Values... values) {
  const std::array<io::SqlValue, sizeof...(Values)> parameters{values...};
  return db.query(text, parameters);
}
template <typename... Values>
[[nodiscard]] Result<std::uint64_t> run(io::SqlConnection& db, std::string_view text,
                                        Values... values) {
  const std::array<io::SqlValue, sizeof...(Values)> parameters{values...};
  return db.run(text, parameters);
}
/// A transaction that is tried again where another one was in its way, at most 20 times.
[[nodiscard]] Result<void> transact(io::SqlConnection& db,
                                    const std::function<Result<void>()>& work);

/// What an engine said of a file's content, which never changes.
struct FileFact {
  Hash file;
  std::string format;
  std::string kind;  // "profile", "preview", …
};
/// @errors io's SQL rows
[[nodiscard]] Result<std::optional<std::string>> find_fact(io::SqlConnection& db,
                                                           const FileFact& fact);
[[nodiscard]] Result<void> keep_fact(io::SqlConnection& db, const FileFact& fact,
                                     std::string_view answer, UnixMillis now);
/// Counts one call of an account. @return how many it has made on that day since 1970, this one too
[[nodiscard]] Result<std::uint64_t> add_call(io::SqlConnection& db, std::string_view account,
                                             std::uint64_t day);

/// One line of the audit of reads: who was given what, when, under which right.
struct ReadRecord {
  std::uint64_t time{0};  // milliseconds
  std::string account;    // empty: not logged in
  std::string address;    // of its key, hex
  std::string action;     // "file", "rows", "document", …
  std::string object;     // item, hex
  std::string digest;     // of what was read, hex
  std::string right;      // the item that allows it, hex
  std::string remote;
  std::uint64_t bytes{0};
};
/// Written before the first byte leaves. @errors io's SQL rows
[[nodiscard]] Result<void> record_read(io::SqlConnection& db, const ReadRecord& record);
/// Newest first, below `before` (0: from the newest). @cost the index alone: independent of length
struct ReadQuery {
  std::uint64_t before{0};
  std::size_t limit{50};
  std::string account;  // empty: everybody's
  std::string object;   // empty: every item's
};
struct NumberedRead {
  std::uint64_t number{0};
  ReadRecord record;
};
[[nodiscard]] Result<std::vector<NumberedRead>> list_reads(io::SqlConnection& db,
                                                           const ReadQuery& query);

}  // namespace wusong::gateway
