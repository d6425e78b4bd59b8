// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/validation.hpp"

#include <algorithm>

#include "wusong/exec/errors.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/node/account_keys.hpp"
#include "wusong/node/errors.hpp"

namespace wusong::node {
namespace {

exec::AllowList allow_list(const Role& role) {
  exec::AllowList out;
  if (!role.open) {
    out.only.emplace();
    for (const Address& member : role.members) out.only->insert(member);
  }
  return out;
}

}  // namespace

std::uint32_t proposer_of(View view, std::size_t validators) noexcept {
  return static_cast<std::uint32_t>(view.value % validators);
}

Result<void> check_header(const types::Header& header, const types::Header& parent,
                          const Hash& parent_hash, const types::Epoch& epoch) {
  const types::ChainParameters& parameters = epoch.parameters;
  const bool linked = header.parent_hash == parent_hash && header.number == parent.number.next() &&
                      header.view > parent.view;
  const bool fixed =
      header.gas_limit == parameters.gas_limit && header.base_fee == parameters.base_fee;
  if (!linked || !fixed) return fail(err::wrong_header);
  if (header.proposer != proposer_of(header.view, epoch.validators.size()) ||
      header.beneficiary != epoch.validators[header.proposer].beneficiary) {
    return fail(err::wrong_header);
  }
  const bool in_order = header.executed >= parent.executed && header.executed < header.number;
  if (!in_order || header.roots.size() != header.executed.value - parent.executed.value) {
    return fail(err::wrong_header);
  }
  return {};
}

Result<void> check_timestamp(const types::Header& header, const types::Header& parent,
                             UnixMillis now) {
  if (header.timestamp < parent.timestamp ||
      header.timestamp.value > now.value + kClockDriftMsMax) {
    return fail(err::timestamp_out_of_range);
  }
  return {};
}

Result<void> check_transactions(const PreparedBlock& block, const exec::ChainRules& rules) {
  std::uint64_t gas = 0;
  for (std::size_t i = 0; i < block.block.transactions.size(); ++i) {
    const types::Transaction& transaction = block.block.transactions[i];
    if (transaction.type == types::TransactionType::blob) {
      return fail(err::unsupported_transaction);
    }
    if (transaction.chain_id.has_value() && *transaction.chain_id != rules.chain_id) {
      return fail(err::wrong_chain_id);
    }
    WUSONG_CHECK(exec::check_static(transaction, rules));
    if (transaction.gas_limit > block.block.header.gas_limit - gas) {
      return fail(err::block_over_gas_limit);
    }
    gas += transaction.gas_limit;
    if (!rules.permissions.transact.allows(block.senders[i])) {
      return fail(exec::err::sender_not_permitted);
    }
  }
  return {};
}

Height roots_target(const types::Header& parent, Height executed,
                    std::uint64_t root_delay) noexcept {
  const Height delayed = parent.number.next().minus(root_delay);
  const Height limit = parent.executed.plus(types::kRootsPerHeaderMax);
  return std::max(parent.executed, std::min({executed, delayed, limit}));
}

exec::ChainRules chain_rules(const Genesis& genesis) {
  return {.chain_id = genesis.chain_id,
          .fork = genesis.fork,
          .permissions = {.transact = allow_list(genesis.transact),
                          .deploy = allow_list(genesis.deploy)},
          .account_keys = has_account_keys(genesis)};
}

}  // namespace wusong::node
