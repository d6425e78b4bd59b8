// SPDX-License-Identifier: Apache-2.0
// What a node keeps, opened after any end of the last run.
#pragma once

#include <functional>
#include <memory>

#include "wusong/io/executor.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/io/segment_store.hpp"
#include "wusong/node/block_executor.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::node {

struct OpenedChain {
  types::Header genesis_header;
  Hash genesis_hash;
  std::unique_ptr<state::StateDb> state;
  std::unique_ptr<storage::Ledger> ledger;
  std::unique_ptr<BlockExecutor> executor;  // of the two above
};

struct OpeningOptions {
  state::StateOptions state;
  state::OpenReport* report{nullptr};  // filled in also where the state does not open
  std::function<void(Height from, Height to)> on_replay;  // told before blocks are executed again
  std::function<void(const BlockPtr&)> on_executed;       // each of them
};

/// Opens, or begins with the genesis; then executes again what a crash took from the state or from
/// the receipts, so that both are at the last final block. Stores, timer and executor outlive it.
/// @errors state's and storage's rows, err::ledger_gap, and what executing reports
[[nodiscard]] Result<OpenedChain> open_chain(const Genesis& genesis, io::KvStore& store,
                                             io::SegmentStore& segments, io::StageTimer& timer,
                                             io::Executor& executor, const OpeningOptions& options);

/// Tells the executor of the hashes below `next` that contracts may ask for: it starts there.
[[nodiscard]] Result<void> remember_hashes(const storage::Ledger& ledger, Height next,
                                           BlockExecutor& executor);

/// Blocks of a ledger or of a proven range, each against its own header.
/// @errors those of split() and prepare()
[[nodiscard]] Result<std::vector<PreparedPtr>> prepare_range(std::vector<Bytes> blocks,
                                                             io::Executor& executor,
                                                             crypto::KeyCache* keys = nullptr);

}  // namespace wusong::node
