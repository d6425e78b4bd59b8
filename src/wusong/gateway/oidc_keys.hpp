// SPDX-License-Identifier: Apache-2.0
// The keys that sign identity tokens: made at the first use, sealed under the server's key.
#pragma once

#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/crypto/sealed.hpp"
#include "wusong/gateway/tokens.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/openid/jose.hpp"

namespace wusong::gateway {

struct OidcSigner {
  openid::JoseKey key;
  SecretBytes secret;
};

/// @thread as its connection
class OidcKeys {
 public:
  OidcKeys(io::SqlConnection& db, const ServerKeys& keys, io::Entropy& entropy)
      : db_{&db}, keys_{&keys}, entropy_{&entropy} {}
  /// The one that signs now; of several processes that start at once all get the same.
  /// @errors crypto::err::bad_seal where the server's key is another one, io's SQL rows
  [[nodiscard]] Result<OidcSigner> current();
  /// Every key that a token in circulation may name: the current one and the one before.
  [[nodiscard]] Result<std::vector<openid::JoseKey>> published();
  /// A new key signs from now on; the one before stays published until the next time.
  [[nodiscard]] Result<void> rotate();

 private:
  [[nodiscard]] Result<std::optional<OidcSigner>> read(std::string_view name);
  [[nodiscard]] Result<void> write(std::string_view name, BytesView secret, bool replace);
  io::SqlConnection* db_;
  const ServerKeys* keys_;
  io::Entropy* entropy_;
};

}  // namespace wusong::gateway
