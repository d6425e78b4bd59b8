// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/params.hpp"

#include <string>

#include "wusong/codec/hex.hpp"
#include "wusong/rpc/errors.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonValue;

constexpr std::string_view kBlockForms =
    "latest, safe, finalized, earliest, pending, a number like 0x1b4, a block hash, or an object "
    "with blockHash or blockNumber";

template <typename T>
Answer<T> one_of(Result<T> result, Place place, std::string_view expected) {
  if (!result) return std::unexpected{bad_argument(place, expected)};
  return *std::move(result);
}

bool has_prefix(std::string_view text) noexcept {
  return text.starts_with("0x") || text.starts_with("0X");
}

template <typename Fixed>
Answer<Fixed> read_fixed(JsonValue value, Place place, std::string_view expected) {
  const auto text = value.string();
  if (!text || !has_prefix(*text)) return std::unexpected{bad_argument(place, expected)};
  return one_of(codec::fixed_from_hex<Fixed>(*text), place, expected);
}

}  // namespace

Fault bad_argument(Place place, std::string_view expected) {
  std::string message = "invalid argument " + std::to_string(place.index) + " (";
  message += place.name;
  message += "): expected ";
  message += expected;
  return fault_of(err::invalid_params, std::move(message));
}

Answer<std::string_view> read_text(JsonValue value, Place place) {
  return one_of(value.string(), place, "a string");
}

Answer<bool> read_boolean(JsonValue value, Place place) {
  return one_of(value.boolean(), place, "true or false");
}

Answer<Bytes> read_data(JsonValue value, Place place) {
  constexpr std::string_view kExpected = "0x-prefixed hex data with two digits a byte";
  const auto text = value.string();
  if (!text || !has_prefix(*text)) return std::unexpected{bad_argument(place, kExpected)};
  return one_of(codec::from_hex(*text), place, kExpected);
}

Answer<Address> read_address(JsonValue value, Place place) {
  return read_fixed<Address>(value, place, "an address: 0x and 40 hex digits");
}

Answer<Hash> read_hash(JsonValue value, Place place) {
  return read_fixed<Hash>(value, place, "a hash: 0x and 64 hex digits");
}

Answer<Hash> read_word(JsonValue value, Place place) {
  constexpr std::string_view kExpected = "0x and 1 to 64 hex digits";
  const auto text = value.string();
  if (!text) return std::unexpected{bad_argument(place, kExpected)};
  return one_of(codec::word_from_hex_quantity(*text, false), place, kExpected);
}

Answer<std::uint64_t> read_u64(JsonValue value, Place place) {
  constexpr std::string_view kExpected =
      "a hex quantity of at most 64 bits without leading zeros, like 0x1b4";
  const auto text = value.string();
  if (!text) return std::unexpected{bad_argument(place, kExpected)};
  return one_of(codec::u64_from_hex_quantity(*text), place, kExpected);
}

Answer<std::uint64_t> read_count(JsonValue value, Place place) {
  if (const auto number = value.u64()) return *number;
  return read_u64(value, place);
}

Answer<U256> read_u256(JsonValue value, Place place) {
  constexpr std::string_view kExpected =
      "a hex quantity of at most 256 bits without leading zeros, like 0x1b4";
  const auto text = value.string();
  if (!text) return std::unexpected{bad_argument(place, kExpected)};
  WUSONG_ANSWER(const Hash word, one_of(codec::word_from_hex_quantity(*text), place, kExpected));
  return to_u256(word);
}

Answer<BlockRef> read_block(JsonValue value, Place place) {
  using Kind = BlockRef::Kind;
  if (value.is_object()) {
    const auto hash = value.find("blockHash");
    const auto number = value.find("blockNumber");
    const bool has_hash = hash && !hash->is_null();
    const bool has_number = number && !number->is_null();
    if (has_hash == has_number)
      return std::unexpected{bad_argument(place, "either blockHash or blockNumber")};
    if (has_number) return read_block(*number, place);
    WUSONG_ANSWER(const Hash wanted, read_hash(*hash, place));
    return BlockRef{Kind::hash, {}, wanted};
  }
  const auto text = value.string();
  if (!text) return std::unexpected{bad_argument(place, kBlockForms)};
  if (text->empty() || *text == "latest" || *text == "safe" || *text == "finalized")
    return BlockRef{};
  if (*text == "pending") return BlockRef{Kind::pending, {}, {}};
  if (*text == "earliest") return BlockRef{Kind::number, {}, {}};
  if (text->size() == 66) {
    WUSONG_ANSWER(const Hash wanted, read_hash(value, place));
    return BlockRef{Kind::hash, {}, wanted};
  }
  WUSONG_ANSWER(const std::uint64_t number,
                one_of(codec::u64_from_hex_quantity(*text), place, kBlockForms));
  return BlockRef{Kind::number, Height{number}, {}};
}

Answer<Params> Params::of(const std::optional<JsonValue>& value) {
  Params out;
  if (!value || value->is_null()) return out;
  if (!value->is_array())
    return refuse(err::invalid_params, "params: expected an array of arguments");
  out.items_ = value->items();
  return out;
}

std::optional<JsonValue> Params::find(std::size_t index) const {
  if (index >= items_.size() || items_[index].is_null()) return std::nullopt;
  return items_[index];
}

Answer<JsonValue> Params::at(Place place) const {
  const auto value = find(place.index);
  if (value) return *value;
  return refuse(err::invalid_params, "missing value for required argument " +
                                         std::to_string(place.index) + " (" +
                                         std::string{place.name} + ")");
}

Answer<std::string_view> Params::text(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_text(value, place);
}
Answer<Bytes> Params::data(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_data(value, place);
}
Answer<Address> Params::address(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_address(value, place);
}
Answer<Hash> Params::hash(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_hash(value, place);
}
Answer<Hash> Params::word(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_word(value, place);
}
Answer<std::uint64_t> Params::u64(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_u64(value, place);
}
Answer<std::uint64_t> Params::count(Place place) const {
  WUSONG_ANSWER(const JsonValue value, at(place));
  return read_count(value, place);
}
Answer<bool> Params::boolean_or(Place place, bool otherwise) const {
  const auto value = find(place.index);
  if (!value) return otherwise;
  return read_boolean(*value, place);
}
Answer<BlockRef> Params::block(Place place) const {
  const auto value = find(place.index);
  if (!value) return BlockRef{};
  return read_block(*value, place);
}

}  // namespace wusong::rpc
