// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/execute.hpp"

#include "wusong/exec/journal.hpp"
#include "wusong/exec/transition.hpp"

namespace wusong::exec {

Result<BlockOutcome> execute_block(const types::Block& block, std::span<const Address> senders,
                                   types::StateView& state, const BlockContext& context,
                                   const ChainRules& rules, vm::Interpreter* machine) {
  WUSONG_ASSERT(senders.size() == block.transactions.size());
  std::optional<vm::Interpreter> own;
  vm::Interpreter& interpreter = machine != nullptr ? *machine : own.emplace();
  Journal journal{state};
  BlockOutcome out;
  out.receipts.reserve(senders.size());
  out.refusals.reserve(senders.size());
  for (std::size_t i = 0; i < senders.size(); ++i) {
    const types::Transaction& transaction = block.transactions[i];
    auto applied = apply_transaction(interpreter, journal, context, rules, transaction, senders[i],
                                     context.gas_limit - out.gas_used);
    types::Receipt& receipt = out.receipts.emplace_back();
    receipt.type = transaction.type;
    if (applied) {
      journal.finish_transaction();
      out.gas_used += applied->gas_used;
      receipt.success = applied->success();
      receipt.gas_used = applied->gas_used;
      receipt.effective_gas_price = applied->effective_gas_price;
      receipt.contract_address = applied->contract_address;
      receipt.logs = std::move(applied->logs);
      receipt.logs_bloom = types::bloom_of(receipt.logs);
      out.logs_bloom |= receipt.logs_bloom;
      out.refusals.emplace_back();
    } else {
      out.refusals.emplace_back(applied.error());
    }
    receipt.cumulative_gas_used = out.gas_used;
  }
  if (const auto error = state.error()) return fail(*error);
  out.diff = journal.diff();
  return out;
}

Hash receipts_root(std::span<const types::Receipt> receipts) {
  std::vector<Bytes> encoded;
  encoded.reserve(receipts.size());
  for (const types::Receipt& receipt : receipts) encoded.push_back(encode_consensus(receipt));
  return types::ordered_trie_root(encoded);
}

types::ExecutionRoots roots_of(const BlockOutcome& outcome, const Hash& state_root) {
  types::ExecutionRoots out;
  out.state_root = state_root;
  out.receipts_root = receipts_root(outcome.receipts);
  out.logs_bloom = outcome.logs_bloom;
  out.gas_used = outcome.gas_used;
  return out;
}

}  // namespace wusong::exec
