// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/canonical.hpp"

#include <algorithm>
#include <vector>

#include "wusong/hash/hash.hpp"
#include "wusong/portal/errors.hpp"

namespace wusong::portal {
namespace {

using codec::JsonKind;
using codec::JsonValue;

std::unexpected<Fault> fault(const ErrorInfo& info, std::string place, std::string_view zh,
                             std::string_view en) {
  return std::unexpected{Fault{info, std::move(place), {std::string{zh}, std::string{en}}}};
}

std::string inside(const std::string& place, std::string_view name) {
  return place.empty() ? std::string{name} : place + "." + std::string{name};
}

Checked<void> write(std::string& out, const JsonValue& value, const std::string& place,
                    std::size_t depth);

Checked<void> write_object(std::string& out, const JsonValue& value, const std::string& place,
                           std::size_t depth) {
  auto members = value.members();
  // The order of UTF-8 bytes is the order of code points.
  std::ranges::sort(members, {}, [](const auto& member) { return member.first; });
  out.push_back('{');
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i != 0) {
      if (members[i].first == members[i - 1].first)
        return fault(err::bad_document, inside(place, members[i].first), "成员重复",
                     "this member stands twice");
      out.push_back(',');
    }
    append_canonical_string(out, members[i].first);
    out.push_back(':');
    if (auto done = write(out, members[i].second, inside(place, members[i].first), depth); !done)
      return done;
  }
  out.push_back('}');
  return {};
}

Checked<void> write(std::string& out, const JsonValue& value, const std::string& place,
                    std::size_t depth) {
  if (depth > kDocumentDepthMax)
    return fault(err::bad_document, place, "嵌套过深", "nested too deeply");
  switch (value.kind()) {
    case JsonKind::null:
      out += "null";
      return {};
    case JsonKind::boolean:
      out += *value.boolean() ? "true" : "false";
      return {};
    case JsonKind::number: {
      const auto number = value.i64();
      if (!number)
        return fault(err::bad_document, place, "数字应为整数；小数请写成字符串，如 \"12.50\"",
                     "numbers must be integers; write a decimal as a string, as \"12.50\"");
      out += std::to_string(*number);
      return {};
    }
    case JsonKind::string:
      append_canonical_string(out, *value.string());
      return {};
    case JsonKind::array: {
      out.push_back('[');
      std::size_t i = 0;
      for (const JsonValue& item : value.items()) {
        if (i != 0) out.push_back(',');
        const std::string at = place + "[" + std::to_string(i++) + "]";
        if (auto done = write(out, item, at, depth + 1); !done) return done;
      }
      out.push_back(']');
      return {};
    }
    case JsonKind::object:
      return write_object(out, value, place, depth + 1);
  }
  return {};
}

}  // namespace

void append_canonical_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr std::string_view kShort = "btn_fr";  // 0x08 … 0x0d
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b) {
      out.push_back('\\');
      out.push_back(kShort[byte - 0x08u]);
    } else if (byte < 0x20) {
      out += "\\u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

Checked<std::string> canonicalise(std::string_view json) {
  if (json.size() > kDocumentBytesMax)
    return fault(err::document_too_large, "", "文件超过 1 MiB，请将附件单独上传",
                 "larger than 1 MiB: upload attachments on their own");
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return fault(err::bad_document, "", "不是 JSON", "this is not JSON");
  std::string out;
  out.reserve(json.size());
  if (auto done = write(out, document->root(), "", 0); !done) return std::unexpected{done.error()};
  if (out.size() > kDocumentBytesMax)
    return fault(err::document_too_large, "", "文件超过 1 MiB", "larger than 1 MiB");
  return out;
}

Checked<void> check_canonical(std::string_view json) {
  const auto canonical = canonicalise(json);
  if (!canonical) return std::unexpected{canonical.error()};
  if (*canonical == json) return {};
  const auto differs = std::ranges::mismatch(*canonical, json).in2 - json.begin();
  return fault(err::not_canonical, "@" + std::to_string(differs),
               "不是规范 JSON（成员排序、无空白、整数）",
               "not canonical JSON (members sorted, no white space, integers)");
}

Hash digest_of(std::string_view canonical) noexcept {
  return hash::sha256(as_bytes(canonical));
}

}  // namespace wusong::portal
