// SPDX-License-Identifier: Apache-2.0
// Random names and secrets, keyed digests, and the text forms they travel in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/codec/base64.hpp"
#include "wusong/crypto/sealed.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::gateway {

/// `count` random bytes as lower-case hex.
std::string random_hex(io::Entropy& entropy, std::size_t count);
/// SHA-256 as hex: what is stored of a token that is itself random.
std::string digest_hex(std::string_view text);
/// @source RFC 2104
Hash hmac_sha256(BytesView key, std::string_view message);

using codec::base64url;
using codec::from_base64;
using codec::from_base64url;

bool is_hex(std::string_view text, std::size_t digits) noexcept;

/// The server's master secret and the keys derived from it, each for one use.
class ServerKeys {
 public:
  static constexpr std::size_t kMasterSize = 32;
  /// @shape `master` 32 random bytes, kept in a file with mode 0600
  explicit ServerKeys(SecretBytes master);
  BytesView csrf() const noexcept { return csrf_.view(); }
  /// Of identity numbers, so that one person has one account though the number is sealed.
  BytesView identity() const noexcept { return identity_.view(); }
  /// Of one dataset's tokens that stand for people.
  SecretBytes token_key(const Hash& entry) const;
  /// Of sign-ins through other sites: what they must answer with.
  BytesView flows() const noexcept { return flows_.view(); }
  Bytes seal(std::string_view use, BytesView plaintext, io::Entropy& entropy) const;
  /// `use` as at sealing. @errors crypto::err::bad_seal, crypto::err::bad_length
  [[nodiscard]] Result<SecretBytes> open(std::string_view use, BytesView sealed) const;

 private:
  SecretBytes derive(std::string_view use, std::size_t size) const;
  SecretBytes master_;
  SecretBytes csrf_;
  SecretBytes identity_;
  SecretBytes flows_;
  SecretBytes sealing_;
};

}  // namespace wusong::gateway
