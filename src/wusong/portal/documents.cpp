// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/documents.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/portal/calendar.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/json_reader.hpp"

namespace wusong::portal {
namespace {

using internal::FaultSink;
using internal::Placed;

constexpr std::size_t kSaltDigits = 32;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// Digits with at most one point between them, perhaps a minus in front.
bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return false;
  return std::ranges::count(text, '.') <= 1 &&
         std::ranges::all_of(text, [&](char c) { return c == '.' || is_digit(c); });
}

void check_fields(const Placed& object, std::span<const Field> fields,
                  std::initializer_list<std::string_view> more);

void check_text(const Placed& at) {
  at.only({"zh", "en"});
  bool any = false;
  for (const std::string_view language : {"zh", "en"})
    if (const auto text = at.value.find(language)) {
      if (text->string().value_or("").empty()) {
        at.sink->report(at.inside(language), "请填写文字，或删除此语言",
                        "write text, or leave this language out");
      } else {
        any = true;
      }
    }
  if (!any) at.fault("请至少填写一种语言", "write at least one language");
}

void check_string(const Placed& at) {
  if (at.value.string().value_or("").empty()) at.fault("请填写文字", "write text here");
}

void check_value(const Placed& at, const Field& field) {
  const std::string_view text = at.value.string().value_or("");
  switch (field.type) {
    case FieldType::text:
      return check_text(at);
    case FieldType::string:
      return check_string(at);
    case FieldType::integer:
      if (!at.value.u64() || *at.value.u64() > INT64_MAX)
        at.fault("请填写非负整数", "write an integer that is not negative");
      return;
    case FieldType::boolean:
      if (!at.value.boolean()) at.fault("请填写 true 或 false", "write true or false");
      return;
    case FieldType::date:
      if (!parse_date(text)) at.fault("请填写日期，如 2023-10-01", "write a date, as 2023-10-01");
      return;
    case FieldType::digest:
      if (!is_hex(text, 64))
        at.fault("请填写 64 位小写十六进制数", "write 64 lower-case hexadecimal digits");
      return;
    case FieldType::decimal:
      if (!is_decimal(text)) at.fault("请填写小数，如 \"12.50\"", "write a decimal, as \"12.50\"");
      return;
    case FieldType::word: {
      if (std::ranges::find(field.words, text) != field.words.end()) return;
      std::string known;
      for (const std::string_view word : field.words)
        known += (known.empty() ? "" : ", ") + std::string{word};
      return at.fault("应为下列之一：" + known, "write one of: " + known);
    }
    case FieldType::texts:
      for (const Placed& item : at.items()) check_text(item);
      return;
    case FieldType::strings:
      for (const Placed& item : at.items()) check_string(item);
      return;
    case FieldType::digests:
      for (const Placed& item : at.items())
        if (!is_hex(item.value.string().value_or(""), 64))
          item.fault("请填写 64 位小写十六进制数", "write 64 lower-case hexadecimal digits");
      return;
    case FieldType::records:
      for (const Placed& item : at.items()) check_fields(item, field.fields, {});
      return;
  }
}

void check_fields(const Placed& object, std::span<const Field> fields,
                  std::initializer_list<std::string_view> more) {
  if (!object.value.is_object()) return object.fault("应为对象", "write an object here");
  for (const auto& [name, value] : object.value.members()) {
    const bool is_known = std::ranges::find(fields, name, &Field::name) != fields.end() ||
                          std::ranges::find(more, name) != more.end();
    if (!is_known)
      object.sink->report(object.inside(name), "没有这一项；其他内容请放入 extra",
                          "no such member; other content belongs in extra");
  }
  for (const Field& field : fields) {
    const auto value = object.value.find(field.name);
    if (value) {
      check_value({*value, object.inside(field.name), object.sink}, field);
    } else if (field.required) {
      object.sink->report(object.inside(field.name), "请填写" + std::string{field.title.zh},
                          "this is needed: " + std::string{field.title.en});
    }
  }
}

std::unexpected<Fault> bad(std::string place, std::string_view zh, std::string_view en) {
  return std::unexpected{
      Fault{err::bad_document, std::move(place), {std::string{zh}, std::string{en}}}};
}

}  // namespace

Checked<Document> check_document(std::string_view canonical) {
  if (const auto form = check_canonical(canonical); !form) return std::unexpected{form.error()};
  const auto parsed = codec::JsonDocument::parse(canonical);
  if (!parsed) return bad("", "不是 JSON", "this is not JSON");
  const codec::JsonValue root = parsed->root();
  if (!root.is_object()) return bad("", "应为对象", "write an object");
  const DocumentKind* kind = document_kind(root.string_at("kind").value_or(""));
  if (kind == nullptr) return bad("kind", "没有此种文件", "there is no such kind of document");
  FaultSink sink{err::bad_document};
  check_fields({root, "", &sink}, kind->fields, {"kind", "salt", "extra"});
  if (const auto extra = root.find("extra"); extra && !extra->is_object())
    sink.report("extra", "应为对象", "write an object here");
  const auto salt = root.find("salt");
  if (kind->is_public && salt)
    sink.report("salt", "公开文件不带随机盐", "a public document has no salt");
  if (!kind->is_public && (!salt || !is_hex(salt->string().value_or(""), kSaltDigits)))
    sink.report("salt", "缺少 32 位十六进制随机盐", "a salt of 32 hexadecimal digits is needed");
  if (!sink.ok()) return sink.take();
  return Document{kind, std::string{canonical}, digest_of(canonical)};
}

Checked<Document> make_document(std::string_view kind, std::string_view json,
                                const std::array<std::uint8_t, 16>& salt) {
  const DocumentKind* known = document_kind(kind);
  if (known == nullptr) return bad("kind", "没有此种文件", "there is no such kind of document");
  if (json.size() > kDocumentBytesMax)
    return std::unexpected{Fault{err::document_too_large, "", {"文件过大", "too large"}}};
  const auto parsed = codec::JsonDocument::parse(json);
  if (!parsed || !parsed->root().is_object())
    return bad("", "不是 JSON 对象", "this is not a JSON object");
  codec::JsonWriter out;
  out.open_object();
  for (const auto& [name, value] : parsed->root().members()) {
    if (name == "kind" || name == "salt") continue;
    out.key(name).raw(value.to_json());
  }
  out.key("kind").string(kind);
  if (!known->is_public) out.key("salt").string(codec::to_hex(salt));
  out.close_object();
  const auto canonical = canonicalise(out.text());
  if (!canonical) return std::unexpected{canonical.error()};
  return check_document(*canonical);
}

Text text_at(const codec::JsonValue& object, std::string_view member) {
  Text out;
  const auto value = object.find(member);
  if (!value) return out;
  out.zh = value->string_at("zh").value_or("");
  out.en = value->string_at("en").value_or("");
  return out;
}

}  // namespace wusong::portal
