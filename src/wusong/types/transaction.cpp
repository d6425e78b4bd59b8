// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/transaction.hpp"

#include <utility>

#include "wusong/codec/rlp.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/types/errors.hpp"

namespace wusong::types {
namespace {

using codec::RlpReader;
using codec::RlpWriter;

// Order of secp256k1's group (SEC 2, section 2.4.1).
constexpr U256 kOrder{0xbfd25e8cd0364141ull, 0xbaaedce6af48a03bull, 0xfffffffffffffffeull,
                      0xffffffffffffffffull};

bool is_native(BytesView encoded) noexcept {
  return !encoded.empty() && encoded[0] == std::to_underlying(TransactionType::native);
}

void write_to(RlpWriter& out, const std::optional<Address>& to) {
  if (to) {
    out.string(*to);
  } else {
    out.string({});
  }
}

void write_access_list(RlpWriter& out, const AccessList& list) {
  out.open_list();
  for (const AccessListEntry& entry : list) {
    out.open_list();
    out.string(entry.address);
    out.open_list();
    for (const Hash& key : entry.storage_keys) out.string(key);
    out.close_list();
    out.close_list();
  }
  out.close_list();
}

void write_authorizations(RlpWriter& out, const std::vector<Authorization>& list) {
  out.open_list();
  for (const Authorization& item : list) {
    out.open_list();
    out.number(to_hash(item.chain_id));
    out.string(item.address);
    out.number(item.nonce);
    out.number(to_hash(item.y_parity));
    out.number(to_hash(item.r));
    out.number(to_hash(item.s));
    out.close_list();
  }
  out.close_list();
}

void write_legacy_fields(RlpWriter& out, const Transaction& tx) {
  out.number(tx.nonce);
  out.number(to_hash(tx.max_fee));
  out.number(tx.gas_limit);
  write_to(out, tx.to);
  out.number(to_hash(tx.value));
  out.string(tx.data);
}

void write_typed_fields(RlpWriter& out, const Transaction& tx) {
  out.number(tx.chain_id.value_or(0));
  out.number(tx.nonce);
  if (tx.type != TransactionType::access_list) out.number(to_hash(tx.max_priority_fee));
  out.number(to_hash(tx.max_fee));
  out.number(tx.gas_limit);
  write_to(out, tx.to);
  out.number(to_hash(tx.value));
  out.string(tx.data);
  write_access_list(out, tx.access_list);
  if (tx.type == TransactionType::blob) {
    out.number(to_hash(tx.max_fee_per_blob_gas));
    out.open_list();
    for (const Hash& hash : tx.blob_hashes) out.string(hash);
    out.close_list();
  }
  if (tx.type == TransactionType::set_code) write_authorizations(out, tx.authorizations);
  if (tx.type == TransactionType::native) {
    out.number(static_cast<std::uint64_t>(tx.scheme));
    out.string(tx.public_key);
    if (tx.account) out.string(*tx.account);
  }
}

void write_ecdsa(RlpWriter& out, const crypto::EcdsaSignature& signature) {
  out.number(signature.y_parity);
  out.number(to_hash(signature.r));
  out.number(to_hash(signature.s));
}

Bytes with_type(TransactionType type, BytesView rlp) {
  Bytes out;
  out.reserve(rlp.size() + 1);
  out.push_back(static_cast<std::uint8_t>(type));
  append(out, rlp);
  return out;
}

/// V of a legacy signature: 27 or 28, or EIP-155's 35 + 2 * chain id + y parity.
U256 legacy_v(const Transaction& tx) {
  if (!tx.chain_id) return U256{27u + tx.signature.y_parity};
  return U256{*tx.chain_id} + U256{*tx.chain_id} + U256{35u + tx.signature.y_parity};
}

Result<std::optional<Address>> read_to(RlpReader& in) {
  return in.optional_fixed<Address>();
}

Result<U256> read_u256(RlpReader& in) {
  WUSONG_TRY(const Hash word, in.word());
  return to_u256(word);
}

Result<AccessList> read_access_list(RlpReader& in) {
  WUSONG_TRY(RlpReader entries, in.list());
  AccessList out;
  while (!entries.empty()) {
    WUSONG_TRY(RlpReader fields, entries.list());
    AccessListEntry entry;
    WUSONG_TRY(entry.address, fields.fixed<Address>());
    WUSONG_TRY(RlpReader keys, fields.list());
    WUSONG_CHECK(fields.finish());
    while (!keys.empty()) {
      WUSONG_TRY(const Hash key, keys.fixed<Hash>());
      entry.storage_keys.push_back(key);
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<Authorization>> read_authorizations(RlpReader& in) {
  WUSONG_TRY(RlpReader entries, in.list());
  std::vector<Authorization> out;
  while (!entries.empty()) {
    WUSONG_TRY(RlpReader fields, entries.list());
    Authorization item;
    WUSONG_TRY(item.chain_id, read_u256(fields));
    WUSONG_TRY(item.address, fields.fixed<Address>());
    WUSONG_TRY(item.nonce, fields.u64());
    WUSONG_TRY(item.y_parity, read_u256(fields));
    // EIP-7702 bounds y_parity by 2**8, r and s by 2**256: anything larger is malformed.
    if (!item.y_parity.fits_u64() || item.y_parity.low() > 255) return fail(err::bad_v);
    WUSONG_TRY(item.r, read_u256(fields));
    WUSONG_TRY(item.s, read_u256(fields));
    WUSONG_CHECK(fields.finish());
    out.push_back(item);
  }
  if (out.empty()) return fail(err::empty_authorization_list);
  return out;
}

Result<void> check_signature_values(const crypto::EcdsaSignature& signature) {
  if (signature.r.is_zero() || signature.s.is_zero()) return fail(err::bad_signature_values);
  if (signature.r >= kOrder || !crypto::is_low_s(signature.s)) {
    return fail(err::bad_signature_values);
  }
  return {};
}

Result<void> read_legacy_v(RlpReader& in, Transaction& tx) {
  WUSONG_TRY(const U256 v, read_u256(in));
  if (v == U256{27} || v == U256{28}) {
    tx.signature.y_parity = static_cast<std::uint8_t>(v.low() - 27);
    return {};
  }
  if (v < U256{35}) return fail(err::bad_v);
  const U256 rest = v - U256{35};
  const U256 chain_id = rest >> 1;
  if (!chain_id.fits_u64()) return fail(err::bad_v);
  tx.chain_id = chain_id.low();
  tx.signature.y_parity = static_cast<std::uint8_t>(rest.low() & 1);
  return {};
}

Result<Transaction> decode_legacy(BytesView encoded) {
  RlpReader top{encoded};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Transaction tx;
  WUSONG_TRY(tx.nonce, in.u64());
  WUSONG_TRY(tx.max_fee, read_u256(in));
  tx.max_priority_fee = tx.max_fee;
  WUSONG_TRY(tx.gas_limit, in.u64());
  WUSONG_TRY(tx.to, read_to(in));
  WUSONG_TRY(tx.value, read_u256(in));
  WUSONG_TRY(const BytesView data, in.string());
  tx.data = to_bytes(data);
  WUSONG_CHECK(read_legacy_v(in, tx));
  WUSONG_TRY(tx.signature.r, read_u256(in));
  WUSONG_TRY(tx.signature.s, read_u256(in));
  WUSONG_CHECK(in.finish());
  WUSONG_CHECK(check_signature_values(tx.signature));
  return tx;
}

Result<void> read_native_signature(RlpReader& in, Transaction& tx) {
  WUSONG_TRY(const std::uint64_t number, in.u64());
  const crypto::SchemeInfo* info =
      number <= 255 ? crypto::find_scheme(static_cast<std::uint8_t>(number)) : nullptr;
  if (info == nullptr) return fail(err::unknown_scheme);
  tx.scheme = info->scheme;
  WUSONG_TRY(const BytesView key, in.string());
  WUSONG_TRY(BytesView signature, in.string());
  if (!in.empty()) {  // one more: the account stands before the signature
    if (signature.size() != Address::kSize) return fail(err::bad_account);
    tx.account = Address::from(signature);
    WUSONG_TRY(signature, in.string());
  }
  if (key.size() != info->public_key_size || signature.size() != info->signature_size) {
    return fail(err::bad_key_size);
  }
  tx.public_key = to_bytes(key);
  tx.native_signature = to_bytes(signature);
  return {};
}

Result<void> read_ecdsa(RlpReader& in, Transaction& tx) {
  WUSONG_TRY(const std::uint64_t y_parity, in.u64());
  if (y_parity > 1) return fail(err::bad_v);
  tx.signature.y_parity = static_cast<std::uint8_t>(y_parity);
  WUSONG_TRY(tx.signature.r, read_u256(in));
  WUSONG_TRY(tx.signature.s, read_u256(in));
  return check_signature_values(tx.signature);
}

Result<void> read_type_extras(RlpReader& in, Transaction& tx) {
  if (tx.type == TransactionType::blob) {
    WUSONG_TRY(tx.max_fee_per_blob_gas, read_u256(in));
    WUSONG_TRY(RlpReader hashes, in.list());
    while (!hashes.empty()) {
      WUSONG_TRY(const Hash hash, hashes.fixed<Hash>());
      tx.blob_hashes.push_back(hash);
    }
  }
  if (tx.type == TransactionType::set_code) {
    WUSONG_TRY(tx.authorizations, read_authorizations(in));
  }
  const bool needs_to = tx.type == TransactionType::blob || tx.type == TransactionType::set_code;
  if (needs_to && !tx.to) return fail(err::missing_recipient);
  return {};
}

Result<Transaction> decode_typed(TransactionType type, BytesView payload) {
  RlpReader top{payload};
  WUSONG_TRY(RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Transaction tx;
  tx.type = type;
  WUSONG_TRY(tx.chain_id, in.u64());
  WUSONG_TRY(tx.nonce, in.u64());
  WUSONG_TRY(tx.max_priority_fee, read_u256(in));
  tx.max_fee = tx.max_priority_fee;
  if (type != TransactionType::access_list) {
    WUSONG_TRY(tx.max_fee, read_u256(in));
  }
  WUSONG_TRY(tx.gas_limit, in.u64());
  WUSONG_TRY(tx.to, read_to(in));
  WUSONG_TRY(tx.value, read_u256(in));
  WUSONG_TRY(const BytesView data, in.string());
  tx.data = to_bytes(data);
  WUSONG_TRY(tx.access_list, read_access_list(in));
  WUSONG_CHECK(read_type_extras(in, tx));
  WUSONG_CHECK(type == TransactionType::native ? read_native_signature(in, tx)
                                               : read_ecdsa(in, tx));
  WUSONG_CHECK(in.finish());
  return tx;
}

Address native_sender(const Transaction& tx) {
  return tx.account ? *tx.account : crypto::address_of(tx.scheme, tx.public_key);
}

/// What signing_hash hashes.
Bytes signing_bytes(const Transaction& transaction) {
  RlpWriter out;
  out.open_list();
  if (transaction.type != TransactionType::legacy) {
    write_typed_fields(out, transaction);
    out.close_list();
    return with_type(transaction.type, out.take());
  }
  write_legacy_fields(out, transaction);
  if (transaction.chain_id) {
    out.number(*transaction.chain_id);
    out.number(0);
    out.number(0);
  }
  out.close_list();
  return out.take();
}

}  // namespace

std::optional<Address> recover_authority(const Authorization& authorization) {
  if (authorization.y_parity > U256{1} || !crypto::is_low_s(authorization.s)) return std::nullopt;
  RlpWriter out;
  out.open_list();
  out.number(to_hash(authorization.chain_id));
  out.string(authorization.address);
  out.number(authorization.nonce);
  out.close_list();
  constexpr std::uint8_t kMagic[] = {0x05};
  const auto signer =
      crypto::ecdsa_recover(hash::keccak256(kMagic, out.take()),
                            {.r = authorization.r,
                             .s = authorization.s,
                             .y_parity = static_cast<std::uint8_t>(authorization.y_parity.low())});
  if (!signer) return std::nullopt;
  return *signer;
}

U256 Transaction::effective_gas_price(const U256& base_fee) const noexcept {
  const U256 room = max_fee > base_fee ? max_fee - base_fee : U256{};
  return base_fee + std::min(room, max_priority_fee);
}

Bytes encode(const Transaction& transaction) {
  RlpWriter out;
  out.open_list();
  if (transaction.type == TransactionType::legacy) {
    write_legacy_fields(out, transaction);
    out.number(to_hash(legacy_v(transaction)));
    out.number(to_hash(transaction.signature.r));
    out.number(to_hash(transaction.signature.s));
    out.close_list();
    return out.take();
  }
  write_typed_fields(out, transaction);
  if (transaction.type == TransactionType::native) {
    out.string(transaction.native_signature);
  } else {
    write_ecdsa(out, transaction.signature);
  }
  out.close_list();
  return with_type(transaction.type, out.take());
}

Result<Transaction> decode_transaction(BytesView encoded) {
  if (encoded.empty()) return fail(err::empty_transaction);
  if (encoded[0] >= 0xc0) return decode_legacy(encoded);
  switch (const auto type = static_cast<TransactionType>(encoded[0])) {
    case TransactionType::access_list:
    case TransactionType::dynamic_fee:
    case TransactionType::blob:
    case TransactionType::set_code:
    case TransactionType::native:
      return decode_typed(type, encoded.subspan(1));
    case TransactionType::legacy:
      break;
  }
  return fail(err::unknown_transaction_type);
}

Hash transaction_hash(BytesView encoded) noexcept {
  return is_native(encoded) ? hash::chain_hash(encoded) : hash::keccak256(encoded);
}

void transaction_hashes(std::span<const BytesView> encoded, std::span<Hash> out) {
  if (hash::chain_profile() != hash::Profile::guomi) {  // both kinds have one digest
    hash::keccak256_batch(encoded, out);
    return;
  }
  for (const bool native : {false, true}) {
    std::vector<BytesView> messages;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      if (is_native(encoded[i]) != native) continue;
      messages.push_back(encoded[i]);
      places.push_back(i);
    }
    std::vector<Hash> hashes(messages.size());
    native ? hash::chain_hash_batch(messages, hashes) : hash::keccak256_batch(messages, hashes);
    for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = hashes[i];
  }
}

Hash hash_of(const Transaction& transaction) {
  return transaction_hash(encode(transaction));
}

Hash signing_hash(const Transaction& transaction) {
  return hash::keccak256(signing_bytes(transaction));
}

Bytes native_signing_bytes(const Transaction& transaction) {
  RlpWriter out;
  out.open_list();
  write_typed_fields(out, transaction);
  out.close_list();
  return with_type(TransactionType::native, out.take());
}

Result<Address> recover_sender(const Transaction& transaction) {
  if (transaction.type != TransactionType::native) {
    return crypto::ecdsa_recover(signing_hash(transaction), transaction.signature);
  }
  WUSONG_CHECK(crypto::verify(transaction.scheme, transaction.public_key,
                              native_signing_bytes(transaction), transaction.native_signature));
  return native_sender(transaction);
}

namespace {

/// The senders of those with an Ethereum signature, at their places in `out`.
void recover_ethereum(std::span<const Transaction* const> transactions,
                      std::span<const std::size_t> places, std::span<Result<Address>> out) {
  std::vector<Bytes> messages;
  messages.reserve(places.size());
  for (const std::size_t place : places) messages.push_back(signing_bytes(*transactions[place]));
  std::vector<Hash> digests(messages.size());
  hash::keccak256_batch(std::vector<BytesView>(messages.begin(), messages.end()), digests);
  std::vector<crypto::RecoveryRequest> requests;
  requests.reserve(places.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    requests.push_back({digests[i], transactions[places[i]]->signature});
  const auto senders = crypto::ecdsa_recover_batch(requests);
  for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = senders[i];
}

/// As above, of native ones.
void recover_native(std::span<const Transaction* const> transactions,
                    std::span<const std::size_t> places, crypto::KeyCache* keys,
                    std::span<Result<Address>> out) {
  std::vector<Bytes> messages;
  std::vector<crypto::VerifyRequest> requests;
  messages.reserve(places.size());
  requests.reserve(places.size());
  for (const std::size_t place : places) {
    const Transaction& each = *transactions[place];
    messages.push_back(native_signing_bytes(each));
    requests.push_back({each.scheme, each.public_key, messages.back(), each.native_signature});
  }
  const auto verdicts =
      keys != nullptr ? crypto::verify_batch(requests, *keys) : crypto::verify_batch(requests);
  std::vector<crypto::SchemeKey> signers;
  std::vector<std::size_t> signed_places;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!verdicts[i]) {
      out[places[i]] = fail(verdicts[i].error());
    } else if (const auto& account = transactions[places[i]]->account) {
      out[places[i]] = *account;
    } else {
      signers.push_back({requests[i].scheme, requests[i].public_key});
      signed_places.push_back(places[i]);
    }
  }
  const std::vector<Address> addresses = crypto::addresses_of(signers);
  for (std::size_t i = 0; i < addresses.size(); ++i) out[signed_places[i]] = addresses[i];
}

}  // namespace

std::vector<Result<Address>> recover_senders(std::span<const Transaction* const> transactions,
                                             crypto::KeyCache* keys) {
  std::vector<Result<Address>> out(transactions.size(), fail(crypto::err::bad_signature));
  std::vector<std::size_t> native;
  std::vector<std::size_t> ethereum;
  for (std::size_t i = 0; i < transactions.size(); ++i)
    (transactions[i]->type == TransactionType::native ? native : ethereum).push_back(i);
  recover_native(transactions, native, keys, out);
  recover_ethereum(transactions, ethereum, out);
  return out;
}

Result<void> sign(Transaction& transaction, BytesView secret_key) {
  WUSONG_TRY(transaction.signature, crypto::ecdsa_sign(signing_hash(transaction), secret_key));
  return {};
}

void sign_native(Transaction& transaction, const crypto::Signer& signer) {
  transaction.type = TransactionType::native;
  transaction.scheme = signer.scheme();
  transaction.public_key = to_bytes(signer.public_key());
  transaction.native_signature = signer.sign(native_signing_bytes(transaction));
}

}  // namespace wusong::types
