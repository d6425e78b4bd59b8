// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/node_host.hpp"

#include <future>
#include <map>

#include "wusong/node/epoch_ends.hpp"
#include "wusong/node/light_node.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/platform/clock.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/event_loop.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/internal/neighbourhood.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::platform {
namespace {

using consensus::PeerId;

constexpr std::size_t kQueueMax = 16'384;
constexpr std::uint64_t kProofHeadersMax = 256;

class LightHost final : public NodeHost, private TransportEvents {
 public:
  LightHost(HostOptions options, Logger& logger, MetricsRegistry& metrics,
            std::function<void(Error)> on_fatal)
      : options_{std::move(options)},
        logger_{logger},
        metrics_{metrics},
        on_fatal_{std::move(on_fatal)},
        started_at_{monotonic_now()},
        neighbourhood_{options_.peers, options_.relays} {}
  ~LightHost() override { stop(); }

  Result<void> open();
  Result<void> start() override;
  void stop() override;
  Result<void> reload(const std::optional<TlsFiles>& tls, std::vector<TransportPeer> peers,
                      std::vector<std::string> relays) override {
    WUSONG_CHECK(transport_->reload_tls(tls));
    neighbourhood_.configure(std::move(peers), std::move(relays));
    transport_->set_peers(neighbourhood_.pinned(*epoch(), self_));
    return {};
  }
  void note_reload(std::string fault) override { neighbourhood_.note_reload(std::move(fault)); }
  std::uint16_t port() const override { return transport_ ? transport_->port() : 0; }

  std::uint64_t chain_id() const override { return options_.genesis.chain_id; }
  Hash genesis_hash() const override { return genesis_hash_; }
  std::string client_version() const override {
    return "Wusong/v" + options_.version + "/linux-x86_64/c++23";
  }
  vm::Fork fork() const override { return options_.genesis.fork; }
  std::uint64_t gas_limit() const override { return epoch()->parameters.gas_limit; }
  U256 gas_price() const override { return epoch()->parameters.base_fee; }
  std::size_t root_delay() const override { return options_.genesis.root_delay; }
  bool headers_only() const override { return true; }
  /// "Executed" is what headers carry the roots of: the newest state that can be proved.
  node::Heads heads() const override {
    const Height proved = *ledger_->executed_head();
    return {.executed = proved,
            .final = std::max(proved, *ledger_->final_head()),
            .oldest_state = Height{0}};
  }
  Result<node::BlockPtr> block(Height /*height*/) const override {
    return fail(node::err::light_node);
  }
  Result<node::BlockPtr> block(const Hash& /*hash*/) const override {
    return fail(node::err::light_node);
  }
  Result<Bytes> raw_header(Height height) const override;
  std::optional<node::TransactionLocation> find_transaction(const Hash& /*hash*/) const override {
    return std::nullopt;
  }
  Result<types::Bloom> bloom(Height /*height*/) const override {
    return fail(node::err::light_node);
  }
  Result<std::unique_ptr<types::StateView>> state(Height /*height*/) const override {
    return fail(node::err::light_node);
  }
  Result<AccountProof> proof(Height height, const Address& address,
                             const std::vector<Hash>& slots) const override;
  Result<node::BlockEnvironment> environment(Height /*height*/) const override {
    return fail(node::err::light_node);
  }
  node::BlockEnvironment pending_environment() const override { return {}; }
  Hash block_hash(Height height) const override {
    const auto hash = ledger_->block_hash(height);
    return hash ? hash->value_or(Hash{}) : Hash{};
  }
  std::vector<Result<Hash>> submit(const std::vector<Bytes>& raw) override {
    return std::vector<Result<Hash>>(raw.size(), fail(node::err::light_node));
  }
  std::uint64_t pending_nonce(const Address& /*address*/) const override { return 0; }
  std::optional<node::PooledTransaction> pooled(const Hash& /*hash*/) const override {
    return std::nullopt;
  }
  PoolCounts pool_counts() const override { return {}; }
  std::vector<node::PooledTransaction> pool_content(const std::optional<Address>& /*sender*/,
                                                    std::size_t /*limit*/) const override {
    return {};
  }
  std::vector<node::ValidatorInfo> validators() const override;
  std::vector<node::PeerInfo> peers() const override;
  node::Health health() const override;
  node::NetworkInfo network() const override {
    return neighbourhood_.network(transport_.get(), peers_table_);
  }
  Result<node::FinalityProof> finality_proof(Height height) const override;
  node::EpochPtr epoch() const override { return peers_table_.epoch(); }
  Result<node::EpochPtr> epoch_of(Height height) const override {
    return node::epoch_of(*ledger_, node::first_epoch(options_.genesis), height);
  }
  Result<std::vector<node::EpochProof>> epoch_proofs(std::uint64_t from,
                                                     std::size_t limit) const override {
    return node::epoch_proofs(*ledger_, from, limit);
  }
  std::string metrics() const override { return metrics_.render(); }
  std::shared_ptr<void> subscribe(node::Listener /*listener*/) override { return nullptr; }

 private:
  using Answer = std::promise<Result<state::AccountProof>>;

  void on_connected(const net::PeerKey& peer, const net::Hello& hello) override;
  void on_disconnected(const net::PeerKey& peer, Error reason) override;
  void on_message(const net::PeerKey& peer, net::Channel channel, Bytes payload) override;

  Instant turn(Instant now);
  void fatal(Error error);
  template <typename Work>
  void post(Work work) {
    core_->post_always([this, work = std::move(work)]() mutable {
      node_->begin(monotonic_now());
      work(*node_);
    });
  }

  HostOptions options_;
  Logger& logger_;
  MetricsRegistry& metrics_;
  std::function<void(Error)> on_fatal_;
  Instant started_at_;
  Hash genesis_hash_;
  std::optional<FileLock> lock_;
  std::unique_ptr<io::KvStore> store_;
  std::unique_ptr<storage::Ledger> ledger_;
  std::unique_ptr<node::LightNode> node_;
  std::unique_ptr<EventLoop> core_;
  std::unique_ptr<Transport> transport_;
  net::PeerKey self_;
  internal::PeerTable peers_table_;
  internal::Neighbourhood neighbourhood_;
  mutable std::map<std::uint64_t, std::shared_ptr<Answer>> answers_;  // the core's thread only
  mutable std::uint64_t next_token_{1};
  std::atomic<bool> syncing_{false};
  std::atomic<std::uint64_t> sync_target_{0};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> failed_{false};
  std::atomic<const ErrorInfo*> failure_{nullptr};
};

Result<void> LightHost::open() {
  WUSONG_TRY(self_, public_key_of(options_.node_key));
  WUSONG_CHECK(make_directory(options_.folder.string()));
  WUSONG_CHECK(check_data_format(options_.folder));
  WUSONG_TRY(auto lock, FileLock::acquire((options_.folder / kLightLockFile).string()));
  lock_.emplace(std::move(lock));
  WUSONG_TRY(store_, open_rocks_store(options_.folder / "db"));
  state::MemoryState first;
  first.apply(node::genesis_state(options_.genesis));
  const types::Header genesis = node::genesis_header(options_.genesis, first.root());
  genesis_hash_ = types::hash_of(genesis);
  WUSONG_TRY(ledger_, storage::Ledger::open(*store_, {.chain_id = options_.genesis.chain_id,
                                                      .genesis_hash = genesis_hash_}));
  WUSONG_TRY(node_, node::LightNode::create({.genesis_hash = genesis_hash_,
                                             .genesis_header = genesis,
                                             .first_epoch = node::first_epoch(options_.genesis),
                                             .voters_of = light::key_voters},
                                            *ledger_, monotonic_now()));
  peers_table_.enter(std::make_shared<const types::Epoch>(node_->epoch()));
  core_ = std::make_unique<EventLoop>(kQueueMax, [this](Instant now) { return turn(now); });
  Gauge& final = metrics_.gauge("wusong_height_final", "Newest final height");
  metrics_.on_render([this, &final] {
    final.set(static_cast<double>(ledger_->final_head()->value));
    internal::show_network(metrics_, network());
  });
  return {};
}

Result<void> LightHost::start() {
  TransportOptions options = internal::transport_options(options_, genesis_hash_);
  options.hello.role = net::Role::observer;
  options.hello.finalised = *ledger_->final_head();
  options.peers = neighbourhood_.pinned(*epoch(), self_);
  core_->start();
  WUSONG_TRY(transport_, Transport::start(options, *this, logger_));
  return {};
}

void LightHost::stop() {
  if (stopped_.exchange(true)) return;
  if (transport_) transport_->stop(std::chrono::milliseconds{200});
  if (core_) core_->stop();
  // Nobody answers them any more.
  for (const auto& [token, answer] : answers_) answer->set_value(fail(node::err::stopping));
  answers_.clear();
}

void LightHost::on_connected(const net::PeerKey& peer, const net::Hello& hello) {
  const PeerId id = peers_table_.number_of(peer);
  post([id, height = hello.finalised](node::LightNode& node) { node.on_connected(id, height); });
}

void LightHost::on_disconnected(const net::PeerKey& peer, Error /*reason*/) {
  const PeerId id = peers_table_.number_of(peer);
  post([id](node::LightNode& node) { node.on_disconnected(id); });
}

void LightHost::on_message(const net::PeerKey& peer, net::Channel channel, Bytes payload) {
  if (channel != net::Channel::sync) return;
  const PeerId id = peers_table_.number_of(peer);
  post([id, payload = std::move(payload)](node::LightNode& node) {
    node.on_frame(id, net::Channel::sync, payload);
  });
}

Instant LightHost::turn(Instant now) {
  if (failed_) return Instant::max();
  node_->begin(now);
  node_->tick();
  node::LightActions actions = node_->take();
  if (actions.epoch) {
    peers_table_.enter(actions.epoch);
    if (transport_) transport_->set_peers(neighbourhood_.pinned(*actions.epoch, self_));
  }
  for (const node::Frame& frame : actions.frames) {
    if (const auto key = peers_table_.key_of(*frame.to); transport_ && key)
      transport_->send(*key, frame.channel, frame.payload);
  }
  for (const consensus::Rejection& rejection : actions.rejections) {
    neighbourhood_.message_refused(rejection.error);
    if (const auto key = peers_table_.key_of(rejection.peer); transport_ && key)
      transport_->blame(*key, rejection.error);
    logger_.debug("message_refused", {{"peer", rejection.peer}, {"error", rejection.error}});
  }
  for (auto& proved : actions.proofs) {
    const auto answer = answers_.find(proved.token);
    if (answer == answers_.end()) continue;
    answer->second->set_value(std::move(proved.proof));
    answers_.erase(answer);
  }
  if (actions.final && transport_) transport_->set_finalised(*actions.final);
  syncing_ = node_->sync_target().value > ledger_->final_head()->value + net::kRangeBlocksMax;
  sync_target_ = node_->sync_target().value;
  if (actions.halt) fatal(*actions.halt);
  return node_->wake_at();
}

void LightHost::fatal(Error error) {
  if (failed_.exchange(true)) return;
  failure_.store(&error.info(), std::memory_order_release);
  logger_.error("node_stopped", {{"error", error}});
  logger_.flush();
  if (on_fatal_) on_fatal_(error);
}

Result<Bytes> LightHost::raw_header(Height height) const {
  WUSONG_TRY(const auto stored, ledger_->block(height));
  if (!stored) return fail(node::err::unknown_block);
  WUSONG_TRY(const auto parts, types::split_block(stored->bytes));
  return types::encode(parts.header);
}

Result<node::Service::AccountProof> LightHost::proof(Height height, const Address& address,
                                                     const std::vector<Hash>& slots) const {
  const auto answer = std::make_shared<Answer>();
  auto future = answer->get_future();
  const bool posted = !stopped_ && !failed_ && core_->post([this, answer, height, address, slots] {
    const std::uint64_t token = next_token_++;
    answers_[token] = answer;
    node_->begin(monotonic_now());
    node_->prove(token, height, address, slots);
  });
  if (!posted) return fail(node::err::overloaded);
  WUSONG_TRY(auto found, future.get());
  AccountProof out;
  out.account = found.account.value_or(types::Account{});
  out.account_proof = std::move(found.nodes);
  for (state::StorageProof& slot : found.storage)
    out.slots.push_back({.key = slot.slot, .value = slot.value, .proof = std::move(slot.nodes)});
  return out;
}

std::vector<node::ValidatorInfo> LightHost::validators() const {
  std::vector<node::ValidatorInfo> out;
  const node::EpochPtr current = epoch();
  for (const types::Validator& validator : current->validators) {
    const auto* scheme = crypto::find_scheme(static_cast<std::uint8_t>(validator.scheme));
    out.push_back({.index = static_cast<std::uint32_t>(out.size()),
                   .name = validator.name,
                   .scheme = std::string{scheme->name},
                   .public_key = validator.vote_key,
                   .node_key = validator.node_key,
                   .beneficiary = validator.beneficiary,
                   .is_self = false,
                   .connected = false,
                   .last_known_final = {}});
  }
  for (const node::PeerInfo& peer : peers()) {
    for (node::ValidatorInfo& info : out) {
      if (info.node_key != peer.node_key) continue;
      info.connected = true;
      info.last_known_final = peer.final;
    }
  }
  return out;
}

std::vector<node::PeerInfo> LightHost::peers() const {
  std::vector<node::PeerInfo> out;
  if (!transport_) return out;
  for (const TransportPeerStats& peer : transport_->stats().peers) {
    if (!peer.connected) continue;
    const auto rtt = std::chrono::duration_cast<std::chrono::microseconds>(peer.round_trip);
    out.push_back({.node_key = to_bytes(peer.key),
                   .name = peers_table_.about(peer.key).name,
                   .address = peer.address,
                   .version = peer.hello.node_version,
                   .role = peer.hello.role == net::Role::validator ? "validator" : "observer",
                   .final = peer.hello.finalised,
                   .rtt_us = static_cast<std::uint64_t>(rtt.count()),
                   .inbound = !peer.dialled_by_us});
  }
  return out;
}

node::Health LightHost::health() const {
  node::Health out;
  out.role = "light";
  const auto uptime =
      std::chrono::duration_cast<std::chrono::milliseconds>(monotonic_now() - started_at_);
  out.uptime_ms = static_cast<std::uint64_t>(uptime.count());
  out.syncing = syncing_;
  out.sync_target = Height{sync_target_.load()};
  if (const ErrorInfo* failure = failure_.load(std::memory_order_acquire)) {
    out.reason = "stopped: " + std::string{failure->name};
  } else if (out.syncing) {
    out.reason = "catching up to height " + std::to_string(out.sync_target.value);
  } else if (peers().empty()) {
    out.reason = "no peer reachable";
  }
  out.healthy = out.reason.empty();
  return out;
}

Result<node::FinalityProof> LightHost::finality_proof(Height height) const {
  WUSONG_TRY(const auto hash, ledger_->block_hash(height));
  if (!hash) return fail(node::err::unknown_block);
  WUSONG_TRY(const auto certificate,
             ledger_->first_certificate(storage::CertificateKind::finality, height));
  if (!certificate || certificate->height.value - height.value > kProofHeadersMax)
    return fail(node::err::no_proof_yet);
  node::FinalityProof out;
  out.height = height;
  out.block_hash = *hash;
  WUSONG_TRY(out.header, raw_header(height));
  for (Height h = height.next(); h <= certificate->height; h = h.next()) {
    WUSONG_TRY(auto header, raw_header(h));
    out.chain.push_back(std::move(header));
  }
  out.attested_height = certificate->height;
  out.attestations = certificate->bytes;
  return out;
}

}  // namespace

Result<std::unique_ptr<NodeHost>> open_light_host(HostOptions options, Logger& logger,
                                                  MetricsRegistry& metrics,
                                                  std::function<void(Error)> on_fatal) {
  auto host = std::make_unique<LightHost>(std::move(options), logger, metrics, std::move(on_fatal));
  WUSONG_CHECK(host->open());
  return std::unique_ptr<NodeHost>{std::move(host)};
}

}  // namespace wusong::platform
