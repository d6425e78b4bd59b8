// SPDX-License-Identifier: Apache-2.0
// Execution without a transaction on the chain: eth_call, eth_estimateGas, eth_createAccessList.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "wusong/exec/context.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/types/account.hpp"

namespace wusong::exec {

/// JSON-RPC's transaction object; everything may be missing.
struct CallRequest {
  std::optional<Address> from;  // missing: the zero address
  std::optional<Address> to;    // missing: create
  std::optional<std::uint64_t> gas;
  std::optional<std::uint64_t> nonce;
  std::optional<U256> gas_price;
  std::optional<U256> max_fee;
  std::optional<U256> max_priority_fee;
  std::optional<U256> max_fee_per_blob_gas;
  U256 value;
  Bytes data;
  types::AccessList access_list;
  std::vector<Hash> blob_hashes;
  std::vector<types::Authorization> authorizations;
};

struct AccountOverride {
  std::optional<std::uint64_t> nonce;
  std::optional<U256> balance;
  std::optional<Bytes> code;
  std::optional<std::map<Hash, U256>> state;       // instead of all storage
  std::optional<std::map<Hash, U256>> state_diff;  // on top of storage; not with `state`
};
using StateOverrides = std::map<Address, AccountOverride>;

struct BlockOverrides {
  std::optional<std::uint64_t> number;
  std::optional<std::uint64_t> timestamp;
  std::optional<std::uint64_t> gas_limit;
  std::optional<Address> coinbase;
  std::optional<Hash> prev_randao;
  std::optional<U256> base_fee;
  std::optional<U256> blob_base_fee;
};

struct CallOptions {
  std::uint64_t gas_cap{50'000'000};  // 0: none
  StateOverrides state;
  BlockOverrides block;
  vm::Tracer* tracer{nullptr};
  vm::Interpreter* machine{nullptr};  // null: one is made for the call
};

/// A view with some accounts replaced. Borrows both, which outlive it.
/// (Also the way to look at a state one diff later: see DiffView.)
class OverrideView final : public types::StateView {
 public:
  OverrideView(types::StateView& base, const StateOverrides& overrides);
  std::optional<types::Account> account(const Address& address) override;
  U256 storage(const Address& address, const Hash& slot) override;
  Bytes code(const Hash& code_hash) override;
  std::optional<Error> error() const override { return base_->error(); }

 private:
  types::StateView* base_;
  const StateOverrides* overrides_;
  std::map<Hash, const Bytes*> codes_;
};

/// The state after `diff`, without writing it. Borrows both, which outlive it.
class DiffView final : public types::StateView {
 public:
  DiffView(types::StateView& base, const types::StateDiff& diff) : base_{&base}, diff_{&diff} {}
  std::optional<types::Account> account(const Address& address) override;
  U256 storage(const Address& address, const Hash& slot) override;
  Bytes code(const Hash& code_hash) override;
  std::optional<Error> error() const override { return base_->error(); }

 private:
  types::StateView* base_;
  const types::StateDiff* diff_;
};

/// Runs a call as eth_call does: no nonce or permission is needed; fees are checked only where a
/// price is named. A revert is an outcome, not an error.
/// @errors insufficient_funds, intrinsic_gas_too_low and their kin; override_conflict; the view's
[[nodiscard]] Result<TransactionOutcome> call(types::StateView& state, const BlockContext& block,
                                              const ChainRules& rules, const CallRequest& request,
                                              const CallOptions& options = {});

struct GasEstimate {
  std::optional<std::uint64_t> gas;  // nothing: it fails at the highest limit too
  /// How it ended at the highest limit tried; for a revert, `output` has the reason.
  TransactionOutcome outcome;
};
/// The least gas limit with which the call succeeds, within 1.5 % as geth has it.
/// @errors as call(); gas_required_exceeds_allowance where only more gas than allowed would do
[[nodiscard]] Result<GasEstimate> estimate_gas(types::StateView& state, const BlockContext& block,
                                               const ChainRules& rules, const CallRequest& request,
                                               const CallOptions& options = {});

struct AccessListOutcome {
  types::AccessList access_list;  // ordered by address, then key
  std::uint64_t gas_used{0};      // with the list
  vm::Status status{vm::Status::success};
  Bytes output;
};
/// The list of everything the call touches besides sender, recipient and precompiles.
[[nodiscard]] Result<AccessListOutcome> create_access_list(types::StateView& state,
                                                           const BlockContext& block,
                                                           const ChainRules& rules,
                                                           const CallRequest& request,
                                                           const CallOptions& options = {});

/// The text in revert data: Error(string) or Panic(uint256); nothing for anything else.
std::optional<std::string> revert_reason(BytesView output);
/// "execution reverted: why", "out of gas", …: what JSON-RPC's error message says of a failure.
std::string failure_text(const TransactionOutcome& outcome);

}  // namespace wusong::exec
