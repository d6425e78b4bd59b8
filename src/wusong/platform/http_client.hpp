// SPDX-License-Identifier: Apache-2.0
// A blocking HTTP/1.1 client, over TCP or TLS, for the command line, the portal's questions to
// other sites, load generators and tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"

struct ssl_st;      // NOLINT: OpenSSL's names
struct ssl_ctx_st;  // NOLINT

namespace wusong::platform {

struct HttpReply {
  unsigned status{0};
  std::string headers;  // as received, with the status line
  std::string body;
  /// The first of that name, in any case; empty where there is none.
  std::string_view header(std::string_view name) const noexcept;
};

struct HttpUrl {
  std::string host;
  std::uint16_t port{80};
  std::string target{"/"};
  bool secure{false};  // https
};
/// http://host[:port][/path], or https. @errors err::bad_address
[[nodiscard]] Result<HttpUrl> parse_url(std::string_view url);

/// Whether a host is written as an address, or as "localhost": such say themselves where they lead.
bool is_literal_host(const std::string& host) noexcept;

/// Which authorities may vouch for a server: the system's, and those of a file.
/// @thread safe: sessions only read it
class TlsTrust {
 public:
  /// `ca_file`: certificates in PEM; empty: the system's alone. @errors err::bad_ca_file
  [[nodiscard]] static Result<TlsTrust> open(const std::string& ca_file);
  ssl_ctx_st* get() const noexcept { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  explicit TlsTrust(ssl_ctx_st* context) noexcept : context_{context} {}
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

struct HttpClientOptions {
  Duration timeout{std::chrono::seconds{30}};  // the longest wait for the next byte
  std::optional<Duration> whole{};             // from a request's begin to its reply's end
  std::size_t reply_bytes_max{std::size_t{1} << 30};
  const TlsTrust* trust{nullptr};  // for https; outlives the client
  /// A host's name must lead to the public network: each address is looked at before it is
  /// connected to, so that a name which changes its mind gains nothing.
  bool public_only{false};
};

/// One connection, kept alive between requests and opened again when the server closed it. Over
/// https at least TLS 1.2, with a certificate that is valid now and names the host. Looking up a
/// host's address is the resolver's, with its own time limit.
/// @thread one at a time
class HttpClient {
 public:
  HttpClient(std::string host, std::uint16_t port, Duration timeout = std::chrono::seconds{30});
  HttpClient(const HttpUrl& url, const HttpClientOptions& options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `headers` are whole lines, each with its line break.
  /// @errors err::http_failed (refused, closed, not HTTP), err::http_timeout, err::http_too_large,
  ///         err::bad_address (no such host), err::certificate_refused, err::private_address
  [[nodiscard]] Result<HttpReply> request(std::string_view method, std::string_view target,
                                          std::string_view body = {},
                                          std::string_view headers = {});
  [[nodiscard]] Result<HttpReply> post_json(std::string_view target, std::string_view body) {
    return request("POST", target, body, "Content-Type: application/json\r\n");
  }

 private:
  struct FreeSession {
    void operator()(ssl_st* session) const noexcept;
  };
  [[nodiscard]] Result<HttpReply> exchange(std::string_view head, std::string_view body);
  [[nodiscard]] Result<void> connect();
  [[nodiscard]] Result<void> start_tls();
  void disconnect() noexcept;
  /// Until the socket is ready, the wait is too long or the request's time is over.
  [[nodiscard]] Result<void> wait(short events);
  /// After SSL_…'s `code`: waits where it needs the network. @errors err::http_failed otherwise
  [[nodiscard]] Result<void> wait_for_tls(int code);
  [[nodiscard]] Result<void> send_all(std::string_view bytes);
  [[nodiscard]] Result<void> read_more();
  [[nodiscard]] Result<HttpReply> read_reply();
  [[nodiscard]] Result<std::string> read_body(const HttpReply& reply);
  [[nodiscard]] Result<std::string> read_chunks();

  HttpUrl url_;
  HttpClientOptions options_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  int socket_{-1};
  std::unique_ptr<ssl_st, FreeSession> tls_;
  std::string buffer_;
};

}  // namespace wusong::platform
