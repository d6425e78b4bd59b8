// SPDX-License-Identifier: Apache-2.0
// Execution of a block that consensus has already ordered.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/exec/context.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/block.hpp"
#include "wusong/vm/evm.hpp"

namespace wusong::exec {

struct BlockOutcome {
  std::vector<types::Receipt> receipts;        // one a transaction, skipped ones included
  std::vector<std::optional<Error>> refusals;  // why a transaction was skipped
  types::StateDiff diff;
  std::uint64_t gas_used{0};
  types::Bloom logs_bloom;
};

/// Executes the transactions in order. Blocks are ordered before they are executed, so one that
/// turns out invalid is skipped: its receipt says failure and no gas, it changes nothing, and
/// `refusals` says why.
/// @shape  `senders[i]` signed `transactions[i]`; `block` is context_of(header, hashes)
/// @errors whatever StateView::error() reports: then nothing of the outcome may be used
/// `machine` keeps prepared code from block to block; null makes one for this call.
/// @thread callers may replace this by a parallel executor: the outcome depends on order only
[[nodiscard]] Result<BlockOutcome> execute_block(
    const types::Block& block, std::span<const Address> senders, types::StateView& state,
    const BlockContext& context, const ChainRules& rules, vm::Interpreter* machine = nullptr);

/// Root of the trie of the receipts' consensus encodings.
Hash receipts_root(std::span<const types::Receipt> receipts);
/// The roots a later header carries.
types::ExecutionRoots roots_of(const BlockOutcome& outcome, const Hash& state_root);

}  // namespace wusong::exec
