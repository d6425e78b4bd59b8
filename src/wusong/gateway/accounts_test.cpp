// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/accounts.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/limits.hpp"
#include "wusong/gateway/oidc.hpp"
#include "wusong/gateway/session.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/identity/errors.hpp"
#include "wusong/testkit/sqlite_connection.hpp"

namespace wusong::gateway {
namespace {

class Counting final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(++next_ * 167 + 13);
  }

 private:
  std::uint32_t next_{0};
};

class AccountsTest : public testing::Test {
 protected:
  AccountsTest() { EXPECT_TRUE(upgrade_private_tables(db_).has_value()); }

  Registration person(const std::string& name, const std::string& number) {
    return {.name = name,
            .password = "correct horse battery",
            .display = "张三",
            .email = "",
            .identity = {identity::PersonKind::person, "张三", number},
            .own_address = {},
            .admin = false};
  }
  Result<Account> add(const Registration& from) { return accounts_.add(from, check_, now_); }

  testkit::SqliteConnection db_;
  Counting entropy_;
  ServerKeys keys_{SecretBytes{Bytes(32, 7)}};
  identity::LocalIdentityCheck check_;
  Accounts accounts_{db_, keys_, entropy_, crypto::kPasswordCostLeast};
  Sessions sessions_{db_, keys_, entropy_};
  UnixMillis now_{1'700'000'000'000};
};

const std::string kNumber = "11010519491231002X";  // the example of GB 11643-1999
const std::string kOther = "440524188001010014";

// @row 16
TEST_F(AccountsTest, AnAccountHasARealNameAndAKeyOfItsOwn) {
  const auto account = add(person("zhang", kNumber));
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->verified_by, "local");
  const auto key = accounts_.key_of(*account);
  ASSERT_TRUE(key.has_value());
  const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, key->view());
  EXPECT_EQ(crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key()),
            account->address);
}

TEST_F(AccountsTest, NeitherKeyNorPasswordNorNumberStandsInTheDatabase) {
  const auto account = add(person("zhang", kNumber));
  const auto key = accounts_.key_of(*account);
  const auto rows = db_.query("SELECT * FROM accounts", {});
  std::string all;
  for (const auto& value : rows->rows.front()) all += text_of(value) + "|";
  EXPECT_EQ(all.find(kNumber), std::string::npos);
  EXPECT_EQ(all.find("correct horse"), std::string::npos);
  EXPECT_EQ(all.find(std::string{as_text(key->view())}), std::string::npos);
  EXPECT_EQ(all.find(codec::to_hex(key->view())), std::string::npos);
}

TEST_F(AccountsTest, OnePersonHasOneAccountAndOneNameOne) {
  ASSERT_TRUE(add(person("zhang", kNumber)).has_value());
  EXPECT_EQ(add(person("zhang2", kNumber)).error(), Error{err::name_taken});
  EXPECT_EQ(add(person("zhang", kOther)).error(), Error{err::name_taken});
  EXPECT_TRUE(add(person("li-si", kOther)).has_value());
}

TEST_F(AccountsTest, IdentityNumbersAreChecked) {
  for (const auto* bad : {"110105194912310021", "11010519491331002X", "", "123",
                          "01010519491231002X", "11010519491231002Y"}) {
    EXPECT_EQ(add(person("zhang", bad)).error(), Error{identity::err::bad_identity}) << bad;
  }
}

TEST_F(AccountsTest, PasswordsAreNotTrivial) {
  EXPECT_FALSE(password_acceptable("short", "x"));
  EXPECT_FALSE(password_acceptable("1234567890", "x"));
  EXPECT_FALSE(password_acceptable("aaaaaaaaaaaa", "x"));
  EXPECT_FALSE(password_acceptable("long-enough-name", "long-enough-name"));
  EXPECT_FALSE(password_acceptable(std::string(300, 'a') + "b", "x"));
  EXPECT_TRUE(password_acceptable("一二三四五六七八九十", "x"));
  EXPECT_FALSE(password_acceptable("一二三四五六七八九", "x"));
  EXPECT_FALSE(account_name_valid("Zhang"));
  EXPECT_FALSE(account_name_valid("a'; DROP TABLE accounts;--"));
}

TEST_F(AccountsTest, WrongPasswordsRestTheAccountAndTheAddress) {
  ASSERT_TRUE(add(person("zhang", kNumber)).has_value());
  const LoginLimits limits{
      .failures_per_account = 3, .failures_per_remote = 5, .window_ms = 1000, .rest_ms = 1000};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(accounts_.login("zhang", "wrong", "10.0.0.1", now_, limits).error(),
              Error{err::wrong_login});
  }
  // Even the right one has to wait now.
  EXPECT_EQ(accounts_.login("zhang", "correct horse battery", "10.0.0.2", now_, limits).error(),
            Error{err::login_throttled});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        accounts_.login("nobody" + std::to_string(i), "wrong", "10.0.0.1", now_, limits).error(),
        Error{err::wrong_login});
  }
  EXPECT_EQ(accounts_.login("somebody", "wrong", "10.0.0.1", now_, limits).error(),
            Error{err::login_throttled});
  now_.value += 1001;
  EXPECT_TRUE(accounts_.login("zhang", "correct horse battery", "10.0.0.1", now_, limits));
}

TEST_F(AccountsTest, DisabledAccountsAreOut) {
  const auto account = add(person("zhang", kNumber));
  const auto token = sessions_.open(*account, "r", now_);
  ASSERT_TRUE(accounts_.set_disabled(account->id, true));
  EXPECT_EQ(accounts_.login("zhang", "correct horse battery", "r", now_).error(),
            Error{err::wrong_login});
  EXPECT_FALSE(sessions_.find(*token, now_)->has_value());
}

TEST_F(AccountsTest, SessionsEndWhenIdleAndWhenOld) {
  const auto account = add(person("zhang", kNumber));
  const auto token = sessions_.open(*account, "r", now_);
  ASSERT_TRUE(sessions_.find(*token, now_)->has_value());
  EXPECT_FALSE(sessions_.find(*token, UnixMillis{now_.value + kSessionIdleMs + 1})->has_value());
  const auto busy = sessions_.open(*account, "r", now_);
  for (std::uint64_t at = 0; at <= kSessionMostMs; at += kSessionIdleMs / 2) {
    EXPECT_TRUE(sessions_.find(*busy, UnixMillis{now_.value + at})->has_value());
  }
  EXPECT_FALSE(sessions_.find(*busy, UnixMillis{now_.value + kSessionMostMs + 1})->has_value());
  EXPECT_FALSE(sessions_.find("' OR 1=1 --", now_)->has_value());
}

TEST_F(AccountsTest, TokensAreStoredAsDigestsAndCanBeRevoked) {
  const auto account = add(person("zhang", kNumber));
  const auto session = sessions_.open(*account, "r", now_);
  const auto token = sessions_.add_token(*account, "ckan", 0, now_);
  ASSERT_TRUE(token.has_value());
  for (const char* table : {"sessions", "api_tokens"}) {
    const auto rows = db_.query(std::string{"SELECT token FROM "} + table, {});
    EXPECT_NE(text_of(rows->rows.front()[0]), *token);
    EXPECT_NE(text_of(rows->rows.front()[0]), *session);
  }
  ASSERT_TRUE(sessions_.by_token(*token, now_)->has_value());
  const auto listed = sessions_.tokens(account->id);
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_FALSE(*sessions_.remove_token("somebody else", listed->front().id));
  EXPECT_TRUE(*sessions_.remove_token(account->id, listed->front().id));
  EXPECT_FALSE(sessions_.by_token(*token, now_)->has_value());
  const auto brief = sessions_.add_token(*account, "brief", now_.value + 10, now_);
  EXPECT_FALSE(sessions_.by_token(*brief, UnixMillis{now_.value + 11})->has_value());
}

TEST_F(AccountsTest, AChangedPasswordEndsEverySession) {
  const auto account = add(person("zhang", kNumber));
  const auto token = sessions_.open(*account, "r", now_);
  ASSERT_TRUE(accounts_.set_password(account->id, "zhang", "another long password"));
  EXPECT_FALSE(sessions_.find(*token, now_)->has_value());
  EXPECT_TRUE(accounts_.login("zhang", "another long password", "r", now_).has_value());
}

TEST_F(AccountsTest, AChangedPasswordEndsWhatOtherSitesAreAboutToFetch) {
  const auto account = add(person("zhang", kNumber));
  OidcGrants grants{db_, entropy_};
  OidcCode code;
  code.grant.account = account->id;
  const auto stolen = grants.add_code(code, now_);
  const auto kept = grants.add_code({}, now_);
  ASSERT_TRUE(accounts_.set_password(account->id, "zhang", "another long password"));
  EXPECT_FALSE(*grants.take_code(*stolen, now_));
  EXPECT_TRUE(*grants.take_code(*kept, now_)) << "of another account";
}

TEST_F(AccountsTest, NamesThatSomebodyMadeUpAreForgotten) {
  const auto rows = [&] {
    return number_of((**find_row(db_, "SELECT count(*) FROM throttles"))[0]);
  };
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(accounts_.login("made-up-" + std::to_string(i), "x", "10.0.0.1", now_));
  }
  EXPECT_EQ(rows(), 11) << "each name, and the address";
  now_.value += LoginLimits{}.window_ms + 1;
  EXPECT_FALSE(accounts_.login("zhang", "x", "10.0.0.2", now_));
  EXPECT_EQ(rows(), 2);
}

TEST_F(AccountsTest, CookiesAreOutOfScriptsReach) {
  const auto cookie = session_cookie("t", true);
  for (const auto* part : {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"}) {
    EXPECT_NE(cookie.find(part), std::string::npos);
  }
  EXPECT_EQ(session_cookie("t", false).find("Secure"), std::string::npos);
}

TEST(Limits, BucketsEmptyAndFillAgain) {
  io::NoMutex mutex;
  Limiter limiter{mutex};
  const auto rate = Limiter::rate(RateClass::login);
  UnixMillis now{1000};
  for (int i = 0; i < static_cast<int>(rate.burst); ++i) {
    EXPECT_EQ(limiter.take("a", RateClass::login, now), 0u);
  }
  const auto wait = limiter.take("a", RateClass::login, now);
  EXPECT_GT(wait, 0u);
  EXPECT_EQ(limiter.take("b", RateClass::login, now), 0u);
  EXPECT_EQ(limiter.take("a", RateClass::read, now), 0u);
  now.value += wait;
  EXPECT_EQ(limiter.take("a", RateClass::login, now), 0u);
}

}  // namespace
}  // namespace wusong::gateway
