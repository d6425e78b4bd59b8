// SPDX-License-Identifier: Apache-2.0
// Questions to other sites, as the gateway needs them. The machine asks over the network; tests
// play the other side.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/base/error.hpp"

namespace wusong::openid {

struct WebRequest {
  std::string_view method;  // "GET", "POST"
  std::string url;          // of a web_origin, with a path
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
};
struct WebReply {
  unsigned status{0};
  std::string location{};  // where a redirect leads
  std::string body{};
};

inline constexpr std::size_t kWebReplyMost = 256 << 10;  // bytes
inline constexpr std::uint64_t kWebMs = 5'000;           // from the request to the reply's end

/// @thread safe
class WebFetch {
 public:
  virtual ~WebFetch() = default;
  /// Asks once and follows nothing. Over https the certificate must be valid and name the host;
  /// http is spoken with this machine alone.
  /// @errors err::provider_unreachable (no answer in time, no host, a certificate that is refused),
  ///         err::provider_answer (larger than kWebReplyMost)
  [[nodiscard]] virtual Result<WebReply> fetch(const WebRequest& request) = 0;
};

}  // namespace wusong::openid
