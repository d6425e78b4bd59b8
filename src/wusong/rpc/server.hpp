// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 over whatever carries text: HTTP bodies and WebSocket messages.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "wusong/node/service.hpp"
#include "wusong/rpc/config.hpp"

namespace wusong::rpc {

struct GetReply {
  unsigned status{200};
  std::string_view content_type{"application/json"};
  std::string body;
};

/// @thread every member but the destructor may be called from any thread; for one session in order.
class Server {
 public:
  /// `node` outlives it. Listens to the node's blocks and pending transactions until destroyed.
  Server(node::Service& node, Config config, Ports ports);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// The reply to one request or batch: always JSON, or empty where only notifications came.
  std::string handle_http(std::string_view body);

  /// GET /health (200 or 503) and /metrics; 404 for any other path.
  GetReply handle_get(std::string_view path) const;

  /// One message of a session, which needs no opening. The reply goes out through Ports::send, and
  /// what a new subscription sends comes after the reply that names it.
  void on_text(SessionId session, std::string_view text);
  /// Forgets the session's subscriptions and filters.
  void on_close(SessionId session);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wusong::rpc
