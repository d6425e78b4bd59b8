// SPDX-License-Identifier: Apache-2.0
// The private database from one release to the next, on both databases.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <thread>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/portal_app/world.hpp"
#include "wusong/stores/postgres.hpp"
#include "wusong/stores/sqlite.hpp"
#include "wusong/testkit/postgres_server.hpp"

namespace wusong::portal_app {
namespace {

using gateway::private_steps;
using gateway::private_version;
using gateway::upgrade_private_tables;
using io::SqlDialect;

std::string temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
  return ::mkdtemp(name.data());
}

class PrivateTables : public testing::TestWithParam<SqlDialect> {
 protected:
  void SetUp() override {
    folder_ = temporary_folder();
    if (GetParam() == SqlDialect::sqlite) {
      database_ = *stores::open_sqlite({.path = folder_ + "/portal.sqlite"});
    } else {
      std::string why;
      auto* server = testkit::PostgresServer::shared(why);
      if (server == nullptr) GTEST_SKIP() << why;
      auto plain = *stores::open_postgres({.connection = server->connection()});
      ASSERT_TRUE((*plain->connect())
                      ->script("DROP SCHEMA IF EXISTS wusong_portal CASCADE; "
                               "CREATE SCHEMA wusong_portal"));
      database_ = *stores::open_postgres(
          {.connection = server->connection() + " options='-csearch_path=wusong_portal'"});
    }
    db_ = *database_->connect();
  }
  void TearDown() override {
    db_.reset();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  /// This release's steps and some of releases to come.
  static std::vector<std::string_view> steps_and(std::vector<std::string_view> more) {
    std::vector<std::string_view> out{private_steps().begin(), private_steps().end()};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  bool has(const std::string& table) {
    return db_->query("SELECT count(*) FROM " + table).has_value();
  }
  void add_secret(const std::string& name) {
    ASSERT_TRUE(gateway::run(*db_, "INSERT INTO secrets(name, sealed) VALUES ($1, $2)",
                             gateway::sql(name), gateway::sql(BytesView{})))
        << db_->last_message();
  }
  std::int64_t secrets() {
    const auto row = gateway::find_row(*db_, "SELECT count(*) FROM secrets");
    return row && *row ? gateway::number_of((**row)[0]) : -1;
  }

  std::string folder_;
  std::unique_ptr<io::SqlDatabase> database_;
  std::unique_ptr<io::SqlConnection> db_;
};

TEST_P(PrivateTables, AnEmptyDatabaseTakesEveryStep) {
  EXPECT_EQ(private_version(*db_), 0u);
  ASSERT_TRUE(upgrade_private_tables(*db_)) << db_->last_message();
  EXPECT_EQ(private_version(*db_), private_steps().size());
  ASSERT_TRUE(upgrade_private_tables(*db_)) << "nothing is left to do";
  EXPECT_EQ(private_version(*db_), private_steps().size());
}

TEST_P(PrivateTables, ADatabaseFromBeforeStepsWereCountedKeepsItsRows) {
  ASSERT_TRUE(upgrade_private_tables(*db_, private_steps().first(1)));
  ASSERT_TRUE(db_->script("DROP TABLE private_schema; DROP TABLE oidc_consents"));
  add_secret("old");
  ASSERT_TRUE(upgrade_private_tables(*db_)) << db_->last_message();
  EXPECT_EQ(private_version(*db_), private_steps().size());
  EXPECT_EQ(secrets(), 1);
  EXPECT_TRUE(has("oidc_consents")) << "what an older one did not have yet";
}

TEST_P(PrivateTables, AnOlderDatabaseTakesOnlyTheStepsThatAreMissing) {
  ASSERT_TRUE(upgrade_private_tables(*db_));
  add_secret("kept");
  const auto later = steps_and({"CREATE TABLE more(id $ID, bytes $BLOB);",
                                "ALTER TABLE more ADD COLUMN size BIGINT NOT NULL DEFAULT 7;"});
  ASSERT_TRUE(upgrade_private_tables(*db_, later)) << db_->last_message();
  EXPECT_EQ(private_version(*db_), later.size());
  ASSERT_TRUE(
      db_->run("INSERT INTO more(bytes) VALUES ($1)", std::vector{gateway::sql(BytesView{})}));
  const auto row = gateway::find_row(*db_, "SELECT id, size FROM more");
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(gateway::number_of((**row)[0]), 1) << "the database counts";
  EXPECT_EQ(gateway::number_of((**row)[1]), 7);
  EXPECT_EQ(secrets(), 1);
}

TEST_P(PrivateTables, AnUpgradeThatFailsChangesNothing) {
  ASSERT_TRUE(upgrade_private_tables(*db_));
  const auto broken =
      steps_and({"CREATE TABLE more(id $ID);", "ALTER TABLE nowhere ADD x BIGINT;"});
  EXPECT_EQ(upgrade_private_tables(*db_, broken).error(), io::err::sql_failed);
  EXPECT_FALSE(has("more"));
  EXPECT_EQ(private_version(*db_), private_steps().size());
  EXPECT_TRUE(upgrade_private_tables(*db_)) << "the old release goes on";
}

TEST_P(PrivateTables, ANewerDatabaseIsRefusedAndLeftAlone) {
  const auto later = steps_and({"CREATE TABLE more(id $ID);"});
  ASSERT_TRUE(upgrade_private_tables(*db_, later));
  add_secret("of the later release");
  EXPECT_EQ(upgrade_private_tables(*db_).error(), gateway::err::database_newer);
  EXPECT_EQ(private_version(*db_), later.size());
  EXPECT_TRUE(has("more"));
  EXPECT_EQ(secrets(), 1);
}

TEST_P(PrivateTables, ProgramsThatOpenItAtOnceTakeEachStepOnce) {
  // A step that is taken twice fails: the table would be there already.
  const auto steps = steps_and({"CREATE TABLE more(id $ID);"});
  std::array<std::unique_ptr<io::SqlConnection>, 6> connections;
  for (auto& connection : connections) connection = *database_->connect();
  std::vector<std::thread> programs;
  for (auto& connection : connections) {
    programs.emplace_back([&steps, db = connection.get()] {
      const auto done = upgrade_private_tables(*db, steps);
      EXPECT_TRUE(done) << done.error().name() << " " << db->last_message();
    });
  }
  for (auto& program : programs) program.join();
  EXPECT_EQ(private_version(*db_), steps.size());
}

INSTANTIATE_TEST_SUITE_P(Both, PrivateTables,
                         testing::Values(SqlDialect::sqlite, SqlDialect::postgres),
                         [](const auto& suite) {
                           return suite.param == SqlDialect::sqlite ? "Sqlite" : "Postgres";
                         });

TEST(PortalWorld, ADatabaseOfALaterReleaseIsRefusedWithWhatToDo) {
  const std::filesystem::path folder = temporary_folder();
  PortalConfig config;
  config.folder = folder;
  config.server_key = folder / "server.key";
  config.rules = "contracts/rules";
  ASSERT_TRUE(PortalWorld::open(config, false)) << "makes what is missing";
  {
    const auto db =
        *(*stores::open_sqlite({.path = (folder / "portal.sqlite").string()}))->connect();
    ASSERT_TRUE(db->script("UPDATE private_schema SET version = 99"));
  }
  const auto opened = PortalWorld::open(config, false);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().error, gateway::err::database_newer);
  EXPECT_NE(opened.error().detail.find("version 99"), std::string::npos) << opened.error().detail;
  EXPECT_NE(opened.error().detail.find("put back the copy"), std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wusong::portal_app
