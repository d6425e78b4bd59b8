// SPDX-License-Identifier: Apache-2.0
// JSON: reading through simdjson behind a plain interface, writing straight into a string.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::codec {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

/// A value inside a JsonDocument, which must outlive it. Cheap to copy.
class JsonValue {
 public:
  JsonValue() noexcept = default;  // null

  JsonKind kind() const noexcept;
  bool is_null() const noexcept { return kind() == JsonKind::null; }
  bool is_string() const noexcept { return kind() == JsonKind::string; }
  bool is_object() const noexcept { return kind() == JsonKind::object; }
  bool is_array() const noexcept { return kind() == JsonKind::array; }

  /// @errors err::json_wrong_type
  [[nodiscard]] Result<std::string_view> string() const noexcept;
  [[nodiscard]] Result<std::uint64_t> u64() const noexcept;
  [[nodiscard]] Result<std::int64_t> i64() const noexcept;
  [[nodiscard]] Result<double> number() const noexcept;
  [[nodiscard]] Result<bool> boolean() const noexcept;

  /// Elements of an array or members of an object; 0 for anything else.
  std::size_t size() const noexcept;
  /// Elements of an array in order; empty for anything else.
  std::vector<JsonValue> items() const;
  /// Members of an object in order; empty for anything else.
  std::vector<std::pair<std::string_view, JsonValue>> members() const;

  /// The member, or nothing where there is none or this is no object.
  std::optional<JsonValue> find(std::string_view key) const noexcept;
  /// @errors err::json_missing_member
  [[nodiscard]] Result<JsonValue> at(std::string_view key) const noexcept;
  /// at(key).string()
  [[nodiscard]] Result<std::string_view> string_at(std::string_view key) const noexcept;

  /// The value written again as compact JSON.
  std::string to_json() const;

 private:
  friend class JsonDocument;
  alignas(8) std::array<std::uint8_t, 16> element_{};  // a simdjson::dom::element
};

/// A parsed text. Movable; values stay valid as long as it lives.
class JsonDocument {
 public:
  /// @errors err::bad_json, also for nesting deeper than 256
  [[nodiscard]] static Result<JsonDocument> parse(std::string_view text);
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonValue root() const noexcept;

 private:
  struct Parsed;
  explicit JsonDocument(std::unique_ptr<Parsed> parsed) noexcept;
  std::unique_ptr<Parsed> parsed_;
};

/// Writes JSON in order; commas are its business, balance the caller's.
class JsonWriter {
 public:
  JsonWriter& open_object() { return open('{'); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& open_array() { return open('['); }
  JsonWriter& close_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// "0x…" with every byte.
  JsonWriter& data(BytesView bytes);
  /// "0x…" without leading zeros.
  JsonWriter& quantity(std::uint64_t value);
  JsonWriter& quantity(BytesView big_endian);
  /// Already JSON.
  JsonWriter& raw(std::string_view json);

  const std::string& text() const noexcept { return out_; }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string out_;
  bool comma_{false};
};

/// `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace wusong::codec
