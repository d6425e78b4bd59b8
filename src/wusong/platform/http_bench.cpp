// SPDX-License-Identifier: Apache-2.0
// Large bodies through the HTTP server, both ways, on loopback: client and server share the cores.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include "wusong/platform/http_client.hpp"
#include "wusong/platform/http_server.hpp"

namespace wusong::platform {
namespace {

constexpr std::size_t kChunk = 8u << 20;
constexpr std::uint64_t kDownload = 256u << 20;

class Sink final : public HttpHandler {
 public:
  void on_request(HttpRequest request, HttpRespond respond) override {
    HttpResponse response;
    if (request.method == "GET") {
      response.stream =
          HttpStream{kDownload, [](std::uint64_t, std::size_t size) { return Bytes(size, 'x'); }};
    } else {
      response.status = 204;
    }
    respond(std::move(response));
  }
  bool accept_websocket(std::string_view) override { return false; }
  void on_open(WebSocketId, std::string_view) override {}
  void on_text(WebSocketId, std::string) override {}
  void on_close(WebSocketId) override {}
  std::size_t body_size_max(std::string_view, std::string_view, std::size_t) override {
    return 16u << 20;
  }
};

struct Server {
  std::unique_ptr<Logger> logger{Logger::silent()};
  Sink sink;
  std::unique_ptr<HttpServer> http;
  Server() {
    HttpOptions options;
    options.keep_headers = true;
    http = std::move(*HttpServer::start(options, sink, *logger));
  }
  ~Server() { http->stop(Duration{0}); }
};

void upload(benchmark::State& state) {
  Server server;
  HttpClient client{"127.0.0.1", server.http->port()};
  const std::string chunk(kChunk, 'x');
  for (auto _ : state) {
    const auto reply = client.request("PATCH", "/upload", chunk);
    if (!reply || reply->status != 204) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kChunk));
}
BENCHMARK(upload)->Name("http/upload/chunk:8MiB")->UseRealTime();

void download(benchmark::State& state) {
  Server server;
  HttpClient client{"127.0.0.1", server.http->port()};
  for (auto _ : state) {
    const auto reply = client.request("GET", "/download");
    if (!reply || reply->body.size() != kDownload) state.SkipWithError("cut short");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kDownload));
}
BENCHMARK(download)->Name("http/download/size:256MiB")->UseRealTime();

}  // namespace
}  // namespace wusong::platform
