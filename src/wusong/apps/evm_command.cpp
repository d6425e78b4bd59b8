// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/evm_command.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <vector>

#include "wusong/apps/artifact.hpp"
#include "wusong/apps/report.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/call.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/state_test_runner.hpp"
#include "wusong/exec/tracers.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::apps {
namespace {

int complain(const std::string& what) {
  return apps::complain({err::bad_argument, what});
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad()) return std::nullopt;
  return text;
}

/// Hexadecimal where every character says so, raw otherwise.
Bytes code_in(const std::string& text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits),
                       [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
  if (auto bytes = codec::from_hex(digits)) return *std::move(bytes);
  return to_bytes(as_bytes(text));
}

Address address_ending_in(std::uint8_t last) {
  Address out;
  out.bytes[18] = 0xc0;
  out.bytes[19] = last;
  return out;
}

/// One contract, and an account with money that calls it.
struct Stage {
  state::MemoryState state;
  exec::BlockContext block;
  exec::ChainRules rules;
  Address caller{address_ending_in(1)};
  Address contract{address_ending_in(2)};
  types::Transaction transaction;
};

struct StageOptions {
  std::string code_file;
  std::string input_hex;
  std::string fork;
  std::string value;
  std::uint64_t gas;
};

/// @return 0 and a stage, or an exit code with the reason already printed
int set_stage(const StageOptions& options, Stage& out) {
  const auto text = read_file(options.code_file);
  if (!text) return complain("cannot read " + options.code_file);
  if (is_solidity(*text)) return complain(options.code_file + ": " + std::string{kSolidityMend});
  const auto input = codec::from_hex(options.input_hex);
  if (!input) return complain("--input is not hexadecimal");
  const auto fork = vm::find_fork(options.fork);
  if (!fork) return complain("unknown fork " + options.fork + " (Berlin to Osaka)");
  const auto value = parse_number(options.value);
  if (!value) return complain("--value is not a number");
  types::Account account;
  account.balance = U256{0, 0, 1, 0};
  out.state.set_account(out.caller, account);
  out.state.set_account(out.contract, {});
  out.state.set_code(out.contract, code_in(*text));
  out.rules.fork = *fork;
  out.block.number = 1;
  out.block.timestamp = 1;
  out.block.gas_limit = ~std::uint64_t{0} / 2;
  out.transaction.type = types::TransactionType::access_list;
  out.transaction.to = out.contract;
  out.transaction.value = *value;
  out.transaction.data = *input;
  // What the user names is for the code; what a transaction costs before it comes on top.
  const exec::IntrinsicGas intrinsic = exec::intrinsic_gas(out.transaction, *fork);
  if (options.gas > out.block.gas_limit - intrinsic.gas) return complain("--gas is too large");
  out.transaction.gas_limit = std::max(options.gas + intrinsic.gas, intrinsic.floor);
  return 0;
}

/// Runs the stage's code; gas_used is what the code itself used, refunds not counted.
struct CodeRun {
  vm::Status status{vm::Status::success};
  std::uint64_t gas_used{0};
  Bytes output;
  std::vector<types::Log> logs;
};

/// Sees the outermost frame end, which knows its gas without intrinsic cost and refund.
class FrameGas : public vm::Tracer {
 public:
  void on_exit(const vm::Message& message, const vm::CallResult& result) override {
    if (message.depth != 0) return;
    used_ = static_cast<std::uint64_t>(message.gas - std::max<std::int64_t>(0, result.gas_left));
  }
  std::uint64_t used() const noexcept { return used_; }

 private:
  std::uint64_t used_{0};
};

/// The same, with every step going to another tracer.
class TracedFrameGas final : public FrameGas {
 public:
  explicit TracedFrameGas(vm::Tracer& steps) : steps_{steps} {}
  bool wants_steps() const noexcept override { return true; }
  void on_step(const Step& step) override { steps_.on_step(step); }
  void on_cost(std::int64_t gas_cost) override { steps_.on_cost(gas_cost); }
  void on_exit(const vm::Message& message, const vm::CallResult& result) override {
    FrameGas::on_exit(message, result);
    steps_.on_exit(message, result);
  }
  void on_fault(const Step& step, vm::Status status) override { steps_.on_fault(step, status); }

 private:
  vm::Tracer& steps_;
};

Result<CodeRun> run_code(Stage& stage, vm::Interpreter& machine, FrameGas& tracer) {
  exec::Journal journal{stage.state};
  auto outcome = exec::apply_transaction(
      machine, journal, stage.block, stage.rules, stage.transaction, stage.caller,
      stage.block.gas_limit, {.check_nonce = false, .check_sender = false, .tracer = &tracer});
  if (!outcome) return fail(outcome.error());
  return CodeRun{.status = outcome->status,
                 .gas_used = tracer.used(),
                 .output = std::move(outcome->output),
                 .logs = std::move(outcome->logs)};
}

void write_log(codec::JsonWriter& out, const types::Log& log) {
  out.open_object();
  out.key("address").data(log.address);
  out.key("topics").open_array();
  for (const Hash& topic : log.topics) out.data(topic);
  out.close_array();
  out.key("data").data(log.data);
  out.close_object();
}

void print(const CodeRun& run, bool json) {
  const auto reason = exec::revert_reason(run.output);
  if (json) {
    codec::JsonWriter out;
    out.open_object();
    out.key("status").string(vm::text_of(run.status));
    out.key("success").boolean(run.status == vm::Status::success);
    out.key("gasUsed").number(run.gas_used);
    out.key("output").data(run.output);
    if (reason) out.key("revertReason").string(*reason);
    out.key("logs").open_array();
    for (const types::Log& log : run.logs) write_log(out, log);
    out.close_array();
    out.close_object();
    std::cout << out.text() << '\n';
    return;
  }
  std::cout << "status: " << vm::text_of(run.status) << '\n'
            << "gas used: " << run.gas_used << '\n'
            << "output: " << codec::to_hex_data(run.output) << '\n';
  if (reason) std::cout << "reason: " << *reason << '\n';
  for (const types::Log& log : run.logs) {
    codec::JsonWriter out;
    write_log(out, log);
    std::cout << "log: " << out.text() << '\n';
  }
}

}  // namespace

int evm_run(const EvmRunOptions& options) {
  Stage stage;
  if (const int code = set_stage({.code_file = options.code_file,
                                  .input_hex = options.input_hex,
                                  .fork = options.fork,
                                  .value = options.value,
                                  .gas = options.gas},
                                 stage);
      code != 0) {
    return code;
  }
  vm::Interpreter machine;
  const auto lines =
      exec::make_json_lines_tracer([](std::string_view line) { std::cout << line << '\n'; });
  FrameGas plain;
  TracedFrameGas traced{*lines};
  const auto run = run_code(stage, machine, options.trace ? traced : plain);
  if (!run) return complain(std::string{exec::text_of(run.error())});
  print(*run, options.json);
  return run->status == vm::Status::success ? 0 : 1;
}

int evm_statetest(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return complain("cannot read " + path);
  const auto cases = exec::run_state_tests(*text);
  if (!cases)
    return complain(path + " is no state test: " + std::string{exec::text_of(cases.error())});
  codec::JsonWriter out;
  out.open_array();
  for (const exec::StateTestCase& test : *cases) {
    out.open_object();
    out.key("name").string(test.name);
    out.key("fork").string(test.fork);
    out.key("index").number(std::uint64_t{test.index});
    if (test.unsupported) {
      out.key("error").string(exec::text_of(*test.unsupported));
    } else {
      out.key("stateRoot").data(test.state_root);
      out.key("logsHash").data(test.logs_hash);
    }
    out.close_object();
  }
  out.close_array();
  std::cout << out.text() << '\n';
  return 0;
}

int evm_bench(const EvmBenchOptions& options) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kLongEnough = std::chrono::milliseconds{500};
  Stage stage;
  if (const int code = set_stage({.code_file = options.code_file,
                                  .input_hex = options.input_hex,
                                  .fork = options.fork,
                                  .value = "0",
                                  .gas = options.gas},
                                 stage);
      code != 0) {
    return code;
  }
  vm::Interpreter machine;
  FrameGas tracer;
  std::optional<CodeRun> last;
  // Two runs to warm up: the second meets prepared code.
  std::vector<double> times;
  const auto started = Clock::now();
  for (std::uint64_t i = 0;; ++i) {
    const auto before = Clock::now();
    auto run = run_code(stage, machine, tracer);
    const auto after = Clock::now();
    if (!run) return complain(std::string{exec::text_of(run.error())});
    last = *std::move(run);
    if (i >= 2) times.push_back(std::chrono::duration<double, std::nano>(after - before).count());
    if (options.runs != 0 ? times.size() >= options.runs
                          : times.size() >= 3 && after - started >= kLongEnough) {
      break;
    }
  }
  // The median: one interruption by the system does not move it.
  std::ranges::sort(times);
  const double nanoseconds = times[times.size() / 2];
  const double gas_per_us = static_cast<double>(last->gas_used) * 1000.0 / nanoseconds;
  if (options.json) {
    codec::JsonWriter out;
    out.open_object();
    if (!options.name.empty()) out.key("name").string(options.name);
    out.key("ns_per_run").number(nanoseconds);
    out.key("gas_per_run").number(last->gas_used);
    out.key("mgas_per_s").number(gas_per_us);
    out.key("runs").number(std::uint64_t{times.size()});
    out.key("status").string(vm::text_of(last->status));
    out.close_object();
    std::cout << out.text() << '\n';
  } else {
    std::cout << (options.name.empty() ? options.code_file : options.name) << ": " << nanoseconds
              << " ns a run (median of " << times.size() << "), " << last->gas_used << " gas, "
              << gas_per_us << " Mgas/s, " << vm::text_of(last->status) << '\n';
  }
  return last->status == vm::Status::success ? 0 : 1;
}

}  // namespace wusong::apps
