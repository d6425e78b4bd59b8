// SPDX-License-Identifier: Apache-2.0
// SM2 for many: a key in shares of which any 2t - 1 parties sign, t - 1 learn nothing, and whose
// signatures are ordinary SM2 ones. Needs an honest majority of those who sign.
//
// What is shared is f = 1 / (1 + d): then s + r = f (k + r), one product of two shared numbers,
// which 2t - 1 parties open without a secure multiplication (internal/masked_products.hpp). Keys
// are made by opening f b for a random b whose multiple B is known: (1 + d) G = B / (f b). Why
// nothing else leaks: docs/crypto/threshold.md.
// @source GB/T 32918.2-2016 for the signature; Gennaro, Jarecki, Krawczyk, Rabin 2001 for the
// pattern
#pragma once

#include "wusong/threshold/internal/masked_products.hpp"
#include "wusong/threshold/sm2_pair.hpp"

namespace wusong::threshold {

/// What one party holds.
struct Sm2QuorumShare {
  Threshold threshold;
  Party self;
  internal::FactorShare factor;
  Point public_key;  // x || y
};
/// @shape version 1 || self || needed || total || value || blinding || commitments || public key.
/// For sealing: it is secret.
SecretBytes encode(const Sm2QuorumShare& share);
/// @errors err::bad_length, err::bad_threshold, err::unknown_party, err::bad_scalar,
/// err::bad_point,
///         err::wrong_share (the value is not what the commitments say)
[[nodiscard]] Result<Sm2QuorumShare> decode_sm2_quorum_share(BytesView encoded);

/// One party's part in a key that nobody ever holds. Four rounds with all parties. Use the key once
/// all have said that they have their result.
class Sm2QuorumKeys {
 public:
  struct Config {
    Threshold threshold;  // 2 needed - 1 <= total, needed at least 2
    Party self;
    Hash session;  // used once, known to all
  };
  /// @errors err::bad_threshold, err::unknown_party
  [[nodiscard]] static Result<Sm2QuorumKeys> create(const Config& config, io::Entropy& entropy);
  Letters start() const;
  /// Faults as KeyGeneration::receive has them; err::bad_signature_share with all whose part of
  /// the last round is wrong.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  const std::optional<Sm2QuorumShare>& result() const noexcept { return result_; }

 private:
  explicit Sm2QuorumKeys(const Config& config) : config_{config} {}
  Config config_;
  std::unique_ptr<internal::MaskedProducts> products_;  // while the session lasts
  std::optional<Sm2QuorumShare> result_;
};

/// One party's part in one signature on a message that all signers were given and agree to. Four
/// rounds; all signers end up with the signature.
class Sm2QuorumSigning {
 public:
  struct Config {
    std::vector<Party> signers;  // ascending, with this party, quorum_of the threshold or more
    Bytes message;
    Hash session;  // used once, known to all
  };
  /// @errors err::bad_parties, err::unknown_party, err::too_few_shares
  [[nodiscard]] static Result<Sm2QuorumSigning> create(const Sm2QuorumShare& share, Config config,
                                                       io::Entropy& entropy);
  Letters start() const;
  /// Faults as Sm2QuorumKeys has them; err::wrong_opening also where messages differ;
  /// err::signing_fault.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  /// Verified.
  const std::optional<Sm2Signature>& signature() const noexcept { return signature_; }

 private:
  Sm2QuorumSigning(const Point& public_key, const Hash& digest, Config config)
      : public_key_{public_key}, digest_{digest}, config_{std::move(config)} {}
  Point public_key_;
  Hash digest_;
  Config config_;
  std::unique_ptr<internal::MaskedProducts> products_;  // while the session lasts
  std::optional<Sm2Signature> signature_;
};

}  // namespace wusong::threshold
