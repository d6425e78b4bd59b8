// SPDX-License-Identifier: Apache-2.0
// Loops that stress one thing each. Counters: gas/s, and instructions/s of the EVM.
#include <benchmark/benchmark.h>

#include "wusong/vm/internal/test_assembler.hpp"
#include "wusong/vm/internal/test_host.hpp"

namespace wusong::vm::internal {
namespace {

constexpr std::int64_t kGas = 1'000'000'000'000;

class Counter final : public Tracer {
 public:
  bool wants_steps() const noexcept override { return true; }
  void on_step(const Step&) override { ++steps; }
  std::uint64_t steps{0};
};

/// A counted loop around `body`, which finds the counter on top and leaves it there.
std::string loop(int count, const std::string& body) {
  return std::to_string(count) + " again: " + body + " 1 SWAP1 SUB DUP1 @again JUMPI STOP";
}
std::string repeat(int count, const std::string& body) {
  std::string out;
  for (int i = 0; i < count; ++i) out += body + " ";
  return out;
}

struct Kernel {
  const char* name;
  std::string text;
};

std::vector<Kernel> kernels() {
  const std::string big = "0xfedcba9876543210f0e1d2c3b4a5968778695a4b3c2d1e0f0123456789abcdef";
  const std::string prime = "0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
  return {
      {"loop", loop(100000, "")},
      {"add", "1 2 " + loop(10000, "SWAP2 " + repeat(30, "DUP2 ADD") + " SWAP2")},
      {"mul", big + " " + loop(10000, "SWAP1 " + repeat(30, "DUP1 MUL") + " SWAP1")},
      {"div64", loop(10000, repeat(10, "0xfedcba98 " + big + " DIV POP"))},
      {"div128", loop(10000, repeat(10, "0xfedcba98765432100123456789abcdef " + big + " DIV POP"))},
      {"div192", loop(10000, repeat(10, "0xfedcba98765432100123456789abcdef0123456789abcdef " +
                                            big + " DIV POP"))},
      {"mulmod",
       big + " " +
           loop(10000, "SWAP1 " + repeat(10, prime + " DUP2 DUP3 MULMOD SWAP1 POP") + " SWAP1")},
      {"addmod",
       big + " " +
           loop(10000, "SWAP1 " + repeat(10, prime + " DUP2 DUP3 ADDMOD SWAP1 POP") + " SWAP1")},
      {"exp", loop(1000, repeat(4, big + " 3 EXP POP"))},
      {"shift", "1 " + loop(10000, "SWAP1 " + repeat(10, "7 SHL 3 SHR 1 SAR") + " SWAP1")},
      {"keccak32", loop(10000, repeat(4, "32 0 KECCAK256 0 MSTORE"))},
      {"keccak64", loop(10000, repeat(4, "64 0 KECCAK256 0 MSTORE"))},
      {"memory", loop(10000, repeat(10, "0x40 MLOAD 0x60 MSTORE"))},
      {"mcopy", loop(10000, "256 0 1024 MCOPY 1024 32 0 MCOPY")},
      {"sload", loop(10000, repeat(4, "5 SLOAD POP"))},
      {"call", loop(10000, "0 0 0 0 0 0xc0df GAS CALL POP")},
      // a, b = b, a + b
      {"fibonacci", "0 1 " + loop(10000, repeat(10, "SWAP2 DUP2 ADD SWAP1 SWAP2"))},
      // mapping slot, load, check, subtract, store to memory: the shape of a token transfer
      {"mapping", loop(10000,
                       "CALLER 0 MSTORE 3 32 MSTORE 64 0 KECCAK256 DUP1 SLOAD DUP1 10 GT "
                       "@ok JUMPI 0 0 REVERT ok: 10 SWAP1 ADD 1 SWAP1 SUB POP POP")},
      // xorshift with 64-bit masks, branches and a memory table: like compiled contracts
      {"mixed", "1 " + loop(10000,
                            "SWAP1 DUP1 13 SHL XOR 0xffffffffffffffff AND DUP1 7 SHR XOR DUP1 17 "
                            "SHL XOR 0xffffffffffffffff AND DUP1 0x1f AND 5 SHL DUP1 MLOAD DUP3 "
                            "ADD SWAP1 MSTORE DUP1 1 AND ISZERO @even JUMPI DUP1 3 MUL 1 ADD "
                            "0xffffffffffffffff AND SWAP1 POP even: SWAP1")},
  };
}

void run_kernel(benchmark::State& state, const Kernel& kernel, const Interpreter::Config& config) {
  TestHost host{Fork::osaka, config};
  host.checkpoints = false;
  host.set_code(make_address(0xc0df), assemble("STOP"));
  const Address self = make_address(0xc0de);
  host.set_code(self, assemble(kernel.text));
  const Message message{.gas = kGas, .recipient = self, .code_address = self};
  Counter counter;
  host.tracer = &counter;
  const auto first = host.execute(message);
  WUSONG_ASSERT(first.status == Status::success);
  host.tracer = nullptr;
  const auto warm = host.execute(message);
  const auto gas = static_cast<double>(kGas - warm.gas_left);
  for (auto _ : state) {
    host.calls.clear();
    benchmark::DoNotOptimize(host.execute(message));
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["gas"] = benchmark::Counter(gas * runs, benchmark::Counter::kIsRate);
  state.counters["ops"] =
      benchmark::Counter(static_cast<double>(counter.steps) * runs, benchmark::Counter::kIsRate);
}

const bool kRegistered = [] {
  for (const auto& kernel : kernels()) {
    const std::string name = std::string{"vm/"} + kernel.name;
    benchmark::RegisterBenchmark((name + "/engine:plain").c_str(), [kernel](benchmark::State& s) {
      run_kernel(s, kernel, {.threaded_after = 0, .threaded_after_loops = 0});
    });
    benchmark::RegisterBenchmark((name + "/engine:threaded").c_str(),
                                 [kernel](benchmark::State& s) { run_kernel(s, kernel, {}); });
  }
  return true;
}();

}  // namespace
}  // namespace wusong::vm::internal
