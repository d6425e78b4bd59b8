// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/accounts.hpp"

#include <algorithm>
#include <array>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/http.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::gateway {
namespace {

constexpr std::string_view kKeyUse = "account key ";
constexpr std::string_view kIdentityUse = "identity ";
constexpr std::string_view kColumns =
    "id, name, display, email, kind, verified_by, verified_at, address, sealed_key IS NOT NULL, "
    "disabled, admin, created";
/// @source the head of every published list of leaked passwords, ten characters and more
constexpr std::array<std::string_view, 12> kCommon{
    "1234567890", "password123", "qwertyuiop", "0123456789",  "password1234", "1q2w3e4r5t",
    "9876543210", "0987654321",  "1qaz2wsx3e", "iloveyou123", "123456789a",   "11223344556"};
/// Matches nothing: compared with where there is no account, so that it takes as long.
constexpr std::string_view kNobody = "nobody";

Account account_of(const Row& row) {
  Account out;
  out.id = text_of(row[0]);
  out.name = text_of(row[1]);
  out.display = text_of(row[2]);
  out.email = text_of(row[3]);
  out.kind = identity::parse_person_kind(text_of(row[4])).value_or(identity::PersonKind::person);
  out.verified_by = text_of(row[5]);
  out.verified_at = static_cast<std::uint64_t>(number_of(row[6]));
  out.address = codec::fixed_from_hex<Address>(text_of(row[7])).value_or(Address{});
  out.custodial = number_of(row[8]) != 0;
  out.disabled = number_of(row[9]) != 0;
  out.admin = number_of(row[10]) != 0;
  out.created = static_cast<std::uint64_t>(number_of(row[11]));
  return out;
}

bool shows_well(std::string_view text) noexcept {
  return text.size() <= 200 && is_utf8(text) && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

/// Everywhere: sessions here, and what other sites were given or are about to fetch with a code.
Result<void> end_sign_ins(io::SqlConnection& db, std::string_view account) {
  WUSONG_CHECK(run(db, "DELETE FROM sessions WHERE account = $1", sql(account)));
  WUSONG_CHECK(run(db, "DELETE FROM oidc_codes WHERE account = $1", sql(account)));
  WUSONG_CHECK(run(db, "DELETE FROM oidc_tokens WHERE account = $1", sql(account)));
  return {};
}

}  // namespace

bool password_acceptable(std::string_view password, std::string_view name) noexcept {
  if (password.size() > kPasswordMost || !is_utf8(password)) return false;
  const auto characters = std::ranges::count_if(
      password, [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80; });
  if (static_cast<std::size_t>(characters) < kPasswordLeast) return false;
  const bool repeated =
      std::ranges::all_of(password, [&](char c) { return c == password.front(); });
  return !repeated && password != name && std::ranges::find(kCommon, password) == kCommon.end();
}

bool account_name_valid(std::string_view name) noexcept {
  return name.size() >= 3 && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_' || c == '@';
         });
}

Result<Account> Accounts::add(const Registration& from, identity::IdentityCheck& check,
                              UnixMillis now) {
  if (!account_name_valid(from.name) || !shows_well(from.display) || !shows_well(from.email)) {
    return fail(err::bad_request);
  }
  if (!password_acceptable(from.password, from.name)) return fail(err::weak_password);
  WUSONG_CHECK(check.check(from.identity));
  WUSONG_TRY(const auto hash, crypto::hash_password(from.password, cost_));

  Account out;
  out.id = random_hex(*entropy_, 16);
  out.name = from.name;
  out.display = from.display.empty() ? from.name : from.display;
  out.email = from.email;
  out.kind = from.identity.kind;
  out.verified_by = check.name();
  out.verified_at = out.created = now.value;
  out.admin = from.admin;
  io::SqlValue sealed;
  if (from.own_address) {
    out.address = *from.own_address;
    out.custodial = false;
  } else {
    const SecretBytes secret{crypto::generate_secret_key(crypto::Scheme::secp256k1, *entropy_)};
    WUSONG_TRY(const auto signer, crypto::make_signer(crypto::Scheme::secp256k1, secret.view()));
    out.address = crypto::address_of(crypto::Scheme::secp256k1, signer->public_key());
    sealed = keys_->seal(std::string{kKeyUse} + out.id, secret.view(), *entropy_);
  }
  const std::string number = std::string{name_of(from.identity.kind)} + " " + from.identity.number;
  const std::string mark = codec::to_hex(hmac_sha256(keys_->identity(), number));
  const Bytes identity = keys_->seal(std::string{kIdentityUse} + out.id,
                                     as_bytes(number + "\n" + from.identity.name), *entropy_);
  auto stored =
      run(*db_,
          "INSERT INTO accounts(id, name, kind, display, identity, identity_mark, verified_by, "
          "verified_at, password, email, address, sealed_key, created, disabled, admin) VALUES "
          "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14)",
          sql(out.id), sql(out.name), sql(name_of(out.kind)), sql(out.display), sql(identity),
          sql(mark), sql(out.verified_by), sql(out.verified_at), sql(hash), sql(out.email),
          sql(codec::to_hex(out.address)), sealed, sql(out.created),
          sql(std::int64_t{out.admin ? 1 : 0}));
  if (!stored) {
    return fail(stored.error() == Error{io::err::sql_constraint} ? Error{err::name_taken}
                                                                 : stored.error());
  }
  return out;
}

Result<bool> Accounts::resting(std::string_view subject, UnixMillis now) {
  WUSONG_TRY(const auto row,
             find_row(*db_, "SELECT until FROM throttles WHERE subject = $1", sql(subject)));
  return row && static_cast<std::uint64_t>(number_of((*row)[0])) > now.value;
}

Result<void> Accounts::failed(std::string_view subject, std::uint64_t most, UnixMillis now,
                              const LoginLimits& limits) {
  return transact(*db_, [&]() -> Result<void> {
    // Names that somebody made up must not stay for ever.
    WUSONG_CHECK(run(*db_, "DELETE FROM throttles WHERE since < $1 AND until < $2",
                     sql(now.value - std::min(now.value, limits.window_ms)), sql(now.value)));
    WUSONG_TRY(
        const auto row,
        find_row(*db_, "SELECT failures, since FROM throttles WHERE subject = $1", sql(subject)));
    std::uint64_t failures = 1;
    std::uint64_t since = now.value;
    if (row && static_cast<std::uint64_t>(number_of((*row)[1])) + limits.window_ms > now.value) {
      failures = static_cast<std::uint64_t>(number_of((*row)[0])) + 1;
      since = static_cast<std::uint64_t>(number_of((*row)[1]));
    }
    const std::uint64_t until = failures >= most ? now.value + limits.rest_ms : 0;
    WUSONG_CHECK(run(*db_,
                     "INSERT INTO throttles(subject, failures, since, until) VALUES ($1, $2, $3, "
                     "$4) ON CONFLICT(subject) DO UPDATE SET failures = excluded.failures, since = "
                     "excluded.since, until = excluded.until",
                     sql(subject), sql(failures), sql(since), sql(until)));
    return {};
  });
}

Result<Account> Accounts::login(std::string_view name, std::string_view password,
                                std::string_view remote, UnixMillis now,
                                const LoginLimits& limits) {
  if (name.size() > 64 || password.size() > kPasswordMost) return fail(err::wrong_login);
  const std::string by_account = "account " + std::string{name};
  const std::string by_remote = "remote " + std::string{remote};
  for (const auto& subject : {by_account, by_remote}) {
    WUSONG_TRY(const bool rests, resting(subject, now));
    if (rests) return fail(err::login_throttled);
  }
  WUSONG_TRY(const auto row,
             find_row(*db_, "SELECT id, password FROM accounts WHERE name = $1", sql(name)));
  bool right = false;
  if (row) {
    right = crypto::password_matches(text_of((*row)[1]), password);
  } else {
    WUSONG_CHECK(crypto::hash_password(kNobody, cost_));  // as long as comparing takes
  }
  if (!right) {
    WUSONG_CHECK(failed(by_account, limits.failures_per_account, now, limits));
    WUSONG_CHECK(failed(by_remote, limits.failures_per_remote, now, limits));
    return fail(err::wrong_login);
  }
  WUSONG_TRY(const auto account, by_id(text_of((*row)[0])));
  if (!account || account->disabled) return fail(err::wrong_login);
  WUSONG_CHECK(run(*db_, "DELETE FROM throttles WHERE subject = $1", sql(by_account)));
  if (crypto::password_outdated(text_of((*row)[1]), cost_)) {
    WUSONG_TRY(const auto fresh, crypto::hash_password(password, cost_));
    WUSONG_CHECK(
        run(*db_, "UPDATE accounts SET password = $1 WHERE id = $2", sql(fresh), sql(account->id)));
  }
  return *account;
}

Result<std::optional<Account>> Accounts::find(std::string_view text, std::string_view value) {
  WUSONG_TRY(const auto row, find_row(*db_, text, sql(value)));
  if (!row) return std::optional<Account>{};
  return std::optional{account_of(*row)};
}
Result<std::optional<Account>> Accounts::by_id(std::string_view id) {
  static const std::string kText =
      "SELECT " + std::string{kColumns} + " FROM accounts WHERE id = $1";
  return find(kText, id);
}
Result<std::optional<Account>> Accounts::by_name(std::string_view name) {
  static const std::string kText =
      "SELECT " + std::string{kColumns} + " FROM accounts WHERE name = $1";
  return find(kText, name);
}

Result<std::vector<Account>> Accounts::list(std::size_t limit, std::string_view after) {
  static const std::string kText =
      "SELECT " + std::string{kColumns} + " FROM accounts WHERE name > $1 ORDER BY name LIMIT $2";
  WUSONG_TRY(const auto rows, find_rows(*db_, kText, sql(after), sql(std::uint64_t{limit})));
  std::vector<Account> out;
  for (const auto& row : rows.rows) out.push_back(account_of(row));
  return out;
}

Result<void> Accounts::set_password(std::string_view id, std::string_view name,
                                    std::string_view password) {
  if (!password_acceptable(password, name)) return fail(err::weak_password);
  WUSONG_TRY(const auto hash, crypto::hash_password(password, cost_));
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_CHECK(run(*db_, "UPDATE accounts SET password = $1 WHERE id = $2", sql(hash), sql(id)));
    // Whoever knew the old one is out.
    return end_sign_ins(*db_, id);
  });
}

Result<void> Accounts::set_disabled(std::string_view id, bool disabled) {
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_CHECK(run(*db_, "UPDATE accounts SET disabled = $1 WHERE id = $2",
                     sql(std::int64_t{disabled ? 1 : 0}), sql(id)));
    return end_sign_ins(*db_, id);
  });
}

Result<SecretBytes> Accounts::key_of(const Account& account) {
  WUSONG_TRY(const auto row,
             find_row(*db_, "SELECT sealed_key FROM accounts WHERE id = $1", sql(account.id)));
  if (!row || blob_of((*row)[0]).empty()) return fail(err::forbidden);
  return keys_->open(std::string{kKeyUse} + account.id, blob_of((*row)[0]));
}

}  // namespace wusong::gateway
