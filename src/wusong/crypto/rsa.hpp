// SPDX-License-Identifier: Apache-2.0
// Checking RSA signatures: what most identity providers sign their tokens with.
#pragma once

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::crypto {

/// RSASSA-PKCS1-v1_5 with SHA-256 over `message`.
/// @shape   modulus of 2,048 to 8,192 bits, odd exponent from 3 to 2^32, both big-endian
/// @errors  err::bad_public_key, err::bad_signature
/// @cost    variable time: public inputs only
/// @source  RFC 8017, section 8.2.2
[[nodiscard]] Result<void> rsa_verify_sha256(BytesView message, BytesView modulus,
                                             BytesView exponent, BytesView signature) noexcept;

}  // namespace wusong::crypto
