// SPDX-License-Identifier: Apache-2.0
// Each instruction at its boundaries, on every engine.
#include "wusong/vm/evm.hpp"

#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/vm/internal/test_assembler.hpp"
#include "wusong/vm/internal/test_programs.hpp"

namespace wusong::vm {
namespace {

using namespace internal;

constexpr std::int64_t kGas = 1000000;
const std::string kMax = "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const std::string kMin = "0x8000000000000000000000000000000000000000000000000000000000000000";
const U256 kMaxValue = ~U256{};

/// Runs on each engine, which must agree, and gives the result.
CallResult run_all(const std::string& text, Fork fork = Fork::osaka, std::int64_t gas = kGas,
                   BytesView input = {}, bool is_static = false) {
  const Bytes code = assemble(text);
  const auto first = run_program(kEngines[0], fork, code, input, gas, is_static);
  for (std::size_t i = 1; i < std::size(kEngines); ++i)
    EXPECT_TRUE(same_outcome(first, run_program(kEngines[i], fork, code, input, gas, is_static)))
        << "engine " << i << ": " << text;
  return first.result;
}
/// The word that `text` leaves on top.
U256 top(const std::string& text, BytesView input = {}, Fork fork = Fork::osaka) {
  const auto result = run_all(text + " 0x2000 MSTORE 32 0x2000 RETURN", fork, kGas, input);
  EXPECT_EQ(result.status, Status::success) << text;
  return result.output.size() == 32 ? load_be(result.output.data()) : U256{};
}
/// Gas that `text` uses when it runs to its end.
std::int64_t gas_of(const std::string& text, Fork fork = Fork::osaka, BytesView input = {}) {
  const auto result = run_all(text, fork, kGas, input);
  EXPECT_EQ(result.status, Status::success) << text << ": " << text_of(result.status);
  return kGas - result.gas_left;
}
Status status_of(const std::string& text, Fork fork = Fork::osaka, std::int64_t gas = kGas) {
  return run_all(text, fork, gas).status;
}

TEST(Evm, ArithmeticWrapsAndDividesByZeroToZero) {
  EXPECT_EQ(top("1 " + kMax + " ADD"), U256{});
  EXPECT_EQ(top("1 0 SUB"), kMaxValue);
  EXPECT_EQ(top(kMax + " " + kMax + " MUL"), U256{1});
  EXPECT_EQ(top("3 10 DIV"), U256{3});
  EXPECT_EQ(top("0 10 DIV"), U256{});
  EXPECT_EQ(top("0 10 SDIV"), U256{});
  EXPECT_EQ(top("0 10 MOD"), U256{});
  EXPECT_EQ(top("0 10 SMOD"), U256{});
  EXPECT_EQ(top("0 10 10 ADDMOD"), U256{});
  EXPECT_EQ(top("0 10 10 MULMOD"), U256{});
  EXPECT_EQ(top("7 " + kMax + " " + kMax + " ADDMOD"), U256{2});  // 2^256 = 2 mod 7, so 2 * 1
  EXPECT_EQ(top("7 " + kMax + " 2 MULMOD"), U256{2});
  EXPECT_EQ(top(kMax + " " + kMin + " SDIV"), U256(0, 0, 0, 1ull << 63));
  EXPECT_EQ(top("3 8 0 SUB SMOD"), negate(U256{2}));
  EXPECT_EQ(top("0 0 EXP"), U256{1});
  EXPECT_EQ(top("255 2 EXP"), U256(0, 0, 0, 1ull << 63));
  EXPECT_EQ(top("256 2 EXP"), U256{});
  EXPECT_EQ(top("0x80 0 SIGNEXTEND"), kMaxValue - U256{127});
  EXPECT_EQ(top("0x80 31 SIGNEXTEND"), U256{128});
  EXPECT_EQ(top("0x80 " + kMax + " SIGNEXTEND"), U256{128});
}

TEST(Evm, ComparisonsAndBitsFollowTheYellowPaper) {
  EXPECT_EQ(top("2 1 LT"), U256{1});
  EXPECT_EQ(top("1 1 LT"), U256{});
  EXPECT_EQ(top("1 2 GT"), U256{1});
  EXPECT_EQ(top("1 " + kMax + " SLT"), U256{1});
  EXPECT_EQ(top(kMax + " 1 SGT"), U256{1});
  EXPECT_EQ(top(kMax + " " + kMax + " EQ"), U256{1});
  EXPECT_EQ(top("0 ISZERO"), U256{1});
  EXPECT_EQ(top(kMin + " ISZERO"), U256{});
  EXPECT_EQ(top("0 NOT"), kMaxValue);
  EXPECT_EQ(top("0x0f 0x3c AND"), U256{0x0c});
  EXPECT_EQ(top("0x0f 0x3c OR"), U256{0x3f});
  EXPECT_EQ(top("0x0f 0x3c XOR"), U256{0x33});
  EXPECT_EQ(top("0xab 31 BYTE"), U256{0xab});
  EXPECT_EQ(top(kMin + " 0 BYTE"), U256{0x80});
  EXPECT_EQ(top(kMax + " 32 BYTE"), U256{});
  EXPECT_EQ(top(kMax + " " + kMax + " BYTE"), U256{});
  EXPECT_EQ(top("1 255 SHL"), U256(0, 0, 0, 1ull << 63));
  EXPECT_EQ(top("1 256 SHL"), U256{});
  EXPECT_EQ(top(kMin + " 255 SHR"), U256{1});
  EXPECT_EQ(top(kMax + " " + kMax + " SHR"), U256{});
  EXPECT_EQ(top(kMin + " 255 SAR"), kMaxValue);
  EXPECT_EQ(top(kMin + " 256 SAR"), kMaxValue);
  EXPECT_EQ(top("1 256 SAR"), U256{});
}

TEST(Evm, ClzExistsFromOsaka) {
  EXPECT_EQ(top("0 CLZ"), U256{256});
  EXPECT_EQ(top("1 CLZ"), U256{255});
  EXPECT_EQ(top(kMax + " CLZ"), U256{});
  EXPECT_EQ(gas_of("1 CLZ"), 3 + 5);
  EXPECT_EQ(status_of("1 CLZ", Fork::prague), Status::undefined_instruction);
}

TEST(Evm, EveryPushDupAndSwapReachesItsItem) {
  for (int n = 1; n <= 32; ++n) {
    Bytes want(32);
    std::string digits = "0x";
    for (int i = 0; i < n; ++i) {
      want[static_cast<std::size_t>(32 - n + i)] = static_cast<std::uint8_t>(0x11 + i);
      digits += std::string{"123"[(0x11 + i) / 16 - 1]} + "0123456789abcdef"[(0x11 + i) % 16];
    }
    EXPECT_EQ(top(digits), load_be(want.data())) << n;
  }
  for (int n = 1; n <= 16; ++n) {
    std::string items;
    for (int i = 0; i < 17; ++i) items += std::to_string(100 + i) + " ";
    const auto index = static_cast<std::uint64_t>(n);
    EXPECT_EQ(top(items + "DUP" + std::to_string(n)), U256{117 - index});
    EXPECT_EQ(top(items + "SWAP" + std::to_string(n)), U256{116 - index});
    std::string drop;
    for (int i = 0; i < n; ++i) drop += " POP";
    EXPECT_EQ(top(items + "SWAP" + std::to_string(n) + drop), U256{116});
  }
  EXPECT_EQ(top("PUSH0"), U256{});
  EXPECT_EQ(status_of("PUSH0", Fork::paris), Status::undefined_instruction);
  EXPECT_EQ(run_all("!7f !01").status, Status::success);  // data cut short by the code's end
}

TEST(Evm, TheStackHoldsExactly1024Items) {
  std::string fill;
  for (int i = 0; i < 1024; ++i) fill += "1 ";
  EXPECT_EQ(status_of(fill), Status::success);
  EXPECT_EQ(status_of(fill + "1"), Status::stack_overflow);
  EXPECT_EQ(status_of(fill + "DUP1"), Status::stack_overflow);
  EXPECT_EQ(status_of(fill + "SWAP1 ADD 1"), Status::success);
  EXPECT_EQ(status_of("ADD"), Status::stack_underflow);
  EXPECT_EQ(status_of("1 ADD"), Status::stack_underflow);
  EXPECT_EQ(status_of("POP"), Status::stack_underflow);
  EXPECT_EQ(status_of("1 SWAP1"), Status::stack_underflow);
  EXPECT_EQ(status_of("1 2 3 4 5 6 CALL"), Status::stack_underflow);
  EXPECT_EQ(status_of("again: 1 @again JUMP", Fork::osaka, 10000000), Status::stack_overflow);
}

TEST(Evm, JumpsLandOnlyOnJumpDestinations) {
  EXPECT_EQ(top("@ok JUMP INVALID ok: 5"), U256{5});
  EXPECT_EQ(top("1 @ok JUMPI INVALID ok: 5"), U256{5});
  EXPECT_EQ(top("5 0 0 JUMPI"), U256{5});  // not taken: the target may be nonsense
  EXPECT_EQ(top("5 @ok 0 SWAP1 JUMPI ok:"), U256{5});
  EXPECT_EQ(status_of("0 JUMP"), Status::bad_jump_destination);
  EXPECT_EQ(status_of(kMax + " JUMP"), Status::bad_jump_destination);
  EXPECT_EQ(status_of("1 100 JUMPI"), Status::bad_jump_destination);
  EXPECT_EQ(status_of("1 0x10000000000000004 JUMPI !5b"), Status::bad_jump_destination);
  EXPECT_EQ(status_of("4 JUMP !60 !5b"), Status::bad_jump_destination);  // inside PUSH data
  EXPECT_EQ(status_of("3 JUMP !5b"), Status::success);
  EXPECT_EQ(top("PC PC PC ADD ADD"), U256{3});
  EXPECT_EQ(top("@back @sub JUMP back: @end JUMP sub: 9 SWAP1 JUMP end:"), U256{9});
}

TEST(Evm, FusedComparisonsBranchAsTheirPartsWould) {
  for (const std::string op : {"LT", "GT", "SLT", "SGT", "EQ"}) {
    for (const std::string a : {"1", "2", kMax.c_str()}) {
      for (const std::string b : {"1", "2", kMin.c_str()}) {
        const U256 plain = top(b + " " + a + " " + op);
        const std::string tail = " @yes JUMPI 10 @end JUMP yes: 20 end:";
        EXPECT_EQ(top(b + " " + a + " " + op + tail), U256{plain.is_zero() ? 10u : 20u});
        EXPECT_EQ(top(b + " " + a + " " + op + " ISZERO" + tail),
                  U256{plain.is_zero() ? 20u : 10u});
      }
    }
  }
  EXPECT_EQ(top("0xa9059cbb DUP1 0xa9059cbb EQ @f JUMPI 1 @end JUMP f: 2 end:"), U256{2});
  EXPECT_EQ(top("0xa9059cba DUP1 0xa9059cbb EQ @f JUMPI 1 @end JUMP f: 2 end:"), U256{1});
}

TEST(Evm, MemoryGrowsByWordsAndItsCostIsQuadratic) {
  EXPECT_EQ(top("7 0 MSTORE 0 MLOAD"), U256{7});
  EXPECT_EQ(top("0x1ff 31 MSTORE8 0 MLOAD"), U256{0xff});
  EXPECT_EQ(top("1 MLOAD POP MSIZE"), U256{64});
  EXPECT_EQ(top("0 MLOAD POP MSIZE"), U256{32});
  EXPECT_EQ(top("0 32 MSTORE8 MSIZE"), U256{64});
  EXPECT_EQ(gas_of("0 MLOAD"), 3 + 3 + 3);
  EXPECT_EQ(gas_of("0x3ff MLOAD"), 3 + 3 + 33 * 3 + 33 * 33 / 512);
  EXPECT_EQ(gas_of("0x8000 MLOAD"), 3 + 3 + 1025 * 3 + 1025 * 1025 / 512);
  EXPECT_EQ(status_of("0xffffffff MLOAD"), Status::out_of_gas);
  EXPECT_EQ(status_of(kMax + " MLOAD"), Status::out_of_gas);
  EXPECT_EQ(status_of("1 " + kMax + " MSTORE8"), Status::out_of_gas);
  EXPECT_EQ(status_of("1 " + kMax + " KECCAK256"), Status::out_of_gas);
  EXPECT_EQ(gas_of("0 " + kMax + " KECCAK256"), 3 + 3 + 30);  // no bytes, no memory
  EXPECT_EQ(status_of("0 " + kMax + " RETURN"), Status::success);
}

TEST(Evm, CopiesPadWithZerosAndChargeByTheWord) {
  const Bytes input{1, 2, 3};
  EXPECT_EQ(top("0 CALLDATALOAD", input), U256(0, 0, 0, 0x0102030000000000));
  EXPECT_EQ(top("2 CALLDATALOAD", input), U256(0, 0, 0, 0x0300000000000000));
  EXPECT_EQ(top("3 CALLDATALOAD", input), U256{});
  EXPECT_EQ(top(kMax + " CALLDATALOAD", input), U256{});
  EXPECT_EQ(top("CALLDATASIZE", input), U256{3});
  EXPECT_EQ(top(kMax + " 0 MSTORE 32 1 0 CALLDATACOPY 0 MLOAD", input),
            U256(0, 0, 0, 0x0203000000000000));
  EXPECT_EQ(top(kMax + " 0 MSTORE 32 " + kMax + " 0 CALLDATACOPY 0 MLOAD", input), U256{});
  EXPECT_EQ(gas_of("33 0 0 CALLDATACOPY"), 3 * 3 + 3 + 2 * 3 + 2 * 3);
  EXPECT_EQ(top("3 0 29 CODECOPY 0 MLOAD"), U256{0x600360});
  EXPECT_EQ(top("CODESIZE", {}), U256{11});  // itself and what top() appends
  EXPECT_EQ(top("0x0102 0 MSTORE 2 30 0 MCOPY 0 MLOAD"), U256(0x0102, 0, 0, 0x0102000000000000));
  EXPECT_EQ(gas_of("33 0 32 MCOPY"), 3 * 3 + 3 + 2 * 3 + 3 * 3);
  EXPECT_EQ(gas_of("33 32 0 MCOPY"), 3 * 3 + 3 + 2 * 3 + 3 * 3);
  EXPECT_EQ(gas_of("0 " + kMax + " 0 MCOPY"), 3 * 3 + 3);
  EXPECT_EQ(status_of("0 0 0 MCOPY", Fork::shanghai), Status::undefined_instruction);
}

TEST(Evm, ReturnDataIsBounded) {
  const std::string call = "0 0 7 0 0 0xc0df GAS CALL POP ";  // an echo of seven zero bytes
  EXPECT_EQ(top("RETURNDATASIZE"), U256{});
  EXPECT_EQ(top(call + "RETURNDATASIZE"), U256{7});
  EXPECT_EQ(status_of(call + "7 0 0 RETURNDATACOPY"), Status::success);
  EXPECT_EQ(status_of(call + "0 7 0 RETURNDATACOPY"), Status::success);
  EXPECT_EQ(status_of(call + "8 0 0 RETURNDATACOPY"), Status::invalid_memory_access);
  EXPECT_EQ(status_of(call + "0 8 0 RETURNDATACOPY"), Status::invalid_memory_access);
  EXPECT_EQ(status_of(call + "1 " + kMax + " 0 RETURNDATACOPY"), Status::invalid_memory_access);
  EXPECT_EQ(top("0 0 0 0 0xc0e0 GAS STATICCALL RETURNDATASIZE ADD"), U256{32});  // it reverts
}

TEST(Evm, SurroundingsAreTheHosts) {
  EXPECT_EQ(top("ADDRESS"), U256{0xc0de});
  EXPECT_EQ(top("CALLER"), U256{0x5e4de4});
  EXPECT_EQ(top("SELFBALANCE"), U256{1000});
  EXPECT_EQ(top("ADDRESS BALANCE"), U256{1000});
  EXPECT_EQ(top("NUMBER"), U256{1000});
  EXPECT_EQ(top("TIMESTAMP"), U256{1700000000});
  EXPECT_EQ(top("GASLIMIT"), U256{30000000});
  EXPECT_EQ(top("CHAINID"), U256{1});
  EXPECT_EQ(top("999 BLOCKHASH"), U256{1006});
  EXPECT_EQ(top("743 BLOCKHASH"), U256{});
  EXPECT_EQ(top(kMax + " BLOCKHASH"), U256{});
  EXPECT_EQ(top("0 BLOBHASH"), U256{});
  EXPECT_EQ(top("GAS"), U256{kGas - 2});
  EXPECT_EQ(top("1 GAS ADD"), U256{kGas - 4});
  EXPECT_EQ(top("0xc0e1 EXTCODESIZE"), U256{23});  // the designator itself
  EXPECT_EQ(status_of("BASEFEE", Fork::berlin), Status::undefined_instruction);
  EXPECT_EQ(status_of("BLOBBASEFEE", Fork::shanghai), Status::undefined_instruction);
  EXPECT_EQ(status_of("0 BLOBHASH", Fork::shanghai), Status::undefined_instruction);
  EXPECT_EQ(status_of("INVALID"), Status::invalid_instruction);
  EXPECT_EQ(status_of("!0c"), Status::undefined_instruction);
}

TEST(Evm, ColdAccessCostsMoreOnce) {
  EXPECT_EQ(gas_of("0x99 BALANCE"), 3 + 2600);
  EXPECT_EQ(gas_of("0x99 BALANCE 0x99 EXTCODEHASH 0x99 EXTCODESIZE"), 9 + 2600 + 200);
  EXPECT_EQ(gas_of("5 SLOAD 5 SLOAD"), 6 + 2100 + 100);
  EXPECT_EQ(gas_of("32 0 0 0x99 EXTCODECOPY"), 12 + 2600 + 3 + 3);
}

TEST(Evm, StorageIsChargedByWhatChanges) {
  EXPECT_EQ(gas_of("1 5 SSTORE"), 6 + 2100 + 20000);
  EXPECT_EQ(gas_of("0 5 SSTORE"), 6 + 2100 + 100);
  EXPECT_EQ(gas_of("1 5 SSTORE 2 5 SSTORE"), 12 + 2100 + 20000 + 100);
  const auto undone = run_all("1 5 SSTORE 0 5 SSTORE");
  EXPECT_EQ(kGas - undone.gas_left, 12 + 2100 + 20000 + 100);
  EXPECT_EQ(undone.gas_refund, 19900);
  EXPECT_EQ(status_of("1 5 SSTORE", Fork::osaka, 6 + 2300), Status::out_of_gas);  // EIP-2200
  EXPECT_EQ(run_all("0 5 SSTORE", Fork::osaka, 6 + 2301).gas_left, 2301 - 2200);
  EXPECT_EQ(run_all("1 5 SSTORE", Fork::osaka, kGas, {}, true).status,
            Status::static_mode_violation);
  EXPECT_EQ(top("7 5 TSTORE 5 TLOAD"), U256{7});
  EXPECT_EQ(gas_of("7 5 TSTORE 5 TLOAD"), 9 + 200);
  EXPECT_EQ(run_all("1 5 TSTORE", Fork::osaka, kGas, {}, true).status,
            Status::static_mode_violation);
  EXPECT_EQ(status_of("5 TLOAD", Fork::shanghai), Status::undefined_instruction);
}

TEST(Evm, StorageOfAnEarlierTransactionIsRefundedByFork) {
  for (const auto& [fork, clear] : {std::pair{Fork::berlin, 15000}, {Fork::osaka, 4800}}) {
    const auto refund = [fork](const std::string& text) {
      TestHost host{fork};
      auto& account = host.world.accounts[make_address(0xc0de)];
      account.storage[U256{5}] = account.original[U256{5}] = U256{9};
      const auto result = host.run(assemble(text));
      EXPECT_EQ(result.status, Status::success);
      return std::pair{kGas - result.gas_left, result.gas_refund};
    };
    EXPECT_EQ(refund("0x00 5 SSTORE"), (std::pair<std::int64_t, std::int64_t>{5006, clear}));
    EXPECT_EQ(refund("1 5 SSTORE"), (std::pair<std::int64_t, std::int64_t>{5006, 0}));
    EXPECT_EQ(refund("0x00 5 SSTORE 3 5 SSTORE").second, 0);
    EXPECT_EQ(refund("0x00 5 SSTORE 9 5 SSTORE").second, 2800);
    EXPECT_EQ(refund("3 5 SSTORE 9 5 SSTORE").second, 2800);
    EXPECT_EQ(refund("3 5 SSTORE 0x00 5 SSTORE").second, clear);
  }
}

TEST(Evm, LogsCarryTopicsAndData) {
  TestHost host;
  const auto result = host.run(assemble("0xaabb 0 MSTORE 3 2 1 2 30 LOG3"));
  EXPECT_EQ(kGas - result.gas_left, 6 + 3 + 3 + 15 + 375 * 4 + 8 * 2);
  ASSERT_EQ(host.world.logs.size(), 1u);
  EXPECT_EQ(host.world.logs[0].data, (Bytes{0xaa, 0xbb}));
  ASSERT_EQ(host.world.logs[0].topics.size(), 3u);
  EXPECT_EQ(host.world.logs[0].topics[0], to_hash(U256{1}));
  EXPECT_EQ(host.world.logs[0].topics[2], to_hash(U256{3}));
  EXPECT_EQ(run_all("0 0 LOG0", Fork::osaka, kGas, {}, true).status, Status::static_mode_violation);
}

TEST(Evm, KeccakIsChargedByTheWord) {
  EXPECT_EQ(top("0 0 KECCAK256"), to_u256(hash::kKeccakEmpty));
  EXPECT_EQ(gas_of("33 0 KECCAK256"), 6 + 30 + 2 * 6 + 2 * 3);
  EXPECT_EQ(gas_of("256 2 EXP"), 6 + 10 + 2 * 50);
  EXPECT_EQ(gas_of("0 2 EXP"), 6 + 10);
}

TEST(Evm, GasRunsOutExactlyWhenItDoes) {
  const std::string text = "1 2 ADD 0 MSTORE 0 MLOAD @end JUMP end: STOP";
  const std::int64_t needed = gas_of(text);
  for (std::int64_t gas = 0; gas < needed; ++gas)
    ASSERT_EQ(status_of(text, Fork::osaka, gas), Status::out_of_gas) << gas;
  EXPECT_EQ(run_all(text, Fork::osaka, needed).gas_left, 0);
}

TEST(Evm, FailuresKeepTheirOwnNamesInEveryEngine) {
  // A block is charged at its start; the reason must still be the first one.
  for (const auto& engine : kEngines) {
    const auto status = [&](const std::string& text, std::int64_t gas) {
      return run_program(engine, Fork::osaka, assemble(text), {}, gas, false).result.status;
    };
    EXPECT_EQ(status("1 2 POP POP POP 5 5 5", 7), Status::out_of_gas);
    EXPECT_EQ(status("1 POP POP 5 5 5 5 5 5", 8), Status::stack_underflow);
    EXPECT_EQ(status("1 2 ADD !0c", 9), Status::undefined_instruction);
    EXPECT_EQ(status("1 2 ADD !0c", 8), Status::out_of_gas);
  }
}

}  // namespace
}  // namespace wusong::vm
