// SPDX-License-Identifier: Apache-2.0
// One documented TOML file per node. Unknown keys are errors that name the nearest known one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wusong/apps/errors.hpp"
#include "wusong/base/bytes.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::apps {

struct PeerAddress {
  std::string name;
  Bytes node_key;       // 32 bytes
  std::string address;  // host:port
};

/// Paths are absolute once parsed: relative ones in the file start at its folder.
struct NodeConfig {
  std::string name;
  std::string role{"validator"};  // or "observer", "light"
  std::filesystem::path genesis;
  std::filesystem::path data;
  std::filesystem::path node_key;
  std::filesystem::path vote_key;  // validators
  std::filesystem::path password_file;
  bool joined_later{false};  // its node key is not in the genesis: governors admit it

  std::string network_listen{"127.0.0.1:30300"};
  std::vector<PeerAddress> peers;
  std::vector<std::string> advertise;      // host:port; empty: network.listen, unless a wildcard
  std::vector<std::string> relays;         // members' names: they pass frames on to this node
  bool direct{true};                       // false: dials only `peers`, reaches others by relays
  bool relay{false};                       // passes frames on between others
  std::string network_hybrid{"required"};  // or "allowed": peers without it under TLS alone
  std::string network_tls{"pinned"};       // or "ca": the five that follow
  std::filesystem::path tls_certificate;
  std::string tls_key;                          // a path, or pkcs11:…
  std::filesystem::path tls_key_password_file;  // empty: password_file
  std::filesystem::path tls_ca;
  std::filesystem::path tls_crl;  // empty: nothing is revoked
  std::filesystem::path pkcs11_module;

  std::string rpc_listen{"127.0.0.1:8545"};
  std::uint64_t rpc_workers{2};
  std::vector<std::string> rpc_allowed_origins;
  std::vector<std::string> rpc_allowed_hosts;
  std::uint64_t rpc_body_bytes_max{10u << 20};
  std::uint64_t rpc_batch_items_max{1'000};
  std::uint64_t rpc_call_gas_cap{50'000'000};
  std::uint64_t rpc_log_range_max{10'000};

  std::string sync_mode{"auto"};  // or "full", "snapshot"
  std::uint64_t sync_gap{10'000};
  std::uint64_t sync_serve_bytes_per_second{std::uint64_t{32} << 20};
  std::uint64_t prune_states{10'000};  // heights that stay; 0: all
  std::uint64_t prune_receipts{0};
  std::uint64_t prune_bodies{0};
  /// prune.states as the state engine takes it.
  std::uint64_t state_history() const noexcept {
    return prune_states == 0 ? state::kHistoryMax : prune_states;
  }
  std::uint64_t pool_transactions_max{200'000};
  std::uint64_t pool_per_sender_max{2'000};
  std::uint64_t workers{2};

  std::string log_level{"info"};
  std::string log_format{"text"};
  std::filesystem::path log_file;
  bool log_stderr{true};
};

/// @errors err::bad_config, err::unknown_key; the detail names line, key and mend
[[nodiscard]] Outcome<NodeConfig> parse_config(const std::string& text,
                                               const std::filesystem::path& folder);
[[nodiscard]] Outcome<NodeConfig> load_config(const std::filesystem::path& file);

/// The file with every key and what it means. Paths are written as they stand in `config`.
std::string write_config(const NodeConfig& config);

/// "host:port". @errors err::bad_argument
struct HostPort {
  std::string host;
  std::uint16_t port{0};
};
[[nodiscard]] Outcome<HostPort> parse_host_port(const std::string& text);

/// The candidate with the smallest edit distance to `word`.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace wusong::apps
