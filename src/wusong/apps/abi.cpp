// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/abi.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "wusong/apps/address.hpp"
#include "wusong/apps/units.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::apps {
namespace {

std::unexpected<Failure> wrong(const std::string& argument, std::string_view type) {
  return failure(err::bad_argument, fmt::format("\"{}\" is no {}", argument, type));
}

/// Bits of uintN or intN, 256 where none are named; nothing for a wrong number.
std::optional<unsigned> width_of(std::string_view digits) {
  if (digits.empty()) return 256;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && bits != 0 && bits <= 256 && bits % 8 == 0 ? std::optional{bits} : std::nullopt;
}

/// N of bytesN.
std::optional<std::size_t> fixed_size(std::string_view type) {
  if (!type.starts_with("bytes")) return std::nullopt;
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(type.data() + 5, type.data() + type.size(), size);
  const bool whole = error == std::errc{} && end == type.data() + type.size();
  return whole && size != 0 && size <= 32 ? std::optional{size} : std::nullopt;
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
    const auto address = parse_address(argument);
    if (!address) return std::unexpected{address.error()};
    std::ranges::copy(address->bytes, out.bytes.begin() + 12);
    return out;
  }
  if (type == "bool") {
    if (argument != "true" && argument != "false") return wrong(argument, "bool (true or false)");
    out.bytes[31] = argument == "true" ? 1 : 0;
    return out;
  }
  if (type.starts_with("uint") || type.starts_with("int")) return encode_integer(type, argument);
  if (const auto size = fixed_size(type)) {
    const auto bytes = codec::from_hex(argument);
    if (!bytes || bytes->size() != *size) return wrong(argument, type);
    std::ranges::copy(*bytes, out.bytes.begin());
    return out;
  }
  return failure(err::bad_argument,
                 fmt::format("type \"{}\" is not supported here; give --data instead", type));
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  std::string item;
  for (const char c : list) {
    if (c == ',') {
      out.push_back(std::exchange(item, {}));
    } else if (c != ' ') {
      item.push_back(c);
    }
  }
  if (!out.empty() || !item.empty()) out.push_back(std::move(item));
  return out;
}

/// The names of "(a,b)" as selectors spell them: uint is uint256.
Outcome<std::vector<std::string>> type_names(const std::string& types) {
  if (!types.starts_with('(') || !types.ends_with(')')) {
    return failure(err::bad_argument,
                   fmt::format("\"{}\" is no list of types like (address,uint256)", types));
  }
  auto names = split(std::string_view{types}.substr(1, types.size() - 2));
  for (std::string& name : names) {
    const std::string base = name.substr(0, name.find('['));
    const bool array = name.ends_with("[]") && base.size() + 2 == name.size();
    if (base.empty() || base.find_first_of("()") != std::string::npos || (base != name && !array)) {
      return failure(err::bad_argument,
                     fmt::format("type \"{}\" is not supported here; give --data instead", name));
    }
    if (base == "uint" || base == "int") name = base + "256" + (array ? "[]" : "");
  }
  return names;
}

/// What stands behind the offset of a dynamic argument.
Outcome<Bytes> encode_tail(const std::string& type, const std::string& argument) {
  Bytes out;
  if (type.ends_with("[]")) {
    const auto end = argument.find_last_not_of(' ');
    if (!argument.starts_with('[') || argument[end] != ']') return wrong(argument, type);
    const auto items = split(std::string_view{argument}.substr(1, end - 1));
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

Outcome<Bytes> encode_values(const std::vector<std::string>& names, const std::string& shown,
                             const std::vector<std::string>& arguments) {
  if (names.size() != arguments.size()) {
    return failure(err::bad_argument,
                   fmt::format("{} takes {} argument{}, {} given", shown, names.size(),
                               names.size() == 1 ? "" : "s", arguments.size()));
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

/// Reads 32-byte words of untrusted data.
class Reader {
 public:
  explicit Reader(BytesView data) : data_{data} {}
  std::optional<Hash> word(std::size_t at) const {
    if (at > data_.size() || data_.size() - at < 32) return std::nullopt;
    return Hash::from(data_.subspan(at, 32));
  }
  std::optional<std::size_t> number(std::size_t at) const {
    const auto value = word(at);
    if (!value || to_u256(*value) > U256{data_.size()}) return std::nullopt;
    return to_u256(*value).limb[0];
  }
  std::optional<BytesView> bytes(std::size_t at, std::size_t count) const {
    if (at > data_.size() || data_.size() - at < count) return std::nullopt;
    return data_.subspan(at, count);
  }

 private:
  BytesView data_;
};

std::optional<std::string> decode_word(const std::string& type, const Hash& word) {
  const U256 value = to_u256(word);
  if (type == "address") return codec::to_hex_data(word.view().subspan(12));
  if (type == "bool") return value == U256{} ? "false" : "true";
  if (type.starts_with("uint") && width_of(std::string_view{type}.substr(4))) {
    return to_decimal(value);
  }
  if (type.starts_with("int") && width_of(std::string_view{type}.substr(3))) {
    const bool negative = value.bit_width() == 256;
    return negative ? "-" + to_decimal(U256{} - value) : to_decimal(value);
  }
  if (const auto size = fixed_size(type)) return codec::to_hex_data(word.view().first(*size));
  return std::nullopt;
}

std::optional<std::string> decode_tail(const std::string& type, const Reader& data,
                                       std::size_t at) {
  const auto count = data.number(at);
  if (!count) return std::nullopt;
  if (!type.ends_with("[]")) {
    const auto content = data.bytes(at + 32, *count);
    if (!content) return std::nullopt;
    return type == "string" ? std::string{as_text(*content)} : codec::to_hex_data(*content);
  }
  std::string out = "[";
  for (std::size_t i = 0; i < *count; ++i) {
    const auto word = data.word(at + 32 + 32 * i);
    const auto item = word ? decode_word(type.substr(0, type.size() - 2), *word) : std::nullopt;
    if (!item) return std::nullopt;
    out += (i == 0 ? "" : ",") + *item;
  }
  return out + "]";
}

}  // namespace

Outcome<Bytes> encode_arguments(const std::string& types,
                                const std::vector<std::string>& arguments) {
  const auto names = type_names(types);
  if (!names) return std::unexpected{names.error()};
  return encode_values(*names, types, arguments);
}

Outcome<Bytes> encode_call(const std::string& signature,
                           const std::vector<std::string>& arguments) {
  const auto open = signature.find('(');
  if (open == std::string::npos || open == 0) {
    return failure(err::bad_argument,
                   fmt::format("\"{}\" is no signature like transfer(address,uint256)", signature));
  }
  const auto names = type_names(signature.substr(open));
  if (!names) return std::unexpected{names.error()};
  const auto encoded = encode_values(*names, signature, arguments);
  if (!encoded) return encoded;
  std::string canonical = signature.substr(0, open);
  std::erase(canonical, ' ');
  canonical += fmt::format("({})", fmt::join(*names, ","));
  const Hash selector = hash::keccak256(as_bytes(canonical));
  Bytes out = to_bytes(selector.view().first(4));
  append(out, *encoded);
  return out;
}

Outcome<std::vector<std::string>> decode_values(const std::string& types, BytesView data) {
  const auto names = type_names(types);
  if (!names) return std::unexpected{names.error()};
  const Reader reader{data};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string& type = (*names)[i];
    std::optional<std::string> value;
    if (is_dynamic(type)) {
      const auto offset = reader.number(32 * i);
      if (offset) value = decode_tail(type, reader, *offset);
    } else if (const auto word = reader.word(32 * i)) {
      value = decode_word(type, *word);
    }
    if (!value) {
      return failure(err::bad_argument, fmt::format("the answer {} does not hold {}",
                                                    codec::to_hex_data(data), types));
    }
    out.push_back(*std::move(value));
  }
  return out;
}

Signature split_signature(const std::string& text) {
  const auto end = text.find(')');
  if (end == std::string::npos || end + 1 == text.size()) return {text, {}};
  std::string returns = text.substr(end + 1);
  std::erase(returns, ' ');
  return {text.substr(0, end + 1), std::move(returns)};
}

}  // namespace wusong::apps
