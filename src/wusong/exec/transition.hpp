// SPDX-License-Identifier: Apache-2.0
// The state transition of one transaction: checks, payment for gas, execution, refunds and fees.
#pragma once

#include <optional>

#include "wusong/exec/context.hpp"
#include "wusong/exec/journal.hpp"
#include "wusong/types/receipt.hpp"
#include "wusong/types/transaction.hpp"
#include "wusong/vm/evm.hpp"

namespace wusong::exec {

/// A transaction that was included: it paid for gas, whether or not its code succeeded.
struct TransactionOutcome {
  vm::Status status{vm::Status::success};
  std::uint64_t gas_used{0};
  std::uint64_t gas_refunded{0};
  U256 effective_gas_price;
  Bytes output;  // return data, revert data, or the created contract's code
  std::vector<types::Log> logs;
  std::optional<Address> contract_address;  // of a create, also one that failed
  bool success() const noexcept { return status == vm::Status::success; }
};

/// What eth_call and its kin leave unchecked.
struct TransitionOptions {
  bool check_nonce{true};
  /// Chain id, permissions, the account's key, EIP-3607 and the gas cap of EIP-7825.
  bool check_sender{true};
  vm::Tracer* tracer{nullptr};
};

struct IntrinsicGas {
  std::uint64_t gas{0};    // charged before execution
  std::uint64_t floor{0};  // EIP-7623: least gas a transaction uses; 0 before Prague
};
/// @source EIP-2028, 2930, 3860, 7623, 7702
IntrinsicGas intrinsic_gas(const types::Transaction& transaction, vm::Fork fork) noexcept;

/// Checks that need neither state nor block: type, chain id, gas cap, fee caps, blobs, init code,
/// intrinsic gas. The pool makes them too. @errors rows 2402 to 2431
[[nodiscard]] Result<void> check_static(const types::Transaction& transaction,
                                        const ChainRules& rules);

/// Applies one transaction in a transaction of the journal that it begins; the caller ends it with
/// finish_transaction(), after looking at whatever it wants. `gas_left` is what the block still
/// has. A refused transaction changes nothing.
/// @errors every row from 2400 to 2442
[[nodiscard]] Result<TransactionOutcome> apply_transaction(
    vm::Interpreter& machine, Journal& journal, const BlockContext& block, const ChainRules& rules,
    const types::Transaction& transaction, const Address& sender, std::uint64_t gas_left,
    const TransitionOptions& options = {});

}  // namespace wusong::exec
