// SPDX-License-Identifier: Apache-2.0
// What the data platform asks of the HTTP server: all methods and headers, large bodies both ways.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "wusong/platform/errors.hpp"
#include "wusong/platform/http_client.hpp"
#include "wusong/platform/http_server.hpp"
#include "wusong/platform/internal/http_range.hpp"

namespace wusong::platform {
namespace {

using namespace std::chrono_literals;
using internal::ByteRange;

constexpr std::uint64_t kLarge = 3ull << 30;

class Files final : public HttpHandler {
 public:
  void on_request(HttpRequest request, HttpRespond respond) override {
    HttpResponse response;
    if (request.path() == "/file") {
      auto stream = stream_file(path);
      ASSERT_TRUE(stream);
      response.stream = std::move(*stream);
      response.ranges = true;
      response.content_type = "text/csv";
      response.headers.emplace_back("ETag", "\"abc\"");
    } else if (request.path() == "/large" || request.path() == "/broken") {
      const bool broken = request.path() == "/broken";
      response.stream =
          HttpStream{kLarge, [broken](std::uint64_t offset, std::size_t size_max) -> Result<Bytes> {
                       if (broken && offset > 0) return fail(err::file_unreadable);
                       return Bytes(size_max, static_cast<std::uint8_t>(offset >> 20));
                     }};
    } else if (request.path() == "/upload") {
      received += request.body.size();
      response.status = 204;
    } else {
      response.headers.emplace_back("Set-Cookie", "a=1");
      response.headers.emplace_back("Set-Cookie", "b=2");
      response.headers.emplace_back("X-Split", "x\r\nX-Injected: yes");
      response.body = request.method + " cookie=" + std::string{request.header("cookie")} +
                      " offset=" + std::string{request.header("upload-offset")} + " " +
                      request.body;
    }
    respond(std::move(response));
  }
  bool accept_websocket(std::string_view) override { return false; }
  void on_open(WebSocketId, std::string_view) override {}
  void on_text(WebSocketId, std::string) override {}
  void on_close(WebSocketId) override {}
  std::size_t body_size_max(std::string_view method, std::string_view route,
                            std::size_t ordinary) override {
    return method == "PATCH" && route == "/upload" ? 16u << 20 : ordinary;
  }
  HttpResponse on_refusal(unsigned status, int, std::string_view message) override {
    HttpResponse response;
    response.body = fmt::format(R"({{"refused":{},"why":"{}"}})", status, message);
    return response;
  }

  std::string path;
  std::atomic<std::size_t> received{0};
};

struct Portal {
  Portal() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    files.path = folder + "/file";
    std::ofstream{files.path} << "0123456789";
    HttpOptions options;
    options.keep_headers = true;
    options.body_size_max = 1'000;
    options.allowed_origins = {"*"};
    options.cors_methods = "GET, POST, PATCH, DELETE, OPTIONS";
    server = std::move(*HttpServer::start(options, files, *logger));
  }
  ~Portal() {
    server->stop(Duration{0});
    std::filesystem::remove_all(folder);
  }
  HttpReply ask(std::string_view method, std::string_view target, std::string_view headers = {},
                std::string_view body = {}) {
    const auto reply = client().request(method, target, body, headers);
    return reply ? *reply : HttpReply{};
  }
  HttpClient client() const { return HttpClient{"127.0.0.1", server->port(), 30s}; }

  std::unique_ptr<Logger> logger{Logger::silent()};
  std::string folder;
  Files files;
  std::unique_ptr<HttpServer> server;
};

TEST(HttpServerPortal, EveryMethodAndHeaderReachesTheHandler) {
  Portal portal;
  for (const std::string_view method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    const auto reply = portal.ask(method, "/x", "Cookie: s=1\r\nUPLOAD-OFFSET: 7\r\n", "body");
    EXPECT_EQ(reply.body, fmt::format("{} cookie=s=1 offset=7 body", method));
  }
}

TEST(HttpServerPortal, SeveralCookiesAreSetAndNoHeaderIsInjected) {
  Portal portal;
  const auto reply = portal.ask("GET", "/");
  EXPECT_NE(reply.headers.find("Set-Cookie: a=1"), std::string::npos);
  EXPECT_NE(reply.headers.find("Set-Cookie: b=2"), std::string::npos);
  EXPECT_EQ(reply.headers.find("Injected"), std::string::npos);
}

TEST(HttpServerPortal, ABrowserThatAsksForLeaveIsToldTheMethods) {
  Portal portal;
  const auto reply = portal.ask(
      "OPTIONS", "/x", "Origin: https://a.example\r\nAccess-Control-Request-Method: PATCH\r\n");
  EXPECT_EQ(reply.status, 204u);
  EXPECT_NE(reply.headers.find("Access-Control-Allow-Methods: GET, POST, PATCH, DELETE"),
            std::string::npos);
}

/// Everything the server answers to these bytes before it closes.
std::string raw_answers(std::uint16_t port, std::string_view bytes) {
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::send(file, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  std::string out;
  char part[4096];
  for (ssize_t count = 0; (count = ::recv(file, part, sizeof part, 0)) > 0;)
    out.append(part, static_cast<std::size_t>(count));
  ::close(file);
  return out;
}

TEST(HttpServerPortal, HeadTellsTheSizeWithoutTheBodyAndTheConnectionGoesOn) {
  Portal portal;
  for (const std::string path : {"/file", "/x"}) {
    const std::string all = raw_answers(
        portal.server->port(), "HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\nGET " + path +
                                   " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto first_end = all.find("\r\n\r\n");
    ASSERT_NE(first_end, std::string::npos);
    EXPECT_TRUE(all.substr(first_end + 4).starts_with("HTTP/1.1 200")) << all;
    EXPECT_EQ(all.substr(0, first_end).find("Content-Length: 0"), std::string::npos);
  }
}

TEST(HttpServerPortal, RangesOfAFileAreSent) {
  Portal portal;
  const auto whole = portal.ask("GET", "/file");
  EXPECT_EQ(whole.status, 200u);
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_NE(whole.headers.find("Accept-Ranges: bytes"), std::string::npos);
  const auto part = portal.ask("GET", "/file", "Range: bytes=2-4\r\n");
  EXPECT_EQ(part.status, 206u);
  EXPECT_EQ(part.body, "234");
  EXPECT_NE(part.headers.find("Content-Range: bytes 2-4/10"), std::string::npos);
  EXPECT_EQ(portal.ask("GET", "/file", "Range: bytes=-3\r\n").body, "789");
  EXPECT_EQ(portal.ask("GET", "/file", "Range: bytes=7-\r\n").body, "789");
  EXPECT_EQ(portal.ask("GET", "/file", "Range: bytes=0-1,4-5\r\n").body, "0123456789");
  const auto beyond = portal.ask("GET", "/file", "Range: bytes=10-\r\n");
  EXPECT_EQ(beyond.status, 416u);
  EXPECT_NE(beyond.headers.find("Content-Range: bytes */10"), std::string::npos);
  EXPECT_EQ(portal.ask("GET", "/file", "Range: bytes=2-4\r\nIf-Range: \"abc\"\r\n").status, 206u);
  EXPECT_EQ(portal.ask("GET", "/file", "Range: bytes=2-4\r\nIf-Range: \"old\"\r\n").status, 200u);
}

TEST(HttpServerPortal, WhatTheClientHasIsNotSentAgain) {
  Portal portal;
  EXPECT_EQ(portal.ask("GET", "/file", "If-None-Match: \"x\", W/\"abc\"\r\n").status, 304u);
  EXPECT_EQ(portal.ask("GET", "/file", "If-None-Match: \"x\"\r\n").status, 200u);
}

/// How much memory this process has held at its peak, in bytes.
std::size_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// @row 15
TEST(HttpServerPortal, ALargeDownloadTakesConstantMemory) {
  Portal portal;
  const auto before = peak_memory();
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(portal.server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string_view ask =
      "GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(::send(file, ask.data(), ask.size(), 0), static_cast<ssize_t>(ask.size()));
  std::vector<char> part(1u << 20);
  std::uint64_t total = 0;
  for (ssize_t count = 0; (count = ::recv(file, part.data(), part.size(), 0)) > 0;)
    total += static_cast<std::uint64_t>(count);
  ::close(file);
  EXPECT_GT(total, kLarge);
  EXPECT_LT(total, kLarge + 1'000);
  // Loose, because sanitizers keep what is freed for a while.
  EXPECT_LT(peak_memory() - before, kLarge / 5);
}

TEST(HttpServerPortal, AStreamThatFailsEndsTheConnection) {
  Portal portal;
  EXPECT_FALSE(portal.client().request("GET", "/broken")) << "a body cut short must not look whole";
}

TEST(HttpServerPortal, ALimitOfItsOwnHoldsForARoute) {
  Portal portal;
  HttpClient client = portal.client();
  const std::string chunk(8u << 20, 'x');
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.request("PATCH", "/upload", chunk)->status, 204u);
  EXPECT_EQ(portal.files.received, 32u << 20);
  EXPECT_EQ(portal.ask("PATCH", "/upload", {}, std::string(17u << 20, 'x')).status, 413u);
  const auto refused = portal.ask("POST", "/upload", {}, chunk);
  EXPECT_EQ(refused.status, 413u);
  EXPECT_EQ(refused.body, R"({"refused":413,"why":"request body larger than 1000 bytes"})");
}

TEST(HttpRange, IsReadAsTheStandardSays) {
  const auto is = [](std::string_view text, ByteRange::Verdict verdict, std::uint64_t offset,
                     std::uint64_t size) {
    const auto range = internal::parse_range(text, 100);
    return range.verdict == verdict && range.offset == offset && range.size == size;
  };
  using enum ByteRange::Verdict;
  EXPECT_TRUE(is("bytes=0-0", part, 0, 1));
  EXPECT_TRUE(is("BYTES = 0-0", whole, 0, 100));
  EXPECT_TRUE(is("Bytes=0-99", part, 0, 100));
  EXPECT_TRUE(is("bytes=0-100000000000000000000000", part, 0, 100));
  EXPECT_TRUE(is("bytes=99-", part, 99, 1));
  EXPECT_TRUE(is("bytes=-1000", part, 0, 100));
  EXPECT_TRUE(is("bytes=-0", unsatisfiable, 0, 0));
  EXPECT_TRUE(is("bytes=100-", unsatisfiable, 0, 0));
  EXPECT_TRUE(is("bytes=100000000000000000000000-", unsatisfiable, 0, 0));
  for (const std::string_view text : {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b",
                                      "bytes=1-2,3-4", "items=0-1", "bytes=+1-2", "bytes=1--2"})
    EXPECT_TRUE(is(text, whole, 0, 100)) << text;
  EXPECT_EQ(internal::parse_range("bytes=0-", 0).verdict, unsatisfiable);
}

}  // namespace
}  // namespace wusong::platform
