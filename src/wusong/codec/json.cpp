// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/json.hpp"

#include <bit>
#include <charconv>
#include <cmath>

#include "wusong/codec/errors.hpp"
#include "wusong/codec/hex.hpp"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

namespace wusong::codec {
namespace {

namespace dom = simdjson::dom;
using Stored = std::array<std::uint8_t, 16>;
static_assert(sizeof(dom::element) <= sizeof(Stored));
static_assert(std::is_trivially_copyable_v<dom::element>);

constexpr std::size_t kDepthMax = 256;

Stored store(const dom::element& element) noexcept {
  Stored out{};
  std::memcpy(out.data(), &element, sizeof(element));
  return out;
}

/// Nothing for the null a default-constructed value stands for.
std::optional<dom::element> load(const Stored& stored) noexcept {
  if (stored == Stored{}) return std::nullopt;
  dom::element element;
  std::memcpy(static_cast<void*>(&element), stored.data(), sizeof(element));
  return element;
}

template <typename T>
Result<T> read(const Stored& stored) noexcept {
  const auto element = load(stored);
  if (!element) return fail(err::json_wrong_type);
  T value{};
  if (element->get(value) != simdjson::SUCCESS) return fail(err::json_wrong_type);
  return value;
}

}  // namespace

struct JsonDocument::Parsed {
  dom::parser parser;
  dom::element root;
};

JsonKind JsonValue::kind() const noexcept {
  const auto element = load(element_);
  if (!element) return JsonKind::null;
  switch (element->type()) {
    case dom::element_type::ARRAY:
      return JsonKind::array;
    case dom::element_type::OBJECT:
      return JsonKind::object;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return JsonKind::number;
    case dom::element_type::STRING:
      return JsonKind::string;
    case dom::element_type::BOOL:
      return JsonKind::boolean;
    default:
      return JsonKind::null;
  }
}

Result<std::string_view> JsonValue::string() const noexcept {
  return read<std::string_view>(element_);
}
Result<std::uint64_t> JsonValue::u64() const noexcept {
  return read<std::uint64_t>(element_);
}
Result<std::int64_t> JsonValue::i64() const noexcept {
  return read<std::int64_t>(element_);
}
Result<double> JsonValue::number() const noexcept {
  return read<double>(element_);
}
Result<bool> JsonValue::boolean() const noexcept {
  return read<bool>(element_);
}

std::size_t JsonValue::size() const noexcept {
  if (const auto array = read<dom::array>(element_)) return array->size();
  if (const auto object = read<dom::object>(element_)) return object->size();
  return 0;
}

std::vector<JsonValue> JsonValue::items() const {
  std::vector<JsonValue> out;
  if (const auto array = read<dom::array>(element_)) {
    for (const dom::element element : *array) {
      JsonValue value;
      value.element_ = store(element);
      out.push_back(value);
    }
  }
  return out;
}

std::vector<std::pair<std::string_view, JsonValue>> JsonValue::members() const {
  std::vector<std::pair<std::string_view, JsonValue>> out;
  if (const auto object = read<dom::object>(element_)) {
    for (const auto member : *object) {
      JsonValue value;
      value.element_ = store(member.value);
      out.emplace_back(member.key, value);
    }
  }
  return out;
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const noexcept {
  const auto object = read<dom::object>(element_);
  if (!object) return std::nullopt;
  dom::element element;
  if (object->at_key(key).get(element) != simdjson::SUCCESS) return std::nullopt;
  JsonValue value;
  value.element_ = store(element);
  return value;
}

Result<JsonValue> JsonValue::at(std::string_view key) const noexcept {
  const auto value = find(key);
  if (!value) return fail(err::json_missing_member);
  return *value;
}

Result<std::string_view> JsonValue::string_at(std::string_view key) const noexcept {
  WUSONG_TRY(const JsonValue value, at(key));
  return value.string();
}

std::string JsonValue::to_json() const {
  const auto element = load(element_);
  return element ? simdjson::minify(*element) : "null";
}

JsonDocument::JsonDocument(std::unique_ptr<Parsed> parsed) noexcept : parsed_{std::move(parsed)} {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  auto parsed = std::make_unique<Parsed>();
  if (parsed->parser.allocate(text.size(), kDepthMax) != simdjson::SUCCESS)
    return fail(err::bad_json);
  if (parsed->parser.parse(text.data(), text.size()).get(parsed->root) != simdjson::SUCCESS)
    return fail(err::bad_json);
  return JsonDocument{std::move(parsed)};
}

JsonValue JsonDocument::root() const noexcept {
  JsonValue value;
  value.element_ = store(parsed_->root);
  return value;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
          out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

void JsonWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out_.append(digits, end);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out_.append(digits, end);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out_.append(digits, end);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}
JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::data(BytesView bytes) {
  separate();
  out_ += "\"0x";
  append_hex(out_, bytes);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::quantity(std::uint64_t value) {
  return raw('"' + to_hex_quantity(value) + '"');
}
JsonWriter& JsonWriter::quantity(BytesView big_endian) {
  return raw('"' + to_hex_quantity(big_endian) + '"');
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace wusong::codec
