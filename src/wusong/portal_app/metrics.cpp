// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/metrics.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "wusong/apps/version.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/platform/clock.hpp"

namespace wusong::portal_app {
namespace {

constexpr std::string_view kStatuses[] = {"waiting", "final", "reverted", "refused", "lost"};

double resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  in >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code wrong;
  std::size_t count = 0;
  for (auto at = std::filesystem::directory_iterator{"/proc/self/fd", wrong};
       at != std::filesystem::directory_iterator{}; at.increment(wrong)) {
    ++count;
  }
  return static_cast<double>(count);
}

/// The first cell of the only row, or 0.
double one_number(io::SqlConnection& db, std::string_view text) {
  const auto row = gateway::one_row(db, text, {});
  return row && *row ? static_cast<double>(gateway::number_of((**row)[0])) : 0;
}

}  // namespace

PortalMetrics::PortalMetrics(PortalWorld& world) : world_{world} {
  registry_
      .gauge("wusong_portal_build_info", "The program's version",
             {{"version", std::string{apps::kVersion}}})
      .set(1);
  registry_.gauge("process_start_time_seconds", "When the process started, Unix time")
      .set(static_cast<double>(platform::wall_now().value) / 1000);
  registry_.on_render([this] { refresh(); });
}

void PortalMetrics::observe(std::string_view method, std::string_view route, unsigned status,
                            std::chrono::duration<double> took) {
  // Patterns and methods of the router only: nobody outside can make up new series.
  const std::string pattern{route.empty() ? std::string_view{"none"} : route};
  const std::string verb{route.empty() ? std::string_view{"none"} : method};
  registry_
      .counter("wusong_portal_requests_total", "Answers by route, method and status",
               {{"route", pattern}, {"method", verb}, {"status", std::to_string(status)}})
      .add();
  registry_
      .histogram("wusong_portal_request_seconds", "Time to an answer's first byte",
                 platform::latency_bounds(), {{"route", pattern}})
      .observe(took.count());
}

void PortalMetrics::watch_server(const platform::HttpServer& server) {
  const std::lock_guard guard{mutex_};
  server_ = &server;
}

void PortalMetrics::forget_server() {
  const std::lock_guard guard{mutex_};
  server_ = nullptr;
}

void PortalMetrics::refresh() {
  registry_.gauge("process_resident_memory_bytes", "Memory of the portal, its children apart")
      .set(resident_bytes());
  registry_.gauge("process_open_fds", "Open descriptors").set(open_descriptors());
  const auto& node = *world_.node;
  const auto head = static_cast<double>(node.head_block());
  const auto applied = static_cast<double>(node.applied_block());
  registry_.gauge("wusong_portal_node_reachable", "1 while the chain's node answers")
      .set(node.reachable() ? 1 : 0);
  registry_.gauge("wusong_portal_chain_block", "Newest final block that the node named").set(head);
  registry_.gauge("wusong_portal_projection_block", "Newest block in the tables").set(applied);
  registry_.gauge("wusong_portal_projection_lag_blocks", "Final blocks not yet in the tables")
      .set(std::max(0.0, head - applied));
  refresh_tables();
  refresh_server();
}

void PortalMetrics::refresh_tables() {
  auto lease = world_.lease();
  registry_.gauge("wusong_portal_databases_reachable", "1 while both databases answer")
      .set(lease ? 1 : 0);
  if (!lease) return;
  auto& own = (*lease)->connections().own;
  auto& projection = (*lease)->connections().projection;
  std::map<std::string, double, std::less<>> counts;
  if (const auto rows = own.query("SELECT status, count(*) FROM outbox GROUP BY status")) {
    for (const auto& row : rows->rows) {
      counts[gateway::text_of(row[0])] = static_cast<double>(gateway::number_of(row[1]));
    }
  }
  for (const auto status : kStatuses) {
    registry_
        .gauge("wusong_portal_outbox_acts", "Accepted acts by what became of them",
               {{"status", std::string{status}}})
        .set(counts[std::string{status}]);
  }
  const double oldest =
      one_number(own, "SELECT coalesce(min(created), 0) FROM outbox WHERE status = 'waiting'");
  const auto now = static_cast<double>(platform::wall_now().value);
  registry_.gauge("wusong_portal_outbox_oldest_seconds", "Age of the oldest act that waits")
      .set(oldest > 0 ? std::max(0.0, now - oldest) / 1000 : 0);
  registry_.gauge("wusong_portal_uploads_open", "Uploads that are not finished")
      .set(one_number(own, "SELECT count(*) FROM uploads WHERE digest = ''"));
  registry_.counter("wusong_portal_upload_bytes_total", "Bytes of finished uploads")
      .set(static_cast<std::uint64_t>(
          one_number(own, "SELECT coalesce(sum(size), 0) FROM uploads WHERE digest <> ''")));
  registry_.counter("wusong_portal_events_total", "Events of the chain in the tables")
      .set(static_cast<std::uint64_t>(
          one_number(projection, "SELECT value FROM meta WHERE key = 'events'")));
  registry_.gauge("wusong_portal_documents_missing", "Documents that events name and nobody has")
      .set(one_number(projection, "SELECT count(*) FROM missing"));
}

void PortalMetrics::refresh_server() {
  const std::lock_guard guard{mutex_};
  if (server_ == nullptr) return;
  const auto stats = server_->stats();
  registry_.gauge("wusong_portal_connections", "Open connections")
      .set(static_cast<double>(stats.connections));
  registry_.counter("wusong_portal_received_bytes_total", "Bytes of requests").set(stats.bytes_in);
  registry_.counter("wusong_portal_sent_bytes_total", "Bytes of answers").set(stats.bytes_out);
  const auto refused = [&](const char* why, std::uint64_t count) {
    registry_
        .counter("wusong_portal_refused_total", "Requests refused before they were looked at",
                 {{"why", why}})
        .set(count);
  };
  refused("busy", stats.refused_busy);
  refused("size", stats.refused_size);
  refused("connections", stats.refused_connections);
}

void MetricsHandler::on_request(platform::HttpRequest request, platform::HttpRespond respond) {
  platform::HttpResponse out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  if (request.path() == "/metrics" && (request.method == "GET" || request.method == "HEAD")) {
    out.body = metrics_.render();
  } else {
    out.status = 404;
    out.body = "GET /metrics\n";
  }
  respond(std::move(out));
}

Outcome<std::unique_ptr<platform::HttpServer>> serve_metrics(const PortalConfig& config,
                                                             platform::HttpHandler& handler,
                                                             platform::Logger& log) {
  platform::HttpOptions options;
  options.listen_host = config.metrics_host;
  options.listen_port = config.metrics_port;
  options.workers = 1;
  options.connections_max = 16;
  options.body_size_max = 0;
  auto out = platform::HttpServer::start(options, handler, log);
  if (!out) {
    return failure(out.error(),
                   fmt::format("cannot listen on {}:{}; change metrics in the portal's "
                               "settings",
                               options.listen_host, options.listen_port));
  }
  return std::move(*out);
}

}  // namespace wusong::portal_app
