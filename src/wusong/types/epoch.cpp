// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/epoch.hpp"

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::types {
namespace {

using codec::RlpReader;
using codec::RlpWriter;

constexpr std::size_t kNodeKeyBytes = 32;

Result<std::string> read_name(RlpReader& in) {
  WUSONG_TRY(const BytesView bytes, in.string());
  if (bytes.size() > kMemberNameMax) return fail(err::bad_epoch);
  return std::string{bytes.begin(), bytes.end()};
}

Result<Bytes> read_node_key(RlpReader& in) {
  WUSONG_TRY(const BytesView bytes, in.string());
  if (bytes.size() != kNodeKeyBytes) return fail(err::bad_epoch);
  return to_bytes(bytes);
}

Result<Validator> read_validator(RlpReader& list) {
  WUSONG_TRY(RlpReader in, list.list());
  Validator out;
  WUSONG_TRY(out.name, read_name(in));
  WUSONG_TRY(const std::uint64_t number, in.u64());
  const auto* scheme =
      number > UINT8_MAX ? nullptr : crypto::find_scheme(static_cast<std::uint8_t>(number));
  if (scheme == nullptr) return fail(err::bad_epoch);
  out.scheme = scheme->scheme;
  WUSONG_TRY(const BytesView vote_key, in.string());
  if (vote_key.size() != scheme->public_key_size) return fail(err::bad_epoch);
  out.vote_key = to_bytes(vote_key);
  WUSONG_TRY(out.node_key, read_node_key(in));
  WUSONG_TRY(out.beneficiary, in.fixed<Address>());
  WUSONG_CHECK(in.finish());
  return out;
}

Result<Observer> read_observer(RlpReader& list) {
  WUSONG_TRY(RlpReader in, list.list());
  Observer out;
  WUSONG_TRY(out.name, read_name(in));
  WUSONG_TRY(out.node_key, read_node_key(in));
  WUSONG_CHECK(in.finish());
  return out;
}

Result<ChainParameters> read_parameters(RlpReader& list) {
  WUSONG_TRY(RlpReader in, list.list());
  ChainParameters out;
  WUSONG_TRY(out.gas_limit, in.u64());
  WUSONG_TRY(const Hash base_fee, in.word());
  out.base_fee = to_u256(base_fee);
  WUSONG_TRY(out.heartbeat_ms, in.u64());
  WUSONG_TRY(out.block_interval_ms, in.u64());
  WUSONG_TRY(out.block_bytes_max, in.u64());
  WUSONG_CHECK(in.finish());
  return out;
}

}  // namespace

Bytes encode(const Epoch& epoch) {
  RlpWriter out;
  out.open_list();
  out.number(epoch.number);
  out.number(epoch.first.value);
  out.number(epoch.version);
  out.open_list();
  for (const Validator& validator : epoch.validators) {
    out.open_list();
    out.string(as_bytes(validator.name));
    out.number(static_cast<std::uint64_t>(validator.scheme));
    out.string(validator.vote_key);
    out.string(validator.node_key);
    out.string(validator.beneficiary);
    out.close_list();
  }
  out.close_list();
  out.open_list();
  for (const Observer& observer : epoch.observers) {
    out.open_list();
    out.string(as_bytes(observer.name));
    out.string(observer.node_key);
    out.close_list();
  }
  out.close_list();
  out.open_list();
  out.number(epoch.parameters.gas_limit);
  out.number(to_hash(epoch.parameters.base_fee));
  out.number(epoch.parameters.heartbeat_ms);
  out.number(epoch.parameters.block_interval_ms);
  out.number(epoch.parameters.block_bytes_max);
  out.close_list();
  out.close_list();
  return out.take();
}

Result<Epoch> decode_epoch(BytesView encoded) {
  RlpReader top{encoded};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Epoch out;
  WUSONG_TRY(out.number, in.u64());
  WUSONG_TRY(out.first.value, in.u64());
  WUSONG_TRY(out.version, in.u64());
  WUSONG_TRY(RlpReader validators, in.list());
  WUSONG_TRY(RlpReader observers, in.list());
  WUSONG_TRY(out.parameters, read_parameters(in));
  WUSONG_CHECK(in.finish());
  while (!validators.empty()) {
    if (out.validators.size() == kEpochMembersMax) return fail(err::bad_epoch);
    WUSONG_TRY(Validator validator, read_validator(validators));
    out.validators.push_back(std::move(validator));
  }
  while (!observers.empty()) {
    if (out.observers.size() == kEpochMembersMax) return fail(err::bad_epoch);
    WUSONG_TRY(Observer observer, read_observer(observers));
    out.observers.push_back(std::move(observer));
  }
  if (out.validators.empty()) return fail(err::bad_epoch);
  return out;
}

Hash vote_domain(const Hash& genesis, const Epoch& epoch) {
  if (epoch.number == 0) return genesis;
  Bytes message = to_bytes(as_bytes(std::string_view{"wusong/epoch/v1"}));
  append(message, genesis);
  append(message, encode(epoch));
  return hash::chain_hash(message);
}

}  // namespace wusong::types
