// SPDX-License-Identifier: Apache-2.0
// FROST(Ed25519, SHA-512): some of many sign, and the signature is an ordinary Ed25519 one.
//
// A coordinator, who may be anybody and is trusted with nothing but progress, gathers commitments
// from the signers (round one; they can be sent before the message is known), hands out the message
// with all commitments, and adds up the signature shares (round two).
// @source RFC 9591, sections 4, 5 and 6.1
#pragma once

#include "wusong/threshold/keys.hpp"

namespace wusong::threshold {

using FrostSignature = std::array<std::uint8_t, 64>;  // as RFC 8032's

/// One signer's part in one signature. Its nonces sign once: they go with the first package that
/// is accepted, and are stored nowhere, so that a restart cannot bring them back.
class FrostSigner {
 public:
  /// @errors err::bad_scalar (the key is of another group)
  [[nodiscard]] static Result<FrostSigner> create(const KeyShare& key, const Hash& session,
                                                  io::Entropy& entropy);
  /// With 64 bytes of randomness given: for test vectors.
  [[nodiscard]] static Result<FrostSigner> create(const KeyShare& key, const Hash& session,
                                                  std::span<const std::uint8_t, 64> randomness);
  /// Takes the nonces along: what was moved from cannot sign.
  FrostSigner(FrostSigner&& other) noexcept;
  FrostSigner& operator=(FrostSigner&&) = delete;

  /// Round one: what to send to the coordinator.
  Bytes start() const;
  /// What a package asks to be signed, for whoever decides about that before sign().
  /// Faults: err::bad_length, err::wrong_protocol, err::wrong_session, err::unknown_round
  [[nodiscard]] Outcome<BytesView> asked_message(BytesView package) const;
  /// Round two: the answer to the coordinator. A package that is refused leaves the nonces unused.
  /// Faults: those of asked_message, err::bad_parties, err::bad_point, err::too_few_shares,
  /// err::own_commitment_missing; afterwards err::nonce_used.
  [[nodiscard]] Outcome<Bytes> sign(BytesView package);

 private:
  struct Nonces {
    Scalar hiding;
    Scalar binding;
  };
  FrostSigner(const KeyShare& key, const Hash& session, Nonces nonces);
  KeyShare key_;
  Hash session_;
  std::optional<Nonces> nonces_;
  Point hiding_;
  Point binding_;
};

/// @unit bytes
inline constexpr std::size_t kFrostMessageMax = std::size_t{1} << 20;

/// Gathers one signature and says who spoiled it.
class FrostCoordinator {
 public:
  struct Config {
    PublicShares shares;
    Hash session;
    Bytes message;
    std::vector<Party> signers;  // ascending; as many as are needed or more
  };
  /// @errors err::bad_parties, err::unknown_party, err::too_few_shares, err::message_too_long,
  ///         err::bad_scalar (the key is of another group)
  [[nodiscard]] static Result<FrostCoordinator> create(Config config);

  /// Once all have committed: the package for every signer.
  /// Faults that leave the session as it was: those of Rounds::accept. Others end it:
  /// err::bad_point, err::bad_scalar, err::bad_signature_share with all who gave a wrong one; then
  /// err::session_over.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  /// Verified.
  const std::optional<FrostSignature>& signature() const noexcept { return signature_; }

 private:
  explicit FrostCoordinator(Config config);
  Outcome<Letters> make_package();
  Outcome<void> aggregate();

  Config config_;
  Rounds rounds_;
  Bytes package_;
  bool is_over_{false};
  std::optional<FrostSignature> signature_;
};

}  // namespace wusong::threshold
