// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/internal/evm_host.hpp"

#include "wusong/exec/addresses.hpp"
#include "wusong/vm/precompiles.hpp"

namespace wusong::exec::internal {
namespace {

using vm::CallKind;
using vm::CallResult;
using vm::Message;
using vm::Status;
using vm::StorageStatus;

constexpr int kDepthMax = 1024;
constexpr std::size_t kCodeSizeMax = 24576;    // EIP-170
constexpr std::int64_t kCodeDepositGas = 200;  // a byte

const Code kEmptyCode{};

bool is_create(const Message& message) noexcept {
  return message.kind == CallKind::create || message.kind == CallKind::create2;
}

/// @source EIP-2200, the table of SSTORE's cases
StorageStatus status_of(const U256& original, const U256& current, const U256& value) noexcept {
  if (current == value) return StorageStatus::unchanged;
  if (original == current) {
    if (original.is_zero()) return StorageStatus::added;
    return value.is_zero() ? StorageStatus::deleted : StorageStatus::modified;
  }
  if (original.is_zero()) {
    return value.is_zero() ? StorageStatus::added_deleted : StorageStatus::assigned;
  }
  if (current.is_zero()) {
    return value == original ? StorageStatus::deleted_restored : StorageStatus::deleted_added;
  }
  if (value.is_zero()) return StorageStatus::modified_deleted;
  return value == original ? StorageStatus::modified_restored : StorageStatus::assigned;
}

/// A frame that failed before it began: its gas goes back to the caller.
CallResult refused(const Message& message, Status status) {
  CallResult out;
  out.status = status;
  out.gas_left = message.gas;
  return out;
}

}  // namespace

U256 EvmHost::get_storage(const Address& address, const U256& key) {
  return journal_->storage(journal_->entry(address), key);
}

StorageStatus EvmHost::set_storage(const Address& address, const U256& key, const U256& value) {
  const auto before = journal_->set_storage(journal_->entry(address), key, value);
  return status_of(before.original, before.current, value);
}

U256 EvmHost::get_transient_storage(const Address& address, const U256& key) {
  return journal_->transient(journal_->entry(address), key);
}

void EvmHost::set_transient_storage(const Address& address, const U256& key, const U256& value) {
  journal_->set_transient(journal_->entry(address), key, value);
}

U256 EvmHost::balance(const Address& address) {
  return journal_->entry(address).balance;
}

std::size_t EvmHost::code_size(const Address& address) {
  return journal_->code_of(journal_->entry(address)).bytes.size();
}

Hash EvmHost::code_hash(const Address& address) {
  const Journal::Entry& entry = journal_->entry(address);
  return entry.is_empty() ? Hash{} : entry.code_hash;
}

BytesView EvmHost::code(const Address& address) {
  return journal_->code_of(journal_->entry(address)).bytes;
}

bool EvmHost::account_is_empty(const Address& address) {
  return journal_->entry(address).is_empty();
}

Hash EvmHost::block_hash(std::uint64_t number) {
  const bool recent = number < block_->number && block_->number - number <= 256;
  return recent && block_->hashes != nullptr ? block_->hashes->hash_at(number) : Hash{};
}

bool EvmHost::access_account(const Address& address) {
  if (vm::is_precompile(address, rules_->fork)) return true;
  return journal_->warm_account(journal_->entry(address));
}

bool EvmHost::access_storage(const Address& address, const U256& key) {
  return journal_->warm_slot(journal_->entry(address), key);
}

std::optional<Address> EvmHost::delegation_of(const Address& address) {
  if (rules_->fork < vm::Fork::prague) return std::nullopt;
  return journal_->code_of(journal_->entry(address)).delegate;
}

bool EvmHost::self_destruct(const Address& address, const Address& beneficiary) {
  Journal::Entry& entry = journal_->entry(address);
  const U256 amount = entry.balance;
  const bool dies = rules_->fork < vm::Fork::cancun || journal_->created_now(entry);
  if (address != beneficiary) {
    transfer(address, beneficiary, amount);
  } else if (dies) {
    journal_->set_balance(entry, {});  // burnt
  }
  return dies && journal_->destroy(entry);
}

void EvmHost::emit_log(const Address& address, BytesView data, const Hash* topics,
                       std::size_t topic_count) {
  journal_->log({.address = address,
                 .topics = std::vector<Hash>(topics, topics + topic_count),
                 .data = to_bytes(data)});
}

void EvmHost::transfer(const Address& from, const Address& to, const U256& value) {
  Journal::Entry& payer = journal_->entry(from);
  journal_->set_balance(payer, payer.balance - value);
  Journal::Entry& payee = journal_->entry(to);
  journal_->set_balance(payee, payee.balance + value);
}

const Code& EvmHost::resolve(const Address& address) {
  const Code& own = journal_->code_of(journal_->entry(address));
  if (!own.delegate || rules_->fork < vm::Fork::prague) return own;
  // EIP-7702: one step only, and a delegate that is a precompile has no code.
  if (vm::is_precompile(*own.delegate, rules_->fork)) return kEmptyCode;
  return journal_->code_of(journal_->entry(*own.delegate));
}

CallResult EvmHost::call(const Message& message) {
  if (!is_create(message)) {
    if (tracer_ == nullptr) return run_call(message);
    tracer_->on_enter(message);
    CallResult out = run_call(message);
    tracer_->on_exit(message, out);
    return out;
  }
  Message named = message;
  named.recipient = address_of_create(message);
  named.code_address = named.recipient;
  if (tracer_ != nullptr) tracer_->on_enter(named);
  CallResult out = run_create(named);
  if (tracer_ != nullptr) tracer_->on_exit(named, out);
  // RETURNDATA is empty after a create that succeeded (EIP-211).
  if (message.depth > 0 && out.status == Status::success) out.output.clear();
  return out;
}

CallResult EvmHost::run_call(const Message& message) {
  if (message.depth > kDepthMax) return refused(message, Status::call_depth_exceeded);
  const bool pays = message.kind == CallKind::call || message.kind == CallKind::call_code;
  if (pays && !message.value.is_zero() && journal_->entry(message.sender).balance < message.value) {
    return refused(message, Status::insufficient_balance);
  }
  const Journal::Checkpoint checkpoint = journal_->checkpoint();
  if (message.kind == CallKind::call && !message.value.is_zero()) {
    transfer(message.sender, message.recipient, message.value);
  } else if (message.kind == CallKind::call || message.kind == CallKind::static_call) {
    journal_->touch(journal_->entry(message.recipient));
  }
  CallResult out;
  if (vm::is_precompile(message.code_address, rules_->fork)) {
    out = vm::run_precompile(message.code_address, message.input, message.gas, rules_->fork);
  } else {
    const Code& code = resolve(message.code_address);
    out = run_code(message, code.bytes, &code.hash);
  }
  if (out.status != Status::success) journal_->rollback(checkpoint);
  return out;
}

CallResult EvmHost::run_code(const Message& message, BytesView code, const Hash* hash) {
  if (code.empty()) {
    CallResult out;
    out.gas_left = message.gas;
    return out;
  }
  return machine_->execute(*this, message, code, hash, rules_->fork, tracer_);
}

Address EvmHost::address_of_create(const Message& message) {
  return message.kind == CallKind::create2
             ? create2_address(message.sender, to_hash(message.salt), message.input)
             : create_address(message.sender, journal_->entry(message.sender).nonce);
}

CallResult EvmHost::run_create(const Message& message) {
  if (message.depth > kDepthMax) return refused(message, Status::call_depth_exceeded);
  Journal::Entry& sender = journal_->entry(message.sender);
  if (sender.balance < message.value) return refused(message, Status::insufficient_balance);
  if (sender.nonce == ~std::uint64_t{0}) return refused(message, Status::nonce_overflow);
  // Not an Ethereum rule: the frame reverts without data, as if the code had refused.
  if (!may_deploy_) return refused(message, Status::revert);
  journal_->set_nonce(sender, sender.nonce + 1);
  Journal::Entry& created = journal_->entry(message.recipient);
  journal_->warm_account(created);
  CallResult out;
  if (journal_->collides(created)) {
    out.status = Status::address_collision;
    return out;
  }
  const Journal::Checkpoint checkpoint = journal_->checkpoint();
  journal_->create(created);
  if (!message.value.is_zero()) transfer(message.sender, message.recipient, message.value);
  Message inner = message;
  inner.input = {};
  out = run_code(inner, message.input, nullptr);
  if (out.status == Status::success) {
    const auto deposit = static_cast<std::int64_t>(out.output.size()) * kCodeDepositGas;
    const bool reserved =
        rules_->fork >= vm::Fork::london && !out.output.empty() && out.output[0] == 0xef;
    if (out.output.size() > kCodeSizeMax || reserved) {
      out.status = Status::contract_validation_failure;
    } else if (deposit > out.gas_left) {
      out.status = Status::out_of_gas;
    } else {
      out.gas_left -= deposit;
      journal_->set_code(created, out.output);
      out.created = message.recipient;
    }
    if (out.status != Status::success) {
      out.gas_left = 0;
      out.gas_refund = 0;
      out.output.clear();
    }
  }
  if (out.status != Status::success) journal_->rollback(checkpoint);
  return out;
}

}  // namespace wusong::exec::internal
