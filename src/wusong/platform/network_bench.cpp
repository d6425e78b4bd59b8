// SPDX-License-Identifier: Apache-2.0
// What the network costs: two ends' cryptography without sockets; on loopback a vote's way, a
// block's way, a batch of transactions by HTTP.
#include <benchmark/benchmark.h>
#include <condition_variable>
#include <mutex>

#include "wusong/base/assert.hpp"
#include "wusong/platform/http_client.hpp"
#include "wusong/platform/http_server.hpp"
#include "wusong/platform/internal/tls.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/transport.hpp"

namespace wusong::platform {
namespace {

NodeSecretKey secret(std::uint8_t index) {
  NodeSecretKey out{};
  out.fill(index);
  return out;
}

/// Counts frames, and returns consensus frames to their sender when asked to.
class Peer final : public TransportEvents {
 public:
  void on_connected(const net::PeerKey&, const net::Hello&) override { change(connected_); }
  void on_disconnected(const net::PeerKey&, Error) override {}
  void on_message(const net::PeerKey& from, net::Channel channel, Bytes payload) override {
    if (returns_to != nullptr)
      returns_to->send(from, channel, std::make_shared<const Bytes>(std::move(payload)));
    change(frames_);
  }
  void wait_connected() { wait(connected_, 1); }
  void wait_frames(std::uint64_t count) { wait(frames_, count); }

  Transport* returns_to{nullptr};

 private:
  void change(std::uint64_t& what) {
    const std::lock_guard lock{mutex_};
    ++what;
    changed_.notify_all();
  }
  void wait(const std::uint64_t& what, std::uint64_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return what >= count; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t connected_{0};
  std::uint64_t frames_{0};
};

/// What a peer may send at most is not what is measured here.
TransportLimits without_rates() {
  TransportLimits out;
  out.frame_rates.fill({1e9, 1e9});
  out.read_bytes_per_second_max = std::size_t{1} << 40;
  return out;
}

struct Pair {
  Pair() {
    TransportOptions second;
    second.limits = without_rates();
    second.secret_key = secret(2);
    second.peers = {{*public_key_of(secret(1)), "", 0}};
    b = *Transport::start(second, at_b, *logger);
    TransportOptions first;
    first.limits = without_rates();
    first.secret_key = secret(1);
    first.peers = {{b->self(), "127.0.0.1", b->port()}};
    first.limits.dial_grace = Duration{0};
    a = *Transport::start(first, at_a, *logger);
    at_a.wait_connected();
    at_b.wait_connected();
  }
  ~Pair() {
    a->stop(Duration{0});
    b->stop(Duration{0});
  }
  std::unique_ptr<Logger> logger{Logger::silent()};
  Peer at_a;
  Peer at_b;
  std::unique_ptr<Transport> a;
  std::unique_ptr<Transport> b;
};

/// Both ends of a connection in memory: under TLS alone, or with a link inside.
class Ends {
 public:
  explicit Ends(std::optional<net::LinkSuite> suite)
      : suite_{suite},
        client_{client_context(), internal::TlsSide::client, anybody},
        server_{server_context(), internal::TlsSide::server, anybody},
        dialler_{client_, suite.value_or(net::LinkSuite::standard), net::LinkSide::dialler},
        acceptor_{server_, suite.value_or(net::LinkSuite::standard), net::LinkSide::acceptor} {}

  void agree() {
    run([this] { return client_.handshake(); }, [this] { return server_.handshake(); });
    if (!suite_) return;
    OsEntropy entropy;
    for (auto [tls, link] : {std::pair{&client_, &dialler_}, std::pair{&server_, &acceptor_}})
      WUSONG_ASSERT(link->begin(*tls->exported(net::kLinkExporterLabel), entropy).has_value());
    run([&] { return dialler_.advance(entropy); }, [&] { return acceptor_.advance(entropy); });
  }
  void carry(BytesView plain, std::span<std::uint8_t> out) {
    WUSONG_ASSERT(dialler_.write(plain).has_value());
    pass(client_, server_);
    for (std::size_t done = 0; done < out.size();) done += *acceptor_.read(out.subspan(done));
  }

 private:
  static Result<void> anybody(const net::PeerKey&) { return {}; }
  static const internal::TlsContext& client_context() {
    static const auto kShared = *internal::TlsContext::make(secret(1));
    return kShared;
  }
  static const internal::TlsContext& server_context() {
    static const auto kShared = *internal::TlsContext::make(secret(2));
    return kShared;
  }
  void pass(internal::TlsSession& from, internal::TlsSession& to) {
    wire_.clear();
    from.take_output(wire_);
    to.receive(wire_);
  }
  void run(const std::function<Result<bool>()>& client,
           const std::function<Result<bool>()>& server) {
    for (bool done = false; !done;) {
      const bool first = *client();
      pass(client_, server_);
      const bool second = *server();
      pass(server_, client_);
      done = first && second;
    }
  }

  std::optional<net::LinkSuite> suite_;
  internal::TlsSession client_;
  internal::TlsSession server_;
  net::Link dialler_;
  net::Link acceptor_;
  Bytes wire_;
};

std::optional<net::LinkSuite> suite_of(benchmark::State& state) {
  std::optional<net::LinkSuite> out;
  if (state.range(0) != 0) out = static_cast<net::LinkSuite>(state.range(0));
  state.SetLabel(std::string{exchange_name(out)});
  return out;
}

void handshake(benchmark::State& state) {
  const auto suite = suite_of(state);
  for (auto _ : state) {
    Ends ends{suite};
    ends.agree();
  }
}
BENCHMARK(handshake)->Name("platform/link/handshake")->ArgName("suite")->DenseRange(0, 2);

void carry(benchmark::State& state) {
  Ends ends{suite_of(state)};
  ends.agree();
  const Bytes plain(static_cast<std::size_t>(state.range(1)), 7);
  Bytes out(plain.size());
  for (auto _ : state) ends.carry(plain, out);
  state.SetBytesProcessed(state.iterations() * state.range(1));
}
BENCHMARK(carry)
    ->Name("platform/link/carry")
    ->ArgNames({"suite", "size"})
    ->ArgsProduct({{0, 1, 2}, {200, 150 << 10}});

/// TCP, TLS with both keys, the hybrid exchange, hello; and starting and ending two transports.
void connect(benchmark::State& state) {
  for (auto _ : state) {
    const Pair pair;
    benchmark::DoNotOptimize(pair.a.get());
  }
}
BENCHMARK(connect)->Name("platform/transport/connect")->UseRealTime();

void round_trip(benchmark::State& state) {
  Pair pair;
  pair.at_b.returns_to = pair.b.get();
  const auto vote = std::make_shared<const Bytes>(200);
  std::uint64_t count = 0;
  for (auto _ : state) {
    pair.a->send(pair.b->self(), net::Channel::consensus, vote);
    pair.at_a.wait_frames(++count);
  }
}
BENCHMARK(round_trip)->Name("platform/transport/round_trip:200B")->UseRealTime();

void throughput(benchmark::State& state) {
  Pair pair;
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto frame = std::make_shared<const Bytes>(size);
  const std::uint64_t window = (8u << 20) / size;  // well within the queue
  std::uint64_t count = 0;
  for (auto _ : state) {
    pair.a->send(pair.b->self(), net::Channel::sync, frame);
    if (++count > window) pair.at_b.wait_frames(count - window);
  }
  pair.at_b.wait_frames(count);
  state.SetBytesProcessed(static_cast<std::int64_t>(count * size));
}
BENCHMARK(throughput)
    ->Name("platform/transport/throughput")
    ->ArgName("size")
    ->Arg(200)
    ->Arg(150 << 10)
    ->Arg(4 << 20)
    ->UseRealTime();

class Swallow final : public HttpHandler {
 public:
  void on_request(HttpRequest request, HttpRespond respond) override {
    HttpResponse response;
    response.body = std::to_string(request.body.size());
    respond(std::move(response));
  }
  bool accept_websocket(std::string_view) override { return false; }
  void on_open(WebSocketId, std::string_view) override {}
  void on_text(WebSocketId, std::string) override {}
  void on_close(WebSocketId) override {}
};

void http_post(benchmark::State& state) {
  Swallow handler;
  const auto logger = Logger::silent();
  const auto server = *HttpServer::start({}, handler, *logger);
  HttpClient client{"127.0.0.1", server->port()};
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    const auto reply = client.post_json("/", body);
    WUSONG_ASSERT(reply.has_value() && reply->status == 200);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
  server->stop(Duration{0});
}
BENCHMARK(http_post)
    ->Name("platform/http/post")
    ->ArgName("size")
    ->Arg(100)
    ->Arg(150 << 10)
    ->UseRealTime();

}  // namespace
}  // namespace wusong::platform
