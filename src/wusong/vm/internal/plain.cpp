// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/internal/engines.hpp"
#include "wusong/vm/internal/ops.hpp"

namespace wusong::vm::internal {
namespace {

struct Registers {
  const std::uint8_t* pc;
  U256* sp;
  std::int64_t gas;
};

/// Stack and static gas, in the order Ethereum's clients check them.
template <std::uint8_t kCode>
WUSONG_INLINE bool admit(Registers& r, Frame& f) {
  constexpr OpcodeInfo kInfo = kOpcodes[kCode];
  if constexpr (kInfo.since > Fork::berlin) {
    if (f.rules->gas[kCode] < 0) [[unlikely]]
      return fail_with(f, Status::undefined_instruction);
  }
  const std::ptrdiff_t size = r.sp - f.stack_base;
  if constexpr (kInfo.required > 0) {
    if (size < kInfo.required) [[unlikely]]
      return fail_with(f, Status::stack_underflow);
  }
  if constexpr (kInfo.change > 0) {
    if (size + kInfo.change > static_cast<std::ptrdiff_t>(kStackItemsMax)) [[unlikely]]
      return fail_with(f, Status::stack_overflow);
  }
  if constexpr (kInfo.gas > 0) {
    r.gas -= kInfo.gas;
    if (r.gas < 0) [[unlikely]]
      return fail_with(f, Status::out_of_gas);
  }
  return true;
}

template <bool kTraced>
WUSONG_INLINE bool jump(Registers& r, Frame& f, const U256& to) {
  const std::uint64_t target = to.saturated();
  if (target >= f.code_size || (f.jump_map[target / 64] >> (target % 64) & 1) == 0) [[unlikely]]
    return fail_with(f, Status::bad_jump_destination);
  const std::uint8_t* const next = f.code + target;
  const bool backwards = next <= r.pc;
  r.pc = next;
  if constexpr (!kTraced) {
    if (backwards && f.loops_left != 0 && --f.loops_left == 0) [[unlikely]] {
      f.resume = true;
      f.entry_pc = static_cast<std::uint32_t>(target);
      r.sp -= 1;  // the caller has no chance to
      return false;
    }
  }
  return true;
}

template <unsigned kBytes>
WUSONG_INLINE U256 load_immediate(const std::uint8_t* from) noexcept {
  if constexpr (kBytes <= 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);  // the padding allows it
    return U256{__builtin_bswap64(word) >> (64 - 8 * kBytes)};
  } else {
    return load_be(from) >> (256 - 8 * kBytes);
  }
}

/// Everything that is not control flow: the families, or run<Op>.
template <std::uint8_t kCode>
WUSONG_INLINE bool execute_one(Registers& r, Frame& f) {
  if constexpr (kCode >= 0x60 && kCode <= 0x7f) {
    constexpr unsigned kBytes = kCode - 0x5f;
    r.sp[1] = load_immediate<kBytes>(r.pc + 1);
    r.pc += kBytes;
  } else if constexpr (kCode >= 0x80 && kCode <= 0x8f) {
    run_dup<kCode - 0x7f>(r.sp);
  } else if constexpr (kCode >= 0x90 && kCode <= 0x9f) {
    run_swap<kCode - 0x8f>(r.sp);
  } else if constexpr (kCode >= 0xa0 && kCode <= 0xa4) {
    if (!run_log_n<kCode - 0xa0>(r.sp, r.gas, f)) return false;
  } else if constexpr (kCode == static_cast<std::uint8_t>(Op::pc)) {
    r.sp[1] = U256{static_cast<std::uint64_t>(r.pc - f.code)};
  } else if constexpr (kCode == static_cast<std::uint8_t>(Op::gas)) {
    r.sp[1] = U256{static_cast<std::uint64_t>(r.gas)};
  } else if constexpr (kCode != static_cast<std::uint8_t>(Op::jumpdest)) {
    if (!run<static_cast<Op>(kCode)>(r.sp, r.gas, f)) return false;
  }
  return true;
}

template <std::uint8_t kCode, bool kTraced>
WUSONG_INLINE bool step(Registers& r, Frame& f) {
  constexpr OpcodeInfo kInfo = kOpcodes[kCode];
  if constexpr (kInfo.gas < 0) {
    return fail_with(f, Status::undefined_instruction);
  } else {
    if (!admit<kCode>(r, f)) return false;
    if constexpr (kCode == static_cast<std::uint8_t>(Op::jump)) {
      if (!jump<kTraced>(r, f, r.sp[0])) return false;
      r.sp -= 1;
    } else if constexpr (kCode == static_cast<std::uint8_t>(Op::jumpi)) {
      const bool taken = !read(r.sp[-1]).is_zero();
      r.sp -= 1;
      if (taken) {
        if (!jump<kTraced>(r, f, r.sp[1])) return false;
      } else {
        ++r.pc;
      }
      r.sp -= 1;
    } else {
      if (!execute_one<kCode>(r, f)) return false;
      r.sp += kInfo.change;
      ++r.pc;
    }
    return true;
  }
}

#define WUSONG_CASE(n)                                      \
  case n:                                                   \
    ok = step<static_cast<std::uint8_t>(n), kTraced>(r, f); \
    break;
#define WUSONG_CASES4(n) \
  WUSONG_CASE(n) WUSONG_CASE((n) + 1) WUSONG_CASE((n) + 2) WUSONG_CASE((n) + 3)
#define WUSONG_CASES16(n) \
  WUSONG_CASES4(n) WUSONG_CASES4((n) + 4) WUSONG_CASES4((n) + 8) WUSONG_CASES4((n) + 12)
#define WUSONG_CASES64(n) \
  WUSONG_CASES16(n) WUSONG_CASES16((n) + 16) WUSONG_CASES16((n) + 32) WUSONG_CASES16((n) + 48)

template <bool kTraced>
WUSONG_INLINE bool step_any(Registers& r, Frame& f) {
  bool ok = false;
  switch (*r.pc) {
    WUSONG_CASES64(0)
    WUSONG_CASES64(64)
    WUSONG_CASES64(128)
    WUSONG_CASES64(192)
  }
  return ok;
}

Tracer::Step describe(const Registers& r, const Frame& f) {
  return {.pc = static_cast<std::uint32_t>(r.pc - f.code),
          .opcode = *r.pc,
          .gas = r.gas,
          .gas_cost = f.rules->gas[*r.pc] > 0 ? f.rules->gas[*r.pc] : 0,
          .depth = f.message->depth,
          .stack_top = r.sp,
          .stack_size = static_cast<std::size_t>(r.sp - f.stack_base),
          .memory = {f.memory, f.memory_size},
          .return_data = f.return_data,
          .refund = f.refund,
          .message = f.message};
}

}  // namespace

void run_plain(Frame& f) {
  Registers r{f.code + f.entry_pc, f.sp, f.gas};
  while (step_any<false>(r, f)) {
  }
  f.sp = r.sp;
  f.gas = r.gas;
}

void run_traced(Frame& f) {
  Registers r{f.code + f.entry_pc, f.sp, f.gas};
  for (;;) {
    const auto before = describe(r, f);
    f.step_gas = r.gas;
    f.step_cost_reported = false;
    f.step_tracer->on_step(before);
    const bool ok = step_any<true>(r, f);
    if (!ok && f.status != Status::success && f.status != Status::revert) {
      f.step_tracer->on_fault(before, f.status);
    } else if (!f.step_cost_reported && f.step_gas - r.gas != before.gas_cost) {
      f.step_tracer->on_cost(f.step_gas - r.gas);
    }
    if (!ok) break;
  }
  f.sp = r.sp;
  f.gas = r.gas;
}

}  // namespace wusong::vm::internal
