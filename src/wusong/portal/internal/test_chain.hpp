// SPDX-License-Identifier: Apache-2.0
// The compiled contracts in our own EVM, in memory, for this module's tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/call.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/types/account.hpp"

namespace wusong::portal::internal {

inline std::optional<std::string> read_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline Address address_of(std::uint64_t number) {
  Address out;
  out.bytes[0] = 0xa0;
  for (std::size_t i = 0; i < 8; ++i)
    out.bytes[19 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return out;
}
inline Hash hash_of_number(std::uint64_t number) {
  Hash out;
  out.bytes[0] = 0x11;
  for (std::size_t i = 0; i < 8; ++i)
    out.bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return out;
}

/// Where a mapping keeps a key's first slot.
inline Hash slot_of(BytesView key, std::uint8_t mapping) {
  Bytes data(32 - key.size(), 0);
  append(data, key);
  Hash word;
  word.bytes[31] = mapping;
  append(data, word);
  return hash::keccak256(data);
}
inline Hash next_slot(const Hash& slot, std::uint64_t by) {
  return to_hash(load_be(slot.data()) + U256{by});
}

/// Fields of a storage word from its lowest bit.
class WordBuilder {
 public:
  WordBuilder& field(const U256& value, unsigned bits) {
    word_ = word_ | (value << at_);
    at_ += bits;
    return *this;
  }
  WordBuilder& address(const Address& value) {
    Hash padded;
    std::copy(value.bytes.begin(), value.bytes.end(), padded.bytes.begin() + 12);
    return field(load_be(padded.data()), 160);
  }
  U256 take() const { return word_; }

 private:
  U256 word_;
  unsigned at_{0};
};

/// A state without roots: MemoryState works one out at every look at an account.
class RootlessState final : public types::StateView {
 public:
  std::optional<types::Account> account(const Address& address) override {
    const auto found = accounts_.find(address);
    if (found == accounts_.end()) return std::nullopt;
    return found->second;
  }
  U256 storage(const Address& address, const Hash& slot) override {
    const auto found = slots_.find({address, slot});
    return found == slots_.end() ? U256{} : found->second;
  }
  Bytes code(const Hash& code_hash) override {
    const auto found = codes_.find(code_hash);
    return found == codes_.end() ? Bytes{} : found->second;
  }
  std::optional<Error> error() const override { return std::nullopt; }
  void set_account(const Address& address, const types::Account& account) {
    accounts_[address] = account;
  }
  void set_storage(const Address& address, const Hash& slot, const U256& value) {
    slots_[{address, slot}] = value;
  }
  void apply(const types::StateDiff& diff) {
    for (const auto& [address, change] : diff.accounts) {
      if (change.after) accounts_[address] = *change.after;
      for (const auto& [slot, value] : change.slots) set_storage(address, slot, value);
    }
    for (const auto& [hash, code] : diff.codes) codes_[hash] = code;
  }

 private:
  std::map<Address, types::Account> accounts_;
  std::map<std::pair<Address, Hash>, U256> slots_;
  std::map<Hash, Bytes> codes_;
};

class TestChain {
 public:
  /// Nothing where the contracts are not built.
  static std::unique_ptr<TestChain> deploy() {
    std::unique_ptr<TestChain> chain{new TestChain};
    TestChain& out = *chain;
    Bytes authority(32, 0);
    std::copy(out.authority.bytes.begin(), out.authority.bytes.end(), authority.begin() + 12);
    Bytes one(32, 0);
    one[31] = 1;
    Bytes first = authority;
    append(first, one);
    first.insert(first.end(), 32, 0);
    const auto directory = out.create("Directory", first);
    if (!directory) return nullptr;
    out.contracts.directory = *directory;
    const auto book = out.create("RuleBook", word_of(*directory));
    if (!book) return nullptr;
    out.contracts.rule_book = *book;
    Bytes both = word_of(*directory);
    append(both, word_of(*book));
    const auto flows = out.create("Workflows", both);
    if (!flows) return nullptr;
    out.contracts.workflows = *flows;
    return chain;
  }

  exec::TransactionOutcome run(const Address& from, const std::optional<Address>& to,
                               const Bytes& data) {
    exec::Journal journal{state};
    types::Transaction transaction;
    transaction.type = types::TransactionType::dynamic_fee;
    transaction.chain_id = rules.chain_id;
    transaction.gas_limit = 16'000'000;
    transaction.to = to;
    transaction.data = data;
    transaction.nonce = state.account(from).value_or(types::Account{}).nonce;
    auto out =
        exec::apply_transaction(machine, journal, block, rules, transaction, from, block.gas_limit);
    EXPECT_TRUE(out) << (out ? "" : out.error().name());
    if (!out) return {};
    journal.finish_transaction();
    state.apply(journal.diff());
    return *out;
  }
  /// Without changing anything.
  exec::TransactionOutcome call(const Address& from, const Address& to, const Bytes& data) {
    exec::CallRequest request;
    request.from = from;
    request.to = to;
    request.data = data;
    exec::CallOptions options;
    options.machine = &machine;
    auto out = exec::call(state, block, rules, request, options);
    EXPECT_TRUE(out) << (out ? "" : out.error().name());
    return out.value_or(exec::TransactionOutcome{});
  }
  bool send(const Address& to, const Bytes& data) {
    const auto out = run(authority, to, data);
    return out.success();
  }

  // Facts written where the documented layout has them, so that any state can be tried.
  void put_actor(const Address& who, const Actor& actor) {
    WordBuilder word;
    word.field(actor.organisation, 32).field(actor.roles, 32).field(actor.active ? 1 : 0, 8);
    state.set_storage(contracts.directory, slot_of(who, 0), word.take());
  }
  void put_organisation(std::uint32_t id, const Organisation& one) {
    Bytes key(32, 0);
    for (std::size_t i = 0; i < 4; ++i) key[31 - i] = static_cast<std::uint8_t>(id >> (8 * i));
    WordBuilder word;
    word.field(one.parent, 32).field(one.kind, 8).field(one.active ? 1 : 0, 8);
    state.set_storage(contracts.directory, slot_of(key, 1), word.take());
  }
  void put_item(const ItemId& id, const Item& item) {
    const Hash slot = slot_of(id, 0);
    WordBuilder first;
    first.field(item.workflow, 8).field(item.state, 8).field(item.pack, 16);
    first.field(item.sequence, 32).field(item.organisation, 32).address(item.creator);
    WordBuilder third;
    third.address(item.party).field(item.deadline, 40).field(item.marks, 32).field(item.choice, 8);
    state.set_storage(contracts.workflows, slot, first.take());
    state.set_storage(contracts.workflows, next_slot(slot, 1), load_be(item.document.data()));
    state.set_storage(contracts.workflows, next_slot(slot, 2), third.take());
    state.set_storage(contracts.workflows, next_slot(slot, 3), load_be(item.subject.data()));
  }

  RootlessState state;
  exec::ChainRules rules;
  exec::BlockContext block;
  vm::Interpreter machine;
  Address authority{address_of(1)};
  Contracts contracts;

 private:
  TestChain() {
    block.number = 10;
    block.timestamp = 1'700'000'000;
    block.gas_limit = 500'000'000;
    block.coinbase = address_of(0xcb);
    types::Account account;
    account.balance = U256{1'000'000'000'000'000'000};
    state.set_account(authority, account);
  }
  static Bytes word_of(const Address& address) {
    Bytes out(12, 0);
    append(out, address);
    return out;
  }
  std::optional<Address> create(const std::string& name, const Bytes& arguments) {
    const auto text = read_text("build/contracts/" + name + ".json");
    if (!text) return std::nullopt;
    const auto json = codec::JsonDocument::parse(*text);
    if (!json) return std::nullopt;
    auto code = codec::from_hex(json->root().string_at("bytecode").value_or(""));
    if (!code || code->empty()) return std::nullopt;
    append(*code, arguments);
    const auto out = run(authority, std::nullopt, *code);
    if (!out.success()) return std::nullopt;
    return out.contract_address;
  }
};

}  // namespace wusong::portal::internal
