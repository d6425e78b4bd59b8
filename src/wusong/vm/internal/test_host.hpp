// SPDX-License-Identifier: Apache-2.0
// A small world for tests, fuzz targets and benchmarks of the interpreter. Evidence only.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "wusong/hash/hash.hpp"
#include "wusong/vm/evm.hpp"
#include "wusong/vm/precompiles.hpp"

namespace wusong::vm::internal {

inline Address make_address(std::uint64_t number) {
  Address out;
  for (std::size_t i = 0; i < 8; ++i)
    out.bytes[19 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return out;
}

/// Accounts in maps; a failed call restores a copy. Not how a node does it, and simple to trust.
class TestHost final : public Host {
 public:
  struct Account {
    U256 balance;
    Bytes code;
    Hash code_hash;
    std::map<U256, U256> storage;
    std::map<U256, U256> original;
    std::uint64_t nonce{0};
  };
  struct Log {
    Address address;
    Bytes data;
    std::vector<Hash> topics;
    friend bool operator==(const Log&, const Log&) = default;
  };
  struct World {
    std::map<Address, Account> accounts;
    std::map<std::pair<Address, U256>, U256> transient;
    std::map<Address, bool> warm;
    std::map<std::pair<Address, U256>, bool> warm_slots;
    std::vector<Log> logs;
    std::vector<Address> destroyed;
  };

  explicit TestHost(Fork fork_in = Fork::osaka, const Interpreter::Config& config = {})
      : fork{fork_in}, interpreter{config} {
    context.chain_id = 1;
    context.block_number = 1000;
    context.timestamp = 1700000000;
    context.gas_limit = 30000000;
  }

  void set_code(const Address& address, BytesView code_in) {
    auto& account = world.accounts[address];
    account.code = to_bytes(code_in);
    account.code_hash = hash::keccak256(code_in);
  }
  /// Runs `code_in` at the address 0xc0de as the outermost frame.
  CallResult run(BytesView code_in, std::int64_t gas = 1000000, BytesView input = {},
                 bool is_static = false) {
    const Address address = make_address(0xc0de);
    set_code(address, code_in);
    const Message message{.is_static = is_static,
                          .gas = gas,
                          .recipient = address,
                          .code_address = address,
                          .sender = make_address(0x5e4de4),
                          .input = input};
    return execute(message);
  }
  CallResult execute(const Message& message) {
    const auto& account = world.accounts[message.code_address];
    const Bytes held = account.code;  // the account may vanish with a checkpoint
    const Hash hash = account.code_hash;
    return interpreter.execute(*this, message, held, use_cache ? &hash : nullptr, fork, tracer);
  }

  const TxContext& tx_context() const noexcept override { return context; }
  U256 get_storage(const Address& address, const U256& key) override {
    auto& storage = world.accounts[address].storage;
    const auto found = storage.find(key);
    return found == storage.end() ? U256{} : found->second;
  }
  StorageStatus set_storage(const Address& address, const U256& key, const U256& value) override {
    auto& account = world.accounts[address];
    const U256 current = get_storage(address, key);
    const U256 original = account.original.contains(key) ? account.original[key] : U256{};
    account.storage[key] = value;
    if (current == value) return StorageStatus::unchanged;
    if (original == current) {
      if (original.is_zero()) return StorageStatus::added;
      return value.is_zero() ? StorageStatus::deleted : StorageStatus::modified;
    }
    if (original.is_zero())
      return value.is_zero() ? StorageStatus::added_deleted : StorageStatus::assigned;
    if (current.is_zero())
      return value == original ? StorageStatus::deleted_restored : StorageStatus::deleted_added;
    if (value.is_zero()) return StorageStatus::modified_deleted;
    return value == original ? StorageStatus::modified_restored : StorageStatus::assigned;
  }
  U256 get_transient_storage(const Address& address, const U256& key) override {
    return world.transient[{address, key}];
  }
  void set_transient_storage(const Address& address, const U256& key, const U256& value) override {
    world.transient[{address, key}] = value;
  }
  U256 balance(const Address& address) override { return world.accounts[address].balance; }
  std::size_t code_size(const Address& address) override {
    return world.accounts[address].code.size();
  }
  Hash code_hash(const Address& address) override { return world.accounts[address].code_hash; }
  BytesView code(const Address& address) override { return world.accounts[address].code; }
  bool account_is_empty(const Address& address) override {
    const auto& account = world.accounts[address];
    return account.balance.is_zero() && account.code.empty() && account.nonce == 0;
  }
  Hash block_hash(std::uint64_t number) override {
    return number < context.block_number && number + 256 >= context.block_number
               ? to_hash(U256{number + 7})
               : Hash{};
  }
  bool access_account(const Address& address) override {
    return std::exchange(world.warm[address], true);
  }
  bool access_storage(const Address& address, const U256& key) override {
    return std::exchange(world.warm_slots[{address, key}], true);
  }
  std::optional<Address> delegation_of(const Address& address) override {
    const auto& held = world.accounts[address].code;
    if (held.size() != 23 || held[0] != 0xef || held[1] != 0x01 || held[2] != 0) return {};
    return Address::from(BytesView{held}.last(20));
  }
  bool self_destruct(const Address& address, const Address& beneficiary) override {
    auto& account = world.accounts[address];
    const U256 amount = std::exchange(account.balance, U256{});
    world.accounts[beneficiary].balance += amount;
    for (const auto& earlier : world.destroyed)
      if (earlier == address) return false;
    world.destroyed.push_back(address);
    return true;
  }
  void emit_log(const Address& address, BytesView data, const Hash* topics,
                std::size_t topic_count) override {
    world.logs.push_back({address, to_bytes(data), {topics, topics + topic_count}});
  }
  CallResult call(const Message& message) override {
    calls.push_back(message);
    CallResult result;
    result.gas_left = message.gas;
    if (message.depth > 1024) {
      result.status = Status::call_depth_exceeded;
      return result;
    }
    const bool transfers = message.kind == CallKind::call || message.kind == CallKind::create ||
                           message.kind == CallKind::create2;
    if (transfers && balance(message.sender) < message.value) {
      result.status = Status::insufficient_balance;
      return result;
    }
    if (!checkpoints) return dispatch(message);
    const World before = world;
    result = dispatch(message);
    if (result.status != Status::success) world = before;
    return result;
  }

  Fork fork;
  Interpreter interpreter;
  TxContext context;
  World world;
  std::vector<Message> calls;
  Tracer* tracer{nullptr};
  bool use_cache{true};
  bool checkpoints{true};

 private:
  CallResult dispatch(const Message& message) {
    if (message.kind == CallKind::create || message.kind == CallKind::create2)
      return create(message);
    if (message.kind == CallKind::call) {
      world.accounts[message.sender].balance -= message.value;
      world.accounts[message.recipient].balance += message.value;
    }
    if (is_precompile(message.code_address, fork))
      return run_precompile(message.code_address, message.input, message.gas, fork);
    if (const auto delegate = delegation_of(message.code_address)) {
      Message redirected = message;
      redirected.code_address = *delegate;
      return execute(redirected);
    }
    return execute(message);
  }
  CallResult create(const Message& message) {
    auto& sender = world.accounts[message.sender];
    Bytes seed = to_bytes(message.sender);
    append(seed, to_hash(message.salt + U256{sender.nonce++}));
    Message inner = message;
    inner.recipient = Address::from(hash::keccak256(seed).view().last(20));
    inner.input = {};
    world.accounts[message.sender].balance -= message.value;
    world.accounts[inner.recipient].balance += message.value;
    auto result = interpreter.execute(*this, inner, message.input, nullptr, fork, tracer);
    if (result.status == Status::success) {
      set_code(inner.recipient, result.output);
      result.created = inner.recipient;
      result.output.clear();
    }
    return result;
  }
};

}  // namespace wusong::vm::internal
