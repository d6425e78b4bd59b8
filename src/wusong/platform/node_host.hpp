// SPDX-License-Identifier: Apache-2.0
// A node on a machine: its threads, disks and sockets around the pure node::Node.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/node/genesis.hpp"
#include "wusong/node/joining.hpp"
#include "wusong/node/service.hpp"
#include "wusong/node/vote_keys.hpp"
#include "wusong/platform/log.hpp"
#include "wusong/platform/metrics.hpp"
#include "wusong/platform/transport.hpp"
#include "wusong/txpool/pool.hpp"

namespace wusong::platform {

/// Why a node is to be closed and opened again.
enum class Reopen : std::uint8_t {
  to_vote,            // its folder had kVotesLostFile and it only followed: that is over
  by_other_node_key,  // its peers admit its next node key now, or none of them the one it shows
};

struct HostOptions {
  std::filesystem::path folder;  // holds db/ and state/
  node::Genesis genesis;
  NodeSecretKey node_key{};
  /// Asked for the node key that is to follow; empty where there can be none.
  std::function<std::optional<NodeSecretKey>()> look_for_node_key;
  bool by_other_node_key{false};   // where the epoch does not tell which of the two is its own
  std::optional<TlsFiles> tls;     // none: node keys are pinned
  node::HeldKeys::Keys vote_keys;  // none: an observer
  /// Asked for vote keys that came since the start, where an epoch names none of those held.
  std::function<node::HeldKeys::Keys()> look_for_vote_keys;
  std::string listen_host{"127.0.0.1"};
  std::uint16_t listen_port{0};
  std::vector<TransportPeer> peers;  // whose addresses are known
  bool hybrid_required{true};        // TransportLink; its suite follows the genesis' profile
  TransportReach reach;
  std::vector<std::string> relays;  // members' names: who passes frames on to this node, and for it
  /// How many heights back states, receipts and blocks are kept; 0: all of them.
  struct Pruning {
    std::uint64_t states{10'000};
    std::uint64_t receipts{0};
    std::uint64_t blocks{0};
  };
  Pruning prune;
  node::JoinOptions join;
  std::uint64_t serve_bytes_per_second{std::uint64_t{32}
                                       << 20};  // to other nodes: node::NodeOptions
  std::size_t workers{2};
  txpool::Limits pool_limits;
  std::string version;  // "0.1.0"
  /// Called from any thread. A mark of lost votes is gone by then.
  std::function<void(Reopen)> on_reopen;
};

/// In the data folder of a validator whose record of votes was lost, by restoring a backup for
/// example: it follows without voting until no lost vote can be for a view to come.
inline constexpr const char* kVotesLostFile = "votes-lost";

/// Threads: one owns the node, one executes blocks, the transport has its own, workers decode and
/// recover. Readers come from anywhere.
class NodeHost : public node::Service {
 public:
  /// Opens the stores, executes again what a crash took, and prepares to run.
  /// `logger` and `metrics` outlive it. `on_fatal` is called once, from any thread, when the node
  /// cannot go on; it has stopped voting by then.
  /// @errors storage's genesis_mismatch and format_version, state's corrupt, io's store rows,
  ///         consensus' record_corrupt, those of check_data_format()
  [[nodiscard]] static Result<std::unique_ptr<NodeHost>> open(HostOptions options, Logger& logger,
                                                              MetricsRegistry& metrics,
                                                              std::function<void(Error)> on_fatal);

  /// Joins the network. @errors the transport's
  [[nodiscard]] virtual Result<void> start() = 0;
  /// Leaves the network, finishes what was begun, syncs. No call of Service may follow.
  virtual void stop() = 0;
  virtual std::uint16_t port() const = 0;
  /// Certificates, lists, addresses to dial and relays, while it runs.
  /// @errors Transport::reload_tls
  [[nodiscard]] virtual Result<void> reload(const std::optional<TlsFiles>& tls,
                                            std::vector<TransportPeer> peers,
                                            std::vector<std::string> relays) = 0;
  /// What network() says of the last reload; empty: it went well.
  virtual void note_reload(std::string fault) = 0;
};

/// In the data folder of a light node, held while it runs.
inline constexpr const char* kLightLockFile = "LOCK";

/// A node that keeps headers and certificates alone. Of `options` it uses the folder, the genesis,
/// the node key, TLS, addresses and the version. Service answers heights, header hashes, finality
/// proofs, and proofs of accounts that it asks others for and checks; all else is
/// node::err::light_node.
/// @errors as NodeHost::open()
[[nodiscard]] Result<std::unique_ptr<NodeHost>> open_light_host(
    HostOptions options, Logger& logger, MetricsRegistry& metrics,
    std::function<void(Error)> on_fatal);

}  // namespace wusong::platform
