// SPDX-License-Identifier: Apache-2.0
// Another site's CKAN Action API, asked over HTTP with limits on everything it may do to us.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/codec/json.hpp"
#include "wusong/harvest/errors.hpp"
#include "wusong/platform/http_client.hpp"

namespace wusong::harvest {

/// What a site answered that is no success: its words, and what they mean for a harvest.
struct CkanRefusal {
  unsigned status{0};  // 0: no answer at all
  std::string type;    // "Not Found Error"
  std::string message;
  bool is_missing() const noexcept { return type == "Not Found Error"; }
  /// Another try may succeed: no answer, or a fault of the site.
  bool is_passing() const noexcept { return status == 0 || status == 429 || status >= 500; }
};
template <typename T>
using CkanResult = std::expected<T, CkanRefusal>;

/// The `result` of an answer, with the text that it stands in.
class CkanReply {
 public:
  explicit CkanReply(codec::JsonDocument document) : document_{std::move(document)} {}
  codec::JsonValue result() const {
    return document_.root().find("result").value_or(codec::JsonValue{});
  }

 private:
  codec::JsonDocument document_;
};

/// One connection to one site. An answer has at most kReplyBytesMax bytes and must come within its
/// time; no redirect is followed; reading is tried up to four times where the site is at fault.
/// @thread one at a time
class CkanSite {
 public:
  static constexpr std::size_t kReplyBytesMax = std::size_t{64} << 20;

  /// `url`: https://host[:port], no path. http, and a private or loopback address, only where the
  /// URL itself is an address or "localhost": a name that leads there is refused whenever it is
  /// connected to. `ca_file`:
  /// authorities besides the system's, or empty.
  /// @errors err::bad_argument, platform::err::bad_ca_file
  [[nodiscard]] static Outcome<std::unique_ptr<CkanSite>> open(const std::string& url,
                                                               std::string token,
                                                               const std::string& ca_file);

  CkanResult<CkanReply> read(std::string_view action, std::string_view json);
  /// Once: whoever repeats it must know that it is safe. `key` becomes the Idempotency-Key.
  CkanResult<CkanReply> write(std::string_view action, std::string_view json,
                              std::string_view key = {});
  const std::string& url() const noexcept { return url_; }

 private:
  CkanSite(std::string url, const platform::HttpUrl& parts, std::string token,
           platform::TlsTrust trust);
  CkanResult<CkanReply> ask(std::string_view action, std::string_view json, std::string_view key);

  std::string url_;
  std::string token_;
  platform::TlsTrust trust_;
  platform::HttpClient client_;
};

}  // namespace wusong::harvest
