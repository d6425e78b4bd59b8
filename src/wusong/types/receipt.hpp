// SPDX-License-Identifier: Apache-2.0
// Receipts, logs and blooms, encoded as Ethereum encodes them.
#pragma once

#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::types {

using Bloom = FixedBytes<256, struct BloomTag>;

struct Log {
  Address address;
  std::vector<Hash> topics;  // at most 4
  Bytes data;
  friend bool operator==(const Log&, const Log&) = default;
};

struct Receipt {
  TransactionType type{TransactionType::legacy};
  bool success{false};
  std::uint64_t cumulative_gas_used{0};
  Bloom logs_bloom;
  std::vector<Log> logs;
  // Not part of the encoding that is hashed:
  std::uint64_t gas_used{0};
  U256 effective_gas_price;
  std::optional<Address> contract_address;
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

/// Sets the bits of an address or topic. @source yellow paper, section 4.3.1
void bloom_add(Bloom& bloom, BytesView entry);
Bloom bloom_of(const std::vector<Log>& logs);
bool bloom_may_contain(const Bloom& bloom, BytesView entry);
Bloom& operator|=(Bloom& bloom, const Bloom& other);

/// EIP-2718 receipt encoding, as hashed into receiptsRoot.
Bytes encode_consensus(const Receipt& receipt);
/// keccak256(rlp(logs)): what state tests call "logs".
Hash logs_hash(const std::vector<Log>& logs);

/// The whole receipt for storage, with the fields that are not hashed.
Bytes encode_stored(const Receipt& receipt);
[[nodiscard]] Result<Receipt> decode_stored_receipt(BytesView encoded);

}  // namespace wusong::types
