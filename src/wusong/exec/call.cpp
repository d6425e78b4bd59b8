// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/call.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/exec/addresses.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/prepared_call.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/vm/precompiles.hpp"

namespace wusong::exec {
namespace {

using internal::prepare;
using internal::PreparedCall;

constexpr std::uint64_t kPlainTransferGas = 21000;
constexpr std::uint64_t kCallStipend = 2300;
// The search may stop once what is left to gain is this fraction, as go-ethereum's does.
constexpr std::uint64_t kEstimateErrorPermille = 15;

using internal::Machine;

/// One run from the state as it stands; the error is the row that refused it.
Result<TransactionOutcome> run(Machine& machine, types::StateView& state,
                               const PreparedCall& prepared, const ChainRules& rules,
                               vm::Tracer* tracer) {
  Journal journal{state};
  return apply_transaction(machine.get(), journal, prepared.block, rules, prepared.transaction,
                           prepared.sender, ~std::uint64_t{0},
                           {.check_nonce = false, .check_sender = false, .tracer = tracer});
}

bool lacks_gas(Error error) noexcept {
  return error == Error{err::intrinsic_gas_too_low} || error == Error{err::floor_data_gas_too_low};
}

/// Most gas the sender's balance pays for at the named price; nothing where value alone is too
/// much.
std::optional<std::uint64_t> affordable_gas(const types::Transaction& transaction,
                                            const U256& balance) {
  if (transaction.max_fee.is_zero()) return ~std::uint64_t{0};
  if (balance < transaction.value) return std::nullopt;
  U256 available = balance - transaction.value;
  const U256 blobs =
      transaction.max_fee_per_blob_gas * U256{131072} * U256{transaction.blob_hashes.size()};
  if (available < blobs) return std::nullopt;
  available -= blobs;
  return (available / transaction.max_fee).saturated();
}

}  // namespace

namespace internal {

Result<PreparedCall> prepare(const BlockContext& block, const ChainRules& rules,
                             const CallRequest& request, const CallOptions& options) {
  for (const auto& [address, change] : options.state) {
    if (change.state && change.state_diff) return fail(err::override_conflict);
  }
  PreparedCall out;
  out.block = block;
  const BlockOverrides& changes = options.block;
  out.block.number = changes.number.value_or(block.number);
  out.block.timestamp = changes.timestamp.value_or(block.timestamp);
  out.block.gas_limit = changes.gas_limit.value_or(block.gas_limit);
  out.block.coinbase = changes.coinbase.value_or(block.coinbase);
  out.block.prev_randao = changes.prev_randao.value_or(block.prev_randao);
  out.block.base_fee = changes.base_fee.value_or(block.base_fee);
  out.block.blob_base_fee = changes.blob_base_fee.value_or(block.blob_base_fee);

  types::Transaction& transaction = out.transaction;
  out.sender = request.from.value_or(Address{});
  transaction.to = request.to;
  transaction.nonce = request.nonce.value_or(0);
  transaction.value = request.value;
  transaction.data = request.data;
  transaction.access_list = request.access_list;
  transaction.blob_hashes = request.blob_hashes;
  transaction.authorizations = request.authorizations;
  transaction.chain_id = rules.chain_id;
  if (request.gas_price) {
    transaction.max_fee = *request.gas_price;
    transaction.max_priority_fee = *request.gas_price;
    transaction.type = types::TransactionType::access_list;
  } else {
    // A missing cap admits the tip alone; a missing tip is none.
    transaction.max_priority_fee = request.max_priority_fee.value_or(U256{});
    transaction.max_fee = request.max_fee.value_or(
        transaction.max_priority_fee.is_zero() ? U256{}
                                               : transaction.max_priority_fee + out.block.base_fee);
    transaction.type = rules.fork >= vm::Fork::london ? types::TransactionType::dynamic_fee
                                                      : types::TransactionType::access_list;
  }
  if (!request.blob_hashes.empty()) {
    transaction.type = types::TransactionType::blob;
    transaction.max_fee_per_blob_gas = request.max_fee_per_blob_gas.value_or(U256{});
    if (transaction.max_fee_per_blob_gas.is_zero()) out.block.blob_base_fee = {};
    out.block.max_blobs = std::max(out.block.max_blobs, blobs_max(rules.fork));
  }
  if (!request.authorizations.empty()) transaction.type = types::TransactionType::set_code;
  // A free call must not fail on the base fee; BASEFEE then shows zero, as go-ethereum has it.
  if (transaction.max_fee.is_zero()) out.block.base_fee = {};
  transaction.gas_limit =
      request.gas.value_or(options.gas_cap != 0 ? options.gas_cap : std::uint64_t{1} << 62);
  if (options.gas_cap != 0) {
    transaction.gas_limit = std::min(transaction.gas_limit, options.gas_cap);
  }
  return out;
}

}  // namespace internal

OverrideView::OverrideView(types::StateView& base, const StateOverrides& overrides)
    : base_{&base}, overrides_{&overrides} {
  for (const auto& [address, change] : overrides) {
    if (change.code) codes_.emplace(types::code_hash_of(*change.code), &*change.code);
  }
}

std::optional<types::Account> OverrideView::account(const Address& address) {
  auto account = base_->account(address);
  const auto found = overrides_->find(address);
  if (found == overrides_->end()) return account;
  const AccountOverride& change = found->second;
  types::Account out = account.value_or(types::Account{});
  if (change.nonce) out.nonce = *change.nonce;
  if (change.balance) out.balance = *change.balance;
  if (change.code) out.code_hash = types::code_hash_of(*change.code);
  if (change.state && change.state->empty()) out.storage_root = types::kEmptyTrieRoot;
  return out;
}

U256 OverrideView::storage(const Address& address, const Hash& slot) {
  const auto found = overrides_->find(address);
  if (found == overrides_->end()) return base_->storage(address, slot);
  const AccountOverride& change = found->second;
  if (change.state) {
    const auto value = change.state->find(slot);
    return value == change.state->end() ? U256{} : value->second;
  }
  if (change.state_diff) {
    const auto value = change.state_diff->find(slot);
    if (value != change.state_diff->end()) return value->second;
  }
  return base_->storage(address, slot);
}

Bytes OverrideView::code(const Hash& code_hash) {
  const auto found = codes_.find(code_hash);
  return found == codes_.end() ? base_->code(code_hash) : *found->second;
}

std::optional<types::Account> DiffView::account(const Address& address) {
  const auto found = diff_->accounts.find(address);
  if (found == diff_->accounts.end()) return base_->account(address);
  auto after = found->second.after;
  if (after && !found->second.storage_cleared) {
    // The diff leaves the storage root to the state; the old one says whether there was any.
    if (const auto before = base_->account(address)) after->storage_root = before->storage_root;
  }
  const auto& slots = found->second.slots;
  if (after && after->storage_root == types::kEmptyTrieRoot &&
      std::ranges::any_of(slots, [](const auto& slot) { return !slot.second.is_zero(); })) {
    after->storage_root = {};  // no root, but not the empty one
  }
  return after;
}

U256 DiffView::storage(const Address& address, const Hash& slot) {
  const auto found = diff_->accounts.find(address);
  if (found == diff_->accounts.end()) return base_->storage(address, slot);
  if (!found->second.after) return {};
  const auto value = found->second.slots.find(slot);
  if (value != found->second.slots.end()) return value->second;
  return found->second.storage_cleared ? U256{} : base_->storage(address, slot);
}

Bytes DiffView::code(const Hash& code_hash) {
  const auto found = diff_->codes.find(code_hash);
  return found == diff_->codes.end() ? base_->code(code_hash) : found->second;
}

Result<TransactionOutcome> call(types::StateView& state, const BlockContext& block,
                                const ChainRules& rules, const CallRequest& request,
                                const CallOptions& options) {
  WUSONG_TRY(const PreparedCall prepared, prepare(block, rules, request, options));
  OverrideView view{state, options.state};
  Machine machine{options.machine};
  auto out = run(machine, view, prepared, rules, options.tracer);
  if (const auto error = state.error()) return fail(*error);
  return out;
}

Result<GasEstimate> estimate_gas(types::StateView& state, const BlockContext& block,
                                 const ChainRules& rules, const CallRequest& request,
                                 const CallOptions& options) {
  WUSONG_TRY(PreparedCall prepared, prepare(block, rules, request, options));
  OverrideView view{state, options.state};
  Machine machine{options.machine};
  types::Transaction& transaction = prepared.transaction;
  std::uint64_t high =
      request.gas && *request.gas >= kPlainTransferGas ? *request.gas : prepared.block.gas_limit;
  if (rules.fork >= vm::Fork::osaka) high = std::min<std::uint64_t>(high, 1 << 24);
  const auto sender = view.account(prepared.sender);
  const auto affordable = affordable_gas(transaction, sender ? sender->balance : U256{});
  if (!affordable) return fail(err::insufficient_funds);
  high = std::min(high, *affordable);
  if (options.gas_cap != 0) high = std::min(high, options.gas_cap);

  // Runs with a limit. Nothing: too little gas even to begin.
  const auto attempt = [&](std::uint64_t limit) -> Result<std::optional<TransactionOutcome>> {
    transaction.gas_limit = limit;
    auto out = run(machine, view, prepared, rules, options.tracer);
    if (const auto error = state.error()) return fail(*error);
    if (out) return std::optional{*std::move(out)};
    if (lacks_gas(out.error())) return std::optional<TransactionOutcome>{};
    return fail(out.error());
  };

  const bool plain = transaction.to && transaction.data.empty() &&
                     transaction.authorizations.empty() && transaction.blob_hashes.empty();
  if (plain && high >= kPlainTransferGas) {
    const auto account = view.account(*transaction.to);
    if ((!account || account->code_hash == hash::kKeccakEmpty) &&
        !vm::is_precompile(*transaction.to, rules.fork)) {
      WUSONG_TRY(auto outcome, attempt(kPlainTransferGas));
      if (outcome && outcome->success()) {
        return GasEstimate{.gas = kPlainTransferGas, .outcome = *std::move(outcome)};
      }
    }
  }
  WUSONG_TRY(auto best, attempt(high));
  if (!best) return fail(err::gas_required_exceeds_allowance);
  if (!best->success()) {
    if (best->status == vm::Status::out_of_gas) return fail(err::gas_required_exceeds_allowance);
    return GasEstimate{.gas = std::nullopt, .outcome = *std::move(best)};
  }
  std::uint64_t low = best->gas_used - 1;
  // A first guess that is often enough: what was used, the refund, and a stipend's 64/63.
  const std::uint64_t guess = (best->gas_used + best->gas_refunded + kCallStipend) * 64 / 63;
  std::optional<std::uint64_t> next;
  if (guess < high) next = guess;
  while (low + 1 < high) {
    if (!next && (high - low) * 1000 < high * kEstimateErrorPermille) break;
    // Most need little more than they use, so the search leans to the low end.
    const std::uint64_t middle =
        next.value_or(std::min(low + (high - low) / 2, std::max<std::uint64_t>(low, 1) * 2));
    next.reset();
    WUSONG_TRY(auto outcome, attempt(middle));
    if (outcome && outcome->success()) {
      high = middle;
      best = std::move(outcome);
    } else {
      low = middle;
    }
  }
  return GasEstimate{.gas = high, .outcome = *std::move(best)};
}

}  // namespace wusong::exec
