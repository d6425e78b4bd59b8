// SPDX-License-Identifier: Apache-2.0
// CRC-32C, for records on disk.
#pragma once

#include <array>
#include <cstdint>

#include "wusong/base/bytes.hpp"

namespace wusong::state {

namespace detail {
consteval std::array<std::uint32_t, 256> make_crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}
inline constexpr auto kCrc32cTable = make_crc32c_table();
}  // namespace detail

/// @source RFC 3720, section 12.1 and appendix B.4
inline std::uint32_t crc32c(BytesView bytes) noexcept {
  std::size_t i = 0;
#ifdef __SSE4_2__
  std::uint64_t wide = 0xffffffffu;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  auto crc = static_cast<std::uint32_t>(wide);
#else
  std::uint32_t crc = 0xffffffffu;
#endif
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ detail::kCrc32cTable[(crc ^ bytes[i]) & 0xff];
  return ~crc;
}

}  // namespace wusong::state
