// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <set>

#include "wusong/consensus/validator_keys.hpp"
#include "wusong/crypto/key_cache.hpp"
#include "wusong/node/block_executor.hpp"
#include "wusong/node/node.hpp"
#include "wusong/node/validation.hpp"
#include "wusong/node/vote_guard.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/cpu_stages.hpp"
#include "wusong/platform/event_loop.hpp"
#include "wusong/platform/internal/neighbourhood.hpp"
#include "wusong/platform/io_mutex.hpp"
#include "wusong/platform/mutex.hpp"
#include "wusong/platform/node_host.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/platform/thread_pool.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::platform::internal {

using consensus::PeerId;

/// Executed blocks lately used, by height and hash. @thread safe
class BlockCache {
 public:
  void put(const node::BlockPtr& block);
  node::BlockPtr find(Height height) const;
  node::BlockPtr find(const Hash& hash) const;
  /// Tells blocks in (after, up_to] which height covers their roots.
  void cover(Height after, Height up_to, Height by);

 private:
  static constexpr std::size_t kBlocksMax = 512;
  static constexpr std::size_t kBytesMax = std::size_t{48} << 20;
  mutable Mutex mutex_;
  std::map<Height, node::BlockPtr> by_height_ WUSONG_GUARDED_BY(mutex_);
  HashMap<Hash, Height> by_hash_ WUSONG_GUARDED_BY(mutex_);
  std::size_t bytes_ WUSONG_GUARDED_BY(mutex_){0};
};

/// Milliseconds from a block's proposal to its finality here, over the last blocks agreed on here.
class FinalityTimes {
 public:
  void add(std::uint64_t ms);
  std::uint64_t quantile(double fraction) const;

 private:
  mutable Mutex mutex_;
  std::deque<std::uint64_t> last_ WUSONG_GUARDED_BY(mutex_);
};

class NodeHostImpl final : public NodeHost, private TransportEvents {
 public:
  NodeHostImpl(HostOptions options, Logger& logger, MetricsRegistry& metrics,
               std::function<void(Error)> on_fatal);
  ~NodeHostImpl() override;
  Result<void> open();

  Result<void> start() override;
  void stop() override;
  std::uint16_t port() const override { return transport_ ? transport_->port() : 0; }

  Result<void> reload(const std::optional<TlsFiles>& tls, std::vector<TransportPeer> peers,
                      std::vector<std::string> relays) override;
  void note_reload(std::string fault) override;

  std::uint64_t chain_id() const override { return options_.genesis.chain_id; }
  Hash genesis_hash() const override { return genesis_hash_; }
  std::string client_version() const override;
  vm::Fork fork() const override { return options_.genesis.fork; }
  std::uint64_t gas_limit() const override { return epoch()->parameters.gas_limit; }
  U256 gas_price() const override { return epoch()->parameters.base_fee; }
  std::size_t root_delay() const override { return options_.genesis.root_delay; }
  node::Heads heads() const override;
  Result<node::BlockPtr> block(Height height) const override;
  Result<node::BlockPtr> block(const Hash& hash) const override;
  Result<Bytes> raw_header(Height height) const override;
  std::optional<node::TransactionLocation> find_transaction(const Hash& hash) const override;
  Result<types::Bloom> bloom(Height height) const override;
  Result<std::unique_ptr<types::StateView>> state(Height height) const override;
  Result<AccountProof> proof(Height height, const Address& address,
                             const std::vector<Hash>& slots) const override;
  Result<node::BlockEnvironment> environment(Height height) const override;
  node::BlockEnvironment pending_environment() const override;
  Hash block_hash(Height height) const override;
  std::vector<Result<Hash>> submit(const std::vector<Bytes>& raw) override;
  std::uint64_t pending_nonce(const Address& address) const override;
  std::optional<node::PooledTransaction> pooled(const Hash& hash) const override;
  PoolCounts pool_counts() const override;
  std::vector<node::PooledTransaction> pool_content(const std::optional<Address>& sender,
                                                    std::size_t limit) const override;
  std::vector<node::ValidatorInfo> validators() const override;
  std::vector<node::PeerInfo> peers() const override;
  node::NetworkInfo network() const override;
  node::Health health() const override;
  Result<node::FinalityProof> finality_proof(Height height) const override;
  node::EpochPtr epoch() const override { return peers_table_.epoch(); }
  Result<node::EpochPtr> epoch_of(Height height) const override;
  Result<std::vector<node::EpochProof>> epoch_proofs(std::uint64_t from,
                                                     std::size_t limit) const override;
  std::string metrics() const override { return metrics_.render(); }
  std::shared_ptr<void> subscribe(node::Listener listener) override;

 private:
  struct Subscribers {
    Mutex mutex;
    std::map<std::uint64_t, node::Listener> listeners WUSONG_GUARDED_BY(mutex);
    std::uint64_t next WUSONG_GUARDED_BY(mutex){0};
  };

  void on_connected(const net::PeerKey& peer, const net::Hello& hello) override;
  void on_disconnected(const net::PeerKey& peer, Error reason) override;
  void on_message(const net::PeerKey& peer, net::Channel channel, Bytes payload) override;

  Result<void> open_stores();
  Result<void> open_chain();
  Result<void> open_keys();
  Result<void> open_node();
  void fill_pool(const txpool::Loaded& loaded);
  void register_metrics();
  void register_upkeep_metrics();
  void register_sync_metrics();
  void set_epoch(node::EpochPtr epoch);

  Instant turn(Instant now);
  void carry_out(node::Actions actions);
  void watch_guard(const node::Actions& actions);
  std::optional<NodeSecretKey> next_node_key() const;
  Result<void> choose_node_key(const types::Epoch& epoch);
  void watch_node_key(const node::EpochPtr& entered, Instant now);
  void send(const node::Frame& frame);
  void report(const node::Actions::Accusation& accusation);
  void count_refusals(const node::Actions& actions);
  void count_rejections(const std::vector<consensus::Rejection>& rejections);

  // node_host_sync.cpp
  void serve_states(std::vector<node::StateJob> jobs);
  void leave_to_join(sync::Checkpoint checkpoint);
  void begin_joining(sync::Checkpoint checkpoint);
  Instant joining_turn(Instant now);
  Result<void> return_from_joining();
  void report_joining(Instant now);
  void prune();
  void run_jobs(node::Actions& actions);
  void execute(std::vector<node::PreparedPtr> blocks);
  void publish(const node::BlockPtr& block);
  void fatal(Error error);
  Result<node::BlockPtr> load_block(Height height) const;
  struct KnownHeader {
    types::Header header;
    Hash hash;
  };
  Result<KnownHeader> header(Height height) const;
  /// Height whose header carries the roots of `height`, among the executed ones.
  std::optional<Height> find_cover(Height height) const;

  /// Runs on the node's thread, unless the node has been replaced by then.
  template <typename Work>
  void post(Work work) {
    const std::uint64_t life = life_.load(std::memory_order_acquire);
    core_->post_always([this, life, work = std::move(work)]() mutable {
      if (stopped_.load(std::memory_order_relaxed) || node_ == nullptr ||
          life != life_.load(std::memory_order_relaxed))
        return;
      const io::StageScope scope{stages_, io::Stage::consensus};
      node_->begin(monotonic_now(), wall_now());
      work(*node_);
    });
  }
  /// What peers do concerns the node and whatever stands in for it.
  template <typename Work>
  void post_to_either(Work work) {
    core_->post_always([this, work = std::move(work)]() mutable {
      if (stopped_.load(std::memory_order_relaxed)) return;
      const io::StageScope scope{stages_, io::Stage::consensus};
      if (node_ != nullptr) {
        node_->begin(monotonic_now(), wall_now());
        work(*node_);
      } else if (joining_ != nullptr) {
        joining_->begin(monotonic_now());
        work(*joining_);
      }
    });
  }
  /// Runs on the node's thread and waits for the answer; `otherwise` when the node is too busy, or
  /// does not take part yet.
  template <typename T, typename Work>
  T ask(T otherwise, Work work) const {
    auto answer = std::make_shared<std::promise<T>>();
    auto future = answer->get_future();
    const bool posted = core_->post([this, answer, otherwise, work = std::move(work)]() mutable {
      if (node_ == nullptr) {
        answer->set_value(std::move(otherwise));
        return;
      }
      node_->begin(monotonic_now(), wall_now());
      answer->set_value(work(*node_));
    });
    return posted ? future.get() : std::move(otherwise);
  }

  HostOptions options_;
  Logger& logger_;
  MetricsRegistry& metrics_;
  std::function<void(Error)> on_fatal_;
  exec::ChainRules rules_;
  Hash genesis_hash_;
  types::Header genesis_header_;
  Instant started_at_;
  UnixMillis started_wall_;

  std::unique_ptr<io::KvStore> store_;
  std::unique_ptr<io::SegmentStore> segments_;
  std::unique_ptr<state::StateDb> state_;
  std::unique_ptr<storage::Ledger> ledger_;
  std::unique_ptr<node::BlockExecutor> executor_;
  std::unique_ptr<node::HeldKeys> keys_;
  std::unique_ptr<node::Node> node_;        // none while joining
  std::unique_ptr<node::Joining> joining_;  // or neither, while execution ends
  std::atomic<std::uint64_t> life_{0};      // of node_: what was begun in one is void in the next
  std::set<PeerId> connected_;              // the node's thread only
  mutable CpuStages stages_;
  std::unique_ptr<ThreadPool> workers_;
  std::unique_ptr<StagedExecutor> recovery_;  // the workers, charged to recovery
  crypto::KeyCache sender_keys_ = [] {
    OsEntropy entropy;
    return crypto::KeyCache{std::make_unique<IoMutex>(), entropy};
  }();
  std::unique_ptr<EventLoop> core_;
  std::unique_ptr<EventLoop> execution_;
  std::unique_ptr<Transport> transport_;

  /// The newest final height a peer told of; `greeted` where it told nothing since its hello.
  Height final_of(const net::PeerKey& peer, Height greeted) const;

  net::PeerKey self_;
  PeerTable peers_table_;
  Neighbourhood neighbourhood_;
  std::atomic<bool> votes_{false};

  std::atomic<std::uint64_t> executed_{0};
  std::atomic<std::uint64_t> final_{0};
  std::atomic<std::uint64_t> view_{0};
  std::atomic<std::uint64_t> sync_target_{0};
  std::atomic<bool> syncing_{false};
  std::atomic<bool> fetching_state_{false};
  std::atomic<std::uint64_t> snapshot_permille_{0};
  std::atomic<std::uint64_t> snapshot_accounts_{0};
  std::atomic<std::uint64_t> snapshot_bytes_{0};
  Instant snapshot_logged_at_;  // the node's thread only
  std::atomic<bool> out_of_reach_{false};
  std::atomic<bool> pruning_{false};
  node::NodeCounters before_;  // of nodes that left to join; the node's thread only
  std::atomic<bool> stopped_{false};
  std::atomic<bool> failed_{false};
  std::atomic<bool> opened_{false};
  std::atomic<const ErrorInfo*> failure_{nullptr};
  mutable BlockCache cache_;
  FinalityTimes finality_times_;
  std::shared_ptr<Subscribers> subscribers_{std::make_shared<Subscribers>()};
  Histogram* finality_seconds_{nullptr};
  Histogram* execution_seconds_{nullptr};
  Counter* transactions_total_{nullptr};
  Counter* state_bytes_served_{nullptr};
  Counter* state_requests_delayed_{nullptr};
  Counter* range_bytes_served_{nullptr};
  Counter* range_requests_dropped_{nullptr};
  std::uint64_t committed_since_sync_{0};  // execution thread only
  std::optional<node::VoteGuard> guard_;   // set by open(); the node's thread from then on
  bool guard_told_{false};
  std::size_t evidence_files_{0};  // the machine's thread only
  // Of the node key's exchange; the node's thread alone.
  Instant look_around_at_{};
  int lonely_looks_{0};
  bool reopening_{false};
};

}  // namespace wusong::platform::internal
