// SPDX-License-Identifier: Apache-2.0
// debug_trace*: watchers of an execution that write what they saw as geth writes it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "wusong/exec/call.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/vm/host.hpp"

namespace wusong::exec {

/// Where a tracer finds the state: before the transaction, and while it runs.
struct TraceContext {
  types::StateView* before{nullptr};  // the state the transaction starts from
  Journal* journal{nullptr};          // the state in hand
  const BlockContext* block{nullptr};
  const ChainRules* rules{nullptr};
  Address sender;
  const types::Transaction* transaction{nullptr};
};

/// A tracer of one transaction.
class TransactionTracer : public vm::Tracer {
 public:
  virtual void on_start(const TraceContext& /*context*/) {}
  /// Called once, after the transaction and before its journal is finished (journal still shows
  /// what the transaction did). JSON.
  virtual std::string result(const TransactionOutcome& outcome) = 0;
};

struct StructLogOptions {
  bool disable_stack{false};
  bool disable_storage{false};
  bool enable_memory{false};
  bool enable_return_data{false};
  std::uint64_t limit{0};  // most steps reported; 0: all
};
/// {gas, failed, returnValue, structLogs}
std::unique_ptr<TransactionTracer> make_struct_log_tracer(const StructLogOptions& options = {});

struct CallTracerOptions {
  bool only_top_call{false};
  bool with_log{false};
};
/// {from, gas, gasUsed, to, input, output, error, revertReason, calls, logs, value, type}
std::unique_ptr<TransactionTracer> make_call_tracer(const CallTracerOptions& options = {});

struct PrestateTracerOptions {
  bool diff_mode{false};
  bool disable_code{false};
  bool disable_storage{false};
};
/// {address: {balance, nonce, code, storage}}, or {pre, post} in diff mode
std::unique_ptr<TransactionTracer> make_prestate_tracer(const PrestateTracerOptions& options = {});

/// {"0x<selector>-<bytes of arguments>": times called}
std::unique_ptr<TransactionTracer> make_four_byte_tracer();
/// {}
std::unique_ptr<TransactionTracer> make_noop_tracer();

using LineSink = std::function<void(std::string_view)>;
/// One JSON line a step to `sink`; result() is the summary line. @source EIP-3155
std::unique_ptr<TransactionTracer> make_json_lines_tracer(LineSink sink);

/// debug_traceTransaction's options: `tracer` is empty for struct logs.
struct TraceConfig {
  std::string tracer;  // "", "callTracer", "prestateTracer", "4byteTracer", "noopTracer"
  StructLogOptions struct_log;
  CallTracerOptions call;
  PrestateTracerOptions prestate;
};
/// @errors err::unknown_tracer
[[nodiscard]] Result<std::unique_ptr<TransactionTracer>> make_tracer(const TraceConfig& config);

/// Executes the block's transactions before `index` on its parent's state, then traces that one.
/// @errors err::no_such_transaction, err::unknown_tracer, the row that refused the transaction,
///         and the view's
[[nodiscard]] Result<std::string> trace_transaction(const types::Block& block,
                                                    std::span<const Address> senders,
                                                    types::StateView& parent_state,
                                                    const BlockContext& context,
                                                    const ChainRules& rules, std::size_t index,
                                                    const TraceConfig& config);
/// Every transaction's trace in order; a skipped one's is an error instead.
[[nodiscard]] Result<std::vector<Result<std::string>>> trace_block(
    const types::Block& block, std::span<const Address> senders, types::StateView& parent_state,
    const BlockContext& context, const ChainRules& rules, const TraceConfig& config);
/// debug_traceCall.
[[nodiscard]] Result<std::string> trace_call(types::StateView& state, const BlockContext& block,
                                             const ChainRules& rules, const CallRequest& request,
                                             const TraceConfig& config,
                                             const CallOptions& options = {});

}  // namespace wusong::exec
