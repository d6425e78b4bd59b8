// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/abi.hpp"

#include <fmt/format.h>

#include <charconv>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/hash.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::apps {
namespace {

std::unexpected<Failure> wrong(const std::string& argument, std::string_view type) {
  return failure(err::bad_argument, fmt::format("\"{}\" is no {}", argument, type));
}

std::optional<U256> parse_number(std::string_view text) {
  if (text.starts_with("0x")) {
    const auto word = codec::word_from_hex_quantity(text, false);
    return word ? std::optional{to_u256(*word)} : std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  const U256 limit = ~U256{} / U256{10};
  U256 out;
  for (const char c : text) {
    if (c < '0' || c > '9' || out > limit) return std::nullopt;
    const U256 next = out * U256{10} + U256{static_cast<std::uint64_t>(c - '0')};
    if (next < out) return std::nullopt;
    out = next;
  }
  return out;
}

/// Bits of uintN or intN, 256 where none are named; nothing for a wrong number.
std::optional<unsigned> width_of(std::string_view digits) {
  if (digits.empty()) return 256;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && bits != 0 && bits <= 256 && bits % 8 == 0 ? std::optional{bits} : std::nullopt;
}

Outcome<Hash> encode_integer(const std::string& type, const std::string& argument) {
  const bool is_signed = type[0] == 'i';
  const auto bits = width_of(std::string_view{type}.substr(is_signed ? 3 : 4));
  const bool negative = is_signed && argument.starts_with('-');
  const auto value = parse_number(std::string_view{argument}.substr(negative ? 1 : 0));
  if (!bits || !value) return wrong(argument, type);
  const unsigned room = is_signed ? *bits - 1 : *bits;
  const bool lowest = negative && *value == U256{1} << room;
  if (value->bit_width() > room && !lowest) return wrong(argument, type);
  return to_hash(negative ? U256{} - *value : *value);
}

Outcome<Hash> encode_word(const std::string& type, const std::string& argument) {
  Hash out;
  if (type == "address") {
    const auto address = codec::fixed_from_hex<Address>(argument);
    if (!address) return wrong(argument, type);
    std::ranges::copy(address->bytes, out.bytes.begin() + 12);
    return out;
  }
  if (type == "bool") {
    if (argument != "true" && argument != "false") return wrong(argument, "bool (true or false)");
    out.bytes[31] = argument == "true" ? 1 : 0;
    return out;
  }
  if (type.starts_with("uint") || type.starts_with("int")) return encode_integer(type, argument);
  if (type.starts_with("bytes")) {
    const auto size = width_of(std::to_string(std::atoi(type.c_str() + 5) * 8));
    const auto bytes = codec::from_hex(argument);
    if (!size || !bytes || bytes->size() != *size / 8) return wrong(argument, type);
    std::ranges::copy(*bytes, out.bytes.begin());
    return out;
  }
  return failure(err::bad_argument, fmt::format("type \"{}\" is not supported here; give --data instead", type));
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string item{list.substr(0, comma)};
    std::erase(item, ' ');
    out.push_back(std::move(item));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return out;
}

/// What stands behind the offset of a dynamic argument.
Outcome<Bytes> encode_tail(const std::string& type, const std::string& argument) {
  Bytes out;
  if (type.ends_with("[]")) {
    if (!argument.starts_with('[') || !argument.ends_with(']')) return wrong(argument, type);
    const auto items = split(std::string_view{argument}.substr(1, argument.size() - 2));
    append(out, to_hash(U256{items.size()}));
    for (const std::string& item : items) {
      const auto word = encode_word(type.substr(0, type.size() - 2), item);
      if (!word) return std::unexpected{word.error()};
      append(out, *word);
    }
    return out;
  }
  Bytes content;
  if (type == "string") {
    content = to_bytes(as_bytes(argument));
  } else {
    auto bytes = codec::from_hex(argument);
    if (!bytes) return wrong(argument, type);
    content = *std::move(bytes);
  }
  append(out, to_hash(U256{content.size()}));
  append(out, content);
  out.resize((out.size() + 31) / 32 * 32);
  return out;
}

bool is_dynamic(const std::string& type) {
  return type == "string" || type == "bytes" || type.ends_with("[]");
}

}  // namespace

Outcome<Bytes> encode_arguments(const std::string& types, const std::vector<std::string>& arguments) {
  if (!types.starts_with('(') || !types.ends_with(')')) {
    return failure(err::bad_argument, fmt::format("\"{}\" is no list of types like (address,uint256)", types));
  }
  const auto names = split(std::string_view{types}.substr(1, types.size() - 2));
  if (names.size() != arguments.size()) {
    return failure(err::bad_argument, fmt::format("{} takes {} arguments, {} were given", types, names.size(), arguments.size()));
  }
  Bytes head;
  Bytes tail;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_dynamic(names[i])) {
      const auto encoded = encode_tail(names[i], arguments[i]);
      if (!encoded) return encoded;
      append(head, to_hash(U256{32 * names.size() + tail.size()}));
      append(tail, *encoded);
      continue;
    }
    const auto word = encode_word(names[i], arguments[i]);
    if (!word) return std::unexpected{word.error()};
    append(head, *word);
  }
  append(head, tail);
  return head;
}

Outcome<Bytes> encode_call(const std::string& signature, const std::vector<std::string>& arguments) {
  const auto open = signature.find('(');
  if (open == std::string::npos || open == 0) {
    return failure(err::bad_argument, fmt::format("\"{}\" is no signature like transfer(address,uint256)", signature));
  }
  std::string canonical = signature;
  std::erase(canonical, ' ');
  const auto encoded = encode_arguments(canonical.substr(canonical.find('(')), arguments);
  if (!encoded) return encoded;
  const Hash selector = crypto::keccak256(as_bytes(canonical));
  Bytes out = to_bytes(selector.view().first(4));
  append(out, *encoded);
  return out;
}

}  // namespace wusong::apps
