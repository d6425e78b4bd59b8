// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/oidc_keys.hpp"

#include "wusong/crypto/p256.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"

namespace wusong::gateway {
namespace {

constexpr std::string_view kCurrent = "oidc key";
constexpr std::string_view kBefore = "oidc key before";
constexpr std::string_view kUse = "oidc key";  // what it is sealed for

}  // namespace

Result<std::optional<OidcSigner>> OidcKeys::read(std::string_view name) {
  WUSONG_TRY(const auto row,
             find_row(*db_, "SELECT sealed FROM secrets WHERE name = $1", sql(name)));
  if (!row) return std::optional<OidcSigner>{};
  WUSONG_TRY(auto secret, keys_->open(kUse, blob_of((*row)[0])));
  WUSONG_TRY(const auto point, crypto::p256_public_key(secret.view()));
  return std::optional{OidcSigner{openid::jose_key(point), std::move(secret)}};
}

Result<void> OidcKeys::write(std::string_view name, BytesView secret, bool replace) {
  const Bytes sealed = keys_->seal(kUse, secret, *entropy_);
  WUSONG_CHECK(run(*db_,
                   replace ? "INSERT INTO secrets(name, sealed) VALUES ($1, $2) ON CONFLICT(name) "
                             "DO UPDATE SET sealed = excluded.sealed"
                           : "INSERT INTO secrets(name, sealed) VALUES ($1, $2) ON CONFLICT(name) "
                             "DO NOTHING",
                   sql(name), sql(sealed)));
  return {};
}

Result<OidcSigner> OidcKeys::current() {
  WUSONG_TRY(auto found, read(kCurrent));
  if (!found) {
    WUSONG_CHECK(write(kCurrent, crypto::p256_generate(*entropy_).view(), false));
    WUSONG_TRY(found, read(kCurrent));
  }
  if (!found) return fail(err::internal);
  return std::move(*found);
}

Result<std::vector<openid::JoseKey>> OidcKeys::published() {
  std::vector<openid::JoseKey> out;
  WUSONG_TRY(const auto now, current());
  out.push_back(now.key);
  WUSONG_TRY(const auto before, read(kBefore));
  if (before) out.push_back(before->key);
  return out;
}

Result<void> OidcKeys::rotate() {
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(const auto old, current());
    WUSONG_CHECK(write(kBefore, old.secret.view(), true));
    return write(kCurrent, crypto::p256_generate(*entropy_).view(), true);
  });
}

}  // namespace wusong::gateway
