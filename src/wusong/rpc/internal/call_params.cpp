// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/call_params.hpp"

#include <algorithm>

#include "wusong/rpc/errors.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonValue;

/// A member that is there and not null.
std::optional<JsonValue> member(JsonValue object, std::string_view name) {
  const auto value = object.find(name);
  if (!value || value->is_null()) return std::nullopt;
  return value;
}

/// Reads a member with `read` into `out` where it is there; `name` is "transaction.gas".
template <typename T, typename Reader>
Answer<void> optional_member(JsonValue object, Place place, T& out, Reader read) {
  const auto value = member(object, place.name.substr(place.name.find('.') + 1));
  if (!value) return {};
  auto parsed = read(*value, place);
  if (!parsed) return std::unexpected{std::move(parsed).error()};
  out = *std::move(parsed);
  return {};
}

#define WUSONG_RPC_MEMBER(object, place, out, read)                   \
  do {                                                                \
    if (auto done = optional_member(object, place, out, read); !done) \
      return std::unexpected{std::move(done).error()};                \
  } while (false)

Answer<types::AccessList> read_access_list(JsonValue value, Place place) {
  if (!value.is_array()) return std::unexpected{bad_argument(place, "an array")};
  types::AccessList out;
  for (const JsonValue& item : value.items()) {
    types::AccessListEntry entry;
    const auto address = member(item, "address");
    if (!address) return std::unexpected{bad_argument(place, "an address in every entry")};
    WUSONG_ANSWER(entry.address, read_address(*address, place));
    if (const auto keys = member(item, "storageKeys")) {
      for (const JsonValue& key : keys->items()) {
        WUSONG_ANSWER(const Hash word, read_word(key, place));
        entry.storage_keys.push_back(word);
      }
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Answer<std::vector<Hash>> read_hashes(JsonValue value, Place place) {
  if (!value.is_array()) return std::unexpected{bad_argument(place, "an array of hashes")};
  std::vector<Hash> out;
  for (const JsonValue& item : value.items()) {
    WUSONG_ANSWER(const Hash hash, read_hash(item, place));
    out.push_back(hash);
  }
  return out;
}

Answer<std::vector<types::Authorization>> read_authorizations(JsonValue value, Place place) {
  if (!value.is_array()) return std::unexpected{bad_argument(place, "an array")};
  std::vector<types::Authorization> out;
  for (const JsonValue& item : value.items()) {
    types::Authorization entry;
    WUSONG_RPC_MEMBER(item, (Place{place.index, "authorization.chainId"}), entry.chain_id,
                      read_u256);
    WUSONG_RPC_MEMBER(item, (Place{place.index, "authorization.address"}), entry.address,
                      read_address);
    WUSONG_RPC_MEMBER(item, (Place{place.index, "authorization.nonce"}), entry.nonce, read_u64);
    WUSONG_RPC_MEMBER(item, (Place{place.index, "authorization.yParity"}), entry.y_parity,
                      read_u256);
    WUSONG_RPC_MEMBER(item, (Place{place.index, "authorization.r"}), entry.r, read_u256);
    WUSONG_RPC_MEMBER(item, (Place{place.index, "authorization.s"}), entry.s, read_u256);
    out.push_back(entry);
  }
  return out;
}

Answer<std::map<Hash, U256>> read_slots(JsonValue value, Place place) {
  if (!value.is_object()) return std::unexpected{bad_argument(place, "an object of words")};
  std::map<Hash, U256> out;
  for (const auto& [key, item] : value.members()) {
    const auto slot = codec::JsonDocument::parse('"' + std::string{key} + '"');
    if (!slot) return std::unexpected{bad_argument(place, "an object of words")};
    WUSONG_ANSWER(const Hash name, read_word(slot->root(), place));
    WUSONG_ANSWER(const Hash word, read_word(item, place));
    out[name] = to_u256(word);
  }
  return out;
}

Answer<void> read_payload(JsonValue value, std::size_t index, Bytes& out) {
  std::optional<Bytes> data;
  std::optional<Bytes> input;
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.data"}), data, read_data);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.input"}), input, read_data);
  if (data && input && *data != *input) {
    return refuse(err::invalid_params,
                  "both \"data\" and \"input\" are set and not equal: use \"input\"");
  }
  if (input) {
    out = *std::move(input);
  } else if (data) {
    out = *std::move(data);
  }
  return {};
}

Answer<void> read_prices(JsonValue value, std::size_t index, exec::CallRequest& out) {
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.gasPrice"}), out.gas_price, read_u256);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.maxFeePerGas"}), out.max_fee, read_u256);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.maxPriorityFeePerGas"}), out.max_priority_fee,
                    read_u256);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.maxFeePerBlobGas"}), out.max_fee_per_blob_gas,
                    read_u256);
  if (out.gas_price && (out.max_fee || out.max_priority_fee)) {
    return refuse(err::invalid_params,
                  "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
  }
  return {};
}

}  // namespace

Answer<exec::CallRequest> read_call(JsonValue value, Place place, std::uint64_t chain_id,
                                    std::uint64_t gas_cap) {
  if (!value.is_object()) return std::unexpected{bad_argument(place, "a transaction object")};
  const std::size_t index = place.index;
  exec::CallRequest out;
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.from"}), out.from, read_address);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.to"}), out.to, read_address);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.gas"}), out.gas, read_u64);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.nonce"}), out.nonce, read_u64);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.value"}), out.value, read_u256);
  if (auto done = read_payload(value, index, out.data); !done)
    return std::unexpected{std::move(done).error()};
  if (auto done = read_prices(value, index, out); !done)
    return std::unexpected{std::move(done).error()};
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.accessList"}), out.access_list,
                    read_access_list);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.blobVersionedHashes"}), out.blob_hashes,
                    read_hashes);
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.authorizationList"}), out.authorizations,
                    read_authorizations);
  std::optional<std::uint64_t> chain;
  WUSONG_RPC_MEMBER(value, (Place{index, "transaction.chainId"}), chain, read_u64);
  if (chain && *chain != chain_id) {
    return refuse(err::invalid_params,
                  "chainId does not match node's (have=" + std::to_string(*chain) +
                      ", want=" + std::to_string(chain_id) + ")");
  }
  if (out.gas && gas_cap != 0) out.gas = std::min(*out.gas, gas_cap);
  return out;
}

Answer<exec::StateOverrides> read_state_overrides(std::optional<JsonValue> value, Place place) {
  exec::StateOverrides out;
  if (!value) return out;
  if (!value->is_object()) return std::unexpected{bad_argument(place, "an object by address")};
  const std::size_t index = place.index;
  for (const auto& [key, item] : value->members()) {
    const auto name = codec::JsonDocument::parse('"' + std::string{key} + '"');
    if (!name) return std::unexpected{bad_argument(place, "an object by address")};
    WUSONG_ANSWER(const Address address, read_address(name->root(), place));
    exec::AccountOverride& account = out[address];
    WUSONG_RPC_MEMBER(item, (Place{index, "override.nonce"}), account.nonce, read_u64);
    WUSONG_RPC_MEMBER(item, (Place{index, "override.balance"}), account.balance, read_u256);
    WUSONG_RPC_MEMBER(item, (Place{index, "override.code"}), account.code, read_data);
    WUSONG_RPC_MEMBER(item, (Place{index, "override.state"}), account.state, read_slots);
    WUSONG_RPC_MEMBER(item, (Place{index, "override.stateDiff"}), account.state_diff, read_slots);
  }
  return out;
}

Answer<exec::BlockOverrides> read_block_overrides(std::optional<JsonValue> value, Place place) {
  exec::BlockOverrides out;
  if (!value) return out;
  if (!value->is_object()) return std::unexpected{bad_argument(place, "an object")};
  const std::size_t index = place.index;
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.number"}), out.number, read_u64);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.time"}), out.timestamp, read_u64);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.gasLimit"}), out.gas_limit, read_u64);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.coinbase"}), out.coinbase, read_address);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.feeRecipient"}), out.coinbase, read_address);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.random"}), out.prev_randao, read_hash);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.prevRandao"}), out.prev_randao, read_hash);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.baseFee"}), out.base_fee, read_u256);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.baseFeePerGas"}), out.base_fee, read_u256);
  WUSONG_RPC_MEMBER(*value, (Place{index, "override.blobBaseFee"}), out.blob_base_fee, read_u256);
  return out;
}

Fault outcome_fault(const exec::TransactionOutcome& outcome) {
  const bool reverted = outcome.status == vm::Status::revert;
  Fault fault = fault_of(reverted ? err::execution_reverted : err::execution_failed,
                         exec::failure_text(outcome));
  if (reverted) fault.data = codec::JsonWriter{}.data(outcome.output).text();
  return fault;
}

}  // namespace wusong::rpc
