// SPDX-License-Identifier: Apache-2.0
// An empty database for one test, of either kind: SQLite in memory, or a schema of its own on the
// test program's PostgreSQL server. Statements can be told to fail.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "wusong/io/sql.hpp"
#include "wusong/stores/postgres.hpp"
#include "wusong/testkit/postgres_server.hpp"
#include "wusong/testkit/sqlite_connection.hpp"

namespace wusong::testkit {

class TestDatabase final : public io::SqlConnection {
 public:
  explicit TestDatabase(io::SqlDialect dialect) {
    if (dialect == io::SqlDialect::sqlite) {
      inner_ = std::make_unique<SqliteConnection>();
      return;
    }
    auto* const server = PostgresServer::shared(missing_);
    if (server == nullptr) return;
    static int number = 0;
    schema_ = "test_" + std::to_string(++number);
    database_ = std::move(*stores::open_postgres(
        {.connection = server->connection() + " options='-csearch_path=" + schema_ + "'",
         .durable = false}));
    inner_ = std::move(*database_->connect());
    EXPECT_TRUE(inner_->script("CREATE SCHEMA " + schema_)) << inner_->last_message();
  }
  ~TestDatabase() override {
    if (!schema_.empty()) {
      EXPECT_TRUE(
          inner_->script("SET client_min_messages = warning; DROP SCHEMA " + schema_ + " CASCADE"))
          << inner_->last_message();
    }
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  /// Why there is none here; empty where there is one.
  const std::string& missing() const noexcept { return missing_; }
  /// The `count`th statement from here on fails; 0: none.
  void fail_after(std::uint64_t count) noexcept { fails_after_ = count; }

  io::SqlDialect dialect() const noexcept override { return inner_->dialect(); }
  Result<std::uint64_t> run(std::string_view sql,
                            std::span<const io::SqlValue> parameters) override {
    if (fails()) return fail(io::err::sql_failed);
    return inner_->run(sql, parameters);
  }
  Result<io::SqlRows> query(std::string_view sql,
                            std::span<const io::SqlValue> parameters) override {
    if (fails()) return fail(io::err::sql_failed);
    return inner_->query(sql, parameters);
  }
  Result<void> script(std::string_view sql) override { return inner_->script(sql); }
  Result<void> transaction(const std::function<Result<void>()>& work) override {
    return inner_->transaction(work);
  }
  std::string_view last_message() const noexcept override { return inner_->last_message(); }

 private:
  bool fails() noexcept { return fails_after_ != 0 && --fails_after_ == 0; }

  std::string missing_;
  std::string schema_;
  std::unique_ptr<io::SqlDatabase> database_;
  std::unique_ptr<io::SqlConnection> inner_;
  std::uint64_t fails_after_{0};
};

/// For INSTANTIATE_TEST_SUITE_P: both kinds, by name.
inline auto both_databases() {
  return testing::Values(io::SqlDialect::sqlite, io::SqlDialect::postgres);
}
inline std::string database_name(const testing::TestParamInfo<io::SqlDialect>& info) {
  return info.param == io::SqlDialect::sqlite ? "Sqlite" : "Postgres";
}

}  // namespace wusong::testkit
