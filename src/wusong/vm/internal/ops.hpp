// SPDX-License-Identifier: Apache-2.0
// What each instruction does, once, for every engine. run<Op> gets the stack's top before the
// instruction and leaves its results where the top is after it; the engine has checked the stack,
// charged the static gas and moves the top. It returns false, status set, where the frame ends.
// Jumps, PUSH, PC, GAS and JUMPDEST depend on how code is laid out and belong to the engines.
#pragma once

#include <cstring>
#include <utility>

#include "wusong/vm/internal/heavy.hpp"

namespace wusong::vm::internal {

template <Op>
bool run(U256* sp, std::int64_t& gas, Frame& f) = delete;

#define WUSONG_OP(name)                                                                            \
  template <>                                                                                      \
  WUSONG_INLINE bool run<Op::name>([[maybe_unused]] U256 * sp, [[maybe_unused]] std::int64_t& gas, \
                                   [[maybe_unused]] Frame& f)
#define WUSONG_PURE_OP(name, ...) \
  WUSONG_OP(name) {               \
    __VA_ARGS__;                  \
    return true;                  \
  }
/// An instruction that lives in heavy.cpp.
#define WUSONG_HEAVY_OP(name, call) \
  WUSONG_OP(name) {                 \
    f.gas = gas;                    \
    const bool ok = call;           \
    gas = f.gas;                    \
    return ok;                      \
  }

/// A word of the stack.
WUSONG_INLINE U256 read(const U256& from) noexcept {
  return copy_by_limbs(from);
}
/// Memory's words go the same way.
WUSONG_INLINE U256 read_memory(const std::uint8_t* from) noexcept {
  return copy_by_limbs(load_be(from));
}
WUSONG_INLINE void write_memory(const U256& word, std::uint8_t* to) noexcept {
  for (int i = 0; i < 4; ++i) {
    std::uint64_t swapped = __builtin_bswap64(word.limb[3 - i]);
    __asm__("" : "+r"(swapped));
    std::memcpy(to + 8 * i, &swapped, 8);
  }
}

/// Instructions that make one word of two, `a` having been on top.
template <Op>
inline constexpr bool kIsBinary = false;
template <Op>
U256 binary(const U256& a, const U256& b) = delete;

#define WUSONG_BINARY_OP(name, result)                                \
  template <>                                                         \
  inline constexpr bool kIsBinary<Op::name> = true;                   \
  template <>                                                         \
  WUSONG_INLINE U256 binary<Op::name>(const U256& a, const U256& b) { \
    return result;                                                    \
  }                                                                   \
  WUSONG_PURE_OP(name, sp[-1] = read(binary<Op::name>(read(sp[0]), read(sp[-1]))))

WUSONG_INLINE U256 truth(bool value) noexcept {
  return U256{static_cast<std::uint64_t>(value)};
}
/// A shift distance: 256 stands for everything from there on.
WUSONG_INLINE unsigned shift_distance(const U256& value) noexcept {
  return value.fits_u64() && value.low() < 256 ? static_cast<unsigned>(value.low()) : 256;
}
WUSONG_INLINE U256 byte_of(const U256& value, std::uint64_t index) noexcept {
  const std::uint64_t from_low = 31 - index;
  return index < 32 ? U256{value.limb[from_low / 8] >> (8 * (from_low % 8)) & 0xff} : U256{};
}
WUSONG_INLINE U256 extend(const U256& value, std::uint64_t last) noexcept {
  return last < 31 ? sign_extend(value, static_cast<unsigned>(last)) : value;
}

WUSONG_BINARY_OP(add, a + b)
WUSONG_BINARY_OP(mul, a* b)
WUSONG_BINARY_OP(sub, a - b)
WUSONG_BINARY_OP(div, divide(a, b).quotient)
WUSONG_BINARY_OP(sdiv, divide_signed(a, b).quotient)
WUSONG_BINARY_OP(mod, divide(a, b).remainder)
WUSONG_BINARY_OP(smod, divide_signed(a, b).remainder)
WUSONG_BINARY_OP(signextend, extend(b, a.saturated()))
WUSONG_BINARY_OP(lt, truth(a < b))
WUSONG_BINARY_OP(gt, truth(a > b))
WUSONG_BINARY_OP(slt, truth(signed_less(a, b)))
WUSONG_BINARY_OP(sgt, truth(signed_less(b, a)))
WUSONG_BINARY_OP(eq, truth(a == b))
WUSONG_BINARY_OP(and_, a& b)
WUSONG_BINARY_OP(or_, a | b)
WUSONG_BINARY_OP(xor_, a ^ b)
WUSONG_BINARY_OP(byte, byte_of(b, a.saturated()))
WUSONG_BINARY_OP(shl, b << shift_distance(a))
WUSONG_BINARY_OP(shr, b >> shift_distance(a))
WUSONG_BINARY_OP(sar, shift_right_signed(b, shift_distance(a)))
WUSONG_PURE_OP(addmod, sp[-2] = read(add_mod(sp[0], sp[-1], sp[-2])))
WUSONG_PURE_OP(mulmod, sp[-2] = read(mul_mod(sp[0], sp[-1], sp[-2])))
WUSONG_PURE_OP(iszero, sp[0] = truth(read(sp[0]).is_zero()))
WUSONG_PURE_OP(not_, sp[0] = ~read(sp[0]))
WUSONG_PURE_OP(clz, sp[0] = U256{256 - sp[0].bit_width()})

// The frame and its surroundings.
WUSONG_PURE_OP(address, sp[1] = to_u256(f.message->recipient))
WUSONG_PURE_OP(origin, sp[1] = to_u256(f.tx->origin))
WUSONG_PURE_OP(caller, sp[1] = to_u256(f.message->sender))
WUSONG_PURE_OP(callvalue, sp[1] = f.message->value)
WUSONG_PURE_OP(calldatasize, sp[1] = U256{f.message->input.size()})
WUSONG_PURE_OP(codesize, sp[1] = U256{f.code_size})
WUSONG_PURE_OP(gasprice, sp[1] = f.tx->gas_price)
WUSONG_PURE_OP(returndatasize, sp[1] = U256{f.return_data.size()})
WUSONG_PURE_OP(coinbase, sp[1] = to_u256(f.tx->coinbase))
WUSONG_PURE_OP(timestamp, sp[1] = U256{f.tx->timestamp})
WUSONG_PURE_OP(number, sp[1] = U256{f.tx->block_number})
WUSONG_PURE_OP(prevrandao, sp[1] = to_u256(f.tx->prev_randao))
WUSONG_PURE_OP(gaslimit, sp[1] = U256{f.tx->gas_limit})
WUSONG_PURE_OP(chainid, sp[1] = U256{f.tx->chain_id})
WUSONG_PURE_OP(basefee, sp[1] = f.tx->base_fee)
WUSONG_PURE_OP(blobbasefee, sp[1] = f.tx->blob_base_fee)
WUSONG_PURE_OP(pop, static_cast<void>(0))
WUSONG_PURE_OP(msize, sp[1] = U256{f.memory_size})
WUSONG_PURE_OP(push0, sp[1] = U256{})

WUSONG_OP(calldataload) {
  const std::uint64_t offset = sp[0].saturated();
  const BytesView input = f.message->input;
  if (input.size() >= 32 && offset <= input.size() - 32) [[likely]] {
    sp[0] = read_memory(input.data() + offset);
    return true;
  }
  return run_calldataload(sp, f);
}

/// A word at `offset` lies inside memory afterwards.
WUSONG_INLINE bool touch_word(const U256& offset, std::int64_t& gas, Frame& f) {
  if ((offset.limb[1] | offset.limb[2] | offset.limb[3]) == 0 && offset.limb[0] < f.word_limit)
      [[likely]]
    return true;
  f.gas = gas;
  const bool ok = touch_memory_word(f, offset.saturated());
  gas = f.gas;
  return ok;
}
WUSONG_OP(mload) {
  const U256 offset = read(sp[0]);
  if (!touch_word(offset, gas, f)) [[unlikely]]
    return false;
  sp[0] = read_memory(f.memory + offset.low());
  return true;
}
WUSONG_OP(mstore) {
  const U256 offset = read(sp[0]);
  if (!touch_word(offset, gas, f)) [[unlikely]]
    return false;
  write_memory(read(sp[-1]), f.memory + offset.low());
  return true;
}
WUSONG_OP(mstore8) {
  if (!sp[0].fits_u64() || sp[0].low() >= f.memory_size) [[unlikely]] {
    f.gas = gas;
    const bool ok = touch_memory(f, sp[0], U256{1});
    gas = f.gas;
    if (!ok) return false;
  }
  f.memory[sp[0].low()] = static_cast<std::uint8_t>(sp[-1].low());
  return true;
}

WUSONG_HEAVY_OP(exp, run_exp(sp, f))
WUSONG_HEAVY_OP(keccak256, run_keccak256(sp, f))
WUSONG_HEAVY_OP(balance, run_balance(sp, f))
WUSONG_HEAVY_OP(calldatacopy, run_calldatacopy(sp, f))
WUSONG_HEAVY_OP(codecopy, run_codecopy(sp, f))
WUSONG_HEAVY_OP(extcodesize, run_extcodesize(sp, f))
WUSONG_HEAVY_OP(extcodecopy, run_extcodecopy(sp, f))
WUSONG_HEAVY_OP(returndatacopy, run_returndatacopy(sp, f))
WUSONG_HEAVY_OP(extcodehash, run_extcodehash(sp, f))
WUSONG_HEAVY_OP(blockhash, run_blockhash(sp, f))
WUSONG_HEAVY_OP(selfbalance, run_selfbalance(sp, f))
WUSONG_HEAVY_OP(blobhash, run_blobhash(sp, f))
WUSONG_HEAVY_OP(sload, run_sload(sp, f))
WUSONG_HEAVY_OP(sstore, run_sstore(sp, f))
WUSONG_HEAVY_OP(tload, run_tload(sp, f))
WUSONG_HEAVY_OP(tstore, run_tstore(sp, f))
WUSONG_HEAVY_OP(mcopy, run_mcopy(sp, f))
WUSONG_HEAVY_OP(create, run_create(sp, f, false))
WUSONG_HEAVY_OP(create2, run_create(sp, f, true))
WUSONG_HEAVY_OP(call, run_call(sp, f, CallKind::call))
WUSONG_HEAVY_OP(callcode, run_call(sp, f, CallKind::call_code))
WUSONG_HEAVY_OP(delegatecall, run_call(sp, f, CallKind::delegate_call))
WUSONG_HEAVY_OP(staticcall, run_call(sp, f, CallKind::static_call))
WUSONG_HEAVY_OP(return_, run_return(sp, f, Status::success))
WUSONG_HEAVY_OP(revert, run_return(sp, f, Status::revert))
WUSONG_HEAVY_OP(selfdestruct, run_selfdestruct(sp, f))
WUSONG_OP(stop) {
  return fail_with(f, Status::success);
}
WUSONG_OP(invalid) {
  return fail_with(f, Status::invalid_instruction);
}

// Families.
template <int N>  // 1..16
WUSONG_INLINE void run_dup(U256* sp) noexcept {
  sp[1] = read(sp[1 - N]);
}
template <int N>  // 1..16
WUSONG_INLINE void run_swap(U256* sp) noexcept {
  const U256 top = read(sp[0]);
  sp[0] = read(sp[-N]);
  sp[-N] = top;
}
template <int N>  // 0..4
WUSONG_INLINE bool run_log_n(U256* sp, std::int64_t& gas, Frame& f) {
  f.gas = gas;
  const bool ok = run_log(sp, f, N);
  gas = f.gas;
  return ok;
}

}  // namespace wusong::vm::internal
