// SPDX-License-Identifier: Apache-2.0
// Requests and responses as values, and the small grammars inside them. Nothing here trusts input.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/codec/base64.hpp"
#include "wusong/codec/utf8.hpp"

namespace wusong::gateway {

/// Names to values in the order of arrival; a name may stand several times.
class Fields {
 public:
  Fields() = default;
  explicit Fields(std::vector<std::pair<std::string, std::string>> all) : all_{std::move(all)} {}
  void add(std::string name, std::string value) {
    all_.emplace_back(std::move(name), std::move(value));
  }
  /// The first of that name; empty where there is none.
  std::string_view get(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

struct Request {
  std::string method;
  std::string path;   // decoded, starts with "/", without "." and ".." segments
  std::string query;  // as sent, without "?"
  Fields headers;     // names in lower case
  std::string body;
  std::string remote;  // the client's address
  bool secure{false};  // it came over https
  UnixMillis now;
};

/// Part of a blob that the server sends without holding it in memory.
struct BlobBody {
  Hash digest;
  std::uint64_t offset{0};
  std::uint64_t size{0};
};

struct Response {
  unsigned status{200};
  std::string content_type{"application/json; charset=utf-8"};
  std::string body;
  std::optional<BlobBody> blob;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string form_action;  // a further origin that the page's form may lead to
  std::string_view route;   // the pattern of the router that answered; empty: none
  std::string_view fault;   // the error's name, where there is one: for the log

  /// Values from outside are cleaned: a header never holds a line break.
  void header(std::string_view name, std::string_view value);
};

/// Splits a target into path and query and decodes the path.
/// @errors err::bad_request: no leading "/", a bad escape, a control byte or a backslash, a "." or
///         ".." segment, not UTF-8
[[nodiscard]] Result<std::pair<std::string, std::string>> split_target(std::string_view target);
/// "%41" and, where `plus`, "+" for a blank. @errors err::bad_request
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus);
using codec::percent_encode;
/// application/x-www-form-urlencoded, at most 200 pairs. @errors err::bad_request
[[nodiscard]] Result<Fields> parse_query(std::string_view text);
/// Cookie header; malformed parts are skipped.
Fields parse_cookies(std::string_view header);

struct Part {
  std::string name;
  std::string file_name;  // empty: an ordinary field
  std::string content_type;
  std::string_view content;  // inside the body
};
/// multipart/form-data, at most 100 parts. @errors err::bad_request
/// @source RFC 7578, RFC 2046
[[nodiscard]] Result<std::vector<Part>> parse_multipart(std::string_view content_type,
                                                        std::string_view body);

/// One range of `size` bytes, or nothing where the header asks for none that we serve.
/// @errors err::bad_range when it lies outside
/// @source RFC 9110, section 14
struct ByteRange {
  std::uint64_t offset{0};
  std::uint64_t size{0};
};
[[nodiscard]] Result<std::optional<ByteRange>> parse_range(std::string_view header,
                                                           std::uint64_t size);

/// Whether a validator of If-None-Match names this entity tag. @source RFC 9110, section 13.1.2
bool matches_etag(std::string_view if_none_match, std::string_view etag);

enum class Language : std::uint8_t { zh, en };
/// By weight; Chinese where nothing is said. @source RFC 9110, section 12.5.4
Language accepted_language(std::string_view accept_language);

using codec::is_utf8;
using codec::utf8_prefix;
/// Safe inside elements and quoted attributes.
std::string html(std::string_view text);
/// A name that may stand in Content-Disposition, with its UTF-8 form. @source RFC 6266, RFC 8187
std::string content_disposition(std::string_view file_name);

/// "2026-01-31T08:09:10Z". @source RFC 3339
std::string iso_time(UnixMillis time);
/// The same to the day.
std::string iso_date(UnixMillis time);

}  // namespace wusong::gateway
