// SPDX-License-Identifier: Apache-2.0
// ECDSA on NIST P-256, one signature or many at once, which cost a fraction each; and points in
// their short form: what tokens, passkeys and decentralised identifiers carry.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/crypto/sealed.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/math/limbs.hpp"

namespace wusong::crypto {

using PointBytes = std::array<std::uint8_t, 64>;  // x || y, big-endian

/// A secret scalar d in [1, n-1]; overwritten when it goes.
class P256Secret {
 public:
  /// @errors err::bad_secret_key, err::miscalculation
  [[nodiscard]] static Result<P256Secret> from(BytesView secret_key) noexcept;
  P256Secret(P256Secret&& other) noexcept;
  P256Secret& operator=(P256Secret&&) = delete;
  ~P256Secret();

  const PointBytes& public_key() const noexcept { return public_key_; }

 private:
  friend struct P256Signing;
  P256Secret() = default;
  math::Limbs<4> secret_{};
  math::Limbs<4> opposite_{};  // n - d: what is signed is checked by it
  PointBytes public_key_{};
};

struct P256SignRequest {
  const P256Secret* secret;
  Hash digest;  // SHA-256 of the message
};
/// Signs each, r || s, in constant time. Nonces are RFC 6979's: the same request gives the same
/// signature. Fresh random bytes as `hedge` are its additional data, against whoever can disturb
/// the machine and see the same message signed twice. What is signed is checked (ADR 0023).
/// @shape as many signatures as requests
/// @errors err::miscalculation
/// @source FIPS 186-5, section 6.4.1; RFC 6979, sections 3.2 and 3.6
[[nodiscard]] Result<void> p256_sign(std::span<const P256SignRequest> requests,
                                     std::span<PointBytes> out, const Hash& hedge = {}) noexcept;

struct P256VerifyRequest {
  BytesView public_key;  // x || y
  Hash digest;
  BytesView signature;  // r || s, s of either half
};
/// Verifies each by itself. Variable time: public inputs only.
/// @shape as many results as requests
/// @errors err::bad_length, err::bad_public_key, err::bad_signature
/// @source FIPS 186-5, section 6.4.2
void p256_verify(std::span<const P256VerifyRequest> requests, std::span<Result<void>> out) noexcept;

// ---- One at a time

/// A fresh secret key, 32 bytes.
SecretBytes p256_generate(io::Entropy& entropy) noexcept;
/// @errors as P256Secret::from
[[nodiscard]] Result<PointBytes> p256_public_key(BytesView secret_key) noexcept;
/// @errors as P256Secret::from
[[nodiscard]] Result<PointBytes> p256_sign(const Hash& digest, BytesView secret_key) noexcept;
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
