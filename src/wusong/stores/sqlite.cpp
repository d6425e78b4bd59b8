// SPDX-License-Identifier: Apache-2.0
#include "wusong/stores/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <utility>

#include "wusong/io/kv_store.hpp"
#include "wusong/stores/internal/statement_cache.hpp"

namespace wusong::stores {
namespace {

using io::SqlDialect;
using io::SqlRows;
using io::SqlValue;

struct CloseDatabase {
  void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// A prepared statement, and where the value of each of its parameters stands in the caller's list.
struct Statement {
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle;
  std::vector<std::size_t> values;  // of parameter i + 1
};

Error error_of(int code, int system_error) noexcept {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return io::err::disk_full;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (system_error == ENOSPC || system_error == EDQUOT) return io::err::disk_full;
      return io::err::sql_failed;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return io::err::sql_constraint;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return io::err::sql_conflict;
    default:
      return io::err::sql_failed;
  }
}

class Connection final : public io::SqlConnection {
 public:
  explicit Connection(Database db, std::size_t statements_max)
      : db_{std::move(db)}, statements_{statements_max} {}

  SqlDialect dialect() const noexcept override { return SqlDialect::sqlite; }
  std::string_view last_message() const noexcept override { return message_; }

  Result<std::uint64_t> run(std::string_view sql, std::span<const SqlValue> parameters) override {
    const auto before = sqlite3_total_changes64(db_.get());
    WUSONG_CHECK(execute(sql, parameters, nullptr));
    // SQLite keeps the last count over statements that change nothing.
    if (sqlite3_total_changes64(db_.get()) == before) return 0;
    return static_cast<std::uint64_t>(sqlite3_changes64(db_.get()));
  }

  Result<SqlRows> query(std::string_view sql, std::span<const SqlValue> parameters) override {
    SqlRows rows;
    WUSONG_CHECK(execute(sql, parameters, &rows));
    return rows;
  }

  Result<void> script(std::string_view sql) override {
    const bool own = sqlite3_get_autocommit(db_.get()) != 0;
    if (own) WUSONG_CHECK(simple("BEGIN IMMEDIATE"));
    const std::string text{sql};
    if (const int code = sqlite3_exec(db_.get(), text.c_str(), nullptr, nullptr, nullptr);
        code != SQLITE_OK) {
      const Error error = failed(code);
      if (own) roll_back();
      return fail(error);
    }
    return own ? commit() : Result<void>{};
  }

  Result<void> transaction(const std::function<Result<void>()>& work) override {
    if (sqlite3_get_autocommit(db_.get()) == 0) {
      message_ = "transactions do not nest";
      return fail(io::err::sql_failed);
    }
    WUSONG_CHECK(simple("BEGIN IMMEDIATE"));
    Result<void> done;
    try {
      done = work();
    } catch (...) {
      roll_back();
      throw;
    }
    if (!done) {
      roll_back();
      return done;
    }
    return commit();
  }

  Result<void> set_up(const SqliteOptions& options, bool in_memory) {
    sqlite3_extended_result_codes(db_.get(), 1);
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout);
    sqlite3_busy_timeout(db_.get(), static_cast<int>(wait.count()));
    // A schema from a damaged file must not call functions with side effects.
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    if (!in_memory) WUSONG_CHECK(simple("PRAGMA journal_mode=WAL"));
    WUSONG_CHECK(simple(options.durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
    // Pages come through a small cache of each connection and the system's own, not through mapped
    // memory: that would make a large file part of every process that reads it.
    return simple(
        "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;"
        "PRAGMA mmap_size=0; PRAGMA journal_size_limit=67108864");
  }

 private:
  Error failed(int code) {
    message_ = sqlite3_errmsg(db_.get());
    return error_of(code, sqlite3_system_errno(db_.get()));
  }

  Result<void> simple(const std::string& sql) {
    const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fail(failed(code));
    return {};
  }

  Result<void> commit() {
    const auto done = simple("COMMIT");
    if (!done) roll_back();
    return done;
  }

  /// Keeps the message of what failed. SQLite itself rolls back after some failures.
  void roll_back() {
    if (sqlite3_get_autocommit(db_.get()) == 0)
      sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }

  Result<Statement*> prepare(std::string_view sql) {
    if (Statement* known = statements_.find(sql)) return known;
    sqlite3_stmt* handle = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, &rest);
    if (code != SQLITE_OK) return fail(failed(code));
    Statement statement{decltype(Statement::handle){handle}, {}};
    const std::string_view behind{rest, static_cast<std::size_t>(sql.data() + sql.size() - rest)};
    if (handle == nullptr || behind.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      message_ = handle == nullptr ? "an empty statement" : "more than one statement";
      return fail(io::err::sql_failed);
    }
    // To SQLite "$2" is a name, numbered by where it first stands.
    const int count = sqlite3_bind_parameter_count(handle);
    for (int i = 1; i <= count; ++i) {
      const char* name = sqlite3_bind_parameter_name(handle, i);
      const std::string_view text = name == nullptr ? "" : name;
      std::size_t number = 0;
      if (!text.starts_with('$') ||
          std::from_chars(text.data() + 1, text.data() + text.size(), number).ptr !=
              text.data() + text.size() ||
          number == 0) {
        message_ = "parameters are written $1, $2, …";
        return fail(io::err::sql_failed);
      }
      statement.values.push_back(number - 1);
    }
    return &statements_.add(sql, std::move(statement));
  }

  static int bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value))
      return sqlite3_bind_int64(statement, index, *number);
    if (const auto* real = std::get_if<double>(&value))
      return sqlite3_bind_double(statement, index, *real);
    // The caller's values outlive the step; bindings are cleared after it.
    if (const auto* text = std::get_if<std::string>(&value))
      return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    if (const auto* bytes = std::get_if<Bytes>(&value))
      return bytes->empty() ? sqlite3_bind_zeroblob(statement, index, 0)
                            : sqlite3_bind_blob64(statement, index, bytes->data(), bytes->size(),
                                                  SQLITE_STATIC);
    return sqlite3_bind_null(statement, index);
  }

  static SqlValue column(sqlite3_stmt* statement, int index) {
    switch (sqlite3_column_type(statement, index)) {
      case SQLITE_INTEGER:
        return std::int64_t{sqlite3_column_int64(statement, index)};
      case SQLITE_FLOAT:
        return sqlite3_column_double(statement, index);
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
        return std::string{text, static_cast<std::size_t>(sqlite3_column_bytes(statement, index))};
      }
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, index));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
        return size == 0 ? Bytes{} : Bytes(bytes, bytes + size);
      }
      default:
        return std::monostate{};
    }
  }

  Result<void> execute(std::string_view sql, std::span<const SqlValue> parameters, SqlRows* out) {
    WUSONG_TRY(Statement * statement, prepare(sql));
    sqlite3_stmt* handle = statement->handle.get();
    int code = SQLITE_OK;
    for (std::size_t i = 0; i < statement->values.size() && code == SQLITE_OK; ++i) {
      if (statement->values[i] >= parameters.size()) {
        message_ = "fewer values than parameters";
        sqlite3_clear_bindings(handle);
        return fail(io::err::sql_failed);
      }
      code = bind(handle, static_cast<int>(i + 1), parameters[statement->values[i]]);
    }
    const int columns = sqlite3_column_count(handle);
    if (out != nullptr) {
      for (int i = 0; i < columns; ++i) out->columns.emplace_back(sqlite3_column_name(handle, i));
    }
    if (code == SQLITE_OK) code = SQLITE_ROW;
    while (code == SQLITE_ROW && (code = sqlite3_step(handle)) == SQLITE_ROW) {
      if (out == nullptr) continue;
      auto& row = out->rows.emplace_back();
      row.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) row.push_back(column(handle, i));
    }
    Result<void> result;
    if (code != SQLITE_DONE) result = fail(failed(code));
    sqlite3_reset(handle);
    sqlite3_clear_bindings(handle);
    return result;
  }

  Database db_;
  std::string message_;
  internal::StatementCache<Statement> statements_;  // gone before the database
};

class SqliteDatabase final : public io::SqlDatabase {
 public:
  explicit SqliteDatabase(SqliteOptions options) : options_{std::move(options)} {
    if (options_.path != ":memory:") return;
    static std::atomic<std::uint64_t> last{0};
    in_memory_ = true;
    options_.path = fmt::format("file:/wusong-{}?vfs=memdb", ++last);
  }

  SqlDialect dialect() const noexcept override { return SqlDialect::sqlite; }

  Result<std::unique_ptr<io::SqlConnection>> connect() override {
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(options_.path.c_str(), &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_EXRESCODE | (in_memory_ ? SQLITE_OPEN_URI : 0),
                        nullptr);
    Database db{handle};
    if (code != SQLITE_OK)
      return fail(error_of(code, handle == nullptr ? 0 : sqlite3_system_errno(handle)));
    auto connection = std::make_unique<Connection>(std::move(db), options_.statements_max);
    WUSONG_CHECK(connection->set_up(options_, in_memory_));
    return connection;
  }

  /// A first connection: it shows that the file can be used, and keeps a database in memory alive.
  Result<void> open() {
    WUSONG_TRY(auto first, connect());
    WUSONG_CHECK(first->query("SELECT count(*) FROM sqlite_schema", {}));
    if (in_memory_) keeper_ = std::move(first);
    return {};
  }

 private:
  SqliteOptions options_;
  bool in_memory_{false};
  std::unique_ptr<io::SqlConnection> keeper_;
};

}  // namespace

Result<std::unique_ptr<io::SqlDatabase>> open_sqlite(const SqliteOptions& options) {
  auto database = std::make_unique<SqliteDatabase>(options);
  WUSONG_CHECK(database->open());
  return database;
}

}  // namespace wusong::stores
