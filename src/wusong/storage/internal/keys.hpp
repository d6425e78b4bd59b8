// SPDX-License-Identifier: Apache-2.0
// The ledger's keys; README.md lists them.
#pragma once

#include <string_view>

#include "wusong/storage/errors.hpp"
#include "wusong/storage/internal/records.hpp"

namespace wusong::storage {

inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kChainKey = "chain";
inline constexpr std::string_view kFinalKey = "head.final";
inline constexpr std::string_view kExecutedKey = "head.executed";
inline constexpr std::string_view kEpochPrefix = "epoch.";  // and the number, u64
inline constexpr std::string_view kBaseKey = "base";
inline constexpr std::string_view kKeptBlocksKey = "kept.blocks";
inline constexpr std::string_view kKeptReceiptsKey = "kept.receipts";

// First byte of a key in Column::index.
inline constexpr std::uint8_t kBlockTag = 'b';
inline constexpr std::uint8_t kBloomTag = 'l';
inline constexpr std::uint8_t kTransactionTag = 't';
inline constexpr std::size_t kTransactionKeyBytes = 16;

inline Bytes height_key(Height height) {
  Bytes key(8);
  store_be64(key.data(), height.value);
  return key;
}

inline Bytes epoch_key(std::uint64_t number) {
  Bytes key = to_bytes(as_bytes(kEpochPrefix));
  key.resize(key.size() + 8);
  store_be64(key.data() + kEpochPrefix.size(), number);
  return key;
}

inline Bytes tagged_key(std::uint8_t tag, Height height) {
  Bytes key(9);
  key[0] = tag;
  store_be64(key.data() + 1, height.value);
  return key;
}

inline Bytes tagged_key(std::uint8_t tag, BytesView rest) {
  Bytes key{tag};
  append(key, rest);
  return key;
}

inline Bytes transaction_key(const Hash& hash) {
  return tagged_key(kTransactionTag, hash.view().first(kTransactionKeyBytes));
}

inline Result<Height> decode_height(BytesView bytes) {
  if (bytes.size() != 8) return fail(err::corrupt);
  return Height{load_be64(bytes.data())};
}

}  // namespace wusong::storage
