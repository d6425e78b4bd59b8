// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/internal/http_range.hpp"

#include <strings.h>
#include <charconv>
#include <limits>
#include <optional>

namespace wusong::platform::internal {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// A number too large for us lies behind the end of every body.
std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} ? out : std::numeric_limits<std::uint64_t>::max();
}

std::string_view weak_value(std::string_view tag) noexcept {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

ByteRange parse_range(std::string_view header, std::uint64_t size) noexcept {
  const ByteRange whole{ByteRange::Verdict::whole, 0, size};
  constexpr std::string_view kUnit = "bytes=";
  header = trimmed(header);
  if (header.size() <= kUnit.size() ||
      ::strncasecmp(header.data(), kUnit.data(), kUnit.size()) != 0 ||
      header.find(',') != std::string_view::npos)
    return whole;
  header = trimmed(header.substr(kUnit.size()));
  const auto dash = header.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = number_of(header.substr(0, dash));
  const auto last = number_of(header.substr(dash + 1));
  const ByteRange none{ByteRange::Verdict::unsatisfiable, 0, 0};
  if (dash == 0) {  // the last so many bytes
    if (!last) return whole;
    if (*last == 0 || size == 0) return none;
    const std::uint64_t count = *last < size ? *last : size;
    return {ByteRange::Verdict::part, size - count, count};
  }
  if (!first || (dash + 1 < header.size() && !last) || (last && *last < *first)) return whole;
  if (*first >= size) return none;
  const std::uint64_t end = last && *last < size ? *last + 1 : size;
  return {ByteRange::Verdict::part, *first, end - *first};
}

bool names_entity_tag(std::string_view if_none_match, std::string_view entity_tag) noexcept {
  if (entity_tag.empty()) return false;
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    const std::string_view one = trimmed(if_none_match.substr(0, comma));
    if (one == "*" || weak_value(one) == weak_value(entity_tag)) return true;
    if (comma == std::string_view::npos) break;
    if_none_match.remove_prefix(comma + 1);
  }
  return false;
}

bool keeps_range(std::string_view if_range, std::string_view entity_tag) noexcept {
  return if_range.empty() || (!if_range.starts_with("W/") && if_range == entity_tag);
}

bool is_header_text(std::string_view value) noexcept {
  return value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

}  // namespace wusong::platform::internal
