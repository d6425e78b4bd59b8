// SPDX-License-Identifier: Apache-2.0
// The documents people write: their kinds, their members, and what is wrong with one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/portal/canonical.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::portal {

enum class FieldType : std::uint8_t {
  text,     // {"zh": …, "en": …}, at least one of them, not empty
  string,   // not empty
  integer,  // not negative
  boolean,
  date,     // "2023-10-01"
  digest,   // 64 lower-case hex digits
  texts,    // a list of text
  strings,  // a list of strings
  digests,  // a list of digests
  word,     // one of `words`
  records,  // a list of objects with `fields`
  decimal,  // a decimal number as a string: "12.50"
};

struct Field {
  std::string_view name;
  FieldType type{FieldType::string};
  bool required{true};
  StaticText title;
  std::span<const std::string_view> words{};
  std::span<const Field> fields{};  // of a record
};

struct DocumentKind {
  std::string_view name;
  StaticText title;
  bool is_public{false};  // public kinds carry no salt
  std::string_view article;
  std::span<const Field> fields;
};

/// Every kind, by name in order.
std::span<const DocumentKind> document_kinds() noexcept;
const DocumentKind* document_kind(std::string_view name) noexcept;

/// A document that has passed every check.
struct Document {
  const DocumentKind* kind{nullptr};
  std::string text;  // canonical
  Hash digest;
};

/// Checks a canonical text: its kind, that every required member is there and of its type, that no
/// other member is (but "extra", which is free), and the salt of a kind that is not public.
[[nodiscard]] Checked<Document> check_document(std::string_view canonical);

/// What a form has sent, made into a document: canonical, with `kind` and, unless the kind is
/// public, with `salt`. Members of these names in `json` are replaced.
[[nodiscard]] Checked<Document> make_document(std::string_view kind, std::string_view json,
                                              const std::array<std::uint8_t, 16>& salt);

/// The text at a member; empty where there is none.
Text text_at(const codec::JsonValue& object, std::string_view member);

}  // namespace wusong::portal
