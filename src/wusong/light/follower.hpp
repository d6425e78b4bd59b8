// SPDX-License-Identifier: Apache-2.0
// Follows a chain by certificates alone: from a set of validators that is trusted, epoch by epoch,
// to the newest; then says whether a header is final, and what state it stands for. No I/O: what is
// shown may come from anybody.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/types/block.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::light {

/// The end of an epoch: the header of its last block, which names the next one, and the proof of
/// its finality by the epoch's own validators.
struct EpochStep {
  Bytes header;
  Bytes proof;  // encoded consensus::FinalityProof
};

/// A header and what makes it final: the headers after it up to one that validators vouch for.
struct HeaderClaim {
  Bytes header;
  std::vector<Bytes> chain;
  Bytes proof;  // about the last of them, or about the header itself
};
inline constexpr std::size_t kClaimHeadersMax = 4'096;

struct ProvenHeaders {
  std::vector<types::Header> headers;  // of the claim, each linked to the one before
  Hash hash;                           // of the first
  std::uint64_t epoch{0};              // whose validators vouch for the last
  std::size_t signers{0};

  /// What executing a height gave, where one of these headers carries it.
  /// @errors err::roots_missing
  [[nodiscard]] Result<types::ExecutionRoots> roots_of(Height height) const;
};

/// Who checks the votes of an epoch.
using VotersOf = std::function<std::unique_ptr<consensus::VoteVerifier>(const types::Epoch&)>;
/// By the keys that the epoch names.
std::unique_ptr<consensus::VoteVerifier> key_voters(const types::Epoch& epoch);

class Follower {
 public:
  struct Known {
    types::Epoch epoch;
    Hash domain;
    std::unique_ptr<consensus::VoteVerifier> voters;
    std::optional<Hash> last;  // the block that ended it
  };

  /// @param trusted  the first epoch, or any later one that the caller believes in
  Follower(const Hash& genesis, types::Epoch trusted, VotersOf voters_of = key_voters);

  /// One epoch further.
  /// @errors err::not_a_header, err::not_a_proof, err::other_block (the proof is of another one),
  ///         err::not_final (its signers are not enough of this epoch's validators),
  ///         err::no_epoch_ends, err::wrong_epoch (not the one after this)
  [[nodiscard]] Result<void> advance(const EpochStep& step);
  /// The same without a proof: the caller has the header from one who checked it.
  /// @errors err::no_epoch_ends, err::wrong_epoch
  [[nodiscard]] Result<void> extend(const types::Header& header);

  /// @errors err::not_a_header, err::broken_link, err::too_long, err::before_trust,
  ///         err::not_a_proof, err::other_block, err::wrong_epoch (it goes through another end of
  ///         an epoch than the one known), err::not_final
  [[nodiscard]] Result<ProvenHeaders> prove(const HeaderClaim& claim) const;

  /// The epoch that a height belongs to, as far as it was followed; null before the trusted one.
  const types::Epoch* epoch_of(Height height) const;
  const types::Epoch& newest() const noexcept { return epochs_.rbegin()->second.epoch; }
  const Hash& genesis() const noexcept { return genesis_; }
  /// As epoch_of(), and who checks its votes.
  const Known* known_at(Height height) const;

 private:
  Result<types::Epoch> next_of(const types::Header& header) const;
  void add(types::Epoch epoch);
  Result<std::size_t> check(const Known& known, const types::Header& header, const Hash& hash,
                            BytesView proof) const;

  Hash genesis_;
  VotersOf voters_of_;
  std::map<Height, Known> epochs_;  // by first height
};

}  // namespace wusong::light
