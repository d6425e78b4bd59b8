// SPDX-License-Identifier: Apache-2.0
// Step by step: geth's struct logs, and EIP-3155's lines.
#include <map>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/internal/step.hpp"
#include "wusong/exec/tracers.hpp"

namespace wusong::exec {
namespace {

std::string op_name(std::uint8_t opcode) {
  const std::string_view name = vm::name_of(opcode);
  if (!name.empty()) return std::string{name};
  return "opcode " + codec::to_hex_quantity(opcode) + " not defined";
}

std::string quantity(const U256& value) {
  return codec::to_hex_quantity(to_hash(value).view());
}

std::uint64_t unsigned_of(std::int64_t value) noexcept {
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

/// Bottom first.
void write_stack(codec::JsonWriter& out, const vm::Tracer::Step& step) {
  out.key("stack").open_array();
  for (std::size_t i = step.stack_size; i > 0; --i) {
    out.string(quantity(internal::stack_item(step, i - 1)));
  }
  out.close_array();
}

class StructLogTracer final : public TransactionTracer {
 public:
  explicit StructLogTracer(const StructLogOptions& options) : options_{options} {
    out_.open_array();
  }

  bool wants_steps() const noexcept override { return true; }
  void on_start(const TraceContext& context) override { context_ = context; }

  void on_step(const Step& step) override {
    flush();
    if (options_.limit != 0 && written_ >= options_.limit) return;
    ++written_;
    pending_ = true;
    error_ = {};
    head_ = {.pc = step.pc,
             .opcode = step.opcode,
             .gas = step.gas,
             .gas_cost = step.gas_cost,
             .depth = step.depth,
             .refund = step.refund};
    codec::JsonWriter rest;
    rest.open_object();
    if (!options_.disable_stack) write_stack(rest, step);
    if (options_.enable_return_data && !step.return_data.empty()) {
      rest.key("returnData").data(step.return_data);
    }
    if (options_.enable_memory && !step.memory.empty()) write_memory(rest, step.memory);
    if (!options_.disable_storage) write_storage(rest, step);
    rest.close_object();
    rest_ = rest.take();
  }

  void on_cost(std::int64_t gas_cost) override {
    if (pending_) head_.gas_cost = gas_cost;
  }

  void on_fault(const Step& step, vm::Status status) override {
    if (pending_ && head_.pc == step.pc && head_.depth == step.depth) error_ = vm::text_of(status);
  }

  std::string result(const TransactionOutcome& outcome) override {
    flush();
    out_.close_array();
    codec::JsonWriter out;
    out.open_object();
    out.key("gas").number(outcome.gas_used);
    out.key("failed").boolean(!outcome.success());
    const bool says_something = outcome.success() || outcome.status == vm::Status::revert;
    out.key("returnValue").data(says_something ? BytesView{outcome.output} : BytesView{});
    out.key("structLogs").raw(out_.text());
    out.close_object();
    return out.take();
  }

 private:
  struct Head {
    std::uint32_t pc{0};
    std::uint8_t opcode{0};
    std::int64_t gas{0};
    std::int64_t gas_cost{0};
    int depth{0};
    std::int64_t refund{0};
  };

  static void write_memory(codec::JsonWriter& out, BytesView memory) {
    out.key("memory").open_array();
    for (std::size_t at = 0; at < memory.size(); at += 32) {
      out.string(codec::to_hex(memory.subspan(at, std::min<std::size_t>(32, memory.size() - at))));
    }
    out.close_array();
  }

  /// Slots of the running contract seen so far, shown where one is read or written.
  void write_storage(codec::JsonWriter& out, const Step& step) {
    if (!internal::touches_slot(step)) return;
    const bool writes = static_cast<vm::Op>(step.opcode) == vm::Op::sstore;
    if (writes && step.stack_size < 2) return;
    const Address& contract = step.message->recipient;
    const U256& key = internal::stack_item(step, 0);
    auto& slots = storage_[contract];
    slots[to_hash(key)] = writes
                              ? internal::stack_item(step, 1)
                              : context_.journal->storage(context_.journal->entry(contract), key);
    out.key("storage").open_object();
    for (const auto& [slot, value] : slots) {
      out.key(codec::to_hex(slot)).string(codec::to_hex(to_hash(value)));
    }
    out.close_object();
  }

  void flush() {
    if (!pending_) return;
    pending_ = false;
    codec::JsonWriter entry;
    entry.open_object();
    entry.key("pc").number(std::uint64_t{head_.pc});
    entry.key("op").string(op_name(head_.opcode));
    entry.key("gas").number(unsigned_of(head_.gas));
    entry.key("gasCost").number(unsigned_of(head_.gas_cost));
    entry.key("depth").number(static_cast<std::uint64_t>(head_.depth + 1));
    if (!error_.empty()) entry.key("error").string(error_);
    std::string text = entry.take();
    if (rest_.size() > 2) {  // more than "{}"
      text.push_back(',');
      text.append(rest_, 1, rest_.size() - 2);
    }
    if (head_.refund > 0) {
      text.append(",\"refund\":").append(std::to_string(head_.refund));
    }
    text.push_back('}');
    out_.raw(text);
  }

  StructLogOptions options_;
  TraceContext context_;
  codec::JsonWriter out_;
  std::map<Address, std::map<Hash, U256>> storage_;
  std::uint64_t written_{0};
  bool pending_{false};
  Head head_;
  std::string rest_;
  std::string_view error_;
};

/// A line waits for the cost of its instruction, which is known only after it, so the parts before
/// and behind the cost are kept apart.
class JsonLinesTracer final : public TransactionTracer {
 public:
  explicit JsonLinesTracer(LineSink sink) : sink_{std::move(sink)} {}

  bool wants_steps() const noexcept override { return true; }

  void on_step(const Step& step) override {
    flush();
    codec::JsonWriter head;
    head.open_object();
    head.key("pc").number(std::uint64_t{step.pc});
    head.key("op").number(std::uint64_t{step.opcode});
    head.key("gas").quantity(unsigned_of(step.gas));
    head_ = head.take();
    cost_ = step.gas_cost;
    codec::JsonWriter rest;
    rest.open_object();
    rest.key("memSize").number(std::uint64_t{step.memory.size()});
    write_stack(rest, step);
    rest.key("depth").number(static_cast<std::uint64_t>(step.depth + 1));
    if (!step.return_data.empty()) rest.key("returnData").data(step.return_data);
    rest.key("refund").quantity(unsigned_of(step.refund));
    rest.key("opName").string(op_name(step.opcode));
    rest_ = rest.take();
    error_ = {};
    pending_ = true;
  }

  void on_cost(std::int64_t gas_cost) override { cost_ = gas_cost; }
  void on_fault(const Step& /*step*/, vm::Status status) override { error_ = vm::text_of(status); }
  void on_exit(const vm::Message& message, const vm::CallResult& /*result*/) override {
    if (message.depth == 0) flush();
  }

  std::string result(const TransactionOutcome& outcome) override {
    flush();
    codec::JsonWriter out;
    out.open_object();
    out.key("output").string(codec::to_hex(outcome.output));
    out.key("gasUsed").quantity(outcome.gas_used);
    if (!outcome.success()) out.key("error").string(vm::text_of(outcome.status));
    out.close_object();
    return out.take();
  }

 private:
  void flush() {
    if (!pending_) return;
    pending_ = false;
    std::string line =
        head_ + ",\"gasCost\":\"" + codec::to_hex_quantity(unsigned_of(cost_)) + "\",";
    line.append(rest_, 1);
    if (!error_.empty()) line.append(",\"error\":\"").append(error_).append("\"");
    line.push_back('}');
    sink_(line);
  }

  LineSink sink_;
  bool pending_{false};
  std::string head_;
  std::int64_t cost_{0};
  std::string rest_;
  std::string_view error_;
};

}  // namespace

std::unique_ptr<TransactionTracer> make_struct_log_tracer(const StructLogOptions& options) {
  return std::make_unique<StructLogTracer>(options);
}

std::unique_ptr<TransactionTracer> make_json_lines_tracer(LineSink sink) {
  return std::make_unique<JsonLinesTracer>(std::move(sink));
}

}  // namespace wusong::exec
