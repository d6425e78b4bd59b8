// SPDX-License-Identifier: Apache-2.0
// Ed25519: one signature, or many at once, which cost a fraction each.
//
// The equation is the strict one, in both cases and for each signature by itself: R must be, byte
// for byte, the encoding of s B - k A. There is no cofactor and no sum over signatures, so that a
// batch accepts exactly what each would be accepted for alone, whoever chose them (ADR 0023).
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/math/limbs.hpp"

namespace wusong::crypto {

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;  // R || s

/// What a seed stands for; overwritten when it goes.
class Ed25519Secret {
 public:
  /// @errors err::bad_length
  [[nodiscard]] static Result<Ed25519Secret> from(BytesView seed) noexcept;
  Ed25519Secret(Ed25519Secret&& other) noexcept;
  Ed25519Secret& operator=(Ed25519Secret&&) = delete;
  ~Ed25519Secret();

  const Ed25519PublicKey& public_key() const noexcept { return public_key_; }

 private:
  friend struct Ed25519Signing;
  Ed25519Secret() = default;
  math::Limbs<4> scalar_{};    // modulo the order
  math::Limbs<4> opposite_{};  // the order less that: what is signed is checked by it
  std::array<std::uint8_t, 32> prefix_{};
  Ed25519PublicKey public_key_{};
  Ed25519PublicKey public_key_again_{};  // likewise
};

/// Canonical, on the curve, of the subgroup of prime order and not its identity: what a key must
/// be. The same whatever libsodium is there: before the fix of CVE-2025-69277 its own check lets
/// points through that have a part of order two.
bool ed25519_is_key(BytesView point) noexcept;

struct Ed25519SignRequest {
  const Ed25519Secret* secret;
  BytesView message;
};
/// Signs each, in constant time; products are checked before they are used (ADR 0023).
/// @shape as many signatures as requests
/// @errors err::miscalculation
/// @source RFC 8032, section 5.1.6
[[nodiscard]] Result<void> ed25519_sign(std::span<const Ed25519SignRequest> requests,
                                        std::span<Ed25519Signature> out) noexcept;

namespace internal {
struct Ed25519Known;
/// ed25519_is_key by a multiplication by the order, which every libsodium does right. @shape 32
bool ed25519_is_key_by_order(BytesView point) noexcept;
}  // namespace internal

/// Multiples of a public key that has been decoded and found to be of the large subgroup, for a
/// signer that comes again: verifying then costs a third.
using Ed25519Table = std::shared_ptr<const internal::Ed25519Known>;
inline constexpr std::size_t kEd25519TableBytes = 8'192;
/// @shape keys are 32 bytes; nullptr for what is not a key
std::vector<Ed25519Table> ed25519_tables(std::span<const BytesView> public_keys);

struct Ed25519VerifyRequest {
  BytesView public_key;  // 32 bytes
  BytesView message;
  BytesView signature;                           // 64 bytes
  const internal::Ed25519Known* table{nullptr};  // of this key, where there is one
};
/// Verifies each by itself, with libsodium's rules: s below the order, the key in its one encoding,
/// of the large subgroup and not neutral, R not neutral. Variable time.
/// @shape as many results as requests
/// @errors err::bad_length, err::bad_public_key, err::bad_signature
/// @source RFC 8032, section 5.1.7, without the factor 8
void ed25519_verify(std::span<const Ed25519VerifyRequest> requests,
                    std::span<Result<void>> out) noexcept;

}  // namespace wusong::crypto
