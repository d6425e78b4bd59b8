// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/internal/heavy.hpp"

#include <algorithm>
#include <cstring>

namespace wusong::vm::internal {
namespace {

/// No block's gas buys more memory; offsets beyond it need no exact cost.
constexpr std::uint64_t kMemoryMax = 0xffffffff;

constexpr std::int64_t words(std::uint64_t size) noexcept {
  return static_cast<std::int64_t>((size + 31) / 32);
}

bool charge(Frame& f, std::int64_t cost) noexcept {
  f.gas -= cost;
  return f.gas >= 0 || fail_with(f, Status::out_of_gas);
}

Address to_address(const U256& value) noexcept {
  std::uint8_t word[32];
  store_be(value, word);
  return Address::from({word + 12, 20});
}

/// Charges for touching an account beyond the warm cost, which is static.
bool charge_account(Frame& f, const Address& address) {
  return f.host->access_account(address) || charge(f, kColdAccountGas - kWarmGas);
}

/// Copies from `source` at `from`, zeros beyond its end. The destination has been touched.
void copy_padded(std::uint8_t* to, BytesView source, const U256& from, std::size_t size) noexcept {
  const std::size_t start = std::min<std::uint64_t>(from.saturated(), source.size());
  const std::size_t count = std::min(size, source.size() - start);
  if (count != 0) std::memcpy(to, source.data() + start, count);
  if (size > count) std::memset(to + count, 0, size - count);
}

/// Touches memory for a copying instruction and charges for its words.
bool prepare_copy(Frame& f, const U256& to, const U256& size) {
  return touch_memory(f, to, size) && charge(f, kCopyWordGas * words(size.low()));
}

/// A view of touched memory.
BytesView memory_view(const Frame& f, const U256& offset, const U256& size) noexcept {
  return size.is_zero() ? BytesView{} : BytesView{f.memory + offset.low(), size.low()};
}

/// Lets frames below use what is above this one's stack and memory.
void lend_arenas(const Frame& f, const U256* sp) noexcept {
  f.vm->stack_arena.use_until(reinterpret_cast<const RawWord*>(sp + 1));
  f.vm->memory_arena.use_until(f.memory + f.memory_size);
}

void report_step_cost(Frame& f, std::int64_t forwarded) {
  if (f.step_tracer == nullptr) return;
  f.step_tracer->on_cost(f.step_gas - f.gas + forwarded);
  f.step_cost_reported = true;
}

}  // namespace

bool grow_memory(Frame& f, std::uint64_t end) {
  if (end <= f.memory_size) return true;
  if (end > kMemoryMax) return fail_with(f, Status::out_of_gas);
  const std::int64_t old_words = static_cast<std::int64_t>(f.memory_size / 32);
  const std::int64_t new_words = words(end);
  const auto total = [](std::int64_t n) { return 3 * n + n * n / 512; };
  if (!charge(f, total(new_words) - total(old_words))) return false;
  const std::size_t new_size = static_cast<std::size_t>(new_words) * 32;
  if (new_size > f.memory_capacity) [[unlikely]] {
    auto& arena = f.vm->memory_arena;
    std::uint8_t* const moved = arena.take(new_size);
    if (f.memory_size != 0) std::memcpy(moved, f.memory, f.memory_size);
    f.memory = moved;
    f.memory_capacity = arena.available();
  }
  std::memset(f.memory + f.memory_size, 0, new_size - f.memory_size);
  f.memory_size = new_size;
  f.word_limit = new_size - 31;
  return true;
}

bool touch_memory(Frame& f, const U256& offset, const U256& size) {
  if (size.is_zero()) return true;
  if (!offset.fits_u64() || !size.fits_u64() || offset.low() > kMemoryMax ||
      size.low() > kMemoryMax)
    return fail_with(f, Status::out_of_gas);
  return grow_memory(f, offset.low() + size.low());
}

bool touch_memory_word(Frame& f, std::uint64_t offset) {
  if (offset > kMemoryMax) return fail_with(f, Status::out_of_gas);
  return grow_memory(f, offset + 32);
}

bool run_exp(U256* sp, Frame& f) {
  const std::int64_t bytes = (sp[-1].bit_width() + 7) / 8;
  if (!charge(f, kExpByteGas * bytes)) return false;
  sp[-1] = power(sp[0], sp[-1]);
  return true;
}

bool run_keccak256(U256* sp, Frame& f) {
  if (!touch_memory(f, sp[0], sp[-1])) return false;
  if (!charge(f, kKeccakWordGas * words(sp[-1].low()))) return false;
  sp[-1] = to_u256(f.vm->keccak.digest(memory_view(f, sp[0], sp[-1])));
  return true;
}

bool run_balance(U256* sp, Frame& f) {
  const Address address = to_address(sp[0]);
  if (!charge_account(f, address)) return false;
  sp[0] = f.host->balance(address);
  return true;
}

bool run_calldataload(U256* sp, Frame& f) noexcept {
  std::uint8_t word[32];
  copy_padded(word, f.message->input, sp[0], 32);
  sp[0] = load_be(word);
  return true;
}

bool run_calldatacopy(U256* sp, Frame& f) {
  if (!prepare_copy(f, sp[0], sp[-2])) return false;
  if (!sp[-2].is_zero())
    copy_padded(f.memory + sp[0].low(), f.message->input, sp[-1], sp[-2].low());
  return true;
}

bool run_codecopy(U256* sp, Frame& f) {
  if (!prepare_copy(f, sp[0], sp[-2])) return false;
  if (!sp[-2].is_zero())
    copy_padded(f.memory + sp[0].low(), {f.code, f.code_size}, sp[-1], sp[-2].low());
  return true;
}

bool run_extcodesize(U256* sp, Frame& f) {
  const Address address = to_address(sp[0]);
  if (!charge_account(f, address)) return false;
  sp[0] = U256{f.host->code_size(address)};
  return true;
}

bool run_extcodecopy(U256* sp, Frame& f) {
  const Address address = to_address(sp[0]);
  if (!prepare_copy(f, sp[-1], sp[-3]) || !charge_account(f, address)) return false;
  if (!sp[-3].is_zero())
    copy_padded(f.memory + sp[-1].low(), f.host->code(address), sp[-2], sp[-3].low());
  return true;
}

bool run_returndatacopy(U256* sp, Frame& f) {
  const std::size_t held = f.return_data.size();
  // Checked even for size zero (EIP-211).
  if (sp[-1].saturated() > held || sp[-2].saturated() > held - sp[-1].low())
    return fail_with(f, Status::invalid_memory_access);
  if (!prepare_copy(f, sp[0], sp[-2])) return false;
  if (!sp[-2].is_zero())
    std::memcpy(f.memory + sp[0].low(), f.return_data.data() + sp[-1].low(), sp[-2].low());
  return true;
}

bool run_extcodehash(U256* sp, Frame& f) {
  const Address address = to_address(sp[0]);
  if (!charge_account(f, address)) return false;
  sp[0] = to_u256(f.host->code_hash(address));
  return true;
}

bool run_blockhash(U256* sp, Frame& f) {
  sp[0] = sp[0].fits_u64() ? to_u256(f.host->block_hash(sp[0].low())) : U256{};
  return true;
}

bool run_selfbalance(U256* sp, Frame& f) {
  sp[1] = f.host->balance(f.message->recipient);
  return true;
}

bool run_blobhash(U256* sp, Frame& f) {
  const auto* hashes = f.tx->blob_hashes;
  const std::uint64_t index = sp[0].saturated();
  sp[0] = hashes != nullptr && index < hashes->size() ? to_u256((*hashes)[index]) : U256{};
  return true;
}

bool run_sload(U256* sp, Frame& f) {
  const Address& self = f.message->recipient;
  if (!f.host->access_storage(self, sp[0]) && !charge(f, kColdSlotGas - kWarmGas)) return false;
  sp[0] = f.host->get_storage(self, sp[0]);
  return true;
}

namespace {

struct SstoreCost {
  std::int64_t gas;
  std::int64_t refund;
};
/// @source EIP-2200 with the costs of EIP-2929 and the refunds of EIP-3529
SstoreCost sstore_cost(StorageStatus status, std::int64_t clear) noexcept {
  constexpr std::int64_t kUndoSet = kSstoreSetGas - kWarmGas;
  constexpr std::int64_t kUndoReset = kSstoreResetGas - kWarmGas;
  switch (status) {
    case StorageStatus::added:
      return {kSstoreSetGas, 0};
    case StorageStatus::deleted:
      return {kSstoreResetGas, clear};
    case StorageStatus::modified:
      return {kSstoreResetGas, 0};
    case StorageStatus::deleted_added:
      return {kWarmGas, -clear};
    case StorageStatus::modified_deleted:
      return {kWarmGas, clear};
    case StorageStatus::deleted_restored:
      return {kWarmGas, kUndoReset - clear};
    case StorageStatus::added_deleted:
      return {kWarmGas, kUndoSet};
    case StorageStatus::modified_restored:
      return {kWarmGas, kUndoReset};
    case StorageStatus::unchanged:
    case StorageStatus::assigned:
      break;
  }
  return {kWarmGas, 0};
}

}  // namespace

bool run_sstore(U256* sp, Frame& f) {
  if (f.message->is_static) return fail_with(f, Status::static_mode_violation);
  if (f.gas <= kSstoreSentry) return fail_with(f, Status::out_of_gas);
  const Address& self = f.message->recipient;
  const std::int64_t cold = f.host->access_storage(self, sp[0]) ? 0 : kColdSlotGas;
  const auto cost =
      sstore_cost(f.host->set_storage(self, sp[0], sp[-1]), f.rules->sstore_clear_refund);
  if (!charge(f, cold + cost.gas)) return false;
  f.refund += cost.refund;
  return true;
}

bool run_tload(U256* sp, Frame& f) {
  sp[0] = f.host->get_transient_storage(f.message->recipient, sp[0]);
  return true;
}

bool run_tstore(U256* sp, Frame& f) {
  if (f.message->is_static) return fail_with(f, Status::static_mode_violation);
  f.host->set_transient_storage(f.message->recipient, sp[0], sp[-1]);
  return true;
}

bool run_mcopy(U256* sp, Frame& f) {
  const U256& further = sp[0] > sp[-1] ? sp[0] : sp[-1];
  if (!prepare_copy(f, further, sp[-2])) return false;
  if (!sp[-2].is_zero())
    std::memmove(f.memory + sp[0].low(), f.memory + sp[-1].low(), sp[-2].low());
  return true;
}

bool run_log(U256* sp, Frame& f, std::size_t topic_count) {
  if (f.message->is_static) return fail_with(f, Status::static_mode_violation);
  if (!touch_memory(f, sp[0], sp[-1])) return false;
  if (!charge(f, kLogByteGas * static_cast<std::int64_t>(sp[-1].low()))) return false;
  Hash topics[4];
  for (std::size_t i = 0; i < topic_count; ++i)
    topics[i] = to_hash(sp[-2 - static_cast<std::ptrdiff_t>(i)]);
  f.host->emit_log(f.message->recipient, memory_view(f, sp[0], sp[-1]), topics, topic_count);
  return true;
}

bool run_create(U256* sp, Frame& f, bool is_create2) {
  if (f.message->is_static) return fail_with(f, Status::static_mode_violation);
  const U256 value = sp[0];
  const U256& offset = sp[-1];
  const U256& size = sp[-2];
  if (!touch_memory(f, offset, size)) return false;
  if (size.low() > f.rules->initcode_size_max) return fail_with(f, Status::out_of_gas);
  const std::int64_t word_gas = f.rules->initcode_word_gas + (is_create2 ? kKeccakWordGas : 0);
  if (!charge(f, word_gas * words(size.low()))) return false;

  Message inner{.kind = is_create2 ? CallKind::create2 : CallKind::create,
                .depth = f.message->depth + 1,
                .gas = f.gas - f.gas / 64,
                .sender = f.message->recipient,
                .value = value,
                .input = memory_view(f, offset, size)};
  U256& result_word = is_create2 ? sp[-3] : sp[-2];
  if (is_create2) inner.salt = sp[-3];
  f.return_data.clear();
  report_step_cost(f, 0);
  lend_arenas(f, sp);
  CallResult result = f.host->call(inner);
  f.gas -= inner.gas - result.gas_left;
  result_word = U256{};
  if (result.status == Status::success) {
    f.refund += result.gas_refund;
    result_word = to_u256(result.created);
  } else if (result.status == Status::revert) {
    f.return_data = std::move(result.output);
  }
  return true;
}

namespace {

/// Charges for a call's target, and for the target it delegates to (EIP-7702).
bool charge_target(Frame& f, const Address& target) {
  if (!charge_account(f, target)) return false;
  if (!f.rules->has_delegation) return true;
  const auto delegate = f.host->delegation_of(target);
  if (!delegate) return true;
  return charge(f, f.host->access_account(*delegate) ? kWarmGas : kColdAccountGas);
}

bool charge_value(Frame& f, const U256& value, const Address& target, CallKind kind) {
  if (value.is_zero()) return true;
  std::int64_t cost = kCallValueGas;
  if (kind == CallKind::call && f.host->account_is_empty(target)) cost += kNewAccountGas;
  return charge(f, cost);
}

}  // namespace

bool run_call(U256* sp, Frame& f, CallKind kind) {
  const bool has_value = kind == CallKind::call || kind == CallKind::call_code;
  const U256 gas_wanted = sp[0];
  const Address target = to_address(sp[-1]);
  const U256 value = has_value ? sp[-2] : U256{};
  const U256* const range = has_value ? sp - 3 : sp - 2;  // downwards: in, size, out, size
  const U256& in_offset = range[0];
  const U256& in_size = range[-1];
  const U256 out_offset = range[-2];
  const U256 out_size = range[-3];
  U256& result_word = sp[has_value ? -6 : -5];

  if (kind == CallKind::call && f.message->is_static && !value.is_zero())
    return fail_with(f, Status::static_mode_violation);
  if (!touch_memory(f, in_offset, in_size) || !touch_memory(f, out_offset, out_size)) return false;
  if (!charge_target(f, target) || !charge_value(f, value, target, kind)) return false;

  const Address& self = f.message->recipient;
  const bool is_call = kind == CallKind::call || kind == CallKind::static_call;
  const bool delegates = kind == CallKind::delegate_call;
  Message inner{.kind = kind,
                .is_static = f.message->is_static || kind == CallKind::static_call,
                .depth = f.message->depth + 1,
                .gas = f.gas - f.gas / 64,
                .recipient = is_call ? target : self,
                .code_address = target,
                .sender = delegates ? f.message->sender : self,
                .value = delegates ? f.message->value : value,
                .input = memory_view(f, in_offset, in_size)};
  if (gas_wanted < U256{static_cast<std::uint64_t>(inner.gas)})
    inner.gas = static_cast<std::int64_t>(gas_wanted.low());
  report_step_cost(f, inner.gas);
  if (!value.is_zero()) {
    inner.gas += kCallStipend;
    f.gas += kCallStipend;
  }

  f.return_data.clear();
  lend_arenas(f, sp);
  CallResult result = f.host->call(inner);
  f.gas -= inner.gas - result.gas_left;
  result_word = U256{result.status == Status::success ? 1u : 0u};
  if (result.status == Status::success) f.refund += result.gas_refund;
  if (result.status != Status::success && result.status != Status::revert) return true;
  const std::size_t copied = std::min<std::uint64_t>(out_size.low(), result.output.size());
  if (copied != 0) std::memcpy(f.memory + out_offset.low(), result.output.data(), copied);
  f.return_data = std::move(result.output);
  return true;
}

bool run_return(U256* sp, Frame& f, Status status) {
  if (!touch_memory(f, sp[0], sp[-1])) return false;
  f.output_size = sp[-1].low();
  f.output_offset = f.output_size == 0 ? 0 : sp[0].low();
  return fail_with(f, status);
}

bool run_selfdestruct(U256* sp, Frame& f) {
  if (f.message->is_static) return fail_with(f, Status::static_mode_violation);
  const Address& self = f.message->recipient;
  const Address beneficiary = to_address(sp[0]);
  if (!f.host->access_account(beneficiary) && !charge(f, kColdAccountGas)) return false;
  const U256 balance = f.host->balance(self);
  if (!balance.is_zero() && f.host->account_is_empty(beneficiary) && !charge(f, kNewAccountGas))
    return false;
  if (f.tracer != nullptr) f.tracer->on_self_destruct(self, beneficiary, balance, f.message->depth);
  if (f.host->self_destruct(self, beneficiary)) f.refund += f.rules->self_destruct_refund;
  return fail_with(f, Status::success);
}

}  // namespace wusong::vm::internal
