// SPDX-License-Identifier: Apache-2.0
// The ledger's values on disk.
#pragma once

#include "wusong/storage/ledger.hpp"

namespace wusong::storage {

inline void store_be64(std::uint8_t* out, std::uint64_t value) noexcept {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, 8);
}
inline std::uint64_t load_be64(const std::uint8_t* in) noexcept {
  std::uint64_t value;
  std::memcpy(&value, in, 8);
  return __builtin_bswap64(value);
}
inline void store_be32(std::uint8_t* out, std::uint32_t value) noexcept {
  value = __builtin_bswap32(value);
  std::memcpy(out, &value, 4);
}
inline std::uint32_t load_be32(const std::uint8_t* in) noexcept {
  std::uint32_t value;
  std::memcpy(&value, in, 4);
  return __builtin_bswap32(value);
}

/// rlp([[state_root, receipts_root, bloom or "", gas_used], [skipped, ...] or [], [receipt, ...]]),
/// skipped left empty where every transaction was executed.
Bytes encode_execution(const Execution& execution);
/// Accepts exactly what encode_execution() writes. @errors codec's and types' rows
[[nodiscard]] Result<Execution> decode_execution(BytesView encoded);
/// The first item alone.
[[nodiscard]] Result<types::ExecutionRoots> decode_execution_roots(BytesView encoded);

}  // namespace wusong::storage
