// SPDX-License-Identifier: Apache-2.0
// SM2 for two: both together sign, and the signature is an ordinary SM2 one.
//
// The key d is never anywhere: 1 + d = u1 u2, and each party holds one factor. A signature is
// s + r = (k + r) / (u1 u2), so with k = k1 k2 + k3, where party 2 chose k2 and k3,
//   party 2 gives s2 = k2 / u2 and s3 = (k3 + r) / u2, and party 1 finds s + r = (k1 s2 + s3) / u1.
// Party 2 hashes its choice before it sees party 1's: otherwise it could choose k itself, and read
// the key from the published signature. Why nothing else leaks: docs/crypto/threshold.md.
// @source GB/T 32918.2-2016 for the signature; the split of k is that of Lin, Ma, Jing et al.,
// patent
//         CN104243456; commitments and proofs as in Lindell, "Fast secure two-party ECDSA signing",
//         CRYPTO 2017
#pragma once

#include <memory>

#include "wusong/crypto/sm2.hpp"
#include "wusong/threshold/rounds.hpp"
#include "wusong/threshold/sharing.hpp"

namespace wusong::threshold {

/// Party 1 ends up with signatures; party 2 is what it must ask each time.
inline constexpr Party kReceiver{1};
inline constexpr Party kHelper{2};

/// What one of the two holds.
struct Sm2PairShare {
  Party self;
  Scalar factor;     // u of this party
  Point other;       // the other's factor times the generator
  Point public_key;  // x || y
};
/// @shape version 1 || self || factor || other. For sealing: it is secret.
SecretBytes encode(const Sm2PairShare& share);
/// @errors err::bad_length, err::unknown_party, err::bad_point, err::bad_scalar, err::degenerate
[[nodiscard]] Result<Sm2PairShare> decode_sm2_pair_share(BytesView encoded);

/// A key for two that nobody ever holds. Three messages: party 1's hash, party 2's element, party
/// 1's element. Use the key once both have said that they have their result.
class Sm2PairKeys {
 public:
  /// @errors err::unknown_party (neither 1 nor 2)
  [[nodiscard]] static Result<Sm2PairKeys> create(Party self, const Hash& session,
                                                  io::Entropy& entropy);
  Letters start() const;
  /// Faults as KeyGeneration::receive has them.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  const std::optional<Sm2PairShare>& result() const noexcept { return result_; }

 private:
  Sm2PairKeys(Party self, const Hash& session, io::Entropy& entropy);
  Hash context(Party party) const;
  Outcome<Letters> answer(Party from, std::uint8_t round);
  Outcome<void> finish(Party from, std::uint8_t round);

  Party self_;
  Scalar factor_;
  Rounds rounds_;
  Bytes element_;  // with its proof
  bool is_over_{false};
  std::optional<Sm2PairShare> result_;
};

using crypto::Sm2Signature;

/// One signature by two, on a message that both were given and agree to. Three messages: party 2's
/// hash, party 1's nonce element, party 2's opening with its two numbers. Nonces belong to one
/// session and go with it; a machine that was moved from is over.
class Sm2PairSigning {
 public:
  [[nodiscard]] static Sm2PairSigning create(const Sm2PairShare& share, BytesView message,
                                             const Hash& session, io::Entropy& entropy);
  Letters start() const;
  /// Faults that leave the session as it was: those of Rounds::accept. Others end it:
  /// err::bad_length, err::equivocation, err::bad_point, err::bad_scalar; err::wrong_opening and
  /// err::bad_proof (also where the two were given different messages);
  /// err::bad_signature_share; err::degenerate; err::signing_fault; then err::session_over.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  /// Party 1's, verified.
  const std::optional<Sm2Signature>& signature() const noexcept { return signature_; }
  /// Whether this party has nothing more to do.
  bool is_over() const noexcept { return secrets_ == nullptr; }

 private:
  struct Secrets {
    Sm2PairShare share;
    Scalar first;   // k1, or k2
    Scalar second;  // k3
    Bytes message;
    Hash digest;
    Bytes announcement;  // what goes to the other, with its proof
  };
  Sm2PairSigning(std::unique_ptr<Secrets> secrets, const Hash& session);
  Hash context(Party party) const;
  Hash commitment_of(BytesView announcement) const;
  Outcome<Letters> help();
  Outcome<void> complete();

  std::unique_ptr<Secrets> secrets_;
  Rounds rounds_;
  std::optional<Sm2Signature> signature_;
};

}  // namespace wusong::threshold
