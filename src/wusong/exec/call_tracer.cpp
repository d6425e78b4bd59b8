// SPDX-License-Identifier: Apache-2.0
// Frame by frame: geth's callTracer, 4byteTracer and noopTracer.
#include <map>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/tracers.hpp"
#include "wusong/vm/precompiles.hpp"

namespace wusong::exec {
namespace {

using vm::CallKind;
using vm::Message;

std::string_view type_of(const Message& message) noexcept {
  switch (message.kind) {
    case CallKind::call:
      return "CALL";
    case CallKind::static_call:
      return "STATICCALL";
    case CallKind::delegate_call:
      return "DELEGATECALL";
    case CallKind::call_code:
      return "CALLCODE";
    case CallKind::create:
      return "CREATE";
    case CallKind::create2:
      return "CREATE2";
  }
  return {};
}

bool is_create(const Message& message) noexcept {
  return message.kind == CallKind::create || message.kind == CallKind::create2;
}

class CallTracer final : public TransactionTracer {
 public:
  explicit CallTracer(const CallTracerOptions& options) : options_{options} {}

  void on_start(const TraceContext& context) override { context_ = context; }

  void on_enter(const Message& message) override {
    if (options_.only_top_call && message.depth > 0) return;
    collect_logs();
    Frame frame;
    frame.type = type_of(message);
    const bool delegates = message.kind == CallKind::delegate_call;
    frame.from = delegates ? message.recipient : message.sender;
    frame.to = is_create(message) ? message.recipient : message.code_address;
    frame.gas = static_cast<std::uint64_t>(message.gas);
    frame.input = to_bytes(message.input);
    frame.value = message.value;
    frame.has_value = message.kind != CallKind::static_call;
    frame.creates = is_create(message);
    open_.push_back(std::move(frame));
  }

  void on_exit(const Message& message, const vm::CallResult& result) override {
    if (options_.only_top_call && message.depth > 0) return;
    collect_logs();
    Frame frame = std::move(open_.back());
    open_.pop_back();
    frame.gas_used =
        frame.gas - static_cast<std::uint64_t>(std::max<std::int64_t>(0, result.gas_left));
    frame.status = result.status;
    if (frame.status == vm::Status::success || frame.status == vm::Status::revert) {
      frame.output = result.output;
    }
    if (frame.status != vm::Status::success) drop_logs(frame);
    if (open_.empty()) {
      top_ = std::move(frame);
    } else {
      open_.back().calls.push_back(std::move(frame));
    }
  }

  void on_self_destruct(const Address& from, const Address& to, const U256& value,
                        int /*depth*/) override {
    if (options_.only_top_call || open_.empty()) return;
    Frame frame;
    frame.type = "SELFDESTRUCT";
    frame.from = from;
    frame.to = to;
    frame.value = value;
    frame.has_value = true;
    open_.back().calls.push_back(std::move(frame));
  }

  std::string result(const TransactionOutcome& outcome) override {
    // The outermost frame speaks for the transaction, intrinsic gas and refund included.
    if (context_.transaction != nullptr) top_.gas = context_.transaction->gas_limit;
    top_.gas_used = outcome.gas_used;
    codec::JsonWriter out;
    write(out, top_);
    return out.take();
  }

 private:
  struct PlacedLog {
    types::Log log;
    std::size_t position;  // after so many calls of its frame
  };
  struct Frame {
    std::string_view type;
    Address from;
    Address to;
    std::uint64_t gas{0};
    std::uint64_t gas_used{0};
    Bytes input;
    Bytes output;
    vm::Status status{vm::Status::success};
    U256 value;
    bool has_value{false};
    bool creates{false};
    std::vector<Frame> calls;
    std::vector<PlacedLog> logs;
  };

  /// What was logged since the last frame began or ended belongs to the frame now running.
  void collect_logs() {
    if (!options_.with_log || context_.journal == nullptr) return;
    const auto& logs = context_.journal->logs();
    logs_seen_ = std::min(logs_seen_, logs.size());
    for (; logs_seen_ < logs.size(); ++logs_seen_) {
      if (open_.empty()) continue;
      // With frames below left out, their logs would look like this frame's.
      if (options_.only_top_call && logs[logs_seen_].address != open_.back().to) continue;
      open_.back().logs.push_back({logs[logs_seen_], open_.back().calls.size()});
    }
  }

  static void drop_logs(Frame& frame) {
    frame.logs.clear();
    for (Frame& call : frame.calls) drop_logs(call);
  }

  static void write(codec::JsonWriter& out, const Frame& frame) {
    const bool failed = frame.status != vm::Status::success;
    out.open_object();
    out.key("from").data(frame.from);
    out.key("gas").quantity(frame.gas);
    out.key("gasUsed").quantity(frame.gas_used);
    if (!failed || !frame.creates) out.key("to").data(frame.to);
    out.key("input").data(frame.input);
    if (!frame.output.empty()) out.key("output").data(frame.output);
    if (failed) {
      out.key("error").string(vm::text_of(frame.status));
      if (frame.status == vm::Status::revert) {
        if (const auto reason = revert_reason(frame.output)) {
          out.key("revertReason").string(*reason);
        }
      }
    }
    if (!frame.calls.empty()) {
      out.key("calls").open_array();
      for (const Frame& call : frame.calls) write(out, call);
      out.close_array();
    }
    if (!frame.logs.empty()) {
      out.key("logs").open_array();
      for (const PlacedLog& placed : frame.logs) write(out, placed);
      out.close_array();
    }
    if (frame.has_value) out.key("value").quantity(to_hash(frame.value).view());
    out.key("type").string(frame.type);
    out.close_object();
  }

  static void write(codec::JsonWriter& out, const PlacedLog& placed) {
    out.open_object();
    out.key("address").data(placed.log.address);
    out.key("topics").open_array();
    for (const Hash& topic : placed.log.topics) out.data(topic);
    out.close_array();
    out.key("data").data(placed.log.data);
    out.key("position").quantity(std::uint64_t{placed.position});
    out.close_object();
  }

  CallTracerOptions options_;
  TraceContext context_;
  std::vector<Frame> open_;
  Frame top_;
  std::size_t logs_seen_{0};
};

class FourByteTracer final : public TransactionTracer {
 public:
  void on_start(const TraceContext& context) override { context_ = context; }
  void on_enter(const Message& message) override {
    if (is_create(message) || message.input.size() < 4) return;
    if (message.depth > 0 && context_.rules != nullptr &&
        vm::is_precompile(message.code_address, context_.rules->fork)) {
      return;
    }
    ++counts_[codec::to_hex_data(message.input.first(4)) + "-" +
              std::to_string(message.input.size() - 4)];
  }
  std::string result(const TransactionOutcome& /*outcome*/) override {
    codec::JsonWriter out;
    out.open_object();
    for (const auto& [name, count] : counts_) out.key(name).number(count);
    out.close_object();
    return out.take();
  }

 private:
  TraceContext context_;
  std::map<std::string, std::uint64_t> counts_;
};

class NoopTracer final : public TransactionTracer {
 public:
  std::string result(const TransactionOutcome& /*outcome*/) override { return "{}"; }
};

}  // namespace

std::unique_ptr<TransactionTracer> make_call_tracer(const CallTracerOptions& options) {
  return std::make_unique<CallTracer>(options);
}

std::unique_ptr<TransactionTracer> make_four_byte_tracer() {
  return std::make_unique<FourByteTracer>();
}

std::unique_ptr<TransactionTracer> make_noop_tracer() {
  return std::make_unique<NoopTracer>();
}

}  // namespace wusong::exec
