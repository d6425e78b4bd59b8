// SPDX-License-Identifier: Apache-2.0
// What an operator watches: requests, the acts that wait, how far behind the chain the tables are.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "wusong/platform/http_server.hpp"
#include "wusong/platform/metrics.hpp"
#include "wusong/portal_app/world.hpp"

namespace wusong::portal_app {

/// @thread safe
class PortalMetrics {
 public:
  explicit PortalMetrics(PortalWorld& world);

  /// `route` is a pattern of the router, or empty where there is none for the request.
  void observe(std::string_view method, std::string_view route, unsigned status,
               std::chrono::duration<double> took);
  /// The public server's own counts; borrowed until `forget_server`.
  void watch_server(const platform::HttpServer& server);
  void forget_server();
  std::string render() const { return registry_.render(); }

 private:
  void refresh();
  void refresh_tables();
  void refresh_server();

  PortalWorld& world_;
  platform::MetricsRegistry registry_;
  std::mutex mutex_;
  const platform::HttpServer* server_{nullptr};
};

/// GET /metrics at an address of its own, so that the site's visitors never see it.
/// @errors platform's address rows
[[nodiscard]] Outcome<std::unique_ptr<platform::HttpServer>> serve_metrics(
    const PortalConfig& config, platform::HttpHandler& handler, platform::Logger& log);

class MetricsHandler final : public platform::HttpHandler {
 public:
  explicit MetricsHandler(PortalMetrics& metrics) : metrics_{metrics} {}
  void on_request(platform::HttpRequest request, platform::HttpRespond respond) override;
  bool accept_websocket(std::string_view) override { return false; }
  void on_open(platform::WebSocketId, std::string_view) override {}
  void on_text(platform::WebSocketId, std::string) override {}
  void on_close(platform::WebSocketId) override {}

 private:
  PortalMetrics& metrics_;
};

}  // namespace wusong::portal_app
