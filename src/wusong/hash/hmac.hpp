// SPDX-License-Identifier: Apache-2.0
// Keyed digests, and keys that grow from one secret.
#pragma once

#include <initializer_list>

#include "wusong/base/bytes.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::hash {

/// Of 32 bytes over blocks of 64: sha256 or sm3.
using Digest = Hash (*)(BytesView) noexcept;

/// The message is its parts laid end to end.
/// @source RFC 2104; GB/T 15852.2-2012 for SM3
Hash hmac(Digest digest, BytesView key, std::initializer_list<BytesView> message);

/// One uniform key out of secrets that are not.
/// @source RFC 5869, section 2.2
SecretBytes hkdf_extract(Digest digest, BytesView salt, std::initializer_list<BytesView> secrets);
/// As many bytes as wanted out of a uniform key, others for each `info`.
/// @shape  `size` is at most 8,160
/// @source RFC 5869, section 2.3
SecretBytes hkdf_expand(Digest digest, BytesView key, BytesView info, std::size_t size);

}  // namespace wusong::hash
