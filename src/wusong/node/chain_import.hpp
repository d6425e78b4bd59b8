// SPDX-License-Identifier: Apache-2.0
// Blocks that come from a file instead of from peers: stored, executed, and compared with what
// later headers say of them.
#pragma once

#include "wusong/node/opening.hpp"
#include "wusong/sync/chain_file.hpp"

namespace wusong::node {

class ChainImport {
 public:
  /// `chain` and `executor` outlive it.
  ChainImport(OpenedChain& chain, io::Executor& executor) noexcept
      : chain_{chain}, executor_{executor} {}

  Height head() const noexcept { return *chain_.ledger->final_head(); }
  /// A range that the follower has taken. What is here already is skipped.
  /// @errors err::range_above_head  it begins above the head
  ///         err::state_diverged    another chain than the one here, or roots that are not ours
  ///         those of prepare_range(), and what storing and executing report
  [[nodiscard]] Result<void> take(net::RangeResponse range);
  /// All of it is on stable storage when it returns.
  [[nodiscard]] Result<void> finish();

 private:
  [[nodiscard]] Result<void> execute(const PreparedPtr& block, BytesView certificate);

  OpenedChain& chain_;
  io::Executor& executor_;
};

}  // namespace wusong::node
