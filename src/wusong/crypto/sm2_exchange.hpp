// SPDX-License-Identifier: Apache-2.0
// SM2's key exchange: two who know each other's public key agree on a key that nobody else can
// have, and confirm that they did. Two messages and, where the responder wants to be certain before
// it uses the key, a third:
//
//   initiator                               responder
//   Sm2Initiator::start    -- offer -->     Sm2Responder::start
//   finish                <-- answer --
//                          -- confirmation --> confirm
//
// Keys past are safe when a secret is lost later. No input or output happens here.
#pragma once

#include "wusong/base/secret_bytes.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto {

using Sm2Offer = Sm2PublicKey;
using Sm2Answer = std::array<std::uint8_t, 96>;  // the responder's offer || its confirmation

/// What both sides must see alike, each from its side. Borrowed for a call.
struct Sm2ExchangeTerms {
  const Sm2Secret* own;
  BytesView peer;  // its public key, 64 bytes
  std::string_view own_id = kSm2UserId;
  std::string_view peer_id = kSm2UserId;
  std::size_t key_size = 32;
};
/// @unit bytes
inline constexpr std::size_t kSm2ExchangedKeyMost = 1024;

struct Sm2Agreed {
  SecretBytes key;
  Hash confirmation;  // for the responder: its third message
};

class Sm2Initiator {
 public:
  /// @errors err::bad_length (the peer's key, an id above kSm2UserIdMost, a key size that is zero
  ///         or above kSm2ExchangedKeyMost), err::miscalculation
  /// @source GB/T 32918.3-2016, section 6.1, A1 to A3
  [[nodiscard]] static Result<Sm2Initiator> start(const Sm2ExchangeTerms& terms,
                                                  io::Entropy& entropy) noexcept;
  Sm2Initiator(Sm2Initiator&&) noexcept = default;
  Sm2Initiator& operator=(Sm2Initiator&&) = delete;
  ~Sm2Initiator();

  const Sm2Offer& offer() const noexcept { return offer_; }
  /// The key, once the answer proves that the peer has it too.
  /// @errors err::bad_length, err::bad_public_key (no point of the curve, also of the peer's key),
  ///         err::no_agreement (the peer's points cancel), err::bad_confirmation (not the peer,
  ///         other terms, or changed on the way), err::miscalculation
  /// @source A4 to A10
  [[nodiscard]] Result<Sm2Agreed> finish(BytesView answer) const noexcept;

 private:
  friend struct Sm2Exchange;
  Sm2Initiator() = default;
  math::Limbs<4> implicit_secret_{};
  Sm2Offer offer_{};
  Sm2PublicKey peer_{};
  Hash own_identity_;
  Hash peer_identity_;
  std::size_t key_size_{0};
};

class Sm2Responder {
 public:
  /// @errors as Sm2Initiator::start and finish, but err::bad_confirmation
  /// @source B1 to B9
  [[nodiscard]] static Result<Sm2Responder> start(const Sm2ExchangeTerms& terms, BytesView offer,
                                                  io::Entropy& entropy) noexcept;
  const Sm2Answer& answer() const noexcept { return answer_; }
  /// Nobody but the peer can have it. Before confirm, nothing proves that the peer does.
  BytesView key() const noexcept { return key_.view(); }
  /// @errors err::bad_length, err::bad_confirmation
  /// @source B10
  [[nodiscard]] Result<void> confirm(BytesView confirmation) const noexcept;

 private:
  friend struct Sm2Exchange;
  Sm2Responder() = default;
  Sm2Answer answer_{};
  SecretBytes key_;
  Hash expected_;
};

/// What derives a key from a secret. @source GB/T 32918.3-2016, section 5.4.3
SecretBytes sm2_derive(BytesView secret, std::size_t size) noexcept;

}  // namespace wusong::crypto
