// SPDX-License-Identifier: Apache-2.0
// Instructions that leave the dispatch loop: they read and write frame.gas, and return false with
// frame.status set when they fail. `sp` is the top before the instruction; results go to the slot
// that is the top after it.
#pragma once

#include "wusong/vm/internal/frame.hpp"

namespace wusong::vm::internal {

inline bool fail_with(Frame& f, Status status) noexcept {
  f.status = status;
  return false;
}

/// Makes memory reach `end` bytes, zeroed, and charges for it.
bool grow_memory(Frame& f, std::uint64_t end);
/// The same for a range as instructions give it: a size of zero touches nothing.
bool touch_memory(Frame& f, const U256& offset, const U256& size);
/// The same for one word.
bool touch_memory_word(Frame& f, std::uint64_t offset);

bool run_exp(U256* sp, Frame& f);
bool run_keccak256(U256* sp, Frame& f);
bool run_balance(U256* sp, Frame& f);
bool run_calldataload(U256* sp, Frame& f) noexcept;
bool run_calldatacopy(U256* sp, Frame& f);
bool run_codecopy(U256* sp, Frame& f);
bool run_extcodesize(U256* sp, Frame& f);
bool run_extcodecopy(U256* sp, Frame& f);
bool run_returndatacopy(U256* sp, Frame& f);
bool run_extcodehash(U256* sp, Frame& f);
bool run_blockhash(U256* sp, Frame& f);
bool run_selfbalance(U256* sp, Frame& f);
bool run_blobhash(U256* sp, Frame& f);
bool run_sload(U256* sp, Frame& f);
bool run_sstore(U256* sp, Frame& f);
bool run_tload(U256* sp, Frame& f);
bool run_tstore(U256* sp, Frame& f);
bool run_mcopy(U256* sp, Frame& f);
bool run_log(U256* sp, Frame& f, std::size_t topic_count);
bool run_create(U256* sp, Frame& f, bool is_create2);
bool run_call(U256* sp, Frame& f, CallKind kind);
bool run_return(U256* sp, Frame& f, Status status);
bool run_selfdestruct(U256* sp, Frame& f);

}  // namespace wusong::vm::internal
