// SPDX-License-Identifier: Apache-2.0
// ECDSA for many: a key in shares (keys.hpp, over secp256k1 or P-256) with which any 2t - 1 parties
// sign, and t - 1 learn nothing. Signatures are ordinary ones; over secp256k1 they are Ethereum's.
// Needs an honest majority of those who sign.
//
// A signature is s = (m + r d) / k. With a shared random number a the two products u = a (m + r d)
// and w = a k are opened at once, and s = u / w: neither says anything without a.
// Why nothing else leaks: docs/crypto/threshold.md.
// @source Bar-Ilan, Beaver 1989, for the inverse; Gennaro, Jarecki, Krawczyk, Rabin, "Robust
//         threshold DSS signatures", 2001; Damgård, Jakobsen, Nielsen, Pagter, Østergård, "Fast
//         threshold ECDSA with honest majority", 2020
#pragma once

#include "wusong/crypto/signature.hpp"
#include "wusong/threshold/internal/masked_products.hpp"

namespace wusong::threshold {

/// One party's part in one signature on a digest that all signers computed themselves from what
/// they agree to. Four rounds; all signers end up with the signature. Its nonce begins and ends
/// with this object: after a crash begin another session.
class EcdsaQuorumSigning {
 public:
  struct Config {
    std::vector<Party> signers;  // ascending, with this party, quorum_of the threshold or more
    Hash digest;
    Hash session;  // used once, known to all
  };
  /// @errors err::wrong_group, err::bad_threshold (of a key made for other protocols),
  ///         err::bad_parties, err::unknown_party, err::too_few_shares
  [[nodiscard]] static Result<EcdsaQuorumSigning> create(const KeyShare& share, Config config,
                                                         io::Entropy& entropy);
  Letters start() const;
  /// Faults as KeyGeneration::receive has them; err::wrong_opening also where digests or keys
  /// differ; err::bad_signature_share with all whose part of the last round is wrong;
  /// err::signing_fault.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  /// Low s; verified, and over secp256k1 the key is recovered from it.
  const std::optional<crypto::EcdsaSignature>& signature() const noexcept { return signature_; }

 private:
  EcdsaQuorumSigning(const internal::ShortCurve& curve, const Point& public_key, Config config)
      : curve_{&curve}, public_key_{public_key}, config_{std::move(config)} {}
  Result<crypto::EcdsaSignature> signature_of(const internal::MaskedProducts& products) const;

  const internal::ShortCurve* curve_;
  Point public_key_;
  Config config_;
  std::unique_ptr<internal::MaskedProducts> products_;  // while the session lasts
  std::optional<crypto::EcdsaSignature> signature_;
};

}  // namespace wusong::threshold
