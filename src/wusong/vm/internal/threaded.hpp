// SPDX-License-Identifier: Apache-2.0
// Threaded code: each instruction is the address of the routine that does it and one operand. Gas
// and stack are checked once per basic block; common pairs are fused; static jumps are resolved.
#pragma once

#include <cstdint>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/vm/fork_table.hpp"

// With tail calls each routine jumps to the next and everything stays in registers; a compiler that
// cannot promise them (g++-12) gets a loop over the same routines.
#if !defined(WUSONG_TAIL_CALLS)
#if defined(__clang__) && defined(__x86_64__)
#define WUSONG_TAIL_CALLS 1
#else
#define WUSONG_TAIL_CALLS 0
#endif
#endif

namespace wusong::vm::internal {

struct Frame;
struct Instruction;

#if WUSONG_TAIL_CALLS
using Handler = void(__attribute__((preserve_none)) *)(const Instruction* ip, U256* sp,
                                                       std::int64_t gas, Frame* frame);
#else
struct MachineRegisters {
  U256* sp;
  std::int64_t gas;
};
using Handler = const Instruction* (*)(const Instruction* ip, MachineRegisters& registers,
                                       Frame* frame);
#endif

struct Instruction {
  struct Block {
    std::uint32_t gas;       // static gas of all its instructions
    std::uint16_t required;  // least items at its start
    std::uint16_t range;     // items may exceed that by as much without overflowing
  };
  struct Pair {
    std::uint32_t first;
    std::uint32_t second;
  };
  Handler handler;
  union {
    std::uint64_t small;
    const U256* wide;
    const Instruction* target;
    Block block;
    Pair pair;
  };
};
static_assert(sizeof(Instruction) == 16);

/// Immutable once made; its instructions point into it, so it does not move.
class ThreadedCode {
 public:
  ThreadedCode(BytesView code, const ForkRules& rules);
  ThreadedCode(const ThreadedCode&) = delete;
  ThreadedCode& operator=(const ThreadedCode&) = delete;

  /// Where the byte at `pc` is decoded: for 0 and jump destinations. Elsewhere an instruction that
  /// fails with bad_jump_destination.
  const Instruction* entry(std::uint64_t pc) const noexcept {
    return &instructions_[pc < entries_.size() ? entries_[pc] : 0];
  }
  const Instruction* start() const noexcept { return &instructions_[1]; }
  const Instruction* bad_jump() const noexcept { return instructions_.data(); }
  /// The byte of code at which a block starts.
  std::uint32_t pc_of(const Instruction* block) const noexcept;
  std::size_t bytes_held() const noexcept;

 private:
  friend class Decoder;
  struct BlockStart {
    std::uint32_t index;
    std::uint32_t pc;
  };

  std::vector<Instruction> instructions_;
  std::vector<U256> constants_;
  std::vector<std::uint32_t> entries_;  // by pc; 0 is the failing instruction
  std::vector<BlockStart> blocks_;      // ascending
};

// What the decoder asks the routines for. Null where a combination is not fused.
struct Routines {
  static Handler bad_jump() noexcept;
  static Handler block() noexcept;
  static Handler undefined() noexcept;
  static Handler regular(std::uint8_t opcode) noexcept;  // and, after those that end a block,
                                                         // the check of the next
  static Handler jump() noexcept;
  static Handler jumpi() noexcept;
  static Handler push_small() noexcept;  // small
  static Handler push_wide() noexcept;   // wide
  static Handler push_two() noexcept;    // pair
  static Handler push_small_then(std::uint8_t opcode) noexcept;
  static Handler push_wide_then(std::uint8_t opcode) noexcept;
  static Handler dup_then(std::uint8_t dup, std::uint8_t opcode) noexcept;
  static Handler swap_then(std::uint8_t swap, std::uint8_t opcode) noexcept;
  static Handler jump_to() noexcept;  // target
  static Handler jump_nowhere() noexcept;
  static Handler jumpi_to() noexcept;  // target
  static Handler jumpi_nowhere() noexcept;
  /// A comparison (or ISZERO), perhaps an ISZERO, PUSH, JUMPI. target
  static Handler compare_jumpi_to(std::uint8_t opcode, bool negated) noexcept;
  /// DUP1, PUSH4, EQ, PUSH, JUMPI. pair: selector, instructions to go forward
  static Handler match_selector() noexcept;
};

/// Runs frame.threaded from frame.entry_pc.
void run_threaded(Frame& f);

}  // namespace wusong::vm::internal
