// SPDX-License-Identifier: Apache-2.0
// The database port: what holds on SQLite holds on PostgreSQL.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "wusong/io/kv_store.hpp"
#include "wusong/stores/internal/statement_cache.hpp"
#include "wusong/stores/postgres.hpp"
#include "wusong/stores/sqlite.hpp"
#include "wusong/testkit/postgres_server.hpp"

namespace wusong::stores {
namespace {

using io::SqlDialect;
using io::SqlValue;

std::string temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
  return ::mkdtemp(name.data());
}

class Sql : public testing::TestWithParam<SqlDialect> {
 protected:
  void SetUp() override {
    folder_ = temporary_folder();
    if (GetParam() == SqlDialect::postgres) {
      std::string why;
      server_ = testkit::PostgresServer::shared(why);
      if (server_ == nullptr) GTEST_SKIP() << why;
    }
    database_ = open();
    ASSERT_TRUE(database_);
    connection_ = *database_->connect();
    ASSERT_TRUE(connection_->script("DROP TABLE IF EXISTS line; DROP TABLE IF EXISTS thing;"));
  }
  void TearDown() override {
    connection_.reset();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::unique_ptr<io::SqlDatabase> open() {
    auto opened = GetParam() == SqlDialect::sqlite
                      ? open_sqlite({.path = folder_ + "/db", .statements_max = 4})
                      : open_postgres({.connection = server_->connection(), .statements_max = 4});
    return opened ? std::move(*opened) : nullptr;
  }
  bool sqlite() const { return GetParam() == SqlDialect::sqlite; }
  /// A number's type and a blob's are what the two call differently.
  std::string schema() const {
    return fmt::format(
        "CREATE TABLE thing (id BIGINT PRIMARY KEY, real DOUBLE PRECISION, text TEXT, bytes {0});"
        "CREATE TABLE line (id BIGINT PRIMARY KEY, thing BIGINT NOT NULL REFERENCES thing (id),"
        " size BIGINT CHECK (size >= 0));",
        sqlite() ? "BLOB" : "BYTEA");
  }
  std::int64_t count(io::SqlConnection& connection, const std::string& table = "thing") {
    const auto rows = connection.query("SELECT count(*) FROM " + table);
    return rows ? std::get<std::int64_t>(rows->rows[0][0]) : -1;
  }
  Result<std::uint64_t> insert(io::SqlConnection& connection, std::int64_t id) {
    return connection.run("INSERT INTO thing (id) VALUES ($1)", std::vector<SqlValue>{id});
  }

  std::string folder_;
  testkit::PostgresServer* server_{nullptr};
  std::unique_ptr<io::SqlDatabase> database_;
  std::unique_ptr<io::SqlConnection> connection_;
};

TEST_P(Sql, ValuesComeBackAsTheyWere) {
  ASSERT_TRUE(connection_->script(schema()));
  const std::vector<std::vector<SqlValue>> rows{
      {std::int64_t{0}, 0.0, std::string{}, Bytes{}},
      {std::numeric_limits<std::int64_t>::min(), 1.0 / 3.0, std::string{"深圳 'quoted' \"\\ $1"},
       Bytes{0, 1, 0, 255, 92, 39}},
      {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<double>::denorm_min(),
       std::string(100'000, 'x'), Bytes(100'000, 7)},
      {std::int64_t{5}, std::monostate{}, std::monostate{}, std::monostate{}},
  };
  for (const auto& row : rows)
    ASSERT_EQ(connection_->run("INSERT INTO thing VALUES ($1, $2, $3, $4)", row), 1u)
        << connection_->last_message();
  for (const auto& row : rows) {
    const auto found = connection_->query("SELECT id, real, text, bytes FROM thing WHERE id = $1",
                                          std::vector<SqlValue>{row[0]});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->columns, (std::vector<std::string>{"id", "real", "text", "bytes"}));
    ASSERT_EQ(found->rows.size(), 1u);
    EXPECT_EQ(found->rows[0], row);
  }
}

TEST_P(Sql, ParametersGoByTheirNumberNotByTheirPlace) {
  const auto found =
      connection_->query(sqlite() ? "SELECT $2, $1, $2" : "SELECT $2::bigint, $1::text, $2::bigint",
                         std::vector<SqlValue>{std::string{"first"}, std::int64_t{2}});
  ASSERT_TRUE(found) << connection_->last_message();
  EXPECT_EQ(found->rows[0],
            (std::vector<SqlValue>{std::int64_t{2}, std::string{"first"}, std::int64_t{2}}));
  EXPECT_EQ(connection_->query("SELECT $2", std::vector<SqlValue>{std::int64_t{1}}).error(),
            io::err::sql_failed);
}

TEST_P(Sql, ChangesAreCounted) {
  ASSERT_TRUE(connection_->script(schema()));
  for (std::int64_t i = 0; i < 10; ++i) ASSERT_EQ(insert(*connection_, i), 1u);
  EXPECT_EQ(connection_->run("UPDATE thing SET text = 'x' WHERE id < 4"), 4u);
  EXPECT_EQ(connection_->run("DELETE FROM thing WHERE id >= 100"), 0u);
  EXPECT_EQ(connection_->run("CREATE INDEX thing_text ON thing (text)"), 0u);
  const auto sums = connection_->query("SELECT sum(id), avg(id) FROM thing");
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->rows[0][0], SqlValue{std::int64_t{45}}) << "a sum of integers is one";
  EXPECT_EQ(sums->rows[0][1], SqlValue{4.5});
}

TEST_P(Sql, RowsThatAConstraintRefusesAreNamedSo) {
  ASSERT_TRUE(connection_->script(schema()));
  ASSERT_TRUE(insert(*connection_, 1));
  EXPECT_EQ(insert(*connection_, 1).error(), io::err::sql_constraint) << "unique";
  EXPECT_FALSE(connection_->last_message().empty());
  EXPECT_EQ(connection_->run("INSERT INTO line VALUES (1, 7, 0)").error(), io::err::sql_constraint)
      << "foreign key";
  EXPECT_EQ(connection_->run("INSERT INTO line VALUES (1, 1, -1)").error(), io::err::sql_constraint)
      << "check";
  EXPECT_EQ(connection_->run("INSERT INTO line VALUES (1, NULL, 0)").error(),
            io::err::sql_constraint)
      << "not null";
  EXPECT_EQ(connection_->run("SELEKT 1").error(), io::err::sql_failed);
  EXPECT_EQ(connection_->query("SELECT * FROM nowhere").error(), io::err::sql_failed);
  EXPECT_EQ(count(*connection_), 1) << "the connection goes on";
}

TEST_P(Sql, ATransactionIsAllOrNothing) {
  ASSERT_TRUE(connection_->script(schema()));
  const auto other = *database_->connect();
  EXPECT_TRUE(connection_->transaction([&]() -> Result<void> {
    WUSONG_CHECK(insert(*connection_, 1));
    EXPECT_EQ(count(*other), 0) << "nobody sees what is not committed";
    WUSONG_CHECK(insert(*connection_, 2));
    return {};
  }));
  EXPECT_EQ(count(*other), 2);
  EXPECT_EQ(connection_
                ->transaction([&]() -> Result<void> {
                  WUSONG_CHECK(insert(*connection_, 3));
                  WUSONG_CHECK(insert(*connection_, 1));
                  return {};
                })
                .error(),
            io::err::sql_constraint);
  EXPECT_EQ(count(*connection_), 2);
  EXPECT_EQ(connection_
                ->transaction([&]() -> Result<void> {
                  EXPECT_EQ(connection_->transaction([] { return Result<void>{}; }).error(),
                            io::err::sql_failed);
                  return fail(io::err::store_failed);
                })
                .error(),
            io::err::store_failed)
      << "the error of the work comes through";
  EXPECT_TRUE(insert(*connection_, 3));
}

TEST_P(Sql, AScriptIsAllOrNothing) {
  EXPECT_FALSE(
      connection_->script("CREATE TABLE thing (id BIGINT); CREATE TABLE thing (id BIGINT)"));
  EXPECT_EQ(count(*connection_), -1);
  EXPECT_TRUE(connection_->script(schema()));
  EXPECT_EQ(count(*connection_), 0);
}

TEST_P(Sql, MoreStatementsThanTheCacheHoldsStillRun) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      const auto found = connection_->query(fmt::format("SELECT {} + {}", i, i));
      ASSERT_TRUE(found) << connection_->last_message();
      EXPECT_EQ(found->rows[0][0], SqlValue{std::int64_t{2 * i}});
    }
  }
}

TEST_P(Sql, ConnectionsOfSeveralThreadsLoseNoIncrement) {
  ASSERT_TRUE(connection_->script(
      "CREATE TABLE thing (id BIGINT PRIMARY KEY, size BIGINT); INSERT INTO thing VALUES (1, 0)"));
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto mine = *database_->connect();
      for (int done = 0; done < 25;) {
        const auto result = mine->transaction([&]() -> Result<void> {
          WUSONG_TRY(const auto rows, mine->query("SELECT size FROM thing WHERE id = 1"));
          const auto size = std::get<std::int64_t>(rows.rows[0][0]);
          WUSONG_CHECK(mine->run("UPDATE thing SET size = $1 WHERE id = 1",
                                 std::vector<SqlValue>{size + 1}));
          return {};
        });
        if (result) {
          ++done;
        } else {
          ++conflicts;
          ASSERT_EQ(result.error(), io::err::sql_conflict) << mine->last_message();
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto rows = connection_->query("SELECT size FROM thing");
  EXPECT_EQ(rows->rows[0][0], SqlValue{std::int64_t{100}});
  if (sqlite()) {
    EXPECT_EQ(conflicts, 0) << "one writer at a time";
  }
}

/// A process commits rows one after another, saying each through a pipe, until it is killed.
TEST_P(Sql, WhatWasCommittedOutlivesTheProcess) {
  ASSERT_TRUE(connection_->script(schema()));
  connection_.reset();
  for (int round = 0; round < 4; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto database = open();
      const auto mine = *database->connect();
      for (std::int64_t id = round * 100'000;; id += 2) {
        const auto done = mine->transaction([&]() -> Result<void> {
          WUSONG_CHECK(insert(*mine, id));
          WUSONG_CHECK(insert(*mine, id + 1));
          return {};
        });
        if (!done || ::write(pipe[1], &id, sizeof id) != sizeof id) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    std::int64_t last = -1;
    for (int i = 0; i < 20 + 7 * round; ++i)
      ASSERT_EQ(::read(pipe[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::int64_t more = 0;
    while (::read(pipe[0], &more, sizeof more) == sizeof more) last = more;
    ::close(pipe[0]);

    const auto database = open();
    ASSERT_TRUE(database);
    const auto mine = *database->connect();
    const auto rows = mine->query("SELECT count(*), max(id) FROM thing WHERE id >= $1",
                                  std::vector<SqlValue>{std::int64_t{round * 100'000}});
    ASSERT_TRUE(rows) << mine->last_message();
    const auto found = std::get<std::int64_t>(rows->rows[0][0]);
    EXPECT_GE(found, last - round * 100'000 + 2) << "what was said to be committed is there";
    EXPECT_EQ(found % 2, 0) << "no half of a transaction";
    EXPECT_EQ(std::get<std::int64_t>(rows->rows[0][1]), round * 100'000 + found - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Sql, testing::Values(SqlDialect::sqlite, SqlDialect::postgres),
                         [](const auto& suite) {
                           return suite.param == SqlDialect::sqlite ? "Sqlite" : "Postgres";
                         });

TEST(Sqlite, AnInMemoryDatabaseIsSharedByItsConnectionsOnly) {
  const auto one = *open_sqlite({.path = ":memory:"});
  const auto two = *open_sqlite({.path = ":memory:"});
  ASSERT_TRUE((*one->connect())->script("CREATE TABLE t (x)"));
  EXPECT_TRUE((*one->connect())->query("SELECT * FROM t"));
  EXPECT_FALSE((*two->connect())->query("SELECT * FROM t"));
}

TEST(Sqlite, AFileThatIsNoDatabaseIsRefused) {
  const std::string folder = temporary_folder();
  std::ofstream{folder + "/db"} << std::string(8192, 'x');
  EXPECT_EQ(open_sqlite({.path = folder + "/db"}).error(), io::err::sql_failed);
  EXPECT_EQ(open_sqlite({.path = folder + "/none/db"}).error(), io::err::sql_failed);
  std::filesystem::remove_all(folder);
}

TEST(Sqlite, AFullDiskIsNamedSo) {
  const auto connection = *(*open_sqlite({.path = ":memory:"}))->connect();
  ASSERT_TRUE(connection->script("CREATE TABLE t (x)"));
  ASSERT_TRUE(connection->query("PRAGMA max_page_count=20"));
  const std::vector<SqlValue> big{Bytes(200'000, 1)};
  EXPECT_EQ(connection->run("INSERT INTO t VALUES ($1)", big).error(), io::err::disk_full);
  EXPECT_TRUE(connection->run("INSERT INTO t VALUES (1)"));
}

TEST(Sqlite, AnotherProcessThatWritesTooLongIsAConflict) {
  const std::string folder = temporary_folder();
  const auto database =
      *open_sqlite({.path = folder + "/db", .busy_timeout = std::chrono::milliseconds{10}});
  const auto one = *database->connect();
  const auto two = *database->connect();
  ASSERT_TRUE(one->script("CREATE TABLE t (x)"));
  EXPECT_TRUE(one->transaction([&]() -> Result<void> {
    EXPECT_EQ(two->run("INSERT INTO t VALUES (1)").error(), io::err::sql_conflict);
    EXPECT_TRUE(two->query("SELECT * FROM t")) << "readers go on";
    return {};
  }));
  EXPECT_TRUE(two->run("INSERT INTO t VALUES (1)"));
  std::filesystem::remove_all(folder);
}

TEST(StatementCache, ForgetsTheLongestUnused) {
  internal::StatementCache<int> cache{2};
  cache.add("a", 1);
  cache.add("b", 2);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.add("c", 3);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.take_oldest_if_full(), 3);
  EXPECT_EQ(cache.take_oldest_if_full(), std::nullopt);
}

class Postgres : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    server_ = testkit::PostgresServer::start(why);
    if (!server_) GTEST_SKIP() << why;
  }
  std::unique_ptr<testkit::PostgresServer> server_;
};

TEST_F(Postgres, AConnectionOutlivesItsServerAndTheServerItsDeath) {
  const auto connection = *(*open_postgres({.connection = server_->connection()}))->connect();
  ASSERT_TRUE(connection->script("CREATE TABLE t (x BIGINT)"));
  const std::vector<SqlValue> one{std::int64_t{1}};
  ASSERT_TRUE(connection->run("INSERT INTO t VALUES ($1)", one));

  server_->kill();
  EXPECT_EQ(connection->run("INSERT INTO t VALUES ($1)", one).error(), io::err::sql_unreachable);
  ASSERT_TRUE(server_->up());
  ASSERT_TRUE(connection->run("INSERT INTO t VALUES ($1)", one)) << connection->last_message();
  const auto rows = connection->query("SELECT count(*) FROM t");
  EXPECT_EQ(rows->rows[0][0], SqlValue{std::int64_t{2}}) << "the committed row came back";

  // A restart while the connection is idle goes unnoticed.
  ASSERT_TRUE(server_->stop_quickly());
  ASSERT_TRUE(server_->up());
  EXPECT_TRUE(connection->run("INSERT INTO t VALUES ($1)", one)) << connection->last_message();

  // In the middle of a transaction it does not.
  EXPECT_EQ(connection
                ->transaction([&]() -> Result<void> {
                  WUSONG_CHECK(connection->run("INSERT INTO t VALUES ($1)", one));
                  EXPECT_TRUE(server_->stop_quickly());
                  EXPECT_TRUE(server_->up());
                  WUSONG_CHECK(connection->run("INSERT INTO t VALUES ($1)", one));
                  return {};
                })
                .error(),
            io::err::sql_unreachable);
  EXPECT_EQ(connection->query("SELECT count(*) FROM t")->rows[0][0], SqlValue{std::int64_t{3}});
}

TEST_F(Postgres, WhatItCanNotStoreIsRefused) {
  const auto connection = *(*open_postgres({.connection = server_->connection()}))->connect();
  ASSERT_TRUE(connection->script("CREATE TABLE t (x TEXT)"));
  const auto put = [&](std::string text) {
    return connection->run("INSERT INTO t VALUES ($1)", std::vector<SqlValue>{std::move(text)});
  };
  EXPECT_EQ(put(std::string("a\0b", 3)).error(), io::err::sql_constraint);
  EXPECT_EQ(put("\xff").error(), io::err::sql_constraint) << "no UTF-8";
  EXPECT_TRUE(put("x"));
}

TEST(PostgresAway, IsUnreachable) {
  EXPECT_EQ(open_postgres({.connection = "host=/nowhere dbname=x"}).error(),
            io::err::sql_unreachable);
}

}  // namespace
}  // namespace wusong::stores
