// SPDX-License-Identifier: Apache-2.0
// debug_: traces and raw encodings.
#include <algorithm>
#include <array>
#include <string>

#include "wusong/exec/errors.hpp"
#include "wusong/exec/tracers.hpp"
#include "wusong/rpc/errors.hpp"
#include "wusong/rpc/internal/call_params.hpp"
#include "wusong/rpc/internal/methods.hpp"
#include "wusong/types/block.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

Answer<bool> flag(const std::optional<JsonValue>& object, std::size_t index,
                  std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  if (!value || value->is_null()) return false;
  return read_boolean(*value, {index, name});
}

/// `limit` of struct logs is cut to what one answer may hold; see check_trace().
Answer<exec::TraceConfig> read_trace_config(const Call& call, std::size_t index) {
  exec::TraceConfig out;
  out.struct_log.limit = call.context.config.trace_steps_max;
  const auto object = call.params.find(index);
  if (!object) return out;
  if (!object->is_object()) return std::unexpected{bad_argument({index, "config"}, "an object")};
  if (const auto tracer = object->find("tracer"); tracer && !tracer->is_null()) {
    WUSONG_ANSWER(const std::string_view name, read_text(*tracer, {index, "tracer"}));
    out.tracer = name;
  }
  WUSONG_ANSWER(out.struct_log.disable_stack, flag(object, index, "disableStack"));
  WUSONG_ANSWER(out.struct_log.disable_storage, flag(object, index, "disableStorage"));
  WUSONG_ANSWER(out.struct_log.enable_memory, flag(object, index, "enableMemory"));
  WUSONG_ANSWER(out.struct_log.enable_return_data, flag(object, index, "enableReturnData"));
  if (const auto limit = object->find("limit"); limit && !limit->is_null()) {
    WUSONG_ANSWER(const std::uint64_t wanted, read_count(*limit, {index, "limit"}));
    if (wanted != 0) out.struct_log.limit = std::min(wanted, out.struct_log.limit);
  }
  const auto nested = object->find("tracerConfig");
  WUSONG_ANSWER(out.call.only_top_call, flag(nested, index, "onlyTopCall"));
  WUSONG_ANSWER(out.call.with_log, flag(nested, index, "withLog"));
  WUSONG_ANSWER(out.prestate.diff_mode, flag(nested, index, "diffMode"));
  WUSONG_ANSWER(out.prestate.disable_code, flag(nested, index, "disableCode"));
  WUSONG_ANSWER(out.prestate.disable_storage, flag(nested, index, "disableStorage"));
  return out;
}

/// A struct log trace that our own limit cut short is refused rather than shown as if whole.
Answer<void> check_trace(const Call& call, const exec::TraceConfig& config,
                         const std::string& trace) {
  const std::size_t limit = call.context.config.trace_steps_max;
  if (trace.size() > call.context.config.response_bytes_max) return refuse(err::response_too_large);
  if (!config.tracer.empty() || config.struct_log.limit < limit) return {};
  std::size_t steps = 0;
  for (std::size_t at = trace.find("\"pc\":"); at != std::string::npos;
       at = trace.find("\"pc\":", at + 5)) {
    if (++steps >= limit) {
      return refuse(err::limit_exceeded,
                    "trace has " + std::to_string(limit) +
                        " steps or more: ask for fewer with \"limit\", or use callTracer");
    }
  }
  return {};
}

Fault trace_fault(Error error) {
  if (error == Error{exec::err::unknown_tracer}) {
    return fault_of(err::invalid_params,
                    "unknown tracer: expected callTracer, prestateTracer, 4byteTracer, "
                    "noopTracer, or none for struct logs");
  }
  return fault_of(error.info());
}

Answer<std::unique_ptr<types::StateView>> parent_state(const Context& context,
                                                       const node::ExecutedBlock& block) {
  const Height height = block.block.header.number;
  if (height.value == 0) return refuse(err::invalid_params, "genesis is not traceable");
  return timed_state_at(context, height.minus(1));
}

Answer<void> trace_transaction(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash({0, "hash"}));
  WUSONG_ANSWER(const exec::TraceConfig config, read_trace_config(call, 1));
  WUSONG_ANSWER(const FoundTransaction found, find_transaction(call.context, hash));
  if (!found.block) return refuse(err::unknown_transaction);
  WUSONG_ANSWER(const auto state, parent_state(call.context, *found.block));
  const NodeBlockHashes hashes{call.context.node};
  const auto& block = found.block->block;
  const auto trace = exec::trace_transaction(block, found.block->senders, *state,
                                             exec::context_of(block.header, &hashes),
                                             call.context.node.rules(), found.index, config);
  if (!trace) return std::unexpected{trace_fault(trace.error())};
  out.raw(*trace);
  return check_trace(call, config, *trace);
}

Answer<void> trace_block(const Call& call, const BlockRef& ref, JsonWriter& out) {
  WUSONG_ANSWER(const exec::TraceConfig config, read_trace_config(call, 1));
  WUSONG_ANSWER(const node::BlockPtr block, find_block(call.context, ref));
  if (!block) return refuse(node::err::unknown_block, "block not found");
  WUSONG_ANSWER(const auto state, parent_state(call.context, *block));
  const NodeBlockHashes hashes{call.context.node};
  const auto traces = exec::trace_block(block->block, block->senders, *state,
                                        exec::context_of(block->block.header, &hashes),
                                        call.context.node.rules(), config);
  if (!traces) return std::unexpected{trace_fault(traces.error())};
  out.open_array();
  for (std::size_t i = 0; i < traces->size(); ++i) {
    const auto& trace = (*traces)[i];
    out.open_object().key("txHash").data(block->transaction_hashes[i]);
    if (trace) {
      if (auto fits = check_trace(call, config, *trace); !fits) return fits;
      out.key("result").raw(*trace);
    } else {
      out.key("error").string(trace_fault(trace.error()).message);
    }
    out.close_object();
    if (out.text().size() > call.context.config.response_bytes_max)
      return refuse(err::response_too_large);
  }
  out.close_array();
  return {};
}

Answer<void> trace_block_by_number(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const JsonValue value, call.params.at({0, "block"}));
  WUSONG_ANSWER(const BlockRef ref, read_block(value, {0, "block"}));
  return trace_block(call, ref, out);
}

Answer<void> trace_block_by_hash(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash({0, "blockHash"}));
  return trace_block(call, {BlockRef::Kind::hash, {}, hash}, out);
}

Answer<void> trace_call(const Call& call, JsonWriter& out) {
  const Context& context = call.context;
  const exec::ChainRules rules = context.node.rules();
  exec::CallOptions options;
  options.gas_cap = context.config.call_gas_cap;
  WUSONG_ANSWER(const JsonValue transaction, call.params.at({0, "transaction"}));
  WUSONG_ANSWER(const exec::CallRequest request,
                read_call(transaction, {0, "transaction"}, rules.chain_id, options.gas_cap));
  WUSONG_ANSWER(const BlockRef ref, call.params.block({1, "block"}));
  WUSONG_ANSWER(const exec::TraceConfig config, read_trace_config(call, 2));
  if (const auto object = call.params.find(2)) {
    const auto present = [&](std::string_view name) -> std::optional<JsonValue> {
      const auto value = object->find(name);
      return value && !value->is_null() ? value : std::nullopt;
    };
    WUSONG_ANSWER(options.state,
                  read_state_overrides(present("stateOverrides"), {2, "stateOverrides"}));
    WUSONG_ANSWER(options.block,
                  read_block_overrides(present("blockOverrides"), {2, "blockOverrides"}));
  }
  WUSONG_ANSWER(const Height height, height_of(context, ref));
  WUSONG_ANSWER(const auto state, timed_state_at(context, height));
  const NodeBlockHashes hashes{context.node};
  node::BlockEnvironment environment = context.node.pending_environment();
  if (ref.kind != BlockRef::Kind::pending) {
    const auto known = context.node.environment(height);
    if (!known) return std::unexpected{state_fault(context, known.error(), height)};
    environment = *known;
  }
  const auto trace =
      exec::trace_call(*state, context_of(environment, &hashes), rules, request, config, options);
  if (!trace) return std::unexpected{trace_fault(trace.error())};
  out.raw(*trace);
  return check_trace(call, config, *trace);
}

Answer<node::BlockPtr> required_block(const Call& call) {
  WUSONG_ANSWER(const JsonValue value, call.params.at({0, "block"}));
  WUSONG_ANSWER(const BlockRef ref, read_block(value, {0, "block"}));
  WUSONG_ANSWER(node::BlockPtr block, find_block(call.context, ref));
  if (!block) return refuse(node::err::unknown_block, "block not found");
  return block;
}

/// Headers are there where blocks are pruned, and on light nodes.
Answer<void> raw_header(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const JsonValue value, call.params.at({0, "block"}));
  WUSONG_ANSWER(const BlockRef ref, read_block(value, {0, "block"}));
  WUSONG_ANSWER(const Height height, height_of(call.context, ref));
  const auto header = call.context.node.raw_header(height);
  if (!header) return std::unexpected{state_fault(call.context, header.error(), height)};
  out.data(*header);
  return {};
}

Answer<void> raw_block(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const node::BlockPtr block, required_block(call));
  out.data(types::encode(block->block));
  return {};
}

Answer<void> raw_receipts(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const node::BlockPtr block, required_block(call));
  if (auto kept = need_receipts(call.context, *block); !kept) return kept;
  out.open_array();
  for (const auto& receipt : block->receipts) out.data(types::encode_consensus(receipt));
  out.close_array();
  return {};
}

Answer<void> raw_transaction(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash({0, "hash"}));
  WUSONG_ANSWER(const FoundTransaction found, find_transaction(call.context, hash));
  if (found.block) {
    out.data(types::encode(found.block->block.transactions[found.index]));
  } else if (const auto pooled = call.context.node.pooled(hash)) {
    out.data(types::encode(*pooled->transaction));
  } else {
    return refuse(err::unknown_transaction);
  }
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"debug_traceTransaction", trace_transaction},
    {"debug_traceCall", trace_call},
    {"debug_traceBlockByNumber", trace_block_by_number},
    {"debug_traceBlockByHash", trace_block_by_hash},
    {"debug_getRawHeader", raw_header},
    {"debug_getRawBlock", raw_block},
    {"debug_getRawReceipts", raw_receipts},
    {"debug_getRawTransaction", raw_transaction},
});

}  // namespace

std::span<const Method> debug_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc
