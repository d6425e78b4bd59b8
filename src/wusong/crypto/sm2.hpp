// SPDX-License-Identifier: Apache-2.0
// SM2 signatures on the recommended curve, with the default user id: one, or many at once, which
// cost a fraction each.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/math/limbs.hpp"

namespace wusong::crypto {

using Sm2PublicKey = std::array<std::uint8_t, 64>;  // x || y, big-endian
using Sm2Signature = std::array<std::uint8_t, 64>;  // r || s, big-endian

inline constexpr std::string_view kSm2UserId = "1234567812345678";
/// @unit bytes; its bits are counted in 16 bits
inline constexpr std::size_t kSm2UserIdMost = 8191;
/// Z, which binds a user's id, the curve and the key.
/// @shape `public_key` is 64 bytes
/// @source GB/T 32918.2-2016, section 5.5
Hash sm2_identity(BytesView public_key, std::string_view user_id = kSm2UserId) noexcept;
/// e = SM3(Z || message), with the default user id. @shape `public_key` is 64 bytes
Hash sm2_digest(BytesView public_key, BytesView message) noexcept;
struct Sm2Message {
  BytesView public_key;  // 64 bytes
  BytesView message;
};
/// sm2_digest of each; the more at once, the less each costs.
std::vector<Hash> sm2_digests(std::span<const Sm2Message> messages);

/// A secret key d in [1, n-2]; overwritten when it goes.
class Sm2Secret {
 public:
  /// @errors err::bad_secret_key, err::miscalculation
  [[nodiscard]] static Result<Sm2Secret> from(BytesView secret_key) noexcept;
  Sm2Secret(Sm2Secret&& other) noexcept;
  Sm2Secret& operator=(Sm2Secret&&) = delete;
  ~Sm2Secret();

  const Sm2PublicKey& public_key() const noexcept { return public_key_; }
  /// With the nonce given: for the standard's example. Nothing asks for another nonce.
  /// @errors err::miscalculation, err::bad_scalar (of the nonce)
  [[nodiscard]] Result<Sm2Signature> sign_with(const math::Limbs<4>& nonce,
                                               const Hash& digest) const noexcept;

 private:
  friend struct Sm2Signing;
  friend struct Sm2Exchange;
  friend struct Sm2Decryption;
  Sm2Secret() = default;
  math::Limbs<4> one_plus_secret_{};
  math::Limbs<4> inverse_{};  // 1 / (1 + d)
  Hash nonce_key_{};
  Sm2PublicKey public_key_{};
};

struct Sm2SignRequest {
  const Sm2Secret* secret;
  Hash digest;  // sm2_digest
};
/// Signs each, in constant time. A nonce is SM3(a key made of the secret || hedge || digest ||
/// counter), drawn again while it is not below the order: the same request gives the same
/// signature, and a weak generator cannot reveal a key. Fresh random bytes as `hedge` make
/// signatures differ, against whoever can disturb the machine and see the same message signed
/// twice. Products are checked before they are used (ADR 0023).
/// @shape as many signatures as requests
/// @errors err::miscalculation
/// @source GB/T 32918.2-2016, section 6; ADR 0023 for the nonce
[[nodiscard]] Result<void> sm2_sign(std::span<const Sm2SignRequest> requests,
                                    std::span<Sm2Signature> out, const Hash& hedge = {}) noexcept;

namespace internal {
struct KnownPoint;
}  // namespace internal
/// A public key's multiples, for a signer that comes again: verifying then costs a third.
/// Finding them costs what a verification does.
using Sm2Table = std::shared_ptr<const internal::KnownPoint>;
inline constexpr std::size_t kSm2TableBytes = 4'224;
/// @shape keys are 64 bytes; nullptr for what is not a key
std::vector<Sm2Table> sm2_tables(std::span<const BytesView> public_keys);

struct Sm2VerifyRequest {
  BytesView public_key;                        // 64 bytes
  Hash digest;                                 // sm2_digest
  BytesView signature;                         // 64 bytes
  const internal::KnownPoint* table{nullptr};  // of this key, where there is one
};
/// Verifies each by itself. Variable time: public inputs only.
/// @shape as many results as requests
/// @errors err::bad_length, err::bad_public_key, err::bad_signature
/// @source GB/T 32918.2-2016, section 7
void sm2_verify(std::span<const Sm2VerifyRequest> requests, std::span<Result<void>> out) noexcept;
[[nodiscard]] Result<void> sm2_verify(const Sm2VerifyRequest& request) noexcept;

}  // namespace wusong::crypto
