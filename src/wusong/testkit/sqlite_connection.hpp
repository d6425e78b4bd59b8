// SPDX-License-Identifier: Apache-2.0
// The database port on SQLite in memory or in a file, for tests below platform. One connection.
#pragma once

#include <sqlite3.h>

#include <map>
#include <memory>
#include <string>

#include "wusong/io/sql.hpp"

namespace wusong::testkit {

class SqliteConnection final : public io::SqlConnection {
 public:
  explicit SqliteConnection(const std::string& path = ":memory:") {
    sqlite3_open(path.c_str(), &db_);
    for (const char* pragma :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-400000",
          "PRAGMA mmap_size=8000000000", "PRAGMA temp_store=MEMORY"})
      sqlite3_exec(db_, pragma, nullptr, nullptr, nullptr);
  }
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override {
    statements_.clear();
    sqlite3_close(db_);
  }

  io::SqlDialect dialect() const noexcept override { return io::SqlDialect::sqlite; }
  Result<std::uint64_t> run(std::string_view sql,
                            std::span<const io::SqlValue> parameters) override {
    auto rows = query(sql, parameters);
    if (!rows) return fail(rows.error());
    return static_cast<std::uint64_t>(sqlite3_changes64(db_));
  }
  Result<io::SqlRows> query(std::string_view sql,
                            std::span<const io::SqlValue> parameters) override {
    if (fails_after_ != 0 && --fails_after_ == 0) return refuse("told to fail");
    auto& statement = statements_[std::string{sql}];
    if (!statement) {
      sqlite3_stmt* made = nullptr;
      if (sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &made, nullptr) !=
          SQLITE_OK)
        return refuse(sqlite3_errmsg(db_));
      statement.reset(made);
    }
    sqlite3_stmt* const s = statement.get();
    // SQLite numbers "$2" by where it first stands in the text; the port numbers it 2.
    for (int at = 1; at <= sqlite3_bind_parameter_count(s); ++at) {
      const std::string_view name = sqlite3_bind_parameter_name(s, at);
      std::size_t number = 0;
      for (const char digit : name.substr(1))
        number = number * 10 + static_cast<std::size_t>(digit - '0');
      if (number >= 1 && number <= parameters.size()) bind(s, at, parameters[number - 1]);
    }
    io::SqlRows out;
    for (int i = 0; i < sqlite3_column_count(s); ++i)
      out.columns.emplace_back(sqlite3_column_name(s, i));
    int step = sqlite3_step(s);
    for (; step == SQLITE_ROW; step = sqlite3_step(s)) {
      std::vector<io::SqlValue> row;
      for (int i = 0; i < sqlite3_column_count(s); ++i) row.push_back(value(s, i));
      out.rows.push_back(std::move(row));
    }
    if (step != SQLITE_DONE) message_ = sqlite3_errmsg(db_);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    if (step == SQLITE_DONE) return out;
    return fail((step & 0xff) == SQLITE_CONSTRAINT ? io::err::sql_constraint : io::err::sql_failed);
  }
  Result<void> script(std::string_view sql) override {
    if (sqlite3_exec(db_, std::string{sql}.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      message_ = sqlite3_errmsg(db_);
      return fail(io::err::sql_failed);
    }
    return {};
  }
  Result<void> transaction(const std::function<Result<void>()>& work) override {
    WUSONG_CHECK(script("BEGIN IMMEDIATE"));
    auto done = work();
    const auto kept = fails_after_;
    fails_after_ = 0;
    if (done) {
      done = script("COMMIT");
    } else {
      (void)script("ROLLBACK");
    }
    fails_after_ = kept;
    return done;
  }
  std::string_view last_message() const noexcept override { return message_; }

  /// The n-th statement from now fails; 0: none.
  void fail_after(std::uint64_t statements) { fails_after_ = statements; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  std::unexpected<Error> refuse(std::string why) {
    message_ = std::move(why);
    return fail(io::err::sql_failed);
  }
  static void bind(sqlite3_stmt* s, int at, const io::SqlValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(s, at, *number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      sqlite3_bind_double(s, at, *real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      sqlite3_bind_text(s, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      sqlite3_bind_blob(s, at, bytes->data(), static_cast<int>(bytes->size()), SQLITE_STATIC);
    } else {
      sqlite3_bind_null(s, at);
    }
  }
  static io::SqlValue value(sqlite3_stmt* s, int at) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s, at));
    switch (sqlite3_column_type(s, at)) {
      case SQLITE_INTEGER:
        return std::int64_t{sqlite3_column_int64(s, at)};
      case SQLITE_FLOAT:
        return sqlite3_column_double(s, at);
      case SQLITE_TEXT:
        return std::string{reinterpret_cast<const char*>(sqlite3_column_text(s, at)), size};
      case SQLITE_BLOB: {
        const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(s, at));
        return Bytes{data, data + size};
      }
      default:
        return std::monostate{};
    }
  }

  sqlite3* db_{nullptr};
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
  std::string message_;
  std::uint64_t fails_after_{0};
};

}  // namespace wusong::testkit
