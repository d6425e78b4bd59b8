// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 and WebSocket on one port, behind an interface without Beast.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/platform/log.hpp"

namespace wusong::platform {

struct HttpRequest {
  std::string method;  // "GET", "POST", …
  std::string target;  // path and query as sent
  std::string content_type;
  std::string authorization;
  std::string remote;  // address of the client, without port
  std::string body;
  /// All of them, names in lower case, where HttpOptions::keep_headers says so.
  std::vector<std::pair<std::string, std::string>> headers;

  std::string_view path() const noexcept {
    return std::string_view{target}.substr(0, target.find('?'));
  }
  /// The first of that name (in lower case), or "".
  std::string_view header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
};

/// A body of known size that is fetched piece by piece while it is sent, so that it costs the same
/// memory whatever its size.
struct HttpStream {
  std::uint64_t size{0};
  /// At most `size_max` bytes from `offset`, at least one; an error, or none, ends the connection.
  /// @thread called on workers, one call at a time
  std::function<Result<Bytes>(std::uint64_t offset, std::size_t size_max)> read;
};

struct HttpResponse {
  unsigned status{200};
  std::string content_type{"application/json"};
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<HttpStream> stream{};  // instead of `body`
  /// The server answers Range (206, 416, If-Range) to a 200 with `stream`, and If-None-Match (304)
  /// where there is an ETag.
  bool ranges{false};
};

/// Reads the file `path`, which stays open as long as the stream lives.
/// @errors err::file_not_found, err::permission_denied, err::file_unreadable
[[nodiscard]] Result<HttpStream> stream_file(const std::string& path);

/// May be called once, from any thread, also after the handler returned, but not after the server
/// is gone. Later calls do nothing; dropping it unused answers 500.
using HttpRespond = std::function<void(HttpResponse)>;

/// Names a WebSocket connection for as long as the server lives; never used twice.
using WebSocketId = std::uint64_t;

/// @thread called on worker threads, several at a time; for one WebSocket in order, one at a time.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void on_request(HttpRequest request, HttpRespond respond) = 0;
  /// False refuses the upgrade with 404.
  virtual bool accept_websocket(std::string_view path) = 0;
  virtual void on_open(WebSocketId id, std::string_view remote) = 0;
  /// The next text is read when this returns.
  virtual void on_text(WebSocketId id, std::string text) = 0;
  virtual void on_close(WebSocketId id) = 0;
  /// How large a body this request may have; beyond: 413. The moving thread asks: return at once.
  virtual std::size_t body_size_max(std::string_view method, std::string_view path,
                                    std::size_t ordinary) {
    static_cast<void>(method);
    static_cast<void>(path);
    return ordinary;
  }
  /// What the server itself refuses; by default an error of JSON-RPC with that code. The status is
  /// the server's. Return at once. @thread any
  virtual HttpResponse on_refusal(unsigned status, int code, std::string_view message);
};

struct HttpOptions {
  std::string listen_host{"127.0.0.1"};
  std::uint16_t listen_port{0};  // 0: any free one
  /// What HttpServer::reserve() gave, for any number of servers one after the other; it stays the
  /// caller's. -1: the server binds an address itself.
  int reserved{-1};
  std::size_t workers{2};
  std::size_t queue_max{1'024};  // requests that wait for a worker; beyond: 503
  std::size_t connections_max{2'048};
  std::size_t body_size_max{10u << 20};  // HTTP bodies and WebSocket messages; beyond: 413
  std::size_t header_size_max{16u << 10};
  Duration idle_timeout{std::chrono::seconds{60}};            // between requests
  Duration read_timeout{std::chrono::seconds{30}};            // one request, first byte to last
  Duration websocket_idle_timeout{std::chrono::seconds{60}};  // pings are sent at half of it
  std::size_t websocket_queue_bytes_max{16u << 20};  // unsent to one client; beyond: closed
  /// Origins that browsers may call from; "*" allows all. None: no CORS headers.
  std::vector<std::string> allowed_origins;
  /// Names accepted in Host besides addresses and localhost, against DNS rebinding; "*" allows
  /// all.
  std::vector<std::string> allowed_hosts;
  /// Hands every header to the handler, and OPTIONS that are not a browser's question for leave.
  bool keep_headers{false};
  std::string cors_methods{"GET, POST, OPTIONS"};  // what pages of allowed origins may send
  std::string cors_headers{"Content-Type, Authorization"};
};

struct HttpStats {
  std::uint64_t requests{0};
  std::uint64_t refused_busy{0};  // 503
  std::uint64_t refused_size{0};  // 413
  std::uint64_t refused_host{0};  // 403
  std::uint64_t refused_connections{0};
  std::uint64_t slow_consumers{0};  // WebSockets closed because they did not read
  std::uint64_t bytes_in{0};
  std::uint64_t bytes_out{0};
  std::uint64_t connections{0};  // now
  std::uint64_t websockets{0};   // now
};

/// @thread every member but the destructor may be called from any thread.
class HttpServer {
 public:
  /// `handler` and `logger` outlive it.
  /// @errors err::address_in_use, err::bad_address, err::listen_failed
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpOptions& options,
                                                                 HttpHandler& handler,
                                                                 Logger& logger);
  virtual ~HttpServer() = default;
  /// A socket bound to the address of `options`, for a process that leaves the network it is in
  /// before the server starts. @errors as start()
  [[nodiscard]] static Result<int> reserve(const HttpOptions& options);

  virtual std::uint16_t port() const noexcept = 0;
  /// Queues one text message; several sessions may share it. Nothing happens when the session is
  /// gone.
  virtual void send_text(WebSocketId id, std::shared_ptr<const std::string> text) = 0;
  virtual void close(WebSocketId id) = 0;
  virtual HttpStats stats() const = 0;
  /// Stops accepting, answers what was received for at most `drain`, then closes everything. No
  /// handler runs after it returns.
  virtual void stop(Duration drain) = 0;
};

}  // namespace wusong::platform
