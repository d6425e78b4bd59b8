// SPDX-License-Identifier: Apache-2.0
// Secrets in shares: any `needed` of them give the secret, fewer say nothing. Whoever gets a share
// can check it against the dealer's commitments, in one of two forms.
#pragma once

#include <span>
#include <vector>

#include "wusong/threshold/group.hpp"
#include "wusong/threshold/party.hpp"

namespace wusong::threshold {

/// The value of a secret polynomial at a party's number.
struct Share {
  Party party;
  Scalar value;
};

/// A secret polynomial; its coefficients are overwritten when it goes.
class Polynomial {
 public:
  /// Of degree needed - 1, with the secret as its value at zero, else uniform.
  Polynomial(const Group& group, std::size_t needed, const Scalar& secret, io::Entropy& entropy);
  /// @shape the constant first; not empty
  Polynomial(const Group& group, std::vector<Scalar> coefficients) noexcept;

  Scalar at(Party party) const noexcept;
  std::span<const Scalar> coefficients() const noexcept { return coefficients_; }
  /// Feldman's: each coefficient times the generator. They tell the secret's multiple, no more.
  /// @source Feldman 1987
  std::vector<Point> commitments() const;

 private:
  const Group& group_;
  std::vector<Scalar> coefficients_;
};

/// What a party's share times the generator must be. @cost variable time: commitments are public
Point committed_at(const Group& group, std::span<const Point> commitments, Party party) noexcept;
/// @errors err::bad_share
[[nodiscard]] Result<void> check_share(const Group& group, std::span<const Point> commitments,
                                       const Share& share) noexcept;

/// The factor of `of`'s share in the value at `at`; number 0 is the secret's place.
/// The caller has checked that `parties` are distinct and hold `of`.
Scalar lagrange(const Group& group, std::span<const Party> parties, Party of, Party at) noexcept;
/// The value at `at` of the polynomial of least degree through all shares. The caller knows that
/// they belong together: see check_share.
/// @errors err::too_few_shares, err::bad_parties (not ascending)
[[nodiscard]] Result<Scalar> interpolate(const Group& group, std::size_t needed,
                                         std::span<const Share> shares, Party at = {});

/// What a dealer shows everybody, made of hashes alone: it holds against quantum computers and
/// tells nothing of the secret.
///
/// Beside the secret's polynomial f the dealer draws r of the same degree. Each party's value of
/// both is in a salted hash; d is the hash of all those; r + d f is shown. A party whose share
/// matches its hash knows that r + d f was shown before d was known. Were the shares of the honest
/// not on one polynomial, at most one d of all would hide it.
/// @source Baghery, "Π: A unified framework for computational verifiable secret sharing", ePrint
///         2023/1669, with salted hashes for commitments
struct HashDealing {
  Threshold threshold;
  std::vector<Hash> commitments;  // one for each party
  std::vector<Scalar> response;   // coefficients of r + d f
};
using Salt = FixedBytes<32, struct SaltTag>;
struct SaltedShare {
  Share share;
  Salt salt;
};
struct HashDealt {
  HashDealing dealing;
  std::vector<SaltedShare> shares;  // for parties 1, 2, …, each to be kept secret
};
/// `context` keeps dealings of different purposes apart.
/// @errors err::bad_threshold
[[nodiscard]] Result<HashDealt> deal_by_hashes(const Group& group, BytesView context,
                                               Threshold threshold, const Scalar& secret,
                                               io::Entropy& entropy);
/// @errors err::bad_share, err::unknown_party, err::bad_length (of the dealing's parts)
[[nodiscard]] Result<void> check_share(const Group& group, BytesView context,
                                       const HashDealing& dealing, const SaltedShare& share);

}  // namespace wusong::threshold
