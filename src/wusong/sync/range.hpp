// SPDX-License-Identifier: Apache-2.0
// Ranges of final blocks: checking one that came, and cutting one for a peer that asks.
#pragma once

#include <optional>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/light/follower.hpp"
#include "wusong/net/messages.hpp"

namespace wusong::sync {

/// What the headers and the certificate of a range prove. Bodies are not looked at: whoever
/// executes them compares their transactions root.
struct VerifiedRange {
  Hash parent;               // of the first block
  std::vector<Hash> hashes;  // one per block
};

/// Who makes the blocks of an epoch final.
struct EpochVoters {
  const consensus::VoteVerifier* validators;  // of the epoch; outlives its use
  Hash domain;                                // types::vote_domain()
};

/// Headers link to each other, heights follow, and none but the last ends an epoch: what can be
/// said of a range before it is known who voted for it.
/// @shape  `range` has at least one block
/// @errors err::bad_block     not a block
///         err::wrong_height  not `from`, `from` + 1, …
///         err::broken_link   a parent hash is not its predecessor's
///         err::two_epochs    an epoch ends before the last block
[[nodiscard]] Result<VerifiedRange> check_links(const net::RangeResponse& range);
/// The certificate makes the last block final.
/// @errors err::wrong_certificate  about another block, or not a certificate
///         err::bad_certificate    its signatures do not prove finality in that epoch
[[nodiscard]] Result<void> check_certificate(const net::RangeResponse& range,
                                             const VerifiedRange& links, const EpochVoters& voters);

/// Both, by the voters of the epoch that the range belongs to; follows on where it ends the newest.
/// @errors those above; err::other_epoch  it leaves its epoch, or ends it at another block than the
///                                         known one, or in what is no epoch
[[nodiscard]] Result<VerifiedRange> verify_range(const net::RangeResponse& range,
                                                 light::Follower& epochs);

/// The finalised chain as it is stored.
class BlockSource {
 public:
  struct Certificate {
    Height height;
    Bytes bytes;  // an encoded consensus::FinalityProof
  };
  virtual ~BlockSource() = default;
  /// Nothing where this node has no such block, or not its transactions any more.
  [[nodiscard]] virtual Result<std::optional<Bytes>> block(Height height) const = 0;
  /// The block without its transactions. Nothing where this node has no such block.
  [[nodiscard]] virtual Result<std::optional<Bytes>> header(Height height) const = 0;
  /// The lowest one at `height` or above.
  [[nodiscard]] virtual Result<std::optional<Certificate>> first_certificate(
      Height height) const = 0;
};

/// The longest run from `request.from` that ends at a certificate and stays within count_max blocks
/// and `whole_bytes_max`; the first certificate is reached even if that takes more, up to
/// kRangeBlocksMax blocks and kRangeLargeBytesMax: what it takes then is the same whatever
/// count_max says. Never goes beyond the end of an epoch. Empty when there is none.
/// @errors those of `source`
[[nodiscard]] Result<net::RangeResponse> serve_range(
    const BlockSource& source, const net::RangeRequest& request,
    std::size_t whole_bytes_max = net::kRangeBytesMax);
/// What its blocks and its certificate take.
std::size_t size_of(const net::RangeResponse& range) noexcept;

}  // namespace wusong::sync
