// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/server.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <semaphore>

#include "wusong/apps/report.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/reply.hpp"
#include "wusong/gateway/router.hpp"
#include "wusong/harvest/harvest.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/http_server.hpp"
#include "wusong/platform/signals.hpp"
#include "wusong/portal/errors.hpp"
#include "wusong/portal_app/metrics.hpp"

namespace wusong::portal_app {
namespace {

using namespace std::chrono_literals;

/// What stands between a projection and its tables, in words.
Failure projection_fault(const PortalWorld& world, Error error, std::string_view message) {
  if (error == Error{portal::err::wrong_schema}) {
    return {error,
            fmt::format("the tables are of another version of this program; `wusong-portal rebuild "
                        "--config {}` makes them anew from the chain",
                        world.config.file.string())};
  }
  return {error, fmt::format("the projection cannot be opened: {}", message)};
}

constexpr std::size_t kPiece = 256 << 10;
constexpr auto kCollectEvery = std::chrono::minutes{5};
constexpr std::uint64_t kUploadIdleMs = std::uint64_t{7} * 24 * 3600 * 1000;

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
  PortalHandler(PortalWorld& world, PortalMetrics& metrics)
      : world_{world}, metrics_{metrics}, shared_{world.shared()} {}

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
    const auto begin = std::chrono::steady_clock::now();
    const std::string method = from.method;
    auto out = handled(from);
    metrics_.observe(method, out.route, out.status, std::chrono::steady_clock::now() - begin);
    return out;
  }
  gateway::Response handled(platform::HttpRequest& from) {
    auto target = gateway::split_target(from.target);
    if (!target) return gateway::to_response(target.error());
    gateway::Request request;
    request.method = std::move(from.method);
    request.path = std::move(target->first);
    request.query = std::move(target->second);
    request.remote = client_address(from.remote, from.headers, world_.config.proxies);
    if (world_.config.proxies.empty() && !from.header("x-forwarded-for").empty() &&
        !told_of_proxy_.exchange(true)) {
      world_.log->warn("forwarded_ignored",
                       {{"from", from.remote}, {"mend", "name the proxy in proxies"}});
    }
    request.headers = gateway::Fields{std::move(from.headers)};
    request.body = std::move(from.body);
    request.secure = world_.config.secure;
    request.now = platform::wall_now();
    auto lease = world_.lease();
    if (!lease) return gateway::to_response(lease.error());
    auto response = gateway::handle(shared_, (*lease)->connections(), request);
    // A fault of ours, or an identity provider's; a chain or database that is away is said once.
    if (response.status == 500 || response.status == 502) {
      world_.log->warn("request_failed",
                       {{"method", request.method},
                        {"path", request.path},
                        {"status", response.status},
                        {"error", response.fault},
                        {"own", (*lease)->connections().own.last_message()},
                        {"projection", (*lease)->connections().projection.last_message()}});
    }
    return response;
  }

  PortalWorld& world_;
  PortalMetrics& metrics_;
  gateway::Shared shared_;
  std::atomic<bool> told_of_proxy_{false};
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
      return std::unexpected{projection_fault(world_, opened.error(), connection_->last_message())};
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
    auto next_collect = next_resume;
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
      if (std::chrono::steady_clock::now() >= next_collect) {
        collect();
        next_collect = std::chrono::steady_clock::now() + kCollectEvery;
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

  /// What people began to send and left lying.
  void collect() {
    const auto lease = world_.lease();
    if (!lease) return;
    const auto now = platform::wall_now().value;
    const auto before = UnixMillis{now - std::min(now, kUploadIdleMs)};
    const auto count = gateway::collect_uploads((*lease)->connections().own, *world_.blobs, before);
    if (!count) world_.log->warn("uploads_not_collected", {{"error", count.error()}});
    if (count && *count > 0) world_.log->info("uploads_given_up", {{"count", *count}});
  }

  PortalWorld& world_;
  std::unique_ptr<io::SqlConnection> connection_;
  std::unique_ptr<BlobDocuments> documents_;
  std::unique_ptr<portal::Projection> projection_;
  std::jthread thread_;
};

/// Looks into files of datasets as they are published, on a thread of its own.
class TableReader {
 public:
  explicit TableReader(PortalWorld& world)
      : world_{world},
        shared_{world.shared()},
        thread_{[this](const std::stop_token& token) { work(token); }} {}

 private:
  void work(const std::stop_token& token) {
    std::uint64_t after = 0;
    while (!token.stop_requested()) {
      auto pause = 2s;
      if (const auto lease = world_.lease()) {
        const auto done =
            gateway::prepare_tables(shared_, (*lease)->connections(), after, platform::wall_now());
        if (!done && done.error() == Error{gateway::err::engine_missing}) {
          world_.log->warn("table_engine_missing", {{"mend", "tools/duckdb/install"}});
          return;
        }
        if (!done) world_.log->warn("tables_not_read", {{"error", done.error()}});
        if (done && (done->after != after || done->waits)) pause = 1s;
        if (done) after = done->after;
      }
      for (auto slept = 0ms; slept < pause && !token.stop_requested(); slept += 100ms) {
        std::this_thread::sleep_for(100ms);
      }
    }
  }

  PortalWorld& world_;
  gateway::Shared shared_;
  std::jthread thread_;
};

/// Runs each harvest of the settings when its time has come, on a thread of its own.
class Harvester {
 public:
  explicit Harvester(PortalWorld& world) : world_{world} {
    thread_ = std::jthread{[this](const std::stop_token& token) { work(token); }};
  }

 private:
  void work(const std::stop_token& token) {
    std::map<const harvest::HarvestSource*, std::chrono::steady_clock::time_point> next;
    while (!token.stop_requested()) {
      for (const auto& source : world_.config.harvests) {
        const auto now = std::chrono::steady_clock::now();
        if (source.every_minutes == 0 || token.stop_requested() || now < next[&source]) continue;
        run(source, token);
        next[&source] = now + std::chrono::minutes{source.every_minutes};
      }
      std::this_thread::sleep_for(200ms);
    }
  }
  void run(const harvest::HarvestSource& source, const std::stop_token& token) {
    const auto lease = world_.lease();
    if (!lease) return;
    harvest::HarvestOptions options;
    options.stop = token;
    const auto report =
        harvest::run_harvest(source, own_site(world_.config), (*lease)->connections().own, options);
    if (!report) {
      world_.log->warn("harvest_failed", {{"url", source.url}, {"detail", report.error().detail}});
      return;
    }
    world_.log->info("harvest", {{"direction", source.into ? "into" : "from"},
                                 {"url", source.url},
                                 {"seen", report->seen},
                                 {"created", report->created},
                                 {"updated", report->updated},
                                 {"deleted", report->deleted},
                                 {"refused", report->refused},
                                 {"stopped", report->stopped}});
  }

  PortalWorld& world_;
  std::jthread thread_;
};

}  // namespace

harvest::OwnSite own_site(const PortalConfig& config) {
  const bool any = config.listen_host == "0.0.0.0" || config.listen_host == "::";
  return {.address = fmt::format("http://{}:{}", any ? "127.0.0.1" : config.listen_host,
                                 config.listen_port),
          .base = config.base,
          .ca_file = config.ca_file.string()};
}

Outcome<std::uint64_t> catch_up(PortalWorld& world, const FollowProgress& progress) {
  auto connection = world.databases.projection->connect();
  if (!connection) return failure(connection.error(), "the projection cannot be opened");
  BlobDocuments documents{*world.blobs};
  portal::Projection projection{**connection, world.rules.book, documents};
  if (const auto opened = projection.open(); !opened) {
    return std::unexpected{projection_fault(world, opened.error(), (*connection)->last_message())};
  }
  auto done =
      follow_once(*world.node, projection, world.chain.contracts, world.chain.from_block, progress);
  if (!done) done.error().detail += std::string{" "} + std::string{(*connection)->last_message()};
  return done;
}

namespace {

/// What must hold before anybody is served. A node that is away is no fault: what the tables hold
/// is shown. One that answers is followed first, so that no right shows that has ended meanwhile.
Outcome<void> prepare_to_serve(PortalWorld& world) {
  if (world.settings.contracts.workflows.is_zero()) {
    return failure(err::not_found, "nothing is on the chain yet; run `wusong-portal init`");
  }
  if (const auto known = world.node->connect(); !known) {
    world.log->warn("node_away", {{"detail", known.error().detail}});
    return {};
  }
  if (const auto genesis = world.node->genesis(); genesis != world.chain.genesis) {
    return failure(
        err::bad_config,
        fmt::format("{} belongs to another chain than the node {} (genesis {}, not {}); "
                    "name a node of its chain, or start over with an empty folder",
                    world.config.folder.string(), world.config.node, genesis, world.chain.genesis));
  }
  apps::Progress progress{"blocks read:"};
  const auto caught =
      catch_up(world, [&](std::uint64_t at, std::uint64_t all) { progress.at(at, all); });
  if (!caught) return std::unexpected{caught.error()};
  return {};
}

}  // namespace

int run_portal(PortalWorld& world) {
  if (const auto ready = prepare_to_serve(world); !ready) return apps::complain(ready.error());
  std::binary_semaphore ended{0};
  const platform::SignalWatcher signals{[&](int) { ended.release(); }};
  Follower follower{world};
  if (const auto started = follower.start(); !started) return apps::complain(started.error());
  std::optional<TableReader> reader;
  reader.emplace(world);
  PortalMetrics metrics{world};
  MetricsHandler metrics_handler{metrics};
  std::unique_ptr<platform::HttpServer> metrics_server;
  if (!world.config.metrics_host.empty()) {
    auto started = serve_metrics(world.config, metrics_handler, *world.log);
    if (!started) return apps::complain(started.error());
    metrics_server = std::move(*started);
  }
  PortalHandler handler{world, metrics};
  platform::HttpOptions options;
  options.listen_host = world.config.listen_host;
  options.listen_port = world.config.listen_port;
  options.workers = world.config.workers;
  options.body_size_max = 64 << 10;
  options.keep_headers = true;
  options.allowed_hosts = {"*"};  // the gateway looks at Host itself
  auto server = platform::HttpServer::start(options, handler, *world.log);
  if (!server) {
    return apps::complain(
        {server.error(),
         fmt::format(
             "cannot listen on {}:{}; if another program has the port, change listen in the "
             "portal's settings (./run --portal-port P)",
             options.listen_host, options.listen_port)});
  }
  apps::say(
      fmt::format("The portal listens on http://{}:{}/\n", options.listen_host, (*server)->port()));
  metrics.watch_server(**server);
  {
    const Harvester harvester{world};
    ended.acquire();
  }
  follower.stop();
  world.tables->stop();
  reader.reset();
  (*server)->stop(5s);
  metrics.forget_server();
  return 0;
}

}  // namespace wusong::portal_app
