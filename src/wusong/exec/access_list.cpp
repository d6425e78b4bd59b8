// SPDX-License-Identifier: Apache-2.0
// eth_createAccessList: what a call touches, found by running it until the list stands still.
#include <map>
#include <set>

#include "wusong/exec/addresses.hpp"
#include "wusong/exec/call.hpp"
#include "wusong/exec/internal/prepared_call.hpp"
#include "wusong/exec/internal/step.hpp"
#include "wusong/vm/precompiles.hpp"

namespace wusong::exec {
namespace {

using Touched = std::map<Address, std::set<Hash>>;

class AccessListTracer final : public vm::Tracer {
 public:
  AccessListTracer(std::set<Address> excluded, vm::Fork fork)
      : excluded_{std::move(excluded)}, fork_{fork} {}

  bool wants_steps() const noexcept override { return true; }
  void on_step(const Step& step) override {
    if (internal::touches_slot(step)) {
      touched_[step.message->recipient].insert(to_hash(internal::stack_item(step, 0)));
    }
    if (const auto address = internal::touched_account(step)) add(*address);
  }
  void add(const Address& address) {
    if (!excluded_.contains(address) && !vm::is_precompile(address, fork_)) touched_[address];
  }
  const Touched& touched() const noexcept { return touched_; }
  Touched& touched() noexcept { return touched_; }

 private:
  std::set<Address> excluded_;
  vm::Fork fork_;
  Touched touched_;
};

types::AccessList list_of(const Touched& touched) {
  types::AccessList out;
  for (const auto& [address, keys] : touched) {
    out.push_back({.address = address, .storage_keys = {keys.begin(), keys.end()}});
  }
  return out;
}

}  // namespace

Result<AccessListOutcome> create_access_list(types::StateView& state, const BlockContext& block,
                                             const ChainRules& rules, const CallRequest& request,
                                             const CallOptions& options) {
  // Each round may warm what sent the code another way; it settles after a few.
  constexpr int kRoundsMax = 32;
  WUSONG_TRY(internal::PreparedCall prepared, internal::prepare(block, rules, request, options));
  OverrideView view{state, options.state};
  internal::Machine machine{options.machine};
  types::Transaction& transaction = prepared.transaction;

  std::uint64_t nonce = 0;
  if (request.nonce) {
    nonce = *request.nonce;
  } else if (const auto sender = view.account(prepared.sender)) {
    nonce = sender->nonce;
  }
  const std::set<Address> excluded{
      prepared.sender, transaction.to ? *transaction.to : create_address(prepared.sender, nonce)};
  for (int round = 0;; ++round) {
    AccessListTracer tracer{excluded, rules.fork};
    for (const types::AccessListEntry& item : request.access_list) {
      tracer.add(item.address);
      for (const Hash& key : item.storage_keys) tracer.touched()[item.address].insert(key);
    }
    Journal journal{view};
    auto outcome = apply_transaction(
        machine.get(), journal, prepared.block, rules, transaction, prepared.sender,
        ~std::uint64_t{0}, {.check_nonce = false, .check_sender = false, .tracer = &tracer});
    if (const auto error = state.error()) return fail(*error);
    if (!outcome) return fail(outcome.error());
    types::AccessList found = list_of(tracer.touched());
    if (found == transaction.access_list || round == kRoundsMax) {
      return AccessListOutcome{.access_list = std::move(found),
                               .gas_used = outcome->gas_used,
                               .status = outcome->status,
                               .output = std::move(outcome->output)};
    }
    transaction.access_list = std::move(found);
  }
}

}  // namespace wusong::exec
