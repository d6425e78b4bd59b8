// SPDX-License-Identifier: Apache-2.0
// Agreeing on a secret with somebody whose public key is known: Diffie and Hellman's way, on four
// curves. The result is not yet a key: derive one from it, bound to both public keys. Who the peer
// is, is not proved here; sm2_exchange.hpp does that.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

enum class KeyAgreement : std::uint8_t { x25519, p256, secp256k1, sm2 };

/// Secrets and results have 32 bytes with each.
struct KeyAgreementInfo {
  KeyAgreement agreement;
  std::string_view name;        // "x25519", "p256", "secp256k1", "sm2"
  std::size_t public_key_size;  // x25519: 32, RFC 7748's; else 64, x || y
};
std::span<const KeyAgreementInfo> key_agreement_table() noexcept;
/// nullptr where there is none of this name.
const KeyAgreementInfo* find_key_agreement(std::string_view name) noexcept;

/// A fresh secret.
SecretBytes generate_agreement_key(KeyAgreement agreement, io::Entropy& entropy) noexcept;
/// In constant time. @errors err::bad_secret_key, err::miscalculation
[[nodiscard]] Result<Bytes> agreement_public_key(KeyAgreement agreement, BytesView secret) noexcept;
/// The 32 bytes that both sides find: RFC 7748's, or the abscissa of the common point. In constant
/// time as to the secret.
/// @errors err::bad_secret_key, err::bad_length (of the public key), err::bad_public_key (no point
///         of the curve), err::no_agreement (x25519: the key is of small order, so that the result
///         would be zero whatever the secret), err::miscalculation
/// @source RFC 7748, sections 5 and 6.1; SEC 1, section 3.3.1
[[nodiscard]] Result<SecretBytes> agree(KeyAgreement agreement, BytesView secret,
                                        BytesView public_key) noexcept;

}  // namespace wusong::crypto
