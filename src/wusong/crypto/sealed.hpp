// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: authenticated encryption with SM4 in Galois/Counter mode.
#pragma once

#include <cstdint>

#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

inline constexpr std::size_t kSealKeyBytes = 16;

/// @shape key: kSealKeyBytes; out: nonce (12, random) || ciphertext || tag (16)
/// @source GB/T 32907-2016 (SM4), NIST SP 800-38D (GCM), RFC 8998 for both together
Bytes seal(BytesView key, BytesView plaintext, BytesView associated, io::Entropy& entropy);
/// @errors err::bad_length (shorter than nonce and tag), err::bad_seal (another key, associated
///         data, or changed bytes); nothing of the plaintext is given out then
[[nodiscard]] Result<SecretBytes> open_sealed(BytesView key, BytesView sealed,
                                              BytesView associated);

}  // namespace wusong::crypto
