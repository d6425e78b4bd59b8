// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/challenges.hpp"

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/http.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/gateway/tokens.hpp"

namespace wusong::gateway {

Result<Challenge> Challenges::open(Challenge challenge, UnixMillis now) {
  WUSONG_CHECK(run(*db_, "DELETE FROM challenges WHERE expires < $1", sql(now.value)));
  WUSONG_TRY(const auto open, find_row(*db_, "SELECT count(*) FROM challenges"));
  if (!open || number_of((*open)[0]) >= static_cast<std::int64_t>(kChallengesMax)) {
    return fail(err::unavailable);
  }
  challenge.text = random_hex(*entropy_, 32);
  challenge.expires = now.value + kChallengeMs;
  WUSONG_CHECK(run(*db_,
                   "INSERT INTO challenges(challenge, purpose, subject, account, host, expires) "
                   "VALUES ($1, $2, $3, $4, $5, $6)",
                   sql(digest_hex(challenge.text)), sql(challenge.purpose), sql(challenge.subject),
                   sql(challenge.account), sql(challenge.host), sql(challenge.expires)));
  return challenge;
}

Result<std::optional<Challenge>> Challenges::take(std::string_view text, std::string_view purpose,
                                                  UnixMillis now) {
  if (!is_hex(text, 64)) return std::optional<Challenge>{};
  const std::string digest = digest_hex(text);
  WUSONG_TRY(const auto row,
             find_row(*db_,
                      "SELECT purpose, subject, account, host, expires FROM challenges WHERE "
                      "challenge = $1",
                      sql(digest)));
  if (!row) return std::optional<Challenge>{};
  WUSONG_TRY(const auto taken,
             run(*db_, "DELETE FROM challenges WHERE challenge = $1", sql(digest)));
  Challenge out{text_of((*row)[0]), text_of((*row)[1]),
                text_of((*row)[2]), text_of((*row)[3]),
                std::string{text},  static_cast<std::uint64_t>(number_of((*row)[4]))};
  if (taken != 1 || out.purpose != purpose || out.expires < now.value) {
    return std::optional<Challenge>{};
  }
  return std::optional{std::move(out)};
}

std::string did_statement(const Challenge& challenge, std::string_view account_name) {
  return "wusong-portal v1: " + challenge.purpose + "\nhost: " + challenge.host +
         "\ndid: " + challenge.subject +
         "\naccount: " + (account_name.empty() ? std::string{"-"} : std::string{account_name}) +
         "\nchallenge: " + challenge.text + "\nexpires: " + iso_time(UnixMillis{challenge.expires});
}

}  // namespace wusong::gateway
