// SPDX-License-Identifier: Apache-2.0
// A lost share rebuilt by others who have theirs, none of whom learns it, and whose own shares the
// receiver does not learn.
//
// Each helper's part of the lost share is split into random pieces, one for each helper; each adds
// up the pieces it got and sends the sum to the receiver. Pieces are committed to, so who gives a
// wrong one is named.
// @source Laing, Stinson, "A survey and refinement of repairable threshold schemes", 2018, section
//         on enrolment, with Feldman's commitments to the pieces
#pragma once

#include <map>

#include "wusong/threshold/keys.hpp"

namespace wusong::threshold {

class Repair {
 public:
  struct Config {
    Party lost;
    std::vector<Party> helpers;  // ascending; as many as are needed or more
    Hash session;                // used once, known to all
  };
  /// @errors err::bad_parties, err::unknown_party, err::too_few_shares
  [[nodiscard]] static Result<Repair> help(const KeyShare& own, Config config,
                                           io::Entropy& entropy);
  /// `shares` are known to be the key's: from the chain, or from a certificate.
  [[nodiscard]] static Result<Repair> restore(const PublicShares& shares, Config config);

  /// To all helpers and the receiver.
  Letters start() const;
  /// Faults as KeyGeneration::receive has them.
  [[nodiscard]] Outcome<Letters> receive(Party from, BytesView message);
  /// The receiver's.
  const std::optional<KeyShare>& result() const noexcept { return result_; }

 private:
  Repair(PublicShares shares, Config config, Party self);
  Outcome<Letters> advance();
  Outcome<void> check_pieces();
  Outcome<SecretBytes> sum_for_receiver() const;
  Outcome<void> rebuild();
  bool is_receiver() const noexcept { return self_ == config_.lost; }
  std::size_t index_of(Party helper) const noexcept;

  PublicShares shares_;
  Config config_;
  Party self_;
  Rounds rounds_;
  std::vector<Scalar> pieces_;                 // this helper's, for each helper
  Bytes commitments_;                          // to them
  std::map<Party, std::vector<Point>> known_;  // everybody's commitments
  Hash view_;
  std::uint8_t round_{0};
  bool is_over_{false};
  std::optional<KeyShare> result_;
};

}  // namespace wusong::threshold
