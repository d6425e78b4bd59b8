// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/bound_keys.hpp"

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway {
namespace {

Passkey passkey_of(const Row& row) {
  Passkey out;
  out.id = text_of(row[0]);
  out.account = text_of(row[1]);
  out.name = text_of(row[2]);
  out.key.kind = text_of(row[3]) == identity::name_of(identity::KeyKind::p256)
                     ? identity::KeyKind::p256
                     : identity::KeyKind::ed25519;
  out.key.bytes = blob_of(row[4]);
  out.sign_count = static_cast<std::uint32_t>(number_of(row[5]));
  out.created = static_cast<std::uint64_t>(number_of(row[6]));
  out.used = static_cast<std::uint64_t>(number_of(row[7]));
  out.backed_up = number_of(row[8]) != 0;
  return out;
}

}  // namespace

Result<void> DidBindings::bind(const identity::Did& did, std::string_view account, UnixMillis now) {
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(const auto existing, find(did.text));
    if (existing && existing->account == account) return {};
    if (existing) return fail(err::name_taken);
    WUSONG_TRY(const auto all, list(account));
    if (all.size() >= kMost) return fail(err::quota);
    WUSONG_CHECK(run(*db_, "INSERT INTO dids(did, account, created, used) VALUES ($1, $2, $3, 0)",
                     sql(did.text), sql(account), sql(now.value)));
    return {};
  });
}

Result<std::optional<DidBindings::Binding>> DidBindings::find(std::string_view did) {
  WUSONG_TRY(
      const auto row,
      find_row(*db_, "SELECT did, account, created, used FROM dids WHERE did = $1", sql(did)));
  if (!row) return std::optional<Binding>{};
  return std::optional{Binding{text_of((*row)[0]), text_of((*row)[1]),
                               static_cast<std::uint64_t>(number_of((*row)[2])),
                               static_cast<std::uint64_t>(number_of((*row)[3]))}};
}

Result<std::vector<DidBindings::Binding>> DidBindings::list(std::string_view account) {
  WUSONG_TRY(const auto rows, find_rows(*db_,
                                        "SELECT did, account, created, used FROM dids WHERE "
                                        "account = $1 ORDER BY created, did",
                                        sql(account)));
  std::vector<Binding> out;
  for (const auto& row : rows.rows) {
    out.push_back({text_of(row[0]), text_of(row[1]), static_cast<std::uint64_t>(number_of(row[2])),
                   static_cast<std::uint64_t>(number_of(row[3]))});
  }
  return out;
}

Result<bool> DidBindings::remove(std::string_view did, std::string_view account) {
  WUSONG_TRY(const auto count,
             run(*db_, "DELETE FROM dids WHERE did = $1 AND account = $2", sql(did), sql(account)));
  return count > 0;
}

Result<void> DidBindings::mark_used(std::string_view did, UnixMillis now) {
  WUSONG_CHECK(run(*db_, "UPDATE dids SET used = $1 WHERE did = $2", sql(now.value), sql(did)));
  return {};
}

Result<void> Passkeys::add(const Passkey& passkey) {
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(const auto existing, find(passkey.id));
    if (existing) return fail(err::name_taken);
    WUSONG_TRY(const auto all, list(passkey.account));
    if (all.size() >= kMost) return fail(err::quota);
    WUSONG_CHECK(run(*db_,
                     "INSERT INTO passkeys(id, account, name, algorithm, public_key, sign_count, "
                     "created, used, backed_up) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
                     sql(passkey.id), sql(passkey.account), sql(passkey.name),
                     sql(identity::name_of(passkey.key.kind)), sql(passkey.key.bytes),
                     sql(std::uint64_t{passkey.sign_count}), sql(passkey.created),
                     sql(std::int64_t{passkey.backed_up ? 1 : 0})));
    return {};
  });
}

Result<std::optional<Passkey>> Passkeys::find(std::string_view id) {
  WUSONG_TRY(const auto row,
             find_row(*db_,
                      "SELECT id, account, name, algorithm, public_key, sign_count, created, used, "
                      "backed_up FROM passkeys WHERE id = $1",
                      sql(id)));
  if (!row) return std::optional<Passkey>{};
  return std::optional{passkey_of(*row)};
}

Result<std::vector<Passkey>> Passkeys::list(std::string_view account) {
  WUSONG_TRY(const auto rows,
             find_rows(*db_,
                       "SELECT id, account, name, algorithm, public_key, sign_count, created, "
                       "used, backed_up FROM passkeys WHERE account = $1 ORDER BY created, id",
                       sql(account)));
  std::vector<Passkey> out;
  for (const auto& row : rows.rows) out.push_back(passkey_of(row));
  return out;
}

Result<bool> Passkeys::mark_used(const Passkey& passkey, std::uint32_t sign_count, UnixMillis now) {
  WUSONG_TRY(
      const auto count,
      run(*db_, "UPDATE passkeys SET sign_count = $1, used = $2 WHERE id = $3 AND sign_count = $4",
          sql(std::uint64_t{sign_count}), sql(now.value), sql(passkey.id),
          sql(std::uint64_t{passkey.sign_count})));
  return count == 1;
}

Result<bool> Passkeys::remove(std::string_view id, std::string_view account) {
  WUSONG_TRY(const auto count, run(*db_, "DELETE FROM passkeys WHERE id = $1 AND account = $2",
                                   sql(id), sql(account)));
  return count > 0;
}

}  // namespace wusong::gateway
