// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/base64.hpp"

#include <algorithm>

namespace wusong::codec {
namespace {

constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<Bytes> decode(std::string_view text, char plus, char slash) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  Bytes out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text) {
    if (c == plus) {
      c = '-';
    } else if (c == slash) {
      c = '_';
    } else if (c == '-' || c == '_') {
      return {};
    }
    const auto value = kUrlAlphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> count));
    }
  }
  if (count == 6) return {};
  return out;
}

/// Letters, digits and the four signs that mean nothing in an address.
bool unreserved(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string base64url(BytesView bytes) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const auto byte : bytes) {
    bits = bits << 8 | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(kUrlAlphabet[bits >> count & 63]);
    }
  }
  if (count > 0) out.push_back(kUrlAlphabet[bits << (6 - count) & 63]);
  return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  return decode(text, '-', '_');
}
std::string base64(BytesView bytes) {
  std::string out = base64url(bytes);
  std::ranges::replace(out, '-', '+');
  std::ranges::replace(out, '_', '/');
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}
std::optional<Bytes> from_base64(std::string_view text) {
  return decode(text, '+', '/');
}

std::optional<Bytes> strict_base64url(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return {};
  auto out = from_base64url(text);
  if (!out || base64url(*out) != text) return {};
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace wusong::codec
