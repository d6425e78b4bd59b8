// SPDX-License-Identifier: Apache-2.0
// Blocks, transactions, receipts and logs as Ethereum's clients expect them.
#pragma once

#include "wusong/codec/json.hpp"
#include "wusong/node/service.hpp"

namespace wusong::rpc {

/// What every block of the chain shows alike.
struct ChainFacts {
  std::size_t root_delay{0};
  vm::Fork fork{vm::Fork::osaka};
};

void quantity(codec::JsonWriter& out, const U256& value);

/// eth_getBlockBy*: the roots and bloom are those after executing this very block.
void write_block(codec::JsonWriter& out, const node::ExecutedBlock& block, const ChainFacts& facts,
                 bool full);
/// The header alone, as eth_subscribe("newHeads") sends it.
void write_head(codec::JsonWriter& out, const node::ExecutedBlock& block, const ChainFacts& facts);
/// The block the chain would build now: no hash, no transactions, the state of `parent`.
void write_pending_block(codec::JsonWriter& out, const node::BlockEnvironment& environment,
                         const node::ExecutedBlock& parent, const ChainFacts& facts);

void write_transaction(codec::JsonWriter& out, const node::ExecutedBlock& block, std::size_t index);
void write_transaction(codec::JsonWriter& out, const node::PooledTransaction& pooled);

/// `first_log` is the block-wide index of the receipt's first log.
void write_receipt(codec::JsonWriter& out, const node::ExecutedBlock& block, std::size_t index,
                   std::size_t first_log);
std::size_t first_log_of(const node::ExecutedBlock& block, std::size_t index) noexcept;
/// One log; `index` is its transaction's, `log_index` block-wide.
void write_log(codec::JsonWriter& out, const node::ExecutedBlock& block, std::size_t index,
               const types::Log& log, std::size_t log_index);

}  // namespace wusong::rpc
