// SPDX-License-Identifier: Apache-2.0
// eth_: accounts, proofs, fees and sending.
#include <algorithm>
#include <array>

#include "wusong/codec/hex.hpp"
#include "wusong/exec/account_keys.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/rpc/errors.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr Place kAddressPlace{0, "address"};

struct Reading {
  Height height;
  std::unique_ptr<types::StateView> state;
};

Answer<Reading> open_state(const Call& call, std::size_t block_index) {
  WUSONG_ANSWER(const BlockRef ref, call.params.block({block_index, "block"}));
  WUSONG_ANSWER(const Height height, height_of(call.context, ref));
  WUSONG_ANSWER(auto state, state_at(call.context, height));
  return Reading{height, std::move(state)};
}

Answer<void> finish(const Reading& reading) {
  if (const auto error = reading.state->error()) return refuse(*error);
  return {};
}

Answer<void> get_balance(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address address, call.params.address(kAddressPlace));
  WUSONG_ANSWER(const Reading reading, open_state(call, 1));
  const auto account = reading.state->account(address);
  quantity(out, account ? account->balance : U256{});
  return finish(reading);
}

Answer<void> get_transaction_count(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address address, call.params.address(kAddressPlace));
  WUSONG_ANSWER(const BlockRef ref, call.params.block({1, "block"}));
  if (ref.kind == BlockRef::Kind::pending) {
    out.quantity(call.context.node.pending_nonce(address));
    return {};
  }
  WUSONG_ANSWER(const Reading reading, open_state(call, 1));
  const auto account = reading.state->account(address);
  out.quantity(account ? account->nonce : 0);
  return finish(reading);
}

Answer<void> get_code(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address address, call.params.address(kAddressPlace));
  WUSONG_ANSWER(const Reading reading, open_state(call, 1));
  const auto account = reading.state->account(address);
  out.data(account ? reading.state->code(account->code_hash) : Bytes{});
  return finish(reading);
}

Answer<void> get_storage_at(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address address, call.params.address(kAddressPlace));
  WUSONG_ANSWER(const Hash slot, call.params.word({1, "slot"}));
  WUSONG_ANSWER(const Reading reading, open_state(call, 2));
  out.data(to_hash(reading.state->storage(address, slot)));
  return finish(reading);
}

/// Null on a chain whose accounts keep their first keys for ever.
Answer<void> account_key(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address address, call.params.address(kAddressPlace));
  WUSONG_ANSWER(const Reading reading, open_state(call, 1));
  const auto contract = reading.state->account(exec::kKeysAddress);
  if (!contract || contract->code_hash == hash::kKeccakEmpty) {
    out.null();
    return finish(reading);
  }
  const auto present = exec::replaced_key(*reading.state, address);
  out.open_object().key("address").data(address).key("height").quantity(reading.height.value);
  const auto* scheme =
      present ? crypto::find_scheme(static_cast<std::uint8_t>(present->scheme)) : nullptr;
  out.key("scheme");
  scheme == nullptr ? out.null() : out.string(scheme->name);
  out.key("keyHash");
  present ? out.data(present->key_hash) : out.null();
  out.key("sequence").quantity(present ? present->sequence : 0);
  // What eth_getProof proves it by.
  const Hash slot = exec::account_key_slot(address);
  out.key("contract").data(exec::kKeysAddress).key("slots").open_array().data(slot);
  out.data(to_hash(to_u256(slot) + U256{1})).close_array().close_object();
  return finish(reading);
}

void write_nodes(JsonWriter& out, const std::vector<Bytes>& nodes) {
  out.open_array();
  for (const Bytes& node : nodes) out.data(node);
  out.close_array();
}

Answer<void> get_proof(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Address address, call.params.address(kAddressPlace));
  WUSONG_ANSWER(const JsonValue keys, call.params.at({1, "storageKeys"}));
  if (!keys.is_array())
    return std::unexpected{bad_argument({1, "storageKeys"}, "an array of storage keys")};
  if (keys.size() > call.context.config.proof_keys_max) {
    return refuse(err::limit_exceeded, "more than " +
                                           std::to_string(call.context.config.proof_keys_max) +
                                           " storage keys: ask in pieces");
  }
  std::vector<Hash> slots;
  std::vector<std::string_view> texts;
  for (const JsonValue& key : keys.items()) {
    WUSONG_ANSWER(const Hash slot, read_word(key, {1, "storageKeys"}));
    slots.push_back(slot);
    texts.push_back(*key.string());
  }
  WUSONG_ANSWER(const BlockRef ref, call.params.block({2, "block"}));
  WUSONG_ANSWER(const Height height, height_of(call.context, ref));
  const auto proof = call.context.node.proof(height, address, slots);
  if (!proof) return std::unexpected{state_fault(call.context, proof.error(), height)};

  out.open_object().key("address").data(address).key("accountProof");
  write_nodes(out, proof->account_proof);
  out.key("balance");
  quantity(out, proof->account.balance);
  out.key("codeHash").data(proof->account.code_hash).key("nonce").quantity(proof->account.nonce);
  out.key("storageHash").data(proof->account.storage_root).key("storageProof").open_array();
  for (std::size_t i = 0; i < proof->slots.size(); ++i) {
    const auto& slot = proof->slots[i];
    out.open_object().key("key");
    // A key comes back as it was written: whole words as words, quantities as quantities.
    if (i < texts.size() && texts[i].size() == 66) {
      out.data(slot.key);
    } else {
      out.quantity(slot.key.view());
    }
    out.key("value");
    quantity(out, slot.value);
    out.key("proof");
    write_nodes(out, slot.proof);
    out.close_object();
  }
  out.close_array().close_object();
  return {};
}

Answer<void> chain_id(const Call& call, JsonWriter& out) {
  out.quantity(call.context.node.chain_id());
  return {};
}

/// The lowest price that is accepted now.
U256 price_of(const Call& call) {
  return std::max(call.context.node.gas_price(), call.context.node.pending_environment().base_fee);
}

Answer<void> gas_price(const Call& call, JsonWriter& out) {
  quantity(out, price_of(call));
  return {};
}

Answer<void> max_priority_fee(const Call& call, JsonWriter& out) {
  quantity(out, price_of(call) - call.context.node.pending_environment().base_fee);
  return {};
}

Answer<void> base_fee(const Call& call, JsonWriter& out) {
  quantity(out, call.context.node.pending_environment().base_fee);
  return {};
}

Answer<void> blob_base_fee(const Call& /*call*/, JsonWriter& out) {
  out.string("0x1");
  return {};
}

Answer<std::vector<double>> read_percentiles(const Call& call) {
  std::vector<double> out;
  const auto value = call.params.find(2);
  if (!value) return out;
  constexpr Place kPlace{2, "rewardPercentiles"};
  constexpr std::string_view kExpected =
      "an array of at most 100 numbers from 0 to 100 in ascending order";
  if (!value->is_array() || value->size() > 100)
    return std::unexpected{bad_argument(kPlace, kExpected)};
  for (const JsonValue& item : value->items()) {
    const auto number = item.number();
    const bool fits =
        number && *number >= 0 && *number <= 100 && (out.empty() || *number >= out.back());
    if (!fits) return std::unexpected{bad_argument(kPlace, kExpected)};
    out.push_back(*number);
  }
  return out;
}

/// Priority fees paid at the percentiles of the block's gas.
void write_rewards(JsonWriter& out, const node::ExecutedBlock& block,
                   const std::vector<double>& percentiles) {
  struct Paid {
    U256 tip;
    std::uint64_t gas{0};
  };
  std::vector<Paid> paid;
  const U256 base = block.block.header.base_fee;
  for (const types::Receipt& receipt : block.receipts) {
    const U256 price = receipt.effective_gas_price;
    paid.push_back({price > base ? price - base : U256{}, receipt.gas_used});
  }
  std::ranges::sort(paid, [](const Paid& a, const Paid& b) { return a.tip < b.tip; });
  out.open_array();
  std::size_t at = 0;
  std::uint64_t sum = paid.empty() ? 0 : paid[0].gas;
  for (const double percentile : percentiles) {
    if (paid.empty()) {
      out.string("0x0");
      continue;
    }
    const double threshold = static_cast<double>(block.roots.gas_used) * percentile / 100;
    while (static_cast<double>(sum) < threshold && at + 1 < paid.size()) sum += paid[++at].gas;
    quantity(out, paid[at].tip);
  }
  out.close_array();
}

Answer<void> fee_history(const Call& call, JsonWriter& out) {
  const Context& context = call.context;
  WUSONG_ANSWER(std::uint64_t count, call.params.count({0, "blockCount"}));
  WUSONG_ANSWER(const BlockRef ref, call.params.block({1, "newestBlock"}));
  WUSONG_ANSWER(const std::vector<double> percentiles, read_percentiles(call));
  WUSONG_ANSWER(const Height newest, height_of(context, ref));
  count = std::min({count, context.config.fee_history_blocks_max, newest.value + 1});
  if (count == 0) {
    out.open_object().key("oldestBlock").string("0x0").key("gasUsedRatio").open_array();
    out.close_array().close_object();
    return {};
  }
  // Where blocks are pruned there is less history, as at a chain's beginning.
  const Height kept = std::min(context.node.heads().oldest_receipts, newest);
  const Height oldest = std::max(Height{newest.value + 1 - count}, kept);
  std::vector<node::BlockPtr> blocks;
  for (Height height = oldest; height <= newest; height = height.next()) {
    auto block = context.node.block(height);
    if (!block) return std::unexpected{state_fault(context, block.error(), height)};
    blocks.push_back(*std::move(block));
  }
  U256 next_fee = context.node.pending_environment().base_fee;
  if (const auto after = context.node.block(newest.next()))
    next_fee = (*after)->block.header.base_fee;

  out.open_object().key("oldestBlock").quantity(oldest.value);
  if (!percentiles.empty()) {
    out.key("reward").open_array();
    for (const auto& block : blocks) write_rewards(out, *block, percentiles);
    out.close_array();
  }
  out.key("baseFeePerGas").open_array();
  for (const auto& block : blocks) quantity(out, block->block.header.base_fee);
  quantity(out, next_fee);
  out.close_array().key("gasUsedRatio").open_array();
  for (const auto& block : blocks) {
    const auto limit = static_cast<double>(block->block.header.gas_limit);
    out.number(limit > 0 ? static_cast<double>(block->roots.gas_used) / limit : 0.0);
  }
  out.close_array().key("baseFeePerBlobGas").open_array();
  for (std::size_t i = 0; i <= blocks.size(); ++i) out.string("0x1");
  out.close_array().key("blobGasUsedRatio").open_array();
  for (std::size_t i = 0; i < blocks.size(); ++i) out.number(0.0);
  out.close_array().close_object();
  return {};
}

Answer<void> send_raw_transaction(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(Bytes raw, call.params.data({0, "transaction"}));
  const auto answers = call.context.node.submit({std::move(raw)});
  WUSONG_ASSERT(answers.size() == 1);
  if (!answers[0]) return refuse(answers[0].error());
  out.data(*answers[0]);
  return {};
}

Answer<void> refuse_keys(const Call& /*call*/, JsonWriter& /*out*/) {
  return refuse(err::holds_no_keys,
                "unknown account: this node holds no keys; sign the transaction yourself and use "
                "eth_sendRawTransaction");
}

Answer<void> accounts(const Call& /*call*/, JsonWriter& out) {
  out.open_array().close_array();
  return {};
}

Answer<void> syncing(const Call& call, JsonWriter& out) {
  const node::Health health = call.context.node.health();
  if (!health.syncing) {
    out.boolean(false);
    return {};
  }
  out.open_object().key("startingBlock").string("0x0");
  out.key("currentBlock").quantity(call.context.node.heads().executed.value);
  out.key("highestBlock").quantity(health.sync_target.value).close_object();
  return {};
}

Answer<void> coinbase(const Call& call, JsonWriter& out) {
  for (const auto& validator : call.context.node.validators()) {
    if (!validator.is_self) continue;
    out.data(validator.beneficiary);
    return {};
  }
  out.data(Address{});
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"eth_chainId", chain_id},
    {"eth_getBalance", get_balance},
    {"eth_getTransactionCount", get_transaction_count},
    {"eth_getCode", get_code},
    {"eth_getStorageAt", get_storage_at},
    {"eth_getProof", get_proof},
    {"eth_gasPrice", gas_price},
    {"eth_maxPriorityFeePerGas", max_priority_fee},
    {"eth_baseFee", base_fee},
    {"eth_blobBaseFee", blob_base_fee},
    {"eth_feeHistory", fee_history},
    {"eth_sendRawTransaction", send_raw_transaction},
    {"eth_sendTransaction", refuse_keys},
    {"eth_signTransaction", refuse_keys},
    {"eth_sign", refuse_keys},
    {"eth_accounts", accounts},
    {"wusong_accountKey", account_key},
    {"eth_syncing", syncing},
    {"eth_coinbase", coinbase},
});

}  // namespace

std::span<const Method> state_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc
