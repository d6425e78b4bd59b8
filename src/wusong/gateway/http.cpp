// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/http.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "wusong/gateway/errors.hpp"

namespace wusong::gateway {
namespace {

constexpr std::size_t kPairsMax = 200;
constexpr std::size_t kPartsMax = 100;

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool plain(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}
std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}
/// The next piece before `separator`, removed from `rest`.
std::string_view take(std::string_view& rest, char separator) noexcept {
  const auto end = rest.find(separator);
  const auto piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return piece;
}
std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return out;
}

}  // namespace

std::string_view Fields::get(std::string_view name) const noexcept {
  for (const auto& [key, value] : all_) {
    if (key == name) return value;
  }
  return {};
}
bool Fields::has(std::string_view name) const noexcept {
  return std::ranges::any_of(all_, [&](const auto& pair) { return pair.first == name; });
}
std::vector<std::string> Fields::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : all_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

void Response::header(std::string_view name, std::string_view value) {
  std::string clean;
  for (const char c : value) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) clean.push_back(c);
  }
  headers.emplace_back(std::string{name}, std::move(clean));
}

Result<std::string> percent_decode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return fail(err::bad_request);
      const int high = digit(text[i + 1]);
      const int low = digit(text[i + 2]);
      if (high < 0 || low < 0) return fail(err::bad_request);
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

Result<std::pair<std::string, std::string>> split_target(std::string_view target) {
  const auto end = target.find('?');
  const auto raw = target.substr(0, end);
  std::string query{end == std::string_view::npos ? std::string_view{} : target.substr(end + 1)};
  if (raw.empty() || raw.front() != '/') return fail(err::bad_request);
  WUSONG_TRY(auto path, percent_decode(raw, false));
  const bool unclean = std::ranges::any_of(
      path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; });
  if (unclean || !is_utf8(path)) return fail(err::bad_request);
  for (std::string_view rest = path; !rest.empty();) {
    const auto segment = take(rest, '/');
    if (segment == "." || segment == "..") return fail(err::bad_request);
  }
  return std::pair{std::move(path), std::move(query)};
}

Result<Fields> parse_query(std::string_view text) {
  Fields out;
  for (std::size_t count = 0; !text.empty();) {
    auto piece = take(text, '&');
    if (piece.empty()) continue;
    if (++count > kPairsMax) return fail(err::bad_request);
    const bool has_value = piece.find('=') != std::string_view::npos;
    const auto raw_name = take(piece, '=');
    WUSONG_TRY(auto name, percent_decode(raw_name, true));
    WUSONG_TRY(auto value, percent_decode(has_value ? piece : std::string_view{}, true));
    if (!is_utf8(name) || !is_utf8(value) || name.find('\0') != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return fail(err::bad_request);
    }
    out.add(std::move(name), std::move(value));
  }
  return out;
}

Fields parse_cookies(std::string_view header) {
  Fields out;
  for (std::size_t count = 0; !header.empty() && count < kPairsMax; ++count) {
    auto piece = trim(take(header, ';'));
    if (piece.find('=') == std::string_view::npos) continue;
    const auto name = trim(take(piece, '='));
    auto value = trim(piece);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (!name.empty()) out.add(std::string{name}, std::string{value});
  }
  return out;
}

namespace {

/// `name` of a header's parameters: form-data; name="a"; filename="b\"c". Nothing where missing.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  auto at = header.find(';');
  while (at != std::string_view::npos) {
    header = trim(header.substr(at + 1));
    const auto equals = header.find('=');
    if (equals == std::string_view::npos) return {};
    const auto key = trim(header.substr(0, equals));
    header = trim(header.substr(equals + 1));
    std::string value;
    if (!header.empty() && header.front() == '"') {
      std::size_t i = 1;
      for (; i < header.size() && header[i] != '"'; ++i) {
        // Browsers escape a quote as %22 or \", and leave backslashes of file names alone.
        if (header[i] == '\\' && i + 1 < header.size() && header[i + 1] == '"') ++i;
        value.push_back(header[i]);
      }
      if (i >= header.size()) return {};
      header = header.substr(i + 1);
    } else {
      value = std::string{trim(header.substr(0, header.find(';')))};
    }
    if (same_word(key, name)) return value;
    at = header.find(';');
  }
  return {};
}

Result<Part> parse_part(std::string_view text) {
  Part out;
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return fail(err::bad_request);
  out.content = text.substr(end + 4);
  bool disposed = false;
  for (auto head = text.substr(0, end); !head.empty();) {
    const auto line_end = head.find("\r\n");
    auto line = head.substr(0, line_end);
    head = line_end == std::string_view::npos ? std::string_view{} : head.substr(line_end + 2);
    const auto name = trim(take(line, ':'));
    const auto value = trim(line);
    if (same_word(name, "content-disposition")) {
      const auto field = parameter(value, "name");
      if (!field || !value.starts_with("form-data")) return fail(err::bad_request);
      out.name = *field;
      out.file_name = parameter(value, "filename").value_or("");
      disposed = true;
    } else if (same_word(name, "content-type")) {
      out.content_type = value;
    }
  }
  if (!disposed || !is_utf8(out.name) || !is_utf8(out.file_name)) return fail(err::bad_request);
  return out;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body) {
  if (!content_type.starts_with("multipart/form-data")) return fail(err::bad_request);
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 70) return fail(err::bad_request);
  const std::string first = "--" + *boundary;
  const std::string next = "\r\n" + first;
  std::vector<Part> out;
  if (!body.starts_with(first)) return fail(err::bad_request);
  body.remove_prefix(first.size());
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) return fail(err::bad_request);
    body.remove_prefix(2);
    const auto end = body.find(next);
    if (end == std::string_view::npos || out.size() == kPartsMax) return fail(err::bad_request);
    WUSONG_TRY(auto part, parse_part(body.substr(0, end)));
    out.push_back(std::move(part));
    body.remove_prefix(end + next.size());
  }
  return out;
}

Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::optional<ByteRange>{};
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  // Several ranges are answered with everything, as the standard allows.
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
    return std::optional<ByteRange>{};
  }
  const auto first = number(trim(header.substr(0, dash)));
  const auto last = number(trim(header.substr(dash + 1)));
  if (!first) {
    if (!last || dash != 0) return std::optional<ByteRange>{};
    const auto count = std::min(*last, size);
    if (count == 0) return fail(err::bad_range);
    return std::optional{ByteRange{size - count, count}};
  }
  if (*first >= size) return fail(err::bad_range);
  if (last && *last < *first) return std::optional<ByteRange>{};
  const auto end = std::min(last.value_or(size - 1), size - 1);
  return std::optional{ByteRange{*first, end - *first + 1}};
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    auto one = trim(take(if_none_match, ','));
    if (one == "*") return true;
    if (one.starts_with("W/")) one.remove_prefix(2);
    auto mine = etag;
    if (mine.starts_with("W/")) mine.remove_prefix(2);
    if (!one.empty() && one == mine) return true;
  }
  return false;
}

Language accepted_language(std::string_view accept_language) {
  Language best = Language::zh;
  int best_weight = -1;
  while (!accept_language.empty()) {
    auto piece = take(accept_language, ',');
    const auto tag = trim(take(piece, ';'));
    int weight = 1000;
    if (const auto q = trim(piece); q.starts_with("q=")) {
      const auto text = q.substr(2);
      weight = text.starts_with('1') ? 1000 : 0;
      int unit = 100;
      for (const char c : text.size() > 2 ? text.substr(2, 3) : std::string_view{}) {
        if (c < '0' || c > '9') break;
        if (weight < 1000) weight += (c - '0') * unit;
        unit /= 10;
      }
    }
    const auto primary = tag.substr(0, tag.find('-'));
    const bool zh = same_word(primary, "zh");
    if ((zh || same_word(primary, "en")) && weight > best_weight && weight > 0) {
      best = zh ? Language::zh : Language::en;
      best_weight = weight;
    }
  }
  return best;
}

std::string html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '`':
        out += "&#96;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out.push_back(c);
    }
  }
  return out;
}

std::string content_disposition(std::string_view file_name) {
  std::string simple;
  for (const char c : utf8_prefix(file_name, 200)) {
    simple.push_back(plain(c) || c == ' ' ? c : '_');
  }
  if (simple.empty()) simple = "file";
  return "attachment; filename=\"" + simple + "\"; filename*=UTF-8''" +
         percent_encode(utf8_prefix(file_name, 200));
}

namespace {

void two(std::string& out, std::uint64_t value) {
  out.push_back(static_cast<char>('0' + value / 10 % 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

std::string iso_date(UnixMillis time) {
  using namespace std::chrono;
  const sys_days day{days{static_cast<int>(time.value / 86'400'000)}};
  const year_month_day date{day};
  std::string out = std::to_string(static_cast<int>(date.year()));
  out.push_back('-');
  two(out, static_cast<unsigned>(date.month()));
  out.push_back('-');
  two(out, static_cast<unsigned>(date.day()));
  return out;
}

std::string iso_time(UnixMillis time) {
  std::string out = iso_date(time);
  const auto seconds = time.value / 1000 % 86'400;
  out.push_back('T');
  two(out, seconds / 3600);
  out.push_back(':');
  two(out, seconds / 60 % 60);
  out.push_back(':');
  two(out, seconds % 60);
  out.push_back('Z');
  return out;
}

}  // namespace wusong::gateway
