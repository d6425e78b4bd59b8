// SPDX-License-Identifier: Apache-2.0
// Executes final blocks in order and keeps what came of them. Owned by one thread, beside
// consensus.
#pragma once

#include <deque>

#include "wusong/exec/context.hpp"
#include "wusong/io/stage_timer.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/node/prepared.hpp"
#include "wusong/node/service.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::node {

/// The last 256 block hashes, for BLOCKHASH.
class RecentHashes final : public exec::BlockHashSource {
 public:
  void add(Height height, const Hash& hash);
  Hash hash_at(std::uint64_t number) const override;

 private:
  std::deque<std::pair<std::uint64_t, Hash>> hashes_;
};

class BlockExecutor {
 public:
  /// All four outlive it. The state is at the height before the first block that execute() gets.
  BlockExecutor(const Genesis& genesis, state::StateDb& state, storage::Ledger& ledger,
                io::StageTimer& timer);

  /// Tells of hashes of blocks executed before this process started.
  void remember(Height height, const Hash& hash) { hashes_.add(height, hash); }

  /// Executes the block on the state, commits the state and stores receipts.
  /// @errors err::ledger_gap (not the next height), and what state, storage and io report
  [[nodiscard]] Result<BlockPtr> execute(const PreparedBlock& prepared);

 private:
  const exec::ChainRules rules_;
  state::StateDb& state_;
  storage::Ledger& ledger_;
  io::StageTimer& timer_;
  RecentHashes hashes_;
};

}  // namespace wusong::node
