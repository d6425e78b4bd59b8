// SPDX-License-Identifier: Apache-2.0
// A key in shares, and how it comes to be: by a dealer, or by all parties together.
#pragma once

#include "wusong/crypto/sealed.hpp"
#include "wusong/threshold/rounds.hpp"
#include "wusong/threshold/sharing.hpp"

namespace wusong::threshold {

/// What everybody may know: commitments to the shared polynomial.
struct PublicShares {
  const Group* group;
  Threshold threshold;
  std::vector<Point> commitments;  // as many as are needed; the first is the public key

  const Point& key() const noexcept { return commitments.front(); }
  /// A party's share times the generator.
  Point of(Party party) const noexcept { return committed_at(*group, commitments, party); }
};
/// What one party holds.
struct KeyShare {
  PublicShares shares;
  Party self;
  Scalar secret;
};

/// For an owner who has the key already, or is trusted with it for a moment.
/// @errors err::bad_threshold, err::bad_scalar (zero)
[[nodiscard]] Result<std::vector<KeyShare>> deal_key(const Group& group, Threshold threshold,
                                                     const Scalar& secret, io::Entropy& entropy);
/// The same with the polynomial given: for test vectors.
[[nodiscard]] Result<std::vector<KeyShare>> deal_key(const Group& group, Threshold threshold,
                                                     const Polynomial& polynomial);
/// The key itself, which then needs no threshold any more. Shares that do not belong are named.
/// Faults: err::too_few_shares, err::bad_parties, err::bad_share
[[nodiscard]] Outcome<Scalar> reconstruct(const PublicShares& shares, std::span<const Share> from);

/// @shape version 1 || self || needed || total || secret || commitments. For sealing: it is secret.
SecretBytes encode(const KeyShare& share);
/// @errors err::bad_length, err::bad_threshold, err::bad_point, err::bad_scalar,
/// err::unknown_party,
///         err::wrong_share (the secret is not what the commitments say)
[[nodiscard]] Result<KeyShare> decode_key_share(const Group& group, BytesView encoded);

/// One party's part in making a key that nobody ever holds, or in refreshing its shares so that
/// old ones say nothing any more. All parties take part; any fault ends the session and names who.
///
/// Rounds: a hash of what follows; commitments, with a proof that the constant is known; shares,
/// each to its party alone, with a digest of all commitments as they were seen. Hashes come first
/// so that nobody chooses its part after those of others.
/// @source Pedersen 1991; Komlo, Goldberg, "FROST", SAC 2020, figure 1; refresh: Herzberg,
///         Jarecki, Krawczyk, Yung 1995
class KeyGeneration {
 public:
  struct Config {
    const Group* group;
    Threshold threshold;
    Party self;
    Hash session;  // never the same twice: all parties agree on it beforehand
  };
  /// @errors err::bad_threshold, err::unknown_party
  [[nodiscard]] static Result<KeyGeneration> create(const Config& config, io::Entropy& entropy);
  /// New shares of the same key; the old one is given up only when result() is there everywhere.
  [[nodiscard]] static Result<KeyGeneration> refresh(const KeyShare& old, const Hash& session,
                                                     io::Entropy& entropy);

  /// What to send first.
  Letters start() const;
  /// Faults that leave the session as it was: err::unknown_party, err::wrong_protocol,
  /// err::wrong_session, err::unknown_round, err::duplicate. Others end it: err::bad_length,
  /// err::equivocation, err::wrong_opening, err::bad_point, err::bad_scalar, err::bad_proof,
  /// err::split_view, err::bad_share, err::degenerate; then err::session_over.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  const std::optional<KeyShare>& result() const noexcept { return result_; }

 private:
  KeyGeneration(const Config& config, std::optional<KeyShare> old, io::Entropy& entropy);
  Outcome<Letters> advance();
  Outcome<void> check_openings();
  Letters share_letters();
  Outcome<void> collect();
  Hash context(Party party) const;
  Hash commitment_of(Party party, BytesView opening) const;
  bool is_refresh() const noexcept { return old_.has_value(); }

  Config config_;
  std::optional<KeyShare> old_;
  Polynomial polynomial_;
  Bytes opening_;
  Rounds rounds_;
  std::vector<std::vector<Point>> commitments_;  // of each party, when all are open
  Hash view_;                                    // of all openings
  std::uint8_t round_{0};
  bool is_over_{false};
  std::optional<KeyShare> result_;
};

}  // namespace wusong::threshold
