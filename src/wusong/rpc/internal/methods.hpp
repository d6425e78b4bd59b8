// SPDX-License-Identifier: Apache-2.0
// The methods by family: each family is one table of names and handlers.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "wusong/codec/json.hpp"
#include "wusong/exec/context.hpp"
#include "wusong/node/service.hpp"
#include "wusong/rpc/config.hpp"
#include "wusong/rpc/internal/fault.hpp"
#include "wusong/rpc/internal/params.hpp"
#include "wusong/rpc/internal/registry.hpp"
#include "wusong/rpc/internal/shapes.hpp"

namespace wusong::rpc {

/// What every method can reach. Everything outlives it.
struct Context {
  node::Service& node;
  const Config& config;
  const Ports& ports;
  Registry& registry;
  ChainFacts facts;
};

struct Call {
  const Context& context;
  const Params& params;
  std::optional<SessionId> session;  // nothing over HTTP
};

/// Writes exactly one JSON value, or returns a fault and leaves the writer unusable.
using Handler = Answer<void> (*)(const Call& call, codec::JsonWriter& out);

struct Method {
  std::string_view name;
  Handler handler;
};

std::span<const Method> chain_methods() noexcept;   // eth_: blocks, transactions, receipts, logs
std::span<const Method> state_methods() noexcept;   // eth_: accounts, proofs, fees, sending
std::span<const Method> call_methods() noexcept;    // eth_: call, estimateGas, createAccessList
std::span<const Method> filter_methods() noexcept;  // eth_: logs, filters, subscriptions
std::span<const Method> pool_methods() noexcept;    // txpool_
std::span<const Method> debug_methods() noexcept;   // debug_
std::span<const Method> node_methods() noexcept;    // wusong_, net_, web3_, rpc_
std::span<const Method> epoch_methods() noexcept;   // wusong_: epochs, the registry

// Shared by the families.

/// @errors node.unknown_block as "header not found: ..."
Answer<Height> height_of(const Context& context, const BlockRef& ref);
/// Nothing where there is no such block (yet).
Answer<node::BlockPtr> find_block(const Context& context, const BlockRef& ref);
/// @errors node.unknown_block, node.state_pruned naming the oldest kept height
Answer<std::unique_ptr<types::StateView>> state_at(const Context& context, Height height);
/// The same, to run code on: from `call_timeout` on it fails with rpc.timed_out and reads nothing.
/// Gas bounds the work between two looks at the clock. The context outlives it.
Answer<std::unique_ptr<types::StateView>> timed_state_at(const Context& context, Height height);
/// @errors node.receipts_pruned
Answer<void> need_receipts(const Context& context, const node::ExecutedBlock& block);
/// The fault of a node error about `height`.
Fault state_fault(const Context& context, Error error, Height height);

struct FoundTransaction {
  node::BlockPtr block;  // null: not in a block
  std::size_t index{0};
};
Answer<FoundTransaction> find_transaction(const Context& context, const Hash& hash);

/// BLOCKHASH for calls and traces.
class NodeBlockHashes final : public exec::BlockHashSource {
 public:
  explicit NodeBlockHashes(const node::Service& node) : node_{node} {}
  Hash hash_at(std::uint64_t number) const override { return node_.block_hash(Height{number}); }

 private:
  const node::Service& node_;
};
exec::BlockContext context_of(const node::BlockEnvironment& environment,
                              const exec::BlockHashSource* hashes);

}  // namespace wusong::rpc
