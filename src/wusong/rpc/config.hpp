// SPDX-License-Identifier: Apache-2.0
// Every limit of the JSON-RPC server, with its default.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "wusong/base/time.hpp"
#include "wusong/io/mutex.hpp"

namespace wusong::rpc {

struct Config {
  std::size_t batch_items_max{1'000};
  std::size_t response_bytes_max{25u << 20};
  std::uint64_t call_gas_cap{50'000'000};
  Duration call_timeout{std::chrono::seconds{10}};  // of one call, estimate or trace
  std::size_t trace_steps_max{200'000};             // that one struct log trace reports
  Duration log_timeout{std::chrono::seconds{10}};   // of one eth_getLogs
  std::uint64_t log_range_max{10'000};              // blocks of one eth_getLogs
  std::size_t log_results_max{20'000};              // logs of one eth_getLogs
  std::size_t log_addresses_max{1'000};             // addresses, or topics at one place
  std::size_t proof_keys_max{1'024};
  std::uint64_t fee_history_blocks_max{1'024};
  Duration filter_idle_max{std::chrono::minutes{5}};
  std::size_t filters_max{1'024};              // of all HTTP clients together
  std::size_t session_filters_max{128};        // of one WebSocket session
  std::size_t session_subscriptions_max{128};  // of one WebSocket session
  std::size_t subscriptions_max{10'000};       // of all sessions
  std::size_t filter_pending_max{10'000};      // hashes one pending filter keeps; older go first
  std::size_t pool_content_max{10'000};        // transactions of txpool_content and _inspect
  /// Filter and subscription ids derive from it: random, so that clients cannot guess each other's.
  std::uint64_t id_seed{0};
};

/// Names a WebSocket session; never used twice.
using SessionId = std::uint64_t;

/// What the server needs from the machine. Called from any thread that calls the server, and from
/// the node's listener thread.
struct Ports {
  /// A monotonic clock, for filter expiry and the deadlines of log queries, calls and traces.
  std::function<Instant()> now;
  /// Queues a text to a session; nothing happens when the session is gone.
  std::function<void(SessionId, std::shared_ptr<const std::string>)> send;
  /// Guards filters and subscriptions. Held for moments, never while the node or `send` is called.
  std::unique_ptr<io::Mutex> mutex;
};

}  // namespace wusong::rpc
