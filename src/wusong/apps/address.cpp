// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::apps {

std::string checksummed(const Address& address) {
  std::string digits = codec::to_hex(address);
  const Hash hash = hash::keccak256(as_bytes(digits));
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const unsigned nibble = i % 2 == 0 ? hash.bytes[i / 2] >> 4 : hash.bytes[i / 2] & 0x0f;
    if (nibble >= 8 && digits[i] >= 'a') digits[i] = static_cast<char>(digits[i] - 'a' + 'A');
  }
  return "0x" + digits;
}

std::string checksummed(std::string_view text) {
  const auto address = codec::fixed_from_hex<Address>(text);
  return address ? checksummed(*address) : std::string{text};
}

Outcome<Address> parse_address(const std::string& text, std::string_view what) {
  const auto address = codec::fixed_from_hex<Address>(text);
  if (!address) {
    return failure(
        err::bad_argument,
        fmt::format("{}\"{}\" is not an address: 0x and 40 hexadecimal digits", what, text));
  }
  const std::string_view digits = std::string_view{text}.substr(text.starts_with("0x") ? 2 : 0);
  const bool lower = std::ranges::any_of(digits, [](char c) { return c >= 'a' && c <= 'f'; });
  const bool upper = std::ranges::any_of(digits, [](char c) { return c >= 'A' && c <= 'F'; });
  const std::string expected = checksummed(*address);
  if (lower && upper && std::string_view{expected}.substr(2) != digits) {
    return failure(err::bad_argument,
                   fmt::format("{}\"{}\" is mistyped: its capital letters are a checksum (EIP-55) "
                               "that does not hold; compare it with where you have it from, or "
                               "write it in small letters to use it as it is",
                               what, text));
  }
  return *address;
}

}  // namespace wusong::apps
