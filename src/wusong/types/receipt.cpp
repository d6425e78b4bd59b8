// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/receipt.hpp"

#include "wusong/codec/errors.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::types {
namespace {

using codec::RlpReader;
using codec::RlpWriter;

void write_logs(RlpWriter& out, const std::vector<Log>& logs) {
  out.open_list();
  for (const Log& log : logs) {
    out.open_list();
    out.string(log.address);
    out.open_list();
    for (const Hash& topic : log.topics) out.string(topic);
    out.close_list();
    out.string(log.data);
    out.close_list();
  }
  out.close_list();
}

Result<std::vector<Log>> read_logs(RlpReader& in) {
  WUSONG_TRY(RlpReader entries, in.list());
  std::vector<Log> out;
  while (!entries.empty()) {
    WUSONG_TRY(RlpReader fields, entries.list());
    Log log;
    WUSONG_TRY(log.address, fields.fixed<Address>());
    WUSONG_TRY(RlpReader topics, fields.list());
    while (!topics.empty()) {
      WUSONG_TRY(const Hash topic, topics.fixed<Hash>());
      log.topics.push_back(topic);
    }
    WUSONG_TRY(const BytesView data, fields.string());
    log.data = to_bytes(data);
    WUSONG_CHECK(fields.finish());
    out.push_back(std::move(log));
  }
  return out;
}

/// The three bits of an entry: pairs of hash bytes, modulo 2048.
std::array<std::size_t, 3> bloom_bits(BytesView entry) {
  const Hash hash = hash::keccak256(entry);
  std::array<std::size_t, 3> out{};
  for (std::size_t i = 0; i < 3; ++i) {
    out[i] = static_cast<std::size_t>((hash.bytes[2 * i] << 8 | hash.bytes[2 * i + 1]) & 2047);
  }
  return out;
}

}  // namespace

void bloom_add(Bloom& bloom, BytesView entry) {
  for (const std::size_t bit : bloom_bits(entry)) {
    bloom.bytes[255 - bit / 8] |= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

Bloom bloom_of(const std::vector<Log>& logs) {
  Bloom bloom;
  for (const Log& log : logs) {
    bloom_add(bloom, log.address);
    for (const Hash& topic : log.topics) bloom_add(bloom, topic);
  }
  return bloom;
}

bool bloom_may_contain(const Bloom& bloom, BytesView entry) {
  for (const std::size_t bit : bloom_bits(entry)) {
    if ((bloom.bytes[255 - bit / 8] >> (bit % 8) & 1) == 0) return false;
  }
  return true;
}

Bloom& operator|=(Bloom& bloom, const Bloom& other) {
  for (std::size_t i = 0; i < Bloom::kSize; ++i) bloom.bytes[i] |= other.bytes[i];
  return bloom;
}

Bytes encode_consensus(const Receipt& receipt) {
  RlpWriter out;
  out.open_list();
  out.number(receipt.success ? 1u : 0u);
  out.number(receipt.cumulative_gas_used);
  out.string(receipt.logs_bloom);
  write_logs(out, receipt.logs);
  out.close_list();
  Bytes rlp = out.take();
  if (receipt.type != TransactionType::legacy) {
    rlp.insert(rlp.begin(), static_cast<std::uint8_t>(receipt.type));
  }
  return rlp;
}

Hash logs_hash(const std::vector<Log>& logs) {
  RlpWriter out;
  write_logs(out, logs);
  return hash::keccak256(out.take());
}

// Blooms are left out: they follow from the logs.
Bytes encode_stored(const Receipt& receipt) {
  RlpWriter out;
  out.open_list();
  out.number(static_cast<std::uint64_t>(receipt.type));
  out.number(receipt.success ? 1u : 0u);
  out.number(receipt.cumulative_gas_used);
  out.number(receipt.gas_used);
  out.number(to_hash(receipt.effective_gas_price));
  if (receipt.contract_address) {
    out.string(*receipt.contract_address);
  } else {
    out.string({});
  }
  write_logs(out, receipt.logs);
  out.close_list();
  return out.take();
}

Result<Receipt> decode_stored_receipt(BytesView encoded) {
  RlpReader top{encoded};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Receipt out;
  WUSONG_TRY(const std::uint64_t type, in.u64());
  if (type > 0xff) return fail(err::unknown_transaction_type);
  out.type = static_cast<TransactionType>(type);
  WUSONG_TRY(const std::uint64_t success, in.u64());
  if (success > 1) return fail(codec::err::rlp_non_canonical);
  out.success = success != 0;
  WUSONG_TRY(out.cumulative_gas_used, in.u64());
  WUSONG_TRY(out.gas_used, in.u64());
  WUSONG_TRY(const Hash price, in.word());
  out.effective_gas_price = to_u256(price);
  WUSONG_TRY(out.contract_address, in.optional_fixed<Address>());
  WUSONG_TRY(out.logs, read_logs(in));
  WUSONG_CHECK(in.finish());
  out.logs_bloom = bloom_of(out.logs);
  return out;
}

}  // namespace wusong::types
