// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/prepared_call.hpp"
#include "wusong/exec/tracers.hpp"

namespace wusong::exec {
namespace {

/// Lays a later diff over an earlier one.
void merge(types::StateDiff& into, types::StateDiff&& later) {
  into.codes.merge(later.codes);
  for (auto& [address, change] : later.accounts) {
    types::AccountChange& earlier = into.accounts[address];
    earlier.after = change.after;
    if (change.storage_cleared || !change.after) {
      earlier.storage_cleared = true;
      earlier.slots.clear();
    }
    for (const auto& [slot, value] : change.slots) earlier.slots[slot] = value;
  }
}

struct Traced {
  std::string json;
  std::uint64_t gas_used{0};
};

/// Traces one transaction on `state`, and adds to `diff` what it changed.
Result<Traced> trace_one(vm::Interpreter& machine, types::StateView& state,
                         const BlockContext& block, const ChainRules& rules,
                         const types::Transaction& transaction, const Address& sender,
                         std::uint64_t gas_left, TransactionTracer& tracer,
                         TransitionOptions options, types::StateDiff* diff) {
  Journal journal{state};
  TraceContext context;
  context.before = &state;
  context.journal = &journal;
  context.block = &block;
  context.rules = &rules;
  context.sender = sender;
  context.transaction = &transaction;
  tracer.on_start(context);
  options.tracer = &tracer;
  auto outcome =
      apply_transaction(machine, journal, block, rules, transaction, sender, gas_left, options);
  if (!outcome) return fail(outcome.error());
  Traced out{.json = tracer.result(*outcome), .gas_used = outcome->gas_used};
  journal.finish_transaction();
  if (diff != nullptr) merge(*diff, journal.diff());
  return out;
}

}  // namespace

Result<std::unique_ptr<TransactionTracer>> make_tracer(const TraceConfig& config) {
  if (config.tracer.empty()) return make_struct_log_tracer(config.struct_log);
  if (config.tracer == "callTracer") return make_call_tracer(config.call);
  if (config.tracer == "prestateTracer") return make_prestate_tracer(config.prestate);
  if (config.tracer == "4byteTracer") return make_four_byte_tracer();
  if (config.tracer == "noopTracer") return make_noop_tracer();
  return fail(err::unknown_tracer);
}

Result<std::string> trace_transaction(const types::Block& block, std::span<const Address> senders,
                                      types::StateView& parent_state, const BlockContext& context,
                                      const ChainRules& rules, std::size_t index,
                                      const TraceConfig& config) {
  if (index >= block.transactions.size()) return fail(err::no_such_transaction);
  WUSONG_TRY(const auto tracer, make_tracer(config));
  vm::Interpreter machine;
  std::uint64_t gas_left = context.gas_limit;
  types::StateDiff earlier;
  {
    Journal journal{parent_state};
    for (std::size_t i = 0; i < index; ++i) {
      const auto outcome = apply_transaction(machine, journal, context, rules,
                                             block.transactions[i], senders[i], gas_left);
      if (const auto error = parent_state.error()) return fail(*error);
      if (!outcome) continue;  // skipped in the block as well
      gas_left -= outcome->gas_used;
      journal.finish_transaction();
    }
    earlier = journal.diff();
  }
  DiffView view{parent_state, earlier};
  auto traced = trace_one(machine, view, context, rules, block.transactions[index], senders[index],
                          gas_left, *tracer, {}, nullptr);
  if (const auto error = parent_state.error()) return fail(*error);
  if (!traced) return fail(traced.error());
  return std::move(traced->json);
}

Result<std::vector<Result<std::string>>> trace_block(
    const types::Block& block, std::span<const Address> senders, types::StateView& parent_state,
    const BlockContext& context, const ChainRules& rules, const TraceConfig& config) {
  WUSONG_CHECK(make_tracer(config));
  vm::Interpreter machine;
  std::uint64_t gas_left = context.gas_limit;
  types::StateDiff earlier;
  std::vector<Result<std::string>> out;
  for (std::size_t i = 0; i < block.transactions.size(); ++i) {
    WUSONG_TRY(const auto tracer, make_tracer(config));
    DiffView view{parent_state, earlier};
    types::StateDiff own;
    auto traced = trace_one(machine, view, context, rules, block.transactions[i], senders[i],
                            gas_left, *tracer, {}, &own);
    if (const auto error = parent_state.error()) return fail(*error);
    if (!traced) {
      out.emplace_back(fail(traced.error()));
      continue;
    }
    gas_left -= traced->gas_used;
    merge(earlier, std::move(own));
    out.emplace_back(std::move(traced->json));
  }
  return out;
}

Result<std::string> trace_call(types::StateView& state, const BlockContext& block,
                               const ChainRules& rules, const CallRequest& request,
                               const TraceConfig& config, const CallOptions& options) {
  WUSONG_TRY(const auto tracer, make_tracer(config));
  WUSONG_TRY(const internal::PreparedCall prepared,
             internal::prepare(block, rules, request, options));
  OverrideView view{state, options.state};
  internal::Machine machine{options.machine};
  auto traced =
      trace_one(machine.get(), view, prepared.block, rules, prepared.transaction, prepared.sender,
                ~std::uint64_t{0}, *tracer, {.check_nonce = false, .check_sender = false}, nullptr);
  if (const auto error = state.error()) return fail(*error);
  if (!traced) return fail(traced.error());
  return std::move(traced->json);
}

}  // namespace wusong::exec
