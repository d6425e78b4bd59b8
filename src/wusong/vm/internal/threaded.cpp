// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/internal/threaded.hpp"

#include <array>
#include <utility>

#include "wusong/vm/internal/engines.hpp"
#include "wusong/vm/internal/ops.hpp"

namespace wusong::vm::internal {
namespace {

// A routine is a class with one function, go(), inlined into its handler. It returns the next
// instruction; kExit ends the frame.
#define WUSONG_ROUTINE                                                    \
  static WUSONG_INLINE const Instruction* go(                             \
      [[maybe_unused]] const Instruction* ip, [[maybe_unused]] U256*& sp, \
      [[maybe_unused]] std::int64_t& gas, [[maybe_unused]] Frame& f)

#if WUSONG_TAIL_CALLS
template <typename Routine>
__attribute__((preserve_none)) void handle(const Instruction* ip, U256* sp, std::int64_t gas,
                                           Frame* f) {
  const Instruction* const next = Routine::go(ip, sp, gas, *f);
  [[clang::musttail]] return next->handler(next, sp, gas, f);
}
__attribute__((preserve_none)) void finish(const Instruction*, U256* sp, std::int64_t gas,
                                           Frame* f) {
  f->sp = sp;
  f->gas = gas;
}
#else
template <typename Routine>
const Instruction* handle(const Instruction* ip, MachineRegisters& r, Frame* f) {
  U256* sp = r.sp;
  std::int64_t gas = r.gas;
  const Instruction* const next = Routine::go(ip, sp, gas, *f);
  r.sp = sp;
  r.gas = gas;
  return next;
}
const Instruction* finish(const Instruction*, MachineRegisters& r, Frame* f) {
  f->sp = r.sp;
  f->gas = r.gas;
  return nullptr;
}
#endif

constexpr Instruction kExit{.handler = finish, .small = 0};

WUSONG_INLINE const Instruction* stop_with(Frame& f, Status status) noexcept {
  f.status = status;
  return &kExit;
}

/// The block cannot run to its end. The plain engine finds out where and why it stops.
[[gnu::cold, gnu::noinline]] const Instruction* leave(const Instruction* block, Frame& f) noexcept {
  f.resume = true;
  f.entry_pc = f.threaded->pc_of(block);
  return &kExit;
}

/// Checks the block at `block` and goes behind its head.
WUSONG_INLINE const Instruction* enter(const Instruction* block, U256* sp, std::int64_t& gas,
                                       Frame& f) noexcept {
  const auto size = static_cast<std::uint32_t>(sp - f.stack_base);
  const std::int64_t left = gas - static_cast<std::int64_t>(block->block.gas);
  if (left < 0 || size - block->block.required > block->block.range) [[unlikely]]
    return leave(block, f);
  gas = left;
  return block + 1;
}

struct BlockHead {
  WUSONG_ROUTINE { return enter(ip, sp, gas, f); }
};
struct BadJump {
  WUSONG_ROUTINE { return stop_with(f, Status::bad_jump_destination); }
};
struct Undefined {
  WUSONG_ROUTINE { return stop_with(f, Status::undefined_instruction); }
};

/// What the byte does, fused or not. The top moves by kOpcodes[kCode].change.
template <std::uint8_t kCode>
WUSONG_INLINE bool act(U256*& sp, std::int64_t& gas, Frame& f) {
  if constexpr (kCode >= 0x80 && kCode <= 0x8f) {
    run_dup<kCode - 0x7f>(sp);
  } else if constexpr (kCode >= 0x90 && kCode <= 0x9f) {
    run_swap<kCode - 0x8f>(sp);
  } else if constexpr (kCode >= 0xa0 && kCode <= 0xa4) {
    if (!run_log_n<kCode - 0xa0>(sp, gas, f)) return false;
  } else {
    if (!run<static_cast<Op>(kCode)>(sp, gas, f)) return false;
  }
  sp += kOpcodes[kCode].change;
  return true;
}

template <std::uint8_t kCode>
struct Regular {
  WUSONG_ROUTINE { return act<kCode>(sp, gas, f) ? ip + 1 : &kExit; }
};
template <std::uint8_t kCode>
struct BlockEnd {
  WUSONG_ROUTINE {
    if (!act<kCode>(sp, gas, f)) return &kExit;
    return enter(ip + 1, sp, gas, f);
  }
};
struct Gas {
  WUSONG_ROUTINE {
    *++sp = U256{static_cast<std::uint64_t>(gas)};
    return enter(ip + 1, sp, gas, f);
  }
};

struct Jump {
  WUSONG_ROUTINE {
    const Instruction* const to = f.threaded->entry(sp[0].saturated());
    sp -= 1;
    if (to == f.threaded->bad_jump()) [[unlikely]]
      return to;
    return enter(to, sp, gas, f);
  }
};
struct JumpIf {
  WUSONG_ROUTINE {
    const bool taken = !read(sp[-1]).is_zero();
    const U256& target = sp[0];
    sp -= 2;
    if (!taken) return enter(ip + 1, sp, gas, f);
    const Instruction* const to = f.threaded->entry(target.saturated());
    if (to == f.threaded->bad_jump()) [[unlikely]]
      return to;
    return enter(to, sp, gas, f);
  }
};
struct JumpTo {
  WUSONG_ROUTINE { return enter(ip->target, sp, gas, f); }
};
struct JumpIfTo {
  WUSONG_ROUTINE {
    const bool taken = !read(sp[0]).is_zero();
    sp -= 1;
    if (taken) return enter(ip->target, sp, gas, f);
    return enter(ip + 1, sp, gas, f);
  }
};
struct JumpIfNowhere {
  WUSONG_ROUTINE {
    const bool taken = !read(sp[0]).is_zero();
    sp -= 1;
    if (taken) return stop_with(f, Status::bad_jump_destination);
    return enter(ip + 1, sp, gas, f);
  }
};
template <Op kOp, bool kNegated>
struct CompareJumpTo {
  WUSONG_ROUTINE {
    act<static_cast<std::uint8_t>(kOp)>(sp, gas, f);
    const bool taken = (sp[0].low() != 0) != kNegated;
    sp -= 1;
    if (taken) return enter(ip->target, sp, gas, f);
    return enter(ip + 1, sp, gas, f);
  }
};
struct MatchSelector {
  WUSONG_ROUTINE {
    if (read(sp[0]) == U256{ip->pair.first}) return enter(ip + ip->pair.second, sp, gas, f);
    return enter(ip + 1, sp, gas, f);
  }
};

struct PushSmall {
  WUSONG_ROUTINE {
    *++sp = U256{ip->small};
    return ip + 1;
  }
};
struct PushWide {
  WUSONG_ROUTINE {
    *++sp = *ip->wide;
    return ip + 1;
  }
};
struct PushTwo {
  WUSONG_ROUTINE {
    sp[1] = U256{ip->pair.first};
    sp[2] = U256{ip->pair.second};
    sp += 2;
    return ip + 1;
  }
};
/// An instruction whose top operand is not on the stack; it makes or keeps the item below.
template <std::uint8_t kCode>
WUSONG_INLINE bool act_on(const U256& top, U256*& sp, std::int64_t& gas, Frame& f) {
  constexpr Op kOp = static_cast<Op>(kCode);
  if constexpr (kIsBinary<kOp>) {
    sp[0] = read(binary<kOp>(top, read(sp[0])));
  } else if constexpr (kOp == Op::mload) {
    if (!touch_word(top, gas, f)) [[unlikely]]
      return false;
    *++sp = read_memory(f.memory + top.low());
  } else if constexpr (kOp == Op::mstore) {
    if (!touch_word(top, gas, f)) [[unlikely]]
      return false;
    write_memory(read(*sp--), f.memory + top.low());
  } else {
    *++sp = top;
    return act<kCode>(sp, gas, f);
  }
  return true;
}
template <std::uint8_t kCode>
struct PushSmallThen {
  WUSONG_ROUTINE { return act_on<kCode>(U256{ip->small}, sp, gas, f) ? ip + 1 : &kExit; }
};
template <std::uint8_t kCode>
struct PushWideThen {
  WUSONG_ROUTINE { return act_on<kCode>(read(*ip->wide), sp, gas, f) ? ip + 1 : &kExit; }
};
template <std::uint8_t kDup, std::uint8_t kCode>
struct DupThen {
  WUSONG_ROUTINE { return act_on<kCode>(read(sp[0x80 - kDup]), sp, gas, f) ? ip + 1 : &kExit; }
};
template <std::uint8_t kFirst, std::uint8_t kSecond>
struct Both {
  WUSONG_ROUTINE {
    if (!act<kFirst>(sp, gas, f)) return &kExit;
    return act<kSecond>(sp, gas, f) ? ip + 1 : &kExit;
  }
};
template <int kN>
struct SwapPop {  // drops the item under the top kN - 1 deep, keeping the top
  WUSONG_ROUTINE {
    sp[-kN] = read(sp[0]);
    sp -= 1;
    return ip + 1;
  }
};

using HandlerTable = std::array<Handler, 256>;

constexpr bool sees_gas(Op op) noexcept {
  return op == Op::sstore || op == Op::create || op == Op::create2 || op == Op::call ||
         op == Op::callcode || op == Op::delegatecall || op == Op::staticcall;
}

template <std::uint8_t kCode>
constexpr Handler regular_handler() noexcept {
  constexpr Op kOp = static_cast<Op>(kCode);
  if constexpr (kOpcodes[kCode].gas < 0 || (kCode >= 0x60 && kCode <= 0x7f) || kOp == Op::jump ||
                kOp == Op::jumpi || kOp == Op::jumpdest || kOp == Op::pc) {
    return nullptr;
  } else if constexpr (kOp == Op::gas) {
    return handle<Gas>;
  } else if constexpr (sees_gas(kOp)) {
    return handle<BlockEnd<kCode>>;
  } else {
    return handle<Regular<kCode>>;
  }
}

template <std::size_t... kCodes>
constexpr HandlerTable make_regular(std::index_sequence<kCodes...>) noexcept {
  return {regular_handler<static_cast<std::uint8_t>(kCodes)>()...};
}
constexpr HandlerTable kRegular = make_regular(std::make_index_sequence<256>{});

constexpr std::size_t index_of(Op op) noexcept {
  return static_cast<std::size_t>(op);
}

template <Op... kOps>
constexpr HandlerTable make_push_small() noexcept {
  HandlerTable table{};
  ((table[index_of(kOps)] = handle<PushSmallThen<static_cast<std::uint8_t>(kOps)>>), ...);
  return table;
}
template <Op... kOps>
constexpr HandlerTable make_push_wide() noexcept {
  HandlerTable table{};
  ((table[index_of(kOps)] = handle<PushWideThen<static_cast<std::uint8_t>(kOps)>>), ...);
  return table;
}
template <std::uint8_t kFirst, Op... kOps>
constexpr HandlerTable make_both() noexcept {
  HandlerTable table{};
  ((table[index_of(kOps)] = handle<Both<kFirst, static_cast<std::uint8_t>(kOps)>>), ...);
  return table;
}

constexpr auto op_at(int number) noexcept {
  return static_cast<Op>(number);
}
constexpr HandlerTable kPushSmallThen =
    make_push_small<Op::add, Op::sub, Op::mul, Op::div, Op::mod, Op::exp, Op::signextend, Op::lt,
                    Op::gt, Op::slt, Op::sgt, Op::eq, Op::and_, Op::or_, Op::byte, Op::shl, Op::shr,
                    Op::sar, Op::mload, Op::mstore, Op::mstore8, Op::calldataload, Op::sload,
                    Op::not_, op_at(0x80), op_at(0x81), op_at(0x82), op_at(0x83), op_at(0x84),
                    op_at(0x85), op_at(0x90), op_at(0x91), op_at(0x92)>();
constexpr HandlerTable kPushWideThen =
    make_push_wide<Op::add, Op::sub, Op::mul, Op::div, Op::and_, Op::or_, Op::xor_, Op::eq, Op::lt,
                   Op::gt, Op::not_, op_at(0x81), op_at(0x82)>();

template <std::uint8_t kDup, Op... kOps>
constexpr HandlerTable make_dup_then() noexcept {
  HandlerTable table{};
  ((table[index_of(kOps)] = handle<DupThen<kDup, static_cast<std::uint8_t>(kOps)>>), ...);
  return table;
}
template <std::uint8_t kDup>
constexpr HandlerTable make_dup() noexcept {
  return make_dup_then<kDup, Op::add, Op::sub, Op::mul, Op::lt, Op::gt, Op::slt, Op::eq, Op::and_,
                       Op::mload, Op::mstore, Op::iszero, Op::calldataload>();
}
constexpr std::array<HandlerTable, 6> kDupThen{make_dup<0x80>(), make_dup<0x81>(),
                                               make_dup<0x82>(), make_dup<0x83>(),
                                               make_dup<0x84>(), make_dup<0x85>()};
constexpr HandlerTable kSwap1Then =
    make_both<0x90, Op::sub, Op::div, Op::mstore, Op::add, op_at(0x81), op_at(0x82), op_at(0x91)>();
template <std::size_t... kN>
constexpr std::array<Handler, 16> make_swap_pop(std::index_sequence<kN...>) noexcept {
  return {handle<SwapPop<static_cast<int>(kN) + 1>>...};
}
constexpr auto kSwapPop = make_swap_pop(std::make_index_sequence<16>{});

}  // namespace

Handler Routines::bad_jump() noexcept {
  return handle<BadJump>;
}
Handler Routines::block() noexcept {
  return handle<BlockHead>;
}
Handler Routines::undefined() noexcept {
  return handle<Undefined>;
}
Handler Routines::regular(std::uint8_t opcode) noexcept {
  return kRegular[opcode];
}
Handler Routines::jump() noexcept {
  return handle<Jump>;
}
Handler Routines::jumpi() noexcept {
  return handle<JumpIf>;
}
Handler Routines::push_small() noexcept {
  return handle<PushSmall>;
}
Handler Routines::push_wide() noexcept {
  return handle<PushWide>;
}
Handler Routines::push_two() noexcept {
  return handle<PushTwo>;
}
Handler Routines::push_small_then(std::uint8_t opcode) noexcept {
  return kPushSmallThen[opcode];
}
Handler Routines::push_wide_then(std::uint8_t opcode) noexcept {
  return kPushWideThen[opcode];
}
Handler Routines::dup_then(std::uint8_t dup, std::uint8_t opcode) noexcept {
  const auto n = static_cast<std::size_t>(dup - 0x80);
  return n < kDupThen.size() ? kDupThen[n][opcode] : nullptr;
}
Handler Routines::swap_then(std::uint8_t swap, std::uint8_t opcode) noexcept {
  if (opcode == static_cast<std::uint8_t>(Op::pop)) return kSwapPop[swap - 0x90u];
  return swap == 0x90 ? kSwap1Then[opcode] : nullptr;
}
Handler Routines::jump_to() noexcept {
  return handle<JumpTo>;
}
Handler Routines::jump_nowhere() noexcept {
  return handle<BadJump>;
}
Handler Routines::jumpi_to() noexcept {
  return handle<JumpIfTo>;
}
Handler Routines::jumpi_nowhere() noexcept {
  return handle<JumpIfNowhere>;
}
Handler Routines::compare_jumpi_to(std::uint8_t opcode, bool negated) noexcept {
  const auto pick = [negated]<Op kOp>() -> Handler {
    return negated ? Handler{handle<CompareJumpTo<kOp, true>>}
                   : Handler{handle<CompareJumpTo<kOp, false>>};
  };
  switch (static_cast<Op>(opcode)) {
    case Op::lt:
      return pick.operator()<Op::lt>();
    case Op::gt:
      return pick.operator()<Op::gt>();
    case Op::slt:
      return pick.operator()<Op::slt>();
    case Op::sgt:
      return pick.operator()<Op::sgt>();
    case Op::eq:
      return pick.operator()<Op::eq>();
    default:
      return pick.operator()<Op::iszero>();
  }
}
Handler Routines::match_selector() noexcept {
  return handle<MatchSelector>;
}

void run_threaded(Frame& f) {
  const Instruction* const ip =
      f.entry_pc == 0 ? f.threaded->start() : f.threaded->entry(f.entry_pc);
#if WUSONG_TAIL_CALLS
  ip->handler(ip, f.sp, f.gas, &f);
#else
  MachineRegisters registers{f.sp, f.gas};
  for (const Instruction* next = ip; next != nullptr;) next = next->handler(next, registers, &f);
#endif
}

}  // namespace wusong::vm::internal
