// SPDX-License-Identifier: Apache-2.0
// A blocking HTTP/1.1 client for the command line, load generators and tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"

namespace wusong::platform {

struct HttpReply {
  unsigned status{0};
  std::string headers;  // as received, with the status line
  std::string body;
};

struct HttpUrl {
  std::string host;
  std::uint16_t port{80};
  std::string target{"/"};
};
/// http://host[:port][/path]. @errors err::bad_address
[[nodiscard]] Result<HttpUrl> parse_url(std::string_view url);

/// One connection, kept alive between requests and opened again when the server closed it.
/// @thread one at a time
class HttpClient {
 public:
  HttpClient(std::string host, std::uint16_t port, Duration timeout = std::chrono::seconds{30});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `headers` are whole lines, each with its line break.
  /// @errors err::http_failed (refused, closed, not HTTP), err::http_timeout
  [[nodiscard]] Result<HttpReply> request(std::string_view method, std::string_view target,
                                          std::string_view body = {},
                                          std::string_view headers = {});
  [[nodiscard]] Result<HttpReply> post_json(std::string_view target, std::string_view body) {
    return request("POST", target, body, "Content-Type: application/json\r\n");
  }

 private:
  [[nodiscard]] Result<void> connect();
  void disconnect() noexcept;
  [[nodiscard]] Result<void> send_all(std::string_view bytes);
  [[nodiscard]] Result<void> read_more();
  [[nodiscard]] Result<HttpReply> read_reply();
  [[nodiscard]] Result<std::string> read_body(const std::string& headers);
  [[nodiscard]] Result<std::string> read_chunks();

  std::string host_;
  std::uint16_t port_;
  Duration timeout_;
  int socket_{-1};
  std::string buffer_;
};

}  // namespace wusong::platform
