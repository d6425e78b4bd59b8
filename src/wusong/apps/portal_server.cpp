// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/portal_server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <semaphore>

#include "wusong/apps/report.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/gateway/router.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/http_server.hpp"
#include "wusong/platform/signals.hpp"

namespace wusong::apps {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPiece = 256 << 10;

/// Who asked: the connection's address, or what a proxy on this machine says of it.
std::string remote_of(const platform::HttpRequest& request) {
  const bool local = request.remote == "127.0.0.1" || request.remote == "::1";
  const auto forwarded = request.header("x-forwarded-for");
  if (!local || forwarded.empty()) return request.remote;
  const auto last = forwarded.substr(forwarded.rfind(',') + 1);
  const auto begin = last.find_first_not_of(' ');
  return begin == std::string_view::npos ? request.remote
                                         : std::string{last.substr(begin).substr(0, 64)};
}

platform::HttpResponse converted(gateway::Response&& from, io::BlobStore& blobs, bool head) {
  platform::HttpResponse out;
  out.status = from.status;
  out.content_type = std::move(from.content_type);
  out.headers = std::move(from.headers);
  out.body = std::move(from.body);
  if (head || !from.blob) return out;
  const auto part = *from.blob;
  out.stream = platform::HttpStream{
      .size = part.size,
      .read = [&blobs, part](std::uint64_t offset, std::size_t most) -> Result<Bytes> {
        return blobs.read(part.digest, part.offset + offset,
                          std::min<std::uint64_t>({most, kPiece, part.size - offset}));
      }};
  return out;
}

class PortalHandler final : public platform::HttpHandler {
 public:
  explicit PortalHandler(PortalWorld& world) : world_{world}, shared_{world.shared()} {}

  void on_request(platform::HttpRequest request, platform::HttpRespond respond) override {
    const bool head = request.method == "HEAD";
    respond(converted(answer(request), *world_.blobs, head));
  }
  bool accept_websocket(std::string_view) override { return false; }
  void on_open(platform::WebSocketId, std::string_view) override {}
  void on_text(platform::WebSocketId, std::string) override {}
  void on_close(platform::WebSocketId) override {}

  std::size_t body_size_max(std::string_view method, std::string_view path,
                            std::size_t ordinary) override {
    std::map<std::string, std::string, std::less<>> places;
    if (!path.starts_with('/')) return ordinary;
    for (const auto& route : gateway::routes()) {
      if (route.method == method && gateway::matches(route.pattern, path, places)) {
        return route.body_max;
      }
    }
    return ordinary;
  }
  platform::HttpResponse on_refusal(unsigned status, int, std::string_view message) override {
    gateway::Problem problem =
        gateway::problem_of(status == 413   ? Error{gateway::err::too_large}
                            : status == 503 ? Error{gateway::err::unavailable}
                            : status == 403 ? Error{gateway::err::wrong_host}
                                            : Error{gateway::err::bad_request});
    problem.status = status;
    world_.log->debug("request_refused", {{"status", status}, {"why", message}});
    return converted(gateway::to_response(problem), *world_.blobs, false);
  }

 private:
  gateway::Response answer(platform::HttpRequest& from) {
    auto target = gateway::split_target(from.target);
    if (!target) return gateway::to_response(target.error());
    gateway::Request request;
    request.method = std::move(from.method);
    request.path = std::move(target->first);
    request.query = std::move(target->second);
    request.remote = remote_of(from);
    request.headers = gateway::Fields{std::move(from.headers)};
    request.body = std::move(from.body);
    request.secure = world_.config.secure;
    request.now = platform::wall_now();
    auto lease = world_.lease();
    if (!lease) return gateway::to_response(lease.error());
    auto response = gateway::handle(shared_, (*lease)->connections(), request);
    if (response.status == 500) {  // a fault of ours; a chain or database that is away is said once
      world_.log->warn("request_failed",
                       {{"method", request.method},
                        {"path", request.path},
                        {"status", response.status},
                        {"own", (*lease)->connections().own.last_message()},
                        {"projection", (*lease)->connections().projection.last_message()}});
    }
    return response;
  }

  PortalWorld& world_;
  gateway::Shared shared_;
};

/// Follows the chain and sends what waits, on a thread of its own.
class Follower {
 public:
  explicit Follower(PortalWorld& world) : world_{world} {}
  ~Follower() { stop(); }

  /// @errors io's, portal's
  [[nodiscard]] Outcome<void> start() {
    auto connection = world_.databases.projection->connect();
    if (!connection) return failure(connection.error(), "the projection cannot be opened");
    connection_ = std::move(*connection);
    documents_ = std::make_unique<BlobDocuments>(*world_.blobs);
    projection_ =
        std::make_unique<portal::Projection>(*connection_, world_.rules.book, *documents_);
    if (const auto opened = projection_->open(); !opened) {
      return failure(opened.error(), std::string{connection_->last_message()});
    }
    thread_ = std::jthread{[this](const std::stop_token& token) { work(token); }};
    return {};
  }
  void stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

 private:
  void work(const std::stop_token& token) {
    auto next_resume = std::chrono::steady_clock::now();
    bool away = false;
    while (!token.stop_requested()) {
      const auto done =
          follow_once(*world_.node, *projection_, world_.chain.contracts, world_.chain.from_block);
      if (!done && !away) {
        world_.log->warn("follow_failed", {{"error", done.error().name()},
                                           {"detail", done.error().detail},
                                           {"database", connection_->last_message()}});
      }
      if (done && away) world_.log->info("follow_resumed", {});
      away = !done;
      if (done && std::chrono::steady_clock::now() >= next_resume) {
        resume();
        next_resume = std::chrono::steady_clock::now() + 2s;
      }
      std::this_thread::sleep_for(done ? 50ms : 500ms);
    }
  }
  void resume() {
    const auto lease = world_.lease();
    if (!lease) return;
    gateway::Outbox outbox{(*lease)->connections().own, *world_.node, gateway::refusal_name};
    if (const auto waiting = outbox.resume(1'000, platform::wall_now()); !waiting) {
      world_.log->warn("outbox_failed", {{"error", waiting.error()}});
    }
  }

  PortalWorld& world_;
  std::unique_ptr<io::SqlConnection> connection_;
  std::unique_ptr<BlobDocuments> documents_;
  std::unique_ptr<portal::Projection> projection_;
  std::jthread thread_;
};

}  // namespace

Outcome<std::uint64_t> catch_up(PortalWorld& world) {
  auto connection = world.databases.projection->connect();
  if (!connection) return failure(connection.error(), "the projection cannot be opened");
  BlobDocuments documents{*world.blobs};
  portal::Projection projection{**connection, world.rules.book, documents};
  if (const auto opened = projection.open(); !opened) {
    return failure(opened.error(), std::string{(*connection)->last_message()});
  }
  auto done = follow_once(*world.node, projection, world.chain.contracts, world.chain.from_block);
  if (!done) done.error().detail += std::string{" "} + std::string{(*connection)->last_message()};
  return done;
}

int run_portal(PortalWorld& world) {
  std::binary_semaphore ended{0};
  const platform::SignalWatcher signals{[&](int) { ended.release(); }};
  if (world.settings.contracts.workflows.is_zero()) {
    return complain({err::not_found, "nothing is on the chain yet; run `wusong-portal init`"});
  }
  if (const auto known = world.node->connect(); !known) {
    world.log->warn("node_away", {{"detail", known.error().detail}});
  }
  Follower follower{world};
  if (const auto started = follower.start(); !started) return complain(started.error());
  PortalHandler handler{world};
  platform::HttpOptions options;
  options.listen_host = world.config.listen_host;
  options.listen_port = world.config.listen_port;
  options.workers = world.config.workers;
  options.body_size_max = 64 << 10;
  options.keep_headers = true;
  options.allowed_hosts = {"*"};  // the gateway looks at Host itself
  auto server = platform::HttpServer::start(options, handler, *world.log);
  if (!server) {
    return complain(
        {server.error(),
         fmt::format(
             "cannot listen on {}:{}; if another program has the port, change listen in the "
             "portal's settings (./run --portal-port P)",
             options.listen_host, options.listen_port)});
  }
  say(fmt::format("The portal listens on http://{}:{}/\n", options.listen_host, (*server)->port()));
  ended.acquire();
  follower.stop();
  (*server)->stop(5s);
  return 0;
}

}  // namespace wusong::apps
