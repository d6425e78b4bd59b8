// SPDX-License-Identifier: Apache-2.0
// The instruction set as one table: number, base gas from Berlin on, stack use, first fork.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wusong/vm/fork.hpp"

// WUSONG_OPCODES(X): X(name, number, static gas, items required, net stack change, since).
// PUSH1..32, DUP1..16, SWAP1..16 and LOG0..4 are regular and come in families below.
// Where cost depends on access (EIP-2929) the warm cost stands here.
#define WUSONG_OPCODES(X)                   \
  X(stop, 0x00, 0, 0, 0, berlin)            \
  X(add, 0x01, 3, 2, -1, berlin)            \
  X(mul, 0x02, 5, 2, -1, berlin)            \
  X(sub, 0x03, 3, 2, -1, berlin)            \
  X(div, 0x04, 5, 2, -1, berlin)            \
  X(sdiv, 0x05, 5, 2, -1, berlin)           \
  X(mod, 0x06, 5, 2, -1, berlin)            \
  X(smod, 0x07, 5, 2, -1, berlin)           \
  X(addmod, 0x08, 8, 3, -2, berlin)         \
  X(mulmod, 0x09, 8, 3, -2, berlin)         \
  X(exp, 0x0a, 10, 2, -1, berlin)           \
  X(signextend, 0x0b, 5, 2, -1, berlin)     \
  X(lt, 0x10, 3, 2, -1, berlin)             \
  X(gt, 0x11, 3, 2, -1, berlin)             \
  X(slt, 0x12, 3, 2, -1, berlin)            \
  X(sgt, 0x13, 3, 2, -1, berlin)            \
  X(eq, 0x14, 3, 2, -1, berlin)             \
  X(iszero, 0x15, 3, 1, 0, berlin)          \
  X(and_, 0x16, 3, 2, -1, berlin)           \
  X(or_, 0x17, 3, 2, -1, berlin)            \
  X(xor_, 0x18, 3, 2, -1, berlin)           \
  X(not_, 0x19, 3, 1, 0, berlin)            \
  X(byte, 0x1a, 3, 2, -1, berlin)           \
  X(shl, 0x1b, 3, 2, -1, berlin)            \
  X(shr, 0x1c, 3, 2, -1, berlin)            \
  X(sar, 0x1d, 3, 2, -1, berlin)            \
  X(clz, 0x1e, 5, 1, 0, osaka)              \
  X(keccak256, 0x20, 30, 2, -1, berlin)     \
  X(address, 0x30, 2, 0, 1, berlin)         \
  X(balance, 0x31, 100, 1, 0, berlin)       \
  X(origin, 0x32, 2, 0, 1, berlin)          \
  X(caller, 0x33, 2, 0, 1, berlin)          \
  X(callvalue, 0x34, 2, 0, 1, berlin)       \
  X(calldataload, 0x35, 3, 1, 0, berlin)    \
  X(calldatasize, 0x36, 2, 0, 1, berlin)    \
  X(calldatacopy, 0x37, 3, 3, -3, berlin)   \
  X(codesize, 0x38, 2, 0, 1, berlin)        \
  X(codecopy, 0x39, 3, 3, -3, berlin)       \
  X(gasprice, 0x3a, 2, 0, 1, berlin)        \
  X(extcodesize, 0x3b, 100, 1, 0, berlin)   \
  X(extcodecopy, 0x3c, 100, 4, -4, berlin)  \
  X(returndatasize, 0x3d, 2, 0, 1, berlin)  \
  X(returndatacopy, 0x3e, 3, 3, -3, berlin) \
  X(extcodehash, 0x3f, 100, 1, 0, berlin)   \
  X(blockhash, 0x40, 20, 1, 0, berlin)      \
  X(coinbase, 0x41, 2, 0, 1, berlin)        \
  X(timestamp, 0x42, 2, 0, 1, berlin)       \
  X(number, 0x43, 2, 0, 1, berlin)          \
  X(prevrandao, 0x44, 2, 0, 1, berlin)      \
  X(gaslimit, 0x45, 2, 0, 1, berlin)        \
  X(chainid, 0x46, 2, 0, 1, berlin)         \
  X(selfbalance, 0x47, 5, 0, 1, berlin)     \
  X(basefee, 0x48, 2, 0, 1, london)         \
  X(blobhash, 0x49, 3, 1, 0, cancun)        \
  X(blobbasefee, 0x4a, 2, 0, 1, cancun)     \
  X(pop, 0x50, 2, 1, -1, berlin)            \
  X(mload, 0x51, 3, 1, 0, berlin)           \
  X(mstore, 0x52, 3, 2, -2, berlin)         \
  X(mstore8, 0x53, 3, 2, -2, berlin)        \
  X(sload, 0x54, 100, 1, 0, berlin)         \
  X(sstore, 0x55, 0, 2, -2, berlin)         \
  X(jump, 0x56, 8, 1, -1, berlin)           \
  X(jumpi, 0x57, 10, 2, -2, berlin)         \
  X(pc, 0x58, 2, 0, 1, berlin)              \
  X(msize, 0x59, 2, 0, 1, berlin)           \
  X(gas, 0x5a, 2, 0, 1, berlin)             \
  X(jumpdest, 0x5b, 1, 0, 0, berlin)        \
  X(tload, 0x5c, 100, 1, 0, cancun)         \
  X(tstore, 0x5d, 100, 2, -2, cancun)       \
  X(mcopy, 0x5e, 3, 3, -3, cancun)          \
  X(push0, 0x5f, 2, 0, 1, shanghai)         \
  X(create, 0xf0, 32000, 3, -2, berlin)     \
  X(call, 0xf1, 100, 7, -6, berlin)         \
  X(callcode, 0xf2, 100, 7, -6, berlin)     \
  X(return_, 0xf3, 0, 2, -2, berlin)        \
  X(delegatecall, 0xf4, 100, 6, -5, berlin) \
  X(create2, 0xf5, 32000, 4, -3, berlin)    \
  X(staticcall, 0xfa, 100, 6, -5, berlin)   \
  X(revert, 0xfd, 0, 2, -2, berlin)         \
  X(invalid, 0xfe, 0, 0, 0, berlin)         \
  X(selfdestruct, 0xff, 5000, 1, -1, berlin)

namespace wusong::vm {

enum class Op : std::uint8_t {
#define WUSONG_X(name, number, gas, required, change, since) name = number,
  WUSONG_OPCODES(WUSONG_X)
#undef WUSONG_X
      push1 = 0x60,
  push32 = 0x7f,
  dup1 = 0x80,
  dup16 = 0x8f,
  swap1 = 0x90,
  swap16 = 0x9f,
  log0 = 0xa0,
  log4 = 0xa4,
};

struct OpcodeInfo {
  std::int32_t gas{-1};       // -1: no fork defines it
  std::int8_t required{0};    // stack items it reads
  std::int8_t change{0};      // stack items after minus before
  std::uint8_t immediate{0};  // bytes that follow it in the code
  Fork since{Fork::berlin};
};

namespace detail {
consteval std::array<OpcodeInfo, 256> make_opcode_table() {
  std::array<OpcodeInfo, 256> table{};
#define WUSONG_X(name, number, gas_, required_, change_, since_) \
  table[number] = {gas_, required_, change_, 0, Fork::since_};
  WUSONG_OPCODES(WUSONG_X)
#undef WUSONG_X
  for (int i = 0; i < 32; ++i)
    table[static_cast<std::size_t>(0x60 + i)] = {3, 0, 1, static_cast<std::uint8_t>(i + 1),
                                                 Fork::berlin};
  for (int i = 0; i < 16; ++i) {
    table[static_cast<std::size_t>(0x80 + i)] = {3, static_cast<std::int8_t>(i + 1), 1, 0,
                                                 Fork::berlin};
    table[static_cast<std::size_t>(0x90 + i)] = {3, static_cast<std::int8_t>(i + 2), 0, 0,
                                                 Fork::berlin};
  }
  for (int i = 0; i < 5; ++i)
    table[static_cast<std::size_t>(0xa0 + i)] = {375 * (i + 1), static_cast<std::int8_t>(i + 2),
                                                 static_cast<std::int8_t>(-i - 2), 0, Fork::berlin};
  return table;
}
}  // namespace detail

/// What no fork changes: stack use and immediates. Gas and validity by fork: ForkRules.
inline constexpr std::array<OpcodeInfo, 256> kOpcodes = detail::make_opcode_table();

/// "PUSH1" and so on; empty where no fork defines the byte.
std::string_view name_of(std::uint8_t opcode) noexcept;

}  // namespace wusong::vm
