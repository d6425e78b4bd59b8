// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/http.hpp"
#include "wusong/gateway/oidc.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/gateway/tokens.hpp"

namespace wusong::gateway {
namespace {

OidcClient client_of(const Row& row) {
  OidcClient out{text_of(row[0]), text_of(row[1]), text_of(row[2]), {}};
  const std::string uris = text_of(row[3]);
  for (std::string_view rest = uris; !rest.empty();) {
    const auto end = rest.find('\n');
    if (end != 0) out.redirect_uris.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}

/// What stands between "://" and the path.
std::string_view authority_of(std::string_view uri, std::size_t at) noexcept {
  const auto rest = uri.substr(at);
  return rest.substr(0, rest.find_first_of("/?"));
}

}  // namespace

bool redirect_uri_valid(std::string_view uri) noexcept {
  if (uri.empty() || uri.size() > 1000) return false;
  const bool plain = std::ranges::all_of(uri, [](char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view{"\"#<>\\^`{|};,'"}.find(c) == std::string_view::npos;
  });
  if (!plain) return false;
  if (uri.starts_with("https://") || uri.starts_with("http://")) {
    const bool secure = uri.starts_with("https://");
    const auto authority = authority_of(uri, secure ? 8 : 7);
    if (authority.empty() || authority.find('@') != std::string_view::npos) return false;
    if (secure) return true;
    const auto host = authority.starts_with('[') ? authority.substr(0, authority.find(']') + 1)
                                                 : authority.substr(0, authority.find(':'));
    return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
  }
  const auto scheme = uri.substr(0, uri.find(':'));
  return scheme.size() < uri.size() && scheme.find('.') != std::string_view::npos &&
         scheme[0] >= 'a' && scheme[0] <= 'z' &&
         std::ranges::all_of(
             scheme,
             [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                      c == '+';
             });
}

Result<void> add_oidc_client(io::SqlConnection& db, const OidcClient& client) {
  std::string uris;
  for (const auto& uri : client.redirect_uris) {
    if (!redirect_uri_valid(uri)) return fail(err::bad_request);
    uris += uri + "\n";
  }
  const bool named = !client.name.empty() && client.name.size() <= 200 && is_utf8(client.name);
  if (client.id.empty() || client.id.size() > 100 || !named || uris.empty()) {
    return fail(err::bad_request);
  }
  WUSONG_CHECK(run(db,
                   "INSERT INTO oidc_clients(id, secret, name, redirect_uris) VALUES ($1, $2, $3, "
                   "$4) ON CONFLICT(id) DO UPDATE SET secret = excluded.secret, name = "
                   "excluded.name, redirect_uris = excluded.redirect_uris",
                   sql(client.id), sql(client.secret.empty() ? "" : digest_hex(client.secret)),
                   sql(client.name), sql(uris)));
  return {};
}

Result<OidcClient> register_oidc_client(io::SqlConnection& db, io::Entropy& entropy,
                                        OidcClient client, bool confidential) {
  client.id = random_hex(entropy, 12);
  client.secret = confidential ? random_hex(entropy, 32) : std::string{};
  WUSONG_CHECK(add_oidc_client(db, client));
  return client;
}

Result<std::optional<OidcClient>> find_oidc_client(io::SqlConnection& db, std::string_view id) {
  WUSONG_TRY(const auto row,
             find_row(db, "SELECT id, secret, name, redirect_uris FROM oidc_clients WHERE id = $1",
                      sql(id)));
  if (!row) return std::optional<OidcClient>{};
  return std::optional{client_of(*row)};
}

Result<std::vector<OidcClient>> list_oidc_clients(io::SqlConnection& db) {
  WUSONG_TRY(const auto rows,
             find_rows(db, "SELECT id, secret, name, redirect_uris FROM oidc_clients ORDER BY id"));
  std::vector<OidcClient> out;
  for (const auto& row : rows.rows) out.push_back(client_of(row));
  return out;
}

Result<bool> remove_oidc_client(io::SqlConnection& db, std::string_view id) {
  bool found = false;
  const auto done = transact(db, [&]() -> Result<void> {
    WUSONG_TRY(const auto count, run(db, "DELETE FROM oidc_clients WHERE id = $1", sql(id)));
    found = count > 0;
    WUSONG_CHECK(run(db, "DELETE FROM oidc_codes WHERE client = $1", sql(id)));
    WUSONG_CHECK(run(db, "DELETE FROM oidc_tokens WHERE client = $1", sql(id)));
    WUSONG_CHECK(run(db, "DELETE FROM oidc_consents WHERE client = $1", sql(id)));
    return {};
  });
  if (!done) return fail(done.error());
  return found;
}

}  // namespace wusong::gateway
