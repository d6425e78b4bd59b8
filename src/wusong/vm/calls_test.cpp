// SPDX-License-Identifier: Apache-2.0
// Instructions that start other frames, and what observers see.
#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/vm/internal/keccak_cache.hpp"
#include "wusong/vm/internal/test_assembler.hpp"
#include "wusong/vm/internal/test_programs.hpp"

namespace wusong::vm {
namespace {

using namespace internal;

constexpr std::int64_t kGas = 1000000;

struct Ran {
  CallResult result;
  std::vector<Message> calls;
};
Ran run(const std::string& text, Fork fork = Fork::osaka, std::int64_t gas = kGas,
        bool is_static = false, std::uint64_t balance = 1000) {
  TestHost host{fork, {.threaded_after = 1}};
  host.world.accounts[make_address(0xc0de)].balance = U256{balance};
  host.set_code(make_address(0xc0df),
                assemble("CALLDATASIZE 0 0 CALLDATACOPY CALLDATASIZE 0 RETURN"));
  host.set_code(make_address(0xbeef), assemble("INVALID"));
  Bytes designator{0xef, 0x01, 0x00};
  append(designator, make_address(0xc0df));
  host.set_code(make_address(0xde1e), designator);
  Ran out;
  out.result = host.run(assemble(text), gas, {}, is_static);
  out.calls = host.calls;
  return out;
}

TEST(Calls, ForwardAllButOne64thAtMost) {
  const auto ran = run("0 0 0 0 0 0xc0df GAS CALL");
  ASSERT_EQ(ran.calls.size(), 1u);
  // five zeros, an address, GAS, a cold account
  const std::int64_t left = kGas - 5 * 3 - 3 - 2 - 2600;
  EXPECT_EQ(ran.calls[0].gas, left - left / 64);
  EXPECT_EQ(run("0 0 0 0 0 0xc0df 500 CALL").calls[0].gas, 500);
  EXPECT_EQ(ran.calls[0].depth, 1);
  EXPECT_EQ(ran.calls[0].sender, make_address(0xc0de));
  EXPECT_EQ(ran.calls[0].recipient, make_address(0xc0df));
}

TEST(Calls, WithValueCarryAStipendAndCostMore) {
  const auto ran = run("0 0 0 0 1 0xc0df 500 CALL");
  EXPECT_EQ(ran.calls[0].gas, 500 + 2300);
  EXPECT_EQ(ran.calls[0].value, U256{1});
  const auto plain = run("0 0 0 0 0 0xc0df 500 CALL");
  // The stipend comes back unused: the callee needs the same gas in both.
  EXPECT_EQ(plain.result.gas_left - ran.result.gas_left, 9000 - 2300);
  const auto fresh = run("0 0 0 0 1 0x9999 500 CALL");
  EXPECT_EQ(kGas - fresh.result.gas_left, 7 * 3 + 2600 + 9000 + 25000 - 2300);
  EXPECT_EQ(run("0 0 0 0 1 0xc0df GAS CALL", Fork::osaka, kGas, true).result.status,
            Status::static_mode_violation);
  EXPECT_EQ(run("0 0 0 0 1 0xc0df GAS CALLCODE", Fork::osaka, kGas, true).result.status,
            Status::success);
}

TEST(Calls, BeyondTheBalancePushZeroAndKeepTheGas) {
  const auto ran =
      run("0 0 0 0 5 0xc0df 500 CALL 0 MSTORE 32 0 RETURN", Fork::osaka, kGas, false, 4);
  ASSERT_EQ(ran.result.status, Status::success);
  EXPECT_EQ(load_be(ran.result.output.data()), U256{});
  EXPECT_EQ(kGas - ran.result.gas_left, 7 * 3 + 2600 + 9000 - 2300 + 3 + 6 + 6);
}

TEST(Calls, KindsDifferInWhoseStateAndWhoseName) {
  const auto call_code = run("0 0 0 0 7 0xc0df GAS CALLCODE").calls[0];
  EXPECT_EQ(call_code.recipient, make_address(0xc0de));
  EXPECT_EQ(call_code.code_address, make_address(0xc0df));
  EXPECT_EQ(call_code.sender, make_address(0xc0de));
  EXPECT_EQ(call_code.value, U256{7});
  const auto delegated = run("0 0 0 0 0xc0df GAS DELEGATECALL").calls[0];
  EXPECT_EQ(delegated.recipient, make_address(0xc0de));
  EXPECT_EQ(delegated.sender, make_address(0x5e4de4));
  const auto checked = run("0 0 0 0 0xc0df GAS STATICCALL").calls[0];
  EXPECT_TRUE(checked.is_static);
  EXPECT_FALSE(delegated.is_static);
  EXPECT_EQ(checked.recipient, make_address(0xc0df));
}

TEST(Calls, WriteTheirOutputWhereItFits) {
  // An echo of 4 bytes into a window of 2: the rest is return data only.
  const auto ran = run(
      "0xaabbccdd 0 MSTORE 2 64 4 28 0xc0df GAS STATICCALL POP 64 MLOAD 0 MSTORE RETURNDATASIZE "
      "32 MSTORE 64 0 RETURN");
  ASSERT_EQ(ran.result.output.size(), 64u);
  EXPECT_EQ(load_be(ran.result.output.data()), U256(0, 0, 0, 0xaabb000000000000));
  EXPECT_EQ(load_be(ran.result.output.data() + 32), U256{4});
}

TEST(Calls, ToFailuresLoseTheForwardedGasOnly) {
  const auto ran = run("0 0 0 0 0 0xbeef 5000 CALL 0 MSTORE 32 0 RETURN");
  EXPECT_EQ(load_be(ran.result.output.data()), U256{});
  EXPECT_EQ(kGas - ran.result.gas_left, 7 * 3 + 2600 + 5000 + 3 + 6 + 6);
}

TEST(Calls, ToDelegatedAccountsPayForTheTarget) {
  const std::string call = "0 0 0 0 0 0xde1e 0 CALL";
  EXPECT_EQ(kGas - run(call).result.gas_left, 7 * 3 + 2600 + 2600);
  EXPECT_EQ(kGas - run(call + " " + call).result.gas_left, 2 * 7 * 3 + 2600 + 2600 + 100 + 100);
  EXPECT_EQ(kGas - run(call, Fork::cancun).result.gas_left, 7 * 3 + 2600);
}

TEST(Calls, NestTo1024Frames) {
  TestHost host{Fork::osaka, {.threaded_after = 1}};
  host.checkpoints = false;
  // Calls itself with all the gas, then stores its word: every frame keeps its own memory.
  const auto result = host.run(
      assemble("CALLDATASIZE 0 MSTORE 0 0 1 CALLDATASIZE ADD 0 0 ADDRESS GAS CALL POP 0 MLOAD "
               "CALLDATASIZE SUB @bad JUMPI STOP bad: INVALID"),
      std::int64_t{1} << 50);
  EXPECT_EQ(result.status, Status::success);
  EXPECT_EQ(host.calls.size(), 1025u);
  EXPECT_EQ(host.calls.back().depth, 1025);
}

TEST(Creates, ChargeForInitCodeByTheWord) {
  const std::int64_t base = 3 * 3 + 32000;
  const auto gas_of = [](const std::string& text, Fork fork) {
    const auto ran = run(text, fork);
    EXPECT_EQ(ran.result.status, Status::success);
    return kGas - ran.result.gas_left;
  };
  EXPECT_EQ(gas_of("0 0 0 CREATE", Fork::osaka), base);
  EXPECT_EQ(gas_of("33 0 0 CREATE", Fork::osaka), base + 6 + 2 * 2);
  EXPECT_EQ(gas_of("33 0 0 CREATE", Fork::paris), base + 6);
  EXPECT_EQ(gas_of("9 33 0 0 CREATE2", Fork::osaka), base + 3 + 6 + 2 * 2 + 2 * 6);
  EXPECT_EQ(run("0xc000 0 0 CREATE").result.status, Status::success);
  EXPECT_EQ(run("0xc001 0 0 CREATE").result.status, Status::out_of_gas);
  EXPECT_EQ(run("0xc001 0 0 CREATE", Fork::paris).result.status, Status::success);
  EXPECT_EQ(run("0 0 0 CREATE", Fork::osaka, kGas, true).result.status,
            Status::static_mode_violation);
}

TEST(Creates, PushTheAddressAndForgetReturnData) {
  const auto ran = run("9 0 0 3 CREATE2 RETURNDATASIZE 32 MSTORE 0 MSTORE 64 0 RETURN");
  ASSERT_EQ(ran.calls.size(), 1u);
  EXPECT_EQ(ran.calls[0].kind, CallKind::create2);
  EXPECT_EQ(ran.calls[0].salt, U256{9});
  EXPECT_EQ(ran.calls[0].value, U256{3});
  EXPECT_FALSE(load_be(ran.result.output.data()).is_zero());
  EXPECT_EQ(load_be(ran.result.output.data() + 32), U256{});
  // Init code that reverts with one byte: zero is pushed, the byte is return data.
  const auto reverting =
      run("0x60015ffd 0 MSTORE 4 28 0 CREATE RETURNDATASIZE 32 MSTORE 0 MSTORE 64 0 RETURN");
  EXPECT_EQ(load_be(reverting.result.output.data()), U256{});
  EXPECT_EQ(load_be(reverting.result.output.data() + 32), U256{1});
}

TEST(SelfDestruct, ChargesForTheBeneficiary) {
  const auto gas_of = [](const std::string& text, std::uint64_t balance, Fork fork) {
    return kGas - run(text, fork, kGas, false, balance).result.gas_left;
  };
  EXPECT_EQ(gas_of("0x9999 SELFDESTRUCT", 0, Fork::osaka), 3 + 5000 + 2600);
  EXPECT_EQ(gas_of("0x9999 SELFDESTRUCT", 1, Fork::osaka), 3 + 5000 + 2600 + 25000);
  EXPECT_EQ(gas_of("0xc0df SELFDESTRUCT", 1, Fork::osaka), 3 + 5000 + 2600);
  EXPECT_EQ(gas_of("0xc0df BALANCE 0xc0df SELFDESTRUCT", 1, Fork::osaka), 6 + 2600 + 5000);
  EXPECT_EQ(run("0x9999 SELFDESTRUCT", Fork::berlin).result.gas_refund, 24000);
  EXPECT_EQ(run("0x9999 SELFDESTRUCT", Fork::london).result.gas_refund, 0);
  EXPECT_EQ(run("0x9999 SELFDESTRUCT", Fork::osaka, kGas, true).result.status,
            Status::static_mode_violation);
}

/// Keeps what a structured log would.
class Recorder final : public Tracer {
 public:
  struct Line {
    std::uint8_t opcode;
    std::int64_t cost;
    std::size_t stack_size;
    int depth;
  };
  bool wants_steps() const noexcept override { return true; }
  void on_step(const Step& step) override {
    lines.push_back({step.opcode, step.gas_cost, step.stack_size, step.depth});
  }
  void on_cost(std::int64_t cost) override { lines.back().cost = cost; }
  void on_fault(const Step&, Status status) override { faults.push_back(status); }
  void on_self_destruct(const Address&, const Address&, const U256& value, int) override {
    destroyed = value;
  }
  std::vector<Line> lines;
  std::vector<Status> faults;
  U256 destroyed;
};

TEST(Tracing, ReportsEveryStepWithItsFullCost) {
  TestHost host;
  Recorder recorder;
  host.tracer = &recorder;
  host.set_code(make_address(0xc0df), assemble("1 POP"));
  host.run(assemble("0 0 0 0 0 0xc0df 5000 CALL 0 MLOAD"));
  ASSERT_EQ(recorder.lines.size(), 7u + 1 + 3 + 2 + 1);
  EXPECT_EQ(recorder.lines[7].opcode, 0xf1);
  EXPECT_EQ(recorder.lines[7].cost, 2600 + 5000);  // with what it forwards
  EXPECT_EQ(recorder.lines[7].stack_size, 7u);
  EXPECT_EQ(recorder.lines[8].depth, 1);
  EXPECT_EQ(recorder.lines[10].opcode, 0x00);  // the STOP after the code's end
  EXPECT_EQ(recorder.lines[12].cost, 6);       // MLOAD with its word
  EXPECT_TRUE(recorder.faults.empty());
}

TEST(Tracing, ReportsFaultsAndDestructions) {
  TestHost host;
  Recorder recorder;
  host.tracer = &recorder;
  host.run(assemble("1 POP POP"));
  ASSERT_EQ(recorder.faults.size(), 1u);
  EXPECT_EQ(recorder.faults[0], Status::stack_underflow);
  host.world.accounts[make_address(0xc0de)].balance = U256{12};
  host.run(assemble("0x9999 SELFDESTRUCT"));
  EXPECT_EQ(recorder.destroyed, U256{12});
}

TEST(Cache, HoldsNoMoreThanItsLimitBetweenTransactions) {
  TestHost host{Fork::osaka, {.cache_bytes_max = 20000, .threaded_after = 1}};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto result = host.run(assemble(std::to_string(1000 + i) + " 0 MSTORE 32 0 RETURN"));
    ASSERT_EQ(load_be(result.output.data()), U256{1000 + i});
    EXPECT_LT(host.interpreter.cache_bytes(), 22000u);
  }
}

TEST(Cache, IsNotSharedBetweenForks) {
  TestHost host{Fork::osaka, {.threaded_after = 1}};
  EXPECT_EQ(host.run(assemble("1 CLZ")).status, Status::success);
  host.fork = Fork::prague;
  EXPECT_EQ(host.run(assemble("1 CLZ")).status, Status::undefined_instruction);
}

TEST(KeccakCache, AnswersAsTheFunctionDoes) {
  internal::KeccakCache cache;
  Bytes data(64);
  // Far more inputs than entries, each asked for twice, and sizes that differ by zeros only.
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 20000; ++i) {
      for (std::size_t b = 0; b < 4; ++b) data[b] = static_cast<std::uint8_t>(i >> (8 * b));
      for (const std::size_t size : {31u, 32u, 33u, 64u}) {
        const BytesView view{data.data(), size};
        if (i % 7 == 0 || size == 64)
          ASSERT_EQ(cache.digest(view), hash::keccak256(view)) << i << " " << size;
      }
    }
  }
}

TEST(Memory, OfWaitingFramesStaysWhereItIs) {
  // The callee grows past a chunk of the arena while its input lies in the caller's memory.
  TestHost host{Fork::osaka, {.threaded_after = 1}};
  host.set_code(make_address(0xc0df),
                assemble("0 0x100000 MSTORE 32 0 0 CALLDATACOPY 32 0 RETURN"));
  const auto result = host.run(
      assemble("0xabcdef 0 MSTORE 32 32 32 0 0xc0df GAS STATICCALL POP 0 0x90000 MSTORE 32 0 0 "
               "MLOAD 32 MLOAD SUB @bad JUMPI 32 32 RETURN bad: INVALID"),
      std::int64_t{1} << 40);
  ASSERT_EQ(result.status, Status::success);
  EXPECT_EQ(load_be(result.output.data()), U256{0xabcdef});
}

}  // namespace
}  // namespace wusong::vm
