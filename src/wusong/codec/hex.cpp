// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/hex.hpp"

#include <array>

#include "wusong/codec/errors.hpp"

namespace wusong::codec {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = -1;
  for (int i = 0; i < 10; ++i)
    table[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    table[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    table[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return table;
}
constexpr auto kValues = make_values();

int digit(char c) noexcept {
  return kValues[static_cast<std::uint8_t>(c)];
}

std::string_view without_prefix(std::string_view text) noexcept {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  return text;
}

Result<void> decode_digits(std::string_view digits, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(digits[2 * i]);
    const int low = digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return fail(err::bad_hex);
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return {};
}

}  // namespace

void append_hex(std::string& out, BytesView bytes) {
  const std::size_t start = out.size();
  out.resize(start + 2 * bytes.size());
  char* to = out.data() + start;
  for (const std::uint8_t byte : bytes) {
    *to++ = kDigits[byte >> 4];
    *to++ = kDigits[byte & 15];
  }
}

std::string to_hex(BytesView bytes) {
  std::string out;
  append_hex(out, bytes);
  return out;
}

std::string to_hex_data(BytesView bytes) {
  std::string out = "0x";
  append_hex(out, bytes);
  return out;
}

std::string to_hex_quantity(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return to_hex_quantity(BytesView{bytes});
}

std::string to_hex_quantity(BytesView big_endian) {
  std::string digits;
  append_hex(digits, big_endian);
  const auto first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0x0";
  return "0x" + digits.substr(first);
}

Result<void> from_hex(std::string_view text, std::span<std::uint8_t> out) {
  text = without_prefix(text);
  if (text.size() != 2 * out.size()) return fail(err::bad_length);
  return decode_digits(text, out);
}

Result<Bytes> from_hex(std::string_view text) {
  text = without_prefix(text);
  if (text.size() % 2 != 0) return fail(err::bad_hex);
  Bytes out(text.size() / 2);
  WUSONG_CHECK(decode_digits(text, out));
  return out;
}

Result<std::uint64_t> u64_from_hex_quantity(std::string_view text, bool strict) {
  WUSONG_TRY(const Hash word, word_from_hex_quantity(text, strict));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    if (i < 24 && word.bytes[i] != 0) return fail(err::bad_number);
    value = value << 8 | word.bytes[i];
  }
  return value;
}

Result<Hash> word_from_hex_quantity(std::string_view text, bool strict) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return fail(err::bad_number);
  text.remove_prefix(2);
  if (text.empty() && strict) return fail(err::bad_number);
  if (strict && text.size() > 1 && text[0] == '0') return fail(err::bad_number);
  while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
  if (text.size() > 64) return fail(err::bad_number);
  Hash out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = digit(text[text.size() - 1 - i]);
    if (value < 0) return fail(err::bad_number);
    out.bytes[31 - i / 2] |= static_cast<std::uint8_t>(i % 2 == 0 ? value : value << 4);
  }
  return out;
}

}  // namespace wusong::codec
