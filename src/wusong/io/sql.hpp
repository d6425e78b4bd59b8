// SPDX-License-Identifier: Apache-2.0
// A relational database: SQLite inside the process or PostgreSQL beside it. Statements are written
// once, in what both understand; where they differ, `dialect` says which one it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::io {

namespace err {
inline constexpr ErrorInfo sql_failed{1310, Disposition::halt, "io.sql_failed"};
inline constexpr ErrorInfo sql_conflict{1311, Disposition::retry, "io.sql_conflict"};
inline constexpr ErrorInfo sql_constraint{1312, Disposition::reject, "io.sql_constraint"};
inline constexpr ErrorInfo sql_unreachable{1313, Disposition::retry, "io.sql_unreachable"};
}  // namespace err

/// NULL, an integer, a real, text (UTF-8), or a blob. Digests and addresses are stored as text in
/// lower-case hex without "0x".
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

struct SqlRows {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
};

enum class SqlDialect : std::uint8_t { sqlite, postgres };

/// One connection. Parameters are $1, $2, … in the text; a statement is prepared once for its text,
/// so texts must not be built from values.
/// @thread one at a time
/// @errors err::sql_failed (broken statement or storage), err::sql_constraint (a unique, foreign or
///         check constraint refuses the row), err::sql_conflict (try the transaction again),
///         err::sql_unreachable (no server), err::disk_full
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;
  virtual SqlDialect dialect() const noexcept = 0;
  /// How many rows it changed.
  [[nodiscard]] virtual Result<std::uint64_t> run(std::string_view sql,
                                                  std::span<const SqlValue> parameters = {}) = 0;
  [[nodiscard]] virtual Result<SqlRows> query(std::string_view sql,
                                              std::span<const SqlValue> parameters = {}) = 0;
  /// Several statements without parameters, separated by ";": schemas.
  [[nodiscard]] virtual Result<void> script(std::string_view sql) = 0;
  /// Runs `work` between BEGIN and COMMIT; rolled back where it fails. Not nested.
  [[nodiscard]] virtual Result<void> transaction(const std::function<Result<void>()>& work) = 0;
  /// What the database said of the last failure, for logs.
  virtual std::string_view last_message() const noexcept = 0;
};

/// A database that many threads use, each through a connection of its own.
/// @thread safe
class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;
  virtual SqlDialect dialect() const noexcept = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<SqlConnection>> connect() = 0;
};

}  // namespace wusong::io
