// SPDX-License-Identifier: Apache-2.0
// Signing with NIST P-256, and points in their short form: what tokens, passkeys and
// decentralised identifiers carry.
#pragma once

#include <array>
#include <cstdint>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/crypto/sealed.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

using PointBytes = std::array<std::uint8_t, 64>;  // x || y, big-endian

/// A secret scalar in [1, n-1], 32 bytes.
SecretBytes p256_generate(io::Entropy& entropy) noexcept;
/// @errors err::bad_secret_key
[[nodiscard]] Result<PointBytes> p256_public_key(BytesView secret_key) noexcept;
/// r || s over a SHA-256 digest; the nonce is RFC 6979's. Constant time.
/// @errors err::bad_secret_key
/// @source FIPS 186-4; RFC 6979, section 3.2
[[nodiscard]] Result<PointBytes> p256_sign(const Hash& digest, BytesView secret_key) noexcept;
/// Signature r || s, key x || y. @errors err::bad_length, err::bad_signature
[[nodiscard]] Result<void> p256_verify(const Hash& digest, BytesView public_key,
                                       BytesView signature) noexcept;

enum class Curve : std::uint8_t { secp256k1, p256, sm2 };
/// 02 or 03, then x. The caller knows that the point holds 64 bytes.
std::array<std::uint8_t, 33> compress_point(BytesView point) noexcept;
/// The point with this x on the curve. @errors err::bad_length, err::bad_public_key
/// @source SEC 1, section 2.3.4
[[nodiscard]] Result<PointBytes> decompress_point(Curve curve, BytesView compressed) noexcept;
/// Whether x || y lies on the curve.
bool point_on_curve(Curve curve, BytesView point) noexcept;

}  // namespace wusong::crypto
