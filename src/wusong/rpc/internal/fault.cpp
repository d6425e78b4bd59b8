// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/fault.hpp"

#include <array>

#include "wusong/codec/json.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/txpool/errors.hpp"

namespace wusong::rpc {
namespace {

struct Row {
  std::string_view name;
  int code;
  std::string_view words;
};

// Words follow geth's, because clients recognise errors by them; 4444 is what clients of Ethereum
// know for history that a node does not keep.
constexpr auto kRows = std::to_array<Row>({
    {"rpc.parse_error", -32700, "parse error"},
    {"rpc.invalid_request", -32600, "invalid request"},
    {"rpc.batch_too_large", -32600, "batch too large"},
    {"rpc.method_not_found", -32601, "the method does not exist/is not available"},
    {"rpc.invalid_params", -32602, "invalid params"},
    {"rpc.limit_exceeded", -32005, "limit exceeded"},
    {"rpc.response_too_large", -32003, "response too large"},
    {"rpc.timed_out", -32002, "request timed out: ask for less"},
    {"rpc.holds_no_keys", -32000, "unknown account: this node holds no keys"},
    {"rpc.needs_websocket", -32601, "notifications not supported: use a WebSocket connection"},
    {"rpc.unknown_filter", -32000, "filter not found"},
    {"rpc.unknown_subscription", -32000, "subscription not found"},
    {"rpc.unknown_transaction", -32000, "transaction not found"},
    {"rpc.execution_reverted", 3, "execution reverted"},
    {"rpc.execution_failed", -32000, "execution failed"},
    {"types.unknown_transaction_type", -32000, "transaction type not supported"},
    {"types.empty_transaction", -32000, "typed transaction too short"},
    {"types.bad_signature_values", -32000, "invalid transaction v, r, s values"},
    {"types.bad_v", -32000, "invalid transaction v, r, s values"},
    {"crypto.bad_signature", -32000, "invalid sender: the signature is not valid"},
    {"codec.rlp_truncated", -32000, "rlp: value size exceeds available input length"},
    {"codec.rlp_non_canonical", -32000, "rlp: non-canonical size information"},
    {"codec.rlp_trailing_bytes", -32000, "rlp: input contains more than one value"},
    {"codec.rlp_expected_list", -32000, "rlp: expected input list"},
    {"codec.rlp_expected_string", -32000, "rlp: expected input string or byte"},
    {"codec.rlp_leading_zero", -32000, "rlp: non-canonical integer (leading zero bytes)"},
    {"codec.rlp_wrong_size", -32000, "rlp: input has the wrong size for its field"},
    {"node.unknown_block", -32000, "header not found"},
    {"node.state_pruned", 4444, "pruned: this node does not keep that state any more"},
    {"node.block_pruned", 4444, "pruned: this node does not keep that block any more"},
    {"node.receipts_pruned", 4444, "pruned: this node does not keep those receipts any more"},
    {"node.light_node", -32601,
     "this node keeps headers and proofs alone: ask a validator or an observer"},
    {"node.no_proof_peer", -32000,
     "no connected node proves that: it may be too old for them, ask an archive node"},
    {"node.not_permitted", -32000, "sender is not permitted to do this on this chain"},
    {"node.stopping", -32000, "node is stopping"},
    {"node.overloaded", -32005, "node is overloaded: try again"},
    {"node.no_proof_yet", -32000, "no finality proof yet: try again after the next blocks"},
});

/// The rows with which execution skips a transaction that was already ordered.
constexpr auto kSkips = std::to_array<const ErrorInfo*>({
    &exec::err::nonce_too_low,
    &exec::err::nonce_too_high,
    &exec::err::nonce_max,
    &exec::err::insufficient_funds,
    &exec::err::intrinsic_gas_too_low,
    &exec::err::floor_data_gas_too_low,
    &exec::err::block_gas_exceeded,
    &exec::err::fee_below_base_fee,
    &exec::err::tip_above_fee_cap,
    &exec::err::sender_not_eoa,
    &exec::err::initcode_too_large,
    &exec::err::type_not_supported,
    &exec::err::wrong_chain_id,
    &exec::err::gas_limit_too_high,
    &exec::err::blob_missing,
    &exec::err::blob_create,
    &exec::err::blob_bad_version,
    &exec::err::blob_too_many,
    &exec::err::blob_fee_too_low,
    &exec::err::set_code_create,
    &exec::err::set_code_empty,
    &exec::err::sender_not_permitted,
    &exec::err::deployment_not_permitted,
    &exec::err::key_not_current,
});

/// The words of a row that has none here.
std::string words_of(const ErrorInfo& info) {
  if (info.number >= 2300 && info.number < 2400) return std::string{txpool::text_of(info)};
  if (info.number >= 2400 && info.number < 2500) return std::string{exec::text_of(info)};
  std::string words{info.name.substr(info.name.find('.') + 1)};
  for (char& c : words)
    if (c == '_') c = ' ';
  return words;
}

}  // namespace

std::string_view skip_reason(std::uint16_t number) noexcept {
  for (const ErrorInfo* row : kSkips)
    if (row->number == number) return row->name;
  return "unknown";
}

Fault fault_of(const ErrorInfo& info, std::string detail) {
  Fault fault;
  fault.code = -32000;
  fault.message = std::move(detail);
  for (const Row& row : kRows) {
    if (row.name != info.name) continue;
    fault.code = row.code;
    if (fault.message.empty()) fault.message = row.words;
  }
  if (fault.message.empty()) fault.message = words_of(info);
  codec::JsonWriter data;
  data.open_object().key("error").string(info.name);
  data.key("number").number(std::uint64_t{info.number}).close_object();
  fault.data = data.take();
  return fault;
}

}  // namespace wusong::rpc
