// SPDX-License-Identifier: Apache-2.0
// Sites that let people in with their account here.
#pragma once

#include <string>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

struct OidcClient {
  std::string id;
  std::string secret;  // empty: a public client, held by PKCE alone
  std::string name;    // shown to people
  std::vector<std::string> redirect_uris;
};
/// Adds or replaces one. Addresses are https, or http of this machine, without fragment.
/// @errors err::bad_request
[[nodiscard]] Result<void> add_oidc_client(io::SqlConnection& db, const OidcClient& client);

}  // namespace wusong::gateway
