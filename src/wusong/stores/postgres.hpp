// SPDX-License-Identifier: Apache-2.0
// The database port on PostgreSQL, a server beside the process.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "wusong/base/time.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::stores {

struct PostgresOptions {
  /// As libpq takes it: "host=/run/postgresql dbname=wusong user=wusong". Not logged: it may hold a
  /// password.
  std::string connection;
  /// False, for what can be rebuilt: a commit does not wait for the disk.
  bool durable{true};
  std::size_t statements_max{128};  // prepared, per connection
  Duration connect_timeout{std::chrono::seconds{5}};
  Duration statement_timeout{std::chrono::seconds{60}};
};

/// A connection that lost its server connects again before the next statement outside a
/// transaction.
///
/// `transaction` is serializable, as SQLite's are: io::err::sql_conflict means run it again.
/// Types: every integer and boolean is an int64, reals are doubles, whole NUMERIC (sums of
/// integers) int64 and other NUMERIC doubles, BYTEA bytes, everything else text. Parameters are
/// sent as BIGINT, DOUBLE PRECISION and BYTEA; a text takes the type its place asks for.
/// @errors io::err::sql_unreachable, io::err::sql_failed
[[nodiscard]] Result<std::unique_ptr<io::SqlDatabase>> open_postgres(
    const PostgresOptions& options);

}  // namespace wusong::stores
