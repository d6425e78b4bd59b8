// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/http_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "wusong/platform/errors.hpp"
#include "wusong/platform/http_client.hpp"
#include "wusong/platform/internal/http_policy.hpp"

namespace wusong::platform {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

class Echo final : public HttpHandler {
 public:
  void on_request(HttpRequest request, HttpRespond respond) override {
    if (request.path() == "/drop") return;
    if (request.path() == "/hold") {
      std::unique_lock lock{mutex_};
      ++held;
      changed_.notify_all();
      changed_.wait_for(lock, kPatience, [&] { return released; });
    }
    HttpResponse response;
    response.body = request.method + " " + request.target + " " + request.body;
    respond(std::move(response));
    respond({500, "text/plain", "a second answer", {}});
  }
  bool accept_websocket(std::string_view path) override { return path == "/ws"; }
  void on_open(WebSocketId id, std::string_view) override {
    change([&] { opened.push_back(id); });
  }
  void on_text(WebSocketId id, std::string text) override {
    change([&] { texts.emplace_back(id, std::move(text)); });
  }
  void on_close(WebSocketId id) override {
    change([&] { closed.push_back(id); });
  }
  void release() {
    change([&] { released = true; });
  }
  bool wait(const std::function<bool()>& done) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, kPatience, done);
  }

  int held{0};
  bool released{false};
  std::vector<WebSocketId> opened;
  std::vector<std::pair<WebSocketId, std::string>> texts;
  std::vector<WebSocketId> closed;

 private:
  void change(const std::function<void()>& how) {
    const std::lock_guard lock{mutex_};
    how();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct Fixture {
  explicit Fixture(HttpOptions options = {}) {
    auto started = HttpServer::start(options, echo, *logger);
    EXPECT_TRUE(started.has_value());
    server = std::move(*started);
  }
  ~Fixture() {
    echo.release();
    server->stop(Duration{0});
  }
  HttpClient client() const { return HttpClient{"127.0.0.1", server->port(), kPatience}; }

  std::unique_ptr<Logger> logger{Logger::silent()};
  Echo echo;
  std::unique_ptr<HttpServer> server;
};

/// Bytes as they are, and the client's half of RFC 6455.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// Until `mark` has been read or the connection ends.
  std::string read_until(std::string_view mark) {
    char part[4096];
    while (heard_.find(mark) == std::string::npos) {
      const auto count = ::recv(socket_, part, sizeof part, 0);
      if (count <= 0) break;
      heard_.append(part, static_cast<std::size_t>(count));
    }
    return heard_;
  }
  bool closed_by_server() {
    char part[4096];
    ssize_t count = 1;
    while (count > 0) count = ::recv(socket_, part, sizeof part, 0);
    return count == 0 || errno == ECONNRESET;
  }

  std::string upgrade(std::string_view path, std::string_view more = {}) {
    send("GET " + std::string{path} +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string{more} + "\r\n");
    const std::string reply = read_until("\r\n\r\n");
    heard_.clear();
    return reply;
  }
  /// Masked with zeros; up to 125 bytes, or with a 64-bit length.
  bool send_text(std::string_view text) const {
    std::string frame{"\x81", 1};
    if (text.size() < 126) {
      frame += static_cast<char>(0x80 | text.size());
    } else {
      frame += static_cast<char>(0xff);
      for (int i = 7; i >= 0; --i) frame += static_cast<char>(text.size() >> (8 * i));
    }
    frame += std::string(4, '\0');
    frame += text;
    return send(frame);
  }

 private:
  int socket_;
  std::string heard_;
};

TEST(HttpServer, AnswersWhatTheHandlerSaysOnceAndKeepsTheConnection) {
  const Fixture fixture;
  HttpClient client = fixture.client();
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.post_json("/rpc?x=1", "{}");
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 200u);
    EXPECT_EQ(reply->body, "POST /rpc?x=1 {}");
  }
  EXPECT_EQ(fixture.server->stats().connections, 1u);
  EXPECT_EQ(fixture.server->stats().requests, 3u);
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  const Fixture fixture;
  RawClient raw{fixture.server->port()};
  raw.send(
      "GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string all = raw.read_until("GET /3");
  EXPECT_LT(all.find("GET /1"), all.find("GET /2"));
  EXPECT_LT(all.find("GET /2"), all.find("GET /3"));
  EXPECT_NE(all.find("GET /3"), std::string::npos);
}

TEST(HttpServer, AHandlerThatForgetsToAnswerAnswers500) {
  const Fixture fixture;
  EXPECT_EQ(fixture.client().request("GET", "/drop")->status, 500u);
}

TEST(HttpServer, ABodyOverTheLimitIsRefusedBeforeItIsRead) {
  HttpOptions options;
  options.body_size_max = 1'000;
  const Fixture fixture{options};
  EXPECT_EQ(fixture.client().post_json("/", std::string(1'000, 'x'))->status, 200u);
  // A hundred megabytes are announced and sent; the answer arrives all the same.
  const auto reply = fixture.client().post_json("/", std::string(100u << 20, 'x'));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 413u);
  EXPECT_EQ(
      reply->body,
      R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"request body larger than 1000 bytes"}})");
  EXPECT_EQ(fixture.server->stats().refused_size, 1u);
  EXPECT_LT(fixture.server->stats().bytes_in, 1u << 20);
}

TEST(HttpServer, AChunkedBodyOverTheLimitIsRefused) {
  HttpOptions options;
  options.body_size_max = 1'000;
  const Fixture fixture{options};
  RawClient raw{fixture.server->port()};
  raw.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
           std::string(2'000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_NE(raw.read_until("}}").find("413"), std::string::npos);
}

TEST(HttpServer, AClientThatAsksFirstIsToldToContinue) {
  const Fixture fixture;
  RawClient raw{fixture.server->port()};
  raw.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_NE(raw.read_until("\r\n\r\n").find("100 Continue"), std::string::npos);
  raw.send("ok");
  EXPECT_NE(raw.read_until("POST / ok").find("POST / ok"), std::string::npos);
}

TEST(HttpServer, MalformedAndOversizedHeadersAreRefused) {
  const Fixture fixture;
  RawClient garbage{fixture.server->port()};
  garbage.send("this is not HTTP\r\n\r\n");
  EXPECT_NE(garbage.read_until("}}").find("400 Bad Request"), std::string::npos);
  RawClient large{fixture.server->port()};
  large.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_NE(large.read_until("}}").find("431"), std::string::npos);
  EXPECT_EQ(fixture.client().request("GET", "/")->status, 200u);
}

TEST(HttpServer, AForeignHostIsRefused) {
  HttpOptions options;
  options.allowed_hosts = {"node.example.org"};
  const Fixture fixture{options};
  const auto status = [&](std::string_view host) {
    RawClient raw{fixture.server->port()};
    raw.send("GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\nConnection: close\r\n\r\n");
    return raw.read_until("\r\n\r\n").substr(9, 3);
  };
  EXPECT_EQ(status("evil.example.com:8545"), "403");
  EXPECT_EQ(status("node.example.org:8545"), "200");
  EXPECT_EQ(status("127.0.0.1:8545"), "200");
  EXPECT_EQ(status("[::1]:8545"), "200");
  EXPECT_EQ(status("LocalHost"), "200");
}

TEST(HttpServer, PagesOfListedOriginsMayCallAndOthersNot) {
  HttpOptions options;
  options.allowed_origins = {"https://app.example.org"};
  const Fixture fixture{options};
  HttpClient client = fixture.client();
  const auto good = client.request("GET", "/", {}, "Origin: https://app.example.org\r\n");
  EXPECT_EQ(good->status, 200u);
  EXPECT_NE(good->headers.find("Access-Control-Allow-Origin: https://app.example.org"),
            std::string::npos);
  EXPECT_EQ(client.request("GET", "/", {}, "Origin: https://evil.example.com\r\n")->status, 403u);
  const auto preflight = client.request("OPTIONS", "/", {}, "Origin: https://app.example.org\r\n");
  EXPECT_EQ(preflight->status, 204u);
  EXPECT_NE(preflight->headers.find("Access-Control-Allow-Methods"), std::string::npos);
}

TEST(HttpServer, WhenAllWorkersAreBusyAndTheQueueIsFullItSaysSo) {
  HttpOptions options;
  options.workers = 1;
  options.queue_max = 1;
  Fixture fixture{options};
  std::thread first{[&] { (void)fixture.client().request("GET", "/hold"); }};
  ASSERT_TRUE(fixture.echo.wait([&] { return fixture.echo.held == 1; }));
  RawClient queued{fixture.server->port()};
  queued.send("GET /queued HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // The queued one takes the only place; whichever comes after it is refused.
  RawClient refused{fixture.server->port()};
  while (fixture.server->stats().requests < 2) std::this_thread::yield();
  refused.send("GET /refused HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(refused.read_until("}}").find("503"), std::string::npos);
  fixture.echo.release();
  EXPECT_NE(queued.read_until("GET /queued").find("200 OK"), std::string::npos);
  first.join();
}

TEST(HttpServer, ConnectionsBeyondTheLimitAreClosed) {
  HttpOptions options;
  options.connections_max = 2;
  const Fixture fixture{options};
  HttpClient first = fixture.client();
  HttpClient second = fixture.client();
  EXPECT_EQ(first.request("GET", "/")->status, 200u);
  EXPECT_EQ(second.request("GET", "/")->status, 200u);
  RawClient third{fixture.server->port()};
  EXPECT_TRUE(third.closed_by_server());
}

TEST(HttpServer, AnIdleConnectionIsClosed) {
  HttpOptions options;
  options.idle_timeout = 50ms;
  const Fixture fixture{options};
  RawClient raw{fixture.server->port()};
  EXPECT_TRUE(raw.closed_by_server());
}

TEST(HttpServer, StoppingAnswersWhatWasReceived) {
  Fixture fixture;
  RawClient raw{fixture.server->port()};
  raw.send("GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(fixture.echo.wait([&] { return fixture.echo.held == 1; }));
  std::thread stopper{[&] { fixture.server->stop(kPatience); }};
  fixture.echo.release();
  EXPECT_NE(raw.read_until("GET /hold").find("200 OK"), std::string::npos);
  stopper.join();
  EXPECT_EQ(fixture.client().request("GET", "/").error(), err::http_failed);
}

TEST(HttpServer, APortInUseIsNamed) {
  Fixture fixture;
  HttpOptions options;
  options.listen_port = fixture.server->port();
  EXPECT_EQ(HttpServer::start(options, fixture.echo, *fixture.logger).error(), err::address_in_use);
}

TEST(WebSocket, TextsGoBothWaysInOrder) {
  Fixture fixture;
  RawClient raw{fixture.server->port()};
  EXPECT_NE(raw.upgrade("/ws").find("101 Switching Protocols"), std::string::npos);
  ASSERT_TRUE(fixture.echo.wait([&] { return fixture.echo.opened.size() == 1; }));
  for (int i = 0; i < 50; ++i) raw.send_text("message " + std::to_string(i));
  raw.send_text(std::string(70'000, 'y'));
  ASSERT_TRUE(fixture.echo.wait([&] { return fixture.echo.texts.size() == 51; }));
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(fixture.echo.texts[static_cast<std::size_t>(i)].second,
              "message " + std::to_string(i));
  const WebSocketId id = fixture.echo.opened[0];
  for (int i = 0; i < 100; ++i)
    fixture.server->send_text(id, std::make_shared<const std::string>("n" + std::to_string(i)));
  const std::string heard = raw.read_until("n99");
  EXPECT_LT(heard.find("n17"), heard.find("n18"));
  EXPECT_NE(heard.find("n99"), std::string::npos);
}

TEST(WebSocket, AnotherPathOrOriginIsRefused) {
  const Fixture fixture;
  RawClient wrong_path{fixture.server->port()};
  EXPECT_NE(wrong_path.upgrade("/other").find("404"), std::string::npos);
  RawClient wrong_origin{fixture.server->port()};
  EXPECT_NE(wrong_origin.upgrade("/ws", "Origin: https://evil.example.com\r\n").find("403"),
            std::string::npos);
}

TEST(WebSocket, TheHandlerHearsOfTheEnd) {
  Fixture fixture;
  {
    RawClient raw{fixture.server->port()};
    raw.upgrade("/ws");
    ASSERT_TRUE(fixture.echo.wait([&] { return fixture.echo.opened.size() == 1; }));
  }
  EXPECT_TRUE(fixture.echo.wait([&] { return fixture.echo.closed == fixture.echo.opened; }));
  fixture.server->send_text(fixture.echo.opened[0], std::make_shared<const std::string>("gone"));
}

TEST(WebSocket, AMessageOverTheLimitEndsTheSession) {
  HttpOptions options;
  options.body_size_max = 1'000;
  Fixture fixture{options};
  {
    RawClient raw{fixture.server->port()};
    raw.upgrade("/ws");
    raw.send_text(std::string(1'001, 'x'));
    EXPECT_NE(raw.read_until("\x88").find("\x88"), std::string::npos);  // a close frame
  }
  EXPECT_TRUE(fixture.echo.wait([&] { return fixture.echo.closed.size() == 1; }));
  EXPECT_TRUE(fixture.echo.texts.empty());
}

TEST(WebSocket, AClientThatDoesNotReadIsClosed) {
  HttpOptions options;
  options.websocket_queue_bytes_max = 1u << 20;
  Fixture fixture{options};
  RawClient raw{fixture.server->port()};
  raw.upgrade("/ws");
  ASSERT_TRUE(fixture.echo.wait([&] { return fixture.echo.opened.size() == 1; }));
  const auto text = std::make_shared<const std::string>(256u << 10, 'z');
  for (int i = 0; i < 200; ++i) fixture.server->send_text(fixture.echo.opened[0], text);
  EXPECT_TRUE(fixture.echo.wait([&] { return fixture.echo.closed.size() == 1; }));
  EXPECT_EQ(fixture.server->stats().slow_consumers, 1u);
}

TEST(HttpPolicy, NamesAreReadFromHostHeaders) {
  EXPECT_EQ(internal::host_name("a.b:1"), "a.b");
  EXPECT_EQ(internal::host_name("[::1]:80"), "::1");
  EXPECT_EQ(internal::host_name("a"), "a");
  EXPECT_FALSE(internal::host_allowed("127.0.0.1.evil.com", {}));
  EXPECT_FALSE(internal::host_allowed("localhost.evil.com", {}));
  EXPECT_TRUE(internal::host_allowed("app.localhost:3000", {}));
  EXPECT_TRUE(internal::host_allowed("anything", {"*"}));
}

TEST(HttpPolicy, AnOriginIsJudgedByHostAndList) {
  using internal::OriginVerdict;
  EXPECT_EQ(internal::judge_origin("", "h", {}), OriginVerdict::absent);
  EXPECT_EQ(internal::judge_origin("http://h:1", "h:1", {}), OriginVerdict::same);
  EXPECT_EQ(internal::judge_origin("http://h:2", "h:1", {}), OriginVerdict::refused);
  EXPECT_EQ(internal::judge_origin("null", "h:1", {}), OriginVerdict::refused);
  EXPECT_EQ(internal::judge_origin("null", "h:1", {"*"}), OriginVerdict::any);
}

TEST(HttpUrl, IsParsedAndRefused) {
  const auto url = parse_url("http://127.0.0.1:8545/x");
  EXPECT_EQ(url->host, "127.0.0.1");
  EXPECT_EQ(url->port, 8545);
  EXPECT_EQ(url->target, "/x");
  EXPECT_EQ(parse_url("http://[::1]:9")->host, "::1");
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_FALSE(parse_url("http://h")->secure);
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_TRUE(parse_url("https://h:8443")->secure);
  for (const char* bad :
       {"", "ftp://h", "http://", "https://", "http://h:0", "http://h:99999", "http://h:x"})
    EXPECT_EQ(parse_url(bad).error(), err::bad_address) << bad;
}

}  // namespace
}  // namespace wusong::platform
