// SPDX-License-Identifier: Apache-2.0
// The database port on SQLite, inside the process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "wusong/base/time.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::stores {

struct SqliteOptions {
  /// Its folder exists. ":memory:" is a database that all connections share and nothing keeps.
  std::string path;
  /// True: a committed transaction survives loss of power (synchronous=FULL). False, for what can
  /// be rebuilt: it survives the death of the process only (NORMAL).
  bool durable{true};
  std::size_t statements_max{128};  // prepared, per connection
  Duration busy_timeout{std::chrono::seconds{5}};
};

/// Opens or creates the database: write-ahead log, foreign keys on.
///
/// `transaction` takes the write lock at once, so that it never fails half-way for a reader that
/// became a writer; `script` is all or nothing and holds no transaction statements of its own.
/// @errors io::err::sql_failed (no database, or damaged), io::err::disk_full
[[nodiscard]] Result<std::unique_ptr<io::SqlDatabase>> open_sqlite(const SqliteOptions& options);

}  // namespace wusong::stores
