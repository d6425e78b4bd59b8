// SPDX-License-Identifier: Apache-2.0
// What an instruction about to run will touch, read off its stack.
#pragma once

#include <optional>

#include "wusong/vm/host.hpp"
#include "wusong/vm/opcodes.hpp"

namespace wusong::exec::internal {

/// Item `index` from the top.
inline const U256& stack_item(const vm::Tracer::Step& step, std::size_t index) noexcept {
  return *(step.stack_top - index);
}
inline Address to_address(const U256& word) noexcept {
  return Address::from(to_hash(word).view().subspan(12));
}

/// SLOAD or SSTORE of stack item 0.
inline bool touches_slot(const vm::Tracer::Step& step) noexcept {
  const auto op = static_cast<vm::Op>(step.opcode);
  return step.stack_size >= 1 && (op == vm::Op::sload || op == vm::Op::sstore);
}

/// The account that an instruction other than a create names.
inline std::optional<Address> touched_account(const vm::Tracer::Step& step) noexcept {
  switch (static_cast<vm::Op>(step.opcode)) {
    case vm::Op::extcodecopy:
    case vm::Op::extcodehash:
    case vm::Op::extcodesize:
    case vm::Op::balance:
    case vm::Op::selfdestruct:
      if (step.stack_size < 1) return std::nullopt;
      return to_address(stack_item(step, 0));
    case vm::Op::call:
    case vm::Op::callcode:
    case vm::Op::delegatecall:
    case vm::Op::staticcall:
      if (step.stack_size < 5) return std::nullopt;
      return to_address(stack_item(step, 1));
    default:
      return std::nullopt;
  }
}

}  // namespace wusong::exec::internal
