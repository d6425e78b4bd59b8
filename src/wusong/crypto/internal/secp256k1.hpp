// SPDX-License-Identifier: Apache-2.0
// What the scheme table needs of secp256k1.
#pragma once

#include <array>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"

namespace wusong::crypto::internal {

/// x || y. @errors err::bad_secret_key
[[nodiscard]] Result<std::array<std::uint8_t, 64>> secp256k1_public_key(
    BytesView secret_key) noexcept;
bool secp256k1_secret_key_is_valid(BytesView secret_key) noexcept;
/// The caller has checked that key and signature hold 64 bytes each.
/// @errors err::bad_public_key, err::bad_signature (also for high s)
[[nodiscard]] Result<void> secp256k1_verify(BytesView public_key, const Hash& digest,
                                            BytesView signature) noexcept;

/// The abscissa of the common point. The caller has checked the secret key and that the public one
/// holds 64 bytes. @errors err::bad_public_key
[[nodiscard]] Result<SecretBytes> secp256k1_agree(BytesView secret_key,
                                                  BytesView public_key) noexcept;

}  // namespace wusong::crypto::internal
