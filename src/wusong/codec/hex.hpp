// SPDX-License-Identifier: Apache-2.0
// Hexadecimal text, as Ethereum's JSON uses it: "0x" data with two digits a byte, and quantities.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::codec {

/// Two lower-case digits a byte, without prefix.
std::string to_hex(BytesView bytes);
/// With "0x" in front.
std::string to_hex_data(BytesView bytes);
/// "0x" and no leading zero: 0 is "0x0".
std::string to_hex_quantity(std::uint64_t value);
/// The same for a big-endian number of any length.
std::string to_hex_quantity(BytesView big_endian);
void append_hex(std::string& out, BytesView bytes);

/// Any even number of digits, with or without "0x".
/// @errors err::bad_hex
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);
/// Exactly `out.size()` bytes, with or without "0x".
/// @errors err::bad_hex, err::bad_length
[[nodiscard]] Result<void> from_hex(std::string_view text, std::span<std::uint8_t> out);
template <typename Fixed>
[[nodiscard]] Result<Fixed> fixed_from_hex(std::string_view text) {
  Fixed out;
  WUSONG_CHECK(from_hex(text, out.bytes));
  return out;
}
/// "0x" and 1 to 16 digits. With `strict`, leading zeros are refused as JSON-RPC has it; else also
/// "0x" is zero.
/// @errors err::bad_number
[[nodiscard]] Result<std::uint64_t> u64_from_hex_quantity(std::string_view text,
                                                          bool strict = true);
/// "0x" and 1 to 64 digits, big-endian into 32 bytes. Not strict: leading zeros, and "0x" alone is
/// zero.
/// @errors err::bad_number
[[nodiscard]] Result<Hash> word_from_hex_quantity(std::string_view text, bool strict = true);

}  // namespace wusong::codec
