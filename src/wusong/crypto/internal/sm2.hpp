// SPDX-License-Identifier: Apache-2.0
// SM2 signatures on the recommended curve, with the default user id.
#pragma once

#include <array>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/crypto/internal/openssl.hpp"

namespace wusong::crypto::internal {

using Sm2PublicKey = std::array<std::uint8_t, 64>;  // x || y
using Sm2Signature = std::array<std::uint8_t, 64>;  // r || s

/// e = SM3(Z || message), where Z binds the user id, the curve and the key.
/// @source GB/T 32918.2-2016, section 5.5
Hash sm2_digest(BytesView public_key, BytesView message) noexcept;

/// The caller has checked that key and signature hold 64 bytes each.
/// @errors err::bad_public_key, err::bad_signature
/// @source GB/T 32918.2-2016, section 7. Variable time: public inputs only.
[[nodiscard]] Result<void> sm2_verify(BytesView public_key, const Hash& digest,
                                      BytesView signature) noexcept;

/// A secret key d in [1, n-2], with 1/(1+d) at hand.
class Sm2Secret {
 public:
  /// @errors err::bad_secret_key
  [[nodiscard]] static Result<Sm2Secret> from(BytesView secret_key) noexcept;

  const Sm2PublicKey& public_key() const noexcept { return public_key_; }
  /// The nonce is derived from the key and the digest as RFC 6979 has it, with HMAC-SM3: signing
  /// needs no entropy and a weak generator cannot reveal the key.
  Sm2Signature sign(const Hash& digest) const noexcept;
  /// With the nonce given: for the standard's example. False asks for another nonce.
  bool sign_with(const BIGNUM* nonce, const Hash& digest, Sm2Signature& out) const noexcept;

 private:
  Sm2Secret() = default;
  BnPtr secret_;
  BnPtr inverse_;  // 1 / (1 + d) mod n
  Sm2PublicKey public_key_{};
};

}  // namespace wusong::crypto::internal
