// SPDX-License-Identifier: Apache-2.0
// A small state with accounts and contracts, for this module's tests.
#pragma once

#include <string_view>

#include "wusong/codec/hex.hpp"
#include "wusong/exec/context.hpp"
#include "wusong/exec/journal.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::exec::internal {

inline Address address_number(std::uint8_t number) {
  Address out;
  out.bytes[0] = 0xaa;
  out.bytes[19] = number;
  return out;
}
inline Bytes hex(std::string_view digits) {
  return codec::from_hex(digits).value_or(Bytes{});
}

inline constexpr std::uint64_t kEther = 1'000'000'000'000'000'000;

/// Accounts 1 and 2 have an ether each; the base fee is 7 wei; nobody is empty.
struct TestWorld {
  state::MemoryState state;
  ChainRules rules;
  BlockContext block;
  vm::Interpreter machine;
  Address alice{address_number(1)};
  Address bob{address_number(2)};

  TestWorld() {
    block.number = 1000;
    block.timestamp = 1'700'000'000;
    block.gas_limit = 30'000'000;
    block.coinbase = address_number(0xcb);
    block.base_fee = U256{7};
    block.max_blobs = 9;
    add_account(alice, U256{kEther});
    add_account(bob, U256{kEther});
    add_account(block.coinbase, U256{1});
  }

  void add_account(const Address& address, const U256& balance, std::uint64_t nonce = 0) {
    types::Account account;
    account.balance = balance;
    account.nonce = nonce;
    state.set_account(address, account);
  }
  Address add_contract(std::uint8_t number, std::string_view code) {
    const Address address = address_number(number);
    add_account(address, U256{}, 1);
    state.set_code(address, hex(code));
    return address;
  }

  /// From EIP-1559, with plenty of gas and a tip of 3 wei.
  types::Transaction transaction_to(std::optional<Address> to, std::string_view data = {}) const {
    types::Transaction out;
    out.type = types::TransactionType::dynamic_fee;
    out.chain_id = rules.chain_id;
    out.max_fee = U256{100};
    out.max_priority_fee = U256{3};
    out.gas_limit = 1'000'000;
    out.to = to;
    out.data = hex(data);
    return out;
  }

  /// Applies to the state where it was not refused.
  Result<TransactionOutcome> apply(const types::Transaction& transaction, const Address& sender) {
    Journal journal{state};
    auto out =
        apply_transaction(machine, journal, block, rules, transaction, sender, block.gas_limit);
    if (out) journal.finish_transaction();
    const types::StateDiff diff = journal.diff();
    WUSONG_ASSERT(out || diff.accounts.empty());
    state.apply(diff);
    return out;
  }

  U256 balance_of(const Address& address) {
    const auto account = state.account(address);
    return account ? account->balance : U256{};
  }
};

}  // namespace wusong::exec::internal
