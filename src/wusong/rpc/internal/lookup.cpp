// SPDX-License-Identifier: Apache-2.0
// From what clients name to what the node has.
#include <algorithm>
#include <string>

#include "wusong/rpc/errors.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {

namespace {

/// "pruned: this node keeps the states of the last 100 blocks, from block 900 on; ask …".
Fault pruned_fault(const ErrorInfo& row, std::string_view what, Height executed, Height oldest) {
  const std::uint64_t kept = executed.value + 1 - std::min(oldest.value, executed.value + 1);
  return fault_of(row, "pruned: this node keeps the " + std::string{what} + " of the last " +
                           std::to_string(kept) + " blocks, from block " +
                           std::to_string(oldest.value) + " on; ask an archive node");
}

}  // namespace

Fault state_fault(const Context& context, Error error, Height height) {
  const node::Heads heads = context.node.heads();
  if (error == Error{node::err::state_pruned})
    return pruned_fault(error.info(), "states", heads.executed, heads.oldest_state);
  if (error == Error{node::err::block_pruned})
    return pruned_fault(error.info(), "transactions", heads.executed, heads.oldest_block);
  if (error == Error{node::err::receipts_pruned})
    return pruned_fault(error.info(), "receipts", heads.executed, heads.oldest_receipts);
  if (error == Error{node::err::unknown_block}) {
    return fault_of(error.info(), "header not found: block " + std::to_string(height.value) +
                                      " is not executed yet, the latest is " +
                                      std::to_string(heads.executed.value));
  }
  return fault_of(error.info());
}

Answer<void> need_receipts(const Context& context, const node::ExecutedBlock& block) {
  if (!block.receipts_pruned()) return {};
  return std::unexpected{
      state_fault(context, node::err::receipts_pruned, block.block.header.number)};
}

Answer<Height> height_of(const Context& context, const BlockRef& ref) {
  const Height executed = context.node.heads().executed;
  if (ref.kind == BlockRef::Kind::hash) {
    const auto block = context.node.block(ref.hash);
    if (!block) return std::unexpected{state_fault(context, block.error(), ref.height)};
    return (*block)->block.header.number;
  }
  if (ref.kind != BlockRef::Kind::number) return executed;
  if (ref.height > executed)
    return std::unexpected{state_fault(context, node::err::unknown_block, ref.height)};
  return ref.height;
}

Answer<node::BlockPtr> find_block(const Context& context, const BlockRef& ref) {
  const bool by_hash = ref.kind == BlockRef::Kind::hash;
  const Height height =
      ref.kind == BlockRef::Kind::number ? ref.height : context.node.heads().executed;
  auto block = by_hash ? context.node.block(ref.hash) : context.node.block(height);
  if (block) return *std::move(block);
  if (block.error() == Error{node::err::unknown_block}) return node::BlockPtr{};
  return std::unexpected{state_fault(context, block.error(), height)};
}

Answer<std::unique_ptr<types::StateView>> state_at(const Context& context, Height height) {
  auto view = context.node.state(height);
  if (!view) return std::unexpected{state_fault(context, view.error(), height)};
  return *std::move(view);
}

namespace {

class TimedView final : public types::StateView {
 public:
  TimedView(std::unique_ptr<types::StateView> base, const Context& context)
      : base_{std::move(base)},
        ports_{context.ports},
        deadline_{context.ports.now() + context.config.call_timeout} {}
  std::optional<types::Account> account(const Address& address) override {
    return is_late() ? std::nullopt : base_->account(address);
  }
  U256 storage(const Address& address, const Hash& slot) override {
    return is_late() ? U256{} : base_->storage(address, slot);
  }
  Bytes code(const Hash& code_hash) override {
    return is_late() ? Bytes{} : base_->code(code_hash);
  }
  std::optional<Error> error() const override {
    return is_late() ? Error{err::timed_out} : base_->error();
  }

 private:
  bool is_late() const { return ports_.now() > deadline_; }

  std::unique_ptr<types::StateView> base_;
  const Ports& ports_;
  Instant deadline_;
};

}  // namespace

Answer<std::unique_ptr<types::StateView>> timed_state_at(const Context& context, Height height) {
  WUSONG_ANSWER(auto view, state_at(context, height));
  return std::make_unique<TimedView>(std::move(view), context);
}

Answer<FoundTransaction> find_transaction(const Context& context, const Hash& hash) {
  const auto location = context.node.find_transaction(hash);
  if (!location) return FoundTransaction{};
  const BlockRef ref{BlockRef::Kind::number, location->height, {}};
  WUSONG_ANSWER(node::BlockPtr block, find_block(context, ref));
  if (block && location->index >= block->transaction_hashes.size()) return FoundTransaction{};
  return FoundTransaction{std::move(block), location->index};
}

exec::BlockContext context_of(const node::BlockEnvironment& environment,
                              const exec::BlockHashSource* hashes) {
  exec::BlockContext out;
  out.number = environment.number.value;
  out.timestamp = environment.timestamp;
  out.gas_limit = environment.gas_limit;
  out.coinbase = environment.beneficiary;
  out.prev_randao = environment.prev_randao;
  out.base_fee = environment.base_fee;
  out.hashes = hashes;
  return out;
}

}  // namespace wusong::rpc
