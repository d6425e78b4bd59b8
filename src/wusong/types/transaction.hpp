// SPDX-License-Identifier: Apache-2.0
// Transactions as EIP-2718 envelopes: Ethereum's types and our native one, which names its scheme.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/crypto/key_cache.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::types {

/// EIP-2718 type bytes. `native` is ours: the fields of EIP-1559 with a signature scheme, a public
/// key, perhaps an account, and a signature in place of (y_parity, r, s).
enum class TransactionType : std::uint8_t {
  legacy = 0,
  access_list = 1,  // EIP-2930
  dynamic_fee = 2,  // EIP-1559
  blob = 3,         // EIP-4844: executed by the state tests, refused by this chain's pool
  set_code = 4,     // EIP-7702
  native = 0x57,
};

struct AccessListEntry {
  Address address;
  std::vector<Hash> storage_keys;
  friend bool operator==(const AccessListEntry&, const AccessListEntry&) = default;
};
using AccessList = std::vector<AccessListEntry>;

/// EIP-7702. Invalid tuples are skipped at execution, so values are kept as they came.
struct Authorization {
  U256 chain_id;
  Address address;
  std::uint64_t nonce{0};
  U256 y_parity;  // valid: 0 or 1
  U256 r;
  U256 s;
  friend bool operator==(const Authorization&, const Authorization&) = default;
};
/// keccak256(0x05 || rlp([chain_id, address, nonce])), or nothing where the signature cannot be
/// valid (y_parity above 1, s above n/2) or recovers no key.
std::optional<Address> recover_authority(const Authorization& authorization);

struct Transaction {
  TransactionType type{TransactionType::legacy};
  std::optional<std::uint64_t> chain_id;  // empty only for legacy without EIP-155
  std::uint64_t nonce{0};
  U256 max_priority_fee;  // legacy and EIP-2930: gas price in both
  U256 max_fee;
  std::uint64_t gas_limit{0};
  std::optional<Address> to;  // empty: create a contract
  U256 value;
  Bytes data;
  AccessList access_list;
  U256 max_fee_per_blob_gas;
  std::vector<Hash> blob_hashes;
  std::vector<Authorization> authorizations;

  crypto::EcdsaSignature signature;  // every type but native

  crypto::Scheme scheme{crypto::Scheme::secp256k1};  // native only, as are the next three
  Bytes public_key;
  Bytes native_signature;
  /// Native only: the account that the key acts for where the address is not the key's own (ADR
  /// 0030). Whether it is that account's present key is the state's to say.
  std::optional<Address> account;

  bool is_create() const noexcept { return !to.has_value(); }
  /// Gas price paid at this base fee: min(max_fee, base_fee + max_priority_fee).
  U256 effective_gas_price(const U256& base_fee) const noexcept;
};

/// The canonical encoding: rlp(...) for legacy, type byte || rlp(...) otherwise.
Bytes encode(const Transaction& transaction);
/// Accepts exactly what encode() writes.
/// @errors codec's RLP rows; err::unknown_transaction_type, err::empty_transaction,
///         err::bad_signature_values (r or s zero or >= n; s > n/2), err::bad_v,
///         err::unknown_scheme, err::bad_key_size, err::bad_account, err::missing_recipient (blob,
///         set code), err::empty_authorization_list
[[nodiscard]] Result<Transaction> decode_transaction(BytesView encoded);

/// By its encoding: keccak256 as Ethereum's clients compute it, for `native` ones the chain's hash.
Hash transaction_hash(BytesView encoded) noexcept;
/// transaction_hash of each, at a fraction of the cost. @shape as many hashes as encodings
void transaction_hashes(std::span<const BytesView> encoded, std::span<Hash> out);
Hash hash_of(const Transaction& transaction);
/// What an Ethereum signature covers.
Hash signing_hash(const Transaction& transaction);
/// What a native signature covers: 0x57 || rlp(fields up to the signature).
Bytes native_signing_bytes(const Transaction& transaction);
/// The account that a transaction acts for: the one it names, else the one of the key that signed.
/// The signature holds; that the key is the account's present one is exec's to check.
/// @errors crypto::err::bad_signature and its kin
[[nodiscard]] Result<Address> recover_sender(const Transaction& transaction);
/// recover_sender of each, in their order, at a fraction of the cost; less yet for native ones
/// whose senders `keys` remembers.
std::vector<Result<Address>> recover_senders(std::span<const Transaction* const> transactions,
                                             crypto::KeyCache* keys = nullptr);

/// Signs in place with a secp256k1 key (`legacy` with EIP-155 where chain_id is set).
[[nodiscard]] Result<void> sign(Transaction& transaction, BytesView secret_key);
/// Signs a native transaction in place: sets scheme, public key and signature. For an account that
/// the key is not the first of, `account` names it beforehand.
void sign_native(Transaction& transaction, const crypto::Signer& signer);

}  // namespace wusong::types
