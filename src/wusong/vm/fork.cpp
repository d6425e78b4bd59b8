// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/fork.hpp"

#include <limits>

#include "wusong/vm/fork_table.hpp"
#include "wusong/vm/host.hpp"
#include "wusong/vm/opcodes.hpp"

namespace wusong::vm {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

consteval ForkRules with_gas(ForkRules rules) {
  for (std::size_t i = 0; i < 256; ++i)
    rules.gas[i] = kOpcodes[i].gas >= 0 && kOpcodes[i].since <= rules.fork ? kOpcodes[i].gas : -1;
  return rules;
}

// clang-format off
//             fork            name        clear  destruct  initcode        deleg  modexp  last  p256
constexpr std::array<ForkRules, kForkCount> kRules{
    with_gas({Fork::berlin,   "Berlin",   15000, 24000, kNoLimit, 0, false, false, 0x09, false}),
    with_gas({Fork::london,   "London",    4800,     0, kNoLimit, 0, false, false, 0x09, false}),
    with_gas({Fork::paris,    "Paris",     4800,     0, kNoLimit, 0, false, false, 0x09, false}),
    with_gas({Fork::shanghai, "Shanghai",  4800,     0,    49152, 2, false, false, 0x09, false}),
    with_gas({Fork::cancun,   "Cancun",    4800,     0,    49152, 2, false, false, 0x0a, false}),
    with_gas({Fork::prague_2024_04, "Prague of April 2024",
                                         4800,     0,    49152, 2, false, false, 0x13, false,
              PrecompileSet::draft_2024_04, true}),
    with_gas({Fork::prague,   "Prague",    4800,     0,    49152, 2, true,  false, 0x11, false}),
    with_gas({Fork::osaka,    "Osaka",     4800,     0,    49152, 2, true,  true,  0x11, true}),
};
// clang-format on

// clang-format off
constexpr std::array<std::string_view, 256> kNames{
    "STOP", "ADD", "MUL", "SUB", "DIV", "SDIV", "MOD", "SMOD",
    "ADDMOD", "MULMOD", "EXP", "SIGNEXTEND", "", "", "", "",
    "LT", "GT", "SLT", "SGT", "EQ", "ISZERO", "AND", "OR",
    "XOR", "NOT", "BYTE", "SHL", "SHR", "SAR", "CLZ", "",
    "KECCAK256", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "ADDRESS", "BALANCE", "ORIGIN", "CALLER",
    "CALLVALUE", "CALLDATALOAD", "CALLDATASIZE", "CALLDATACOPY",
    "CODESIZE", "CODECOPY", "GASPRICE", "EXTCODESIZE",
    "EXTCODECOPY", "RETURNDATASIZE", "RETURNDATACOPY", "EXTCODEHASH",
    "BLOCKHASH", "COINBASE", "TIMESTAMP", "NUMBER",
    "PREVRANDAO", "GASLIMIT", "CHAINID", "SELFBALANCE",
    "BASEFEE", "BLOBHASH", "BLOBBASEFEE", "", "", "", "", "",
    "POP", "MLOAD", "MSTORE", "MSTORE8", "SLOAD", "SSTORE", "JUMP", "JUMPI",
    "PC", "MSIZE", "GAS", "JUMPDEST", "TLOAD", "TSTORE", "MCOPY", "PUSH0",
    "PUSH1", "PUSH2", "PUSH3", "PUSH4", "PUSH5", "PUSH6", "PUSH7", "PUSH8",
    "PUSH9", "PUSH10", "PUSH11", "PUSH12", "PUSH13", "PUSH14", "PUSH15", "PUSH16",
    "PUSH17", "PUSH18", "PUSH19", "PUSH20", "PUSH21", "PUSH22", "PUSH23", "PUSH24",
    "PUSH25", "PUSH26", "PUSH27", "PUSH28", "PUSH29", "PUSH30", "PUSH31", "PUSH32",
    "DUP1", "DUP2", "DUP3", "DUP4", "DUP5", "DUP6", "DUP7", "DUP8",
    "DUP9", "DUP10", "DUP11", "DUP12", "DUP13", "DUP14", "DUP15", "DUP16",
    "SWAP1", "SWAP2", "SWAP3", "SWAP4", "SWAP5", "SWAP6", "SWAP7", "SWAP8",
    "SWAP9", "SWAP10", "SWAP11", "SWAP12", "SWAP13", "SWAP14", "SWAP15", "SWAP16",
    "LOG0", "LOG1", "LOG2", "LOG3", "LOG4", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "",
    "CREATE", "CALL", "CALLCODE", "RETURN", "DELEGATECALL", "CREATE2", "", "",
    "", "", "STATICCALL", "", "", "REVERT", "INVALID", "SELFDESTRUCT",
};
// clang-format on

}  // namespace

const ForkRules& rules_of(Fork fork) noexcept {
  return kRules[static_cast<std::size_t>(fork)];
}

std::optional<Fork> find_fork(std::string_view name) noexcept {
  for (const auto& row : kRules)
    if (row.name == name && !row.is_draft) return row.fork;
  if (name == "Merge") return Fork::paris;
  return std::nullopt;
}

std::string_view name_of(Fork fork) noexcept {
  return rules_of(fork).name;
}

std::string_view name_of(std::uint8_t opcode) noexcept {
  return kNames[opcode];
}

std::string_view text_of(Status status) noexcept {
  switch (status) {
    case Status::success:
      return "success";
    case Status::revert:
      return "execution reverted";
    case Status::out_of_gas:
      return "out of gas";
    case Status::invalid_instruction:
      return "invalid opcode: INVALID";
    case Status::undefined_instruction:
      return "invalid opcode";
    case Status::stack_overflow:
      return "stack limit reached 1024";
    case Status::stack_underflow:
      return "stack underflow";
    case Status::bad_jump_destination:
      return "invalid jump destination";
    case Status::invalid_memory_access:
      return "return data out of bounds";
    case Status::static_mode_violation:
      return "write protection";
    case Status::call_depth_exceeded:
      return "max call depth exceeded";
    case Status::insufficient_balance:
      return "insufficient balance for transfer";
    case Status::precompile_failure:
      return "precompile failed";
    case Status::contract_validation_failure:
      return "invalid code";
    case Status::address_collision:
      return "contract address collision";
    case Status::nonce_overflow:
      return "nonce uint64 overflow";
  }
  return "unknown";
}

}  // namespace wusong::vm
