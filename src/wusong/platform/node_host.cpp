// SPDX-License-Identifier: Apache-2.0
// Opening, threads, and carrying out what the node asks for.
#include "wusong/platform/node_host.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/node/opening.hpp"
#include "wusong/platform/data_format.hpp"
#include "wusong/platform/errors.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/internal/node_host_impl.hpp"
#include "wusong/platform/internal/watched_store.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/platform/segment_files.hpp"
#include "wusong/txpool/persistence.hpp"

namespace wusong::platform::internal {
namespace {

constexpr std::size_t kCoreQueueMax = 65'536;
constexpr std::size_t kStatusSizeMax = 64;  // of an encoded StatusAnnouncement, with room
constexpr std::size_t kExecutionQueueMax = 4'096;
constexpr std::size_t kWorkerQueueMax = 16'384;
constexpr std::size_t kEvidenceLoggedMax = 4'096;
constexpr std::size_t kEvidenceFilesMax = 64;  // of megabytes, written by one process
// The state log is synced this often: what a power cut takes is executed again.
constexpr std::uint64_t kCommitsPerSync = 256;
constexpr Duration kLookAround = std::chrono::seconds{3};
constexpr int kLonelyLooks = 3;  // then peers may know it by its other key

bool names(const types::Epoch& epoch, const net::PeerKey& key) {
  const auto is_it = [&](const auto& member) {
    return std::ranges::equal(member.node_key, key.view());
  };
  return std::ranges::any_of(epoch.validators, is_it) ||
         std::ranges::any_of(epoch.observers, is_it);
}

}  // namespace

NodeHostImpl::NodeHostImpl(HostOptions options, Logger& logger, MetricsRegistry& metrics,
                           std::function<void(Error)> on_fatal)
    : options_{std::move(options)},
      logger_{logger},
      metrics_{metrics},
      on_fatal_{std::move(on_fatal)},
      rules_{node::chain_rules(options_.genesis)},
      started_at_{monotonic_now()},
      started_wall_{wall_now()},
      stages_{metrics},
      neighbourhood_{options_.peers, options_.relays} {}

NodeHostImpl::~NodeHostImpl() {
  stop();
}

Result<void> NodeHostImpl::open() {
  workers_ = std::make_unique<ThreadPool>(options_.workers, kWorkerQueueMax);
  recovery_ = std::make_unique<StagedExecutor>(*workers_, stages_, io::Stage::recovery);
  WUSONG_CHECK(open_stores());
  WUSONG_CHECK(open_keys());
  WUSONG_CHECK(open_node());
  WUSONG_CHECK(choose_node_key(node_->epoch()));
  core_ = std::make_unique<EventLoop>(kCoreQueueMax, [this](Instant now) { return turn(now); });
  execution_ = std::make_unique<EventLoop>(kExecutionQueueMax,
                                           [](Instant /*now*/) { return Instant::max(); });
  register_metrics();
  opened_.store(true, std::memory_order_release);
  return {};
}

Result<void> NodeHostImpl::open_stores() {
  WUSONG_CHECK(make_directory(options_.folder.string()));
  WUSONG_CHECK(check_data_format(options_.folder));
  WUSONG_TRY(auto store, open_rocks_store(options_.folder / "db"));
  // A reader that meets a damaged page must not answer "unknown" and carry on.
  store_ = std::make_unique<WatchedStore>(std::move(store), [this](Error error) {
    if (opened_.load(std::memory_order_acquire)) fatal(error);
  });
  WUSONG_TRY(segments_, open_segment_files(options_.folder / "state"));
  return open_chain();
}

Result<void> NodeHostImpl::open_chain() {
  state::OpenReport report;
  node::OpeningOptions options;
  options.state.history = options_.prune.states == 0 ? state::kHistoryMax : options_.prune.states;
  options.report = &report;
  options.on_replay = [this](Height from, Height to) {
    logger_.info("executing_again", {{"from", from.value}, {"to", to.value}});
  };
  options.on_executed = [this](const node::BlockPtr& block) { cache_.put(block); };
  auto opened =
      node::open_chain(options_.genesis, *store_, *segments_, stages_, *recovery_, options);
  if (!opened) {
    logger_.error("chain_open_failed",
                  {{"error", opened.error()}, {"position", report.corrupt_position}});
    return fail(opened.error());
  }
  if (report.truncated_bytes != 0) {
    logger_.warn("state_tail_cut", {{"bytes", report.truncated_bytes}});
  }
  genesis_header_ = opened->genesis_header;
  genesis_hash_ = opened->genesis_hash;
  state_ = std::move(opened->state);
  ledger_ = std::move(opened->ledger);
  executor_ = std::move(opened->executor);
  executed_ = ledger_->final_head()->value;
  final_ = executed_.load();
  return {};
}

/// Once: a node that follows another in this process votes with the same keys.
Result<void> NodeHostImpl::open_keys() {
  if (!options_.vote_keys.empty() && file_exists((options_.folder / kVotesLostFile).string())) {
    // Until the guard is lifted and the node starts again, it holds no key to vote with.
    logger_.warn("votes_lost", {{"file", (options_.folder / kVotesLostFile).string()}});
    guard_.emplace(started_wall_);
    options_.vote_keys.clear();
    options_.look_for_vote_keys = {};
  }
  keys_ = std::make_unique<node::HeldKeys>(std::move(options_.vote_keys),
                                           std::move(options_.look_for_vote_keys));
  return {};
}

Result<void> NodeHostImpl::open_node() {
  std::vector<consensus::Record> records;
  WUSONG_CHECK(store_->scan(io::Column::vote, {}, {}, false, [&](BytesView key, BytesView value) {
    records.push_back({to_bytes(key), to_bytes(value)});
    return true;
  }));
  WUSONG_TRY(const txpool::Loaded loaded, txpool::load(*store_));
  node::NodeOptions options{
      .genesis = options_.genesis,
      .genesis_hash = genesis_hash_,
      .genesis_header = genesis_header_,
      .keys = keys_.get(),
      .peer_of = [this](BytesView key) { return peers_table_.number_of(net::PeerKey::from(key)); },
      .pool_limits = options_.pool_limits,
      .pool_record_next = loaded.next,
      .pacemaker = {},
      .join = options_.join,
      .serve_bytes_per_second = options_.serve_bytes_per_second};
  WUSONG_TRY(node_, node::Node::create(
                        std::move(options), *ledger_,
                        [this](Height height) { return state_->view(height); },
                        Height{executed_.load()}, records));
  // With a registry, a later epoch may name the key; else nothing ever will.
  if (!keys_->empty() && !node_->votes() && !node::has_registry(options_.genesis))
    return fail(err::not_a_validator);
  set_epoch(std::make_shared<const types::Epoch>(node_->epoch()));
  fill_pool(loaded);
  return {};
}

/// Gives the pool what it held before the restart; new records replace the old ones.
void NodeHostImpl::fill_pool(const txpool::Loaded& loaded) {
  std::vector<Bytes> encoded;
  std::vector<node::RawTransaction> raw;
  for (const types::Transaction& transaction : loaded.transactions) {
    encoded.push_back(types::encode(transaction));
  }
  for (const Bytes& bytes : encoded) raw.push_back({.encoded = bytes, .local = true});
  std::vector<txpool::Candidate> candidates;
  for (auto& candidate : node::prepare_candidates(raw, rules_, *recovery_, &sender_keys_)) {
    if (candidate) candidates.push_back(*std::move(candidate));
  }
  node_->begin(monotonic_now(), wall_now());
  // Those that were included meanwhile are refused, as they should be.
  static_cast<void>(node_->on_candidates(std::move(candidates), std::nullopt));
  node_->erase_pool_records(loaded.keys);
  if (loaded.unreadable != 0)
    logger_.warn("pool_records_unreadable", {{"records", loaded.unreadable}});
  const std::size_t kept = node_->pool().counts().pending + node_->pool().counts().queued;
  if (kept != 0) logger_.info("pool_restored", {{"transactions", kept}});
}

void NodeHostImpl::set_epoch(node::EpochPtr epoch) {
  peers_table_.enter(std::move(epoch));
  votes_.store(node_->votes(), std::memory_order_relaxed);
}

Result<void> NodeHostImpl::start() {
  TransportOptions options = transport_options(options_, genesis_hash_);
  options.hello.role = votes_ ? net::Role::validator : net::Role::observer;
  options.hello.finalised = Height{final_.load()};
  options.peers = neighbourhood_.pinned(*epoch(), self_);
  options.limits.frame_payload_max = std::max(
      net::kFramePayloadMax, std::size_t{options_.genesis.block_bytes_max} + types::kEpochBytesMax +
                                 net::kCertificateSizeMax + (std::size_t{1} << 20));
  core_->start();
  execution_->start();
  post([](node::Node& node) { node.start(); });
  prune();
  WUSONG_TRY(transport_, Transport::start(options, *this, logger_));
  return {};
}

void NodeHostImpl::stop() {
  if (stopped_.exchange(true)) return;
  if (transport_) transport_->stop(std::chrono::milliseconds{500});
  if (workers_) workers_->stop();
  if (core_) core_->stop();
  if (execution_) execution_->stop();
  if (state_ && !failed_) {
    if (const auto synced = state_->sync(); !synced) {
      logger_.error("state_sync_failed", {{"error", synced.error()}});
    }
  }
}

Result<void> NodeHostImpl::reload(const std::optional<TlsFiles>& tls,
                                  std::vector<TransportPeer> peers,
                                  std::vector<std::string> relays) {
  WUSONG_CHECK(transport_->reload_tls(tls));
  neighbourhood_.configure(std::move(peers), std::move(relays));
  transport_->set_peers(neighbourhood_.pinned(*epoch(), self_));
  return {};
}

void NodeHostImpl::note_reload(std::string fault) {
  neighbourhood_.note_reload(std::move(fault));
}

void NodeHostImpl::on_connected(const net::PeerKey& peer, const net::Hello& hello) {
  const PeerId id = peers_table_.number_of(peer);
  peers_table_.told(id, hello.finalised);
  post_to_either([this, id, height = hello.finalised](auto& node) {
    connected_.insert(id);
    node.on_connected(id, height);
  });
}

void NodeHostImpl::on_disconnected(const net::PeerKey& peer, Error /*reason*/) {
  const PeerId id = peers_table_.number_of(peer);
  post_to_either([this, id](auto& node) {
    connected_.erase(id);
    node.on_disconnected(id);
  });
}

void NodeHostImpl::on_message(const net::PeerKey& peer, net::Channel channel, Bytes payload) {
  const PeerId id = peers_table_.number_of(peer);
  if (channel == net::Channel::sync && payload.size() <= kStatusSizeMax) {
    if (const auto message = net::decode_sync(payload)) {
      if (const auto* status = std::get_if<net::StatusAnnouncement>(&*message))
        peers_table_.told(id, status->finalised);
    }
  }
  // Gossip may be lost when the node is busy; votes and blocks may not.
  if (channel == net::Channel::gossip && core_->queued() > kCoreQueueMax / 2) return;
  post_to_either([id, channel, payload = std::move(payload)](auto& node) mutable {
    node.on_frame(id, channel, std::move(payload));
  });
}

Instant NodeHostImpl::turn(Instant now) {
  if (failed_.load(std::memory_order_relaxed)) return Instant::max();
  const io::StageScope scope{stages_, io::Stage::consensus};
  if (node_ == nullptr) return joining_turn(now);
  node_->begin(now, wall_now());
  node_->tick();
  node::Actions actions = node_->take();
  const node::EpochPtr entered = actions.epoch;
  carry_out(std::move(actions));
  if (node_ == nullptr) return Instant::max();  // it has left to join
  watch_node_key(entered, now);
  const consensus::Status status = node_->consensus_status();
  view_.store(status.view.value, std::memory_order_relaxed);
  syncing_.store(node_->syncing(), std::memory_order_relaxed);
  sync_target_.store(node_->sync_target().value, std::memory_order_relaxed);
  out_of_reach_.store(node_->out_of_reach(), std::memory_order_relaxed);
  const node::NodeCounters& counted = node_->counters();
  state_bytes_served_->set(before_.state_bytes_served + counted.state_bytes_served);
  state_requests_delayed_->set(before_.state_requests_delayed + counted.state_requests_delayed);
  range_bytes_served_->set(before_.range_bytes_served + counted.range_bytes_served);
  range_requests_dropped_->set(before_.range_requests_dropped + counted.range_requests_dropped);
  return options_.look_for_node_key ? std::min(node_->wake_at(), look_around_at_)
                                    : node_->wake_at();
}

void NodeHostImpl::carry_out(node::Actions actions) {
  if (!actions.batch.empty()) {
    const io::StageScope scope{stages_, io::Stage::storage};
    const auto durability = actions.sync ? io::Durability::synced : io::Durability::buffered;
    if (const auto written = store_->write(actions.batch, durability); !written) {
      fatal(written.error());
      return;  // nothing may leave that was not kept
    }
  }
  if (actions.epoch) {
    set_epoch(actions.epoch);
    logger_.info("epoch_entered", {{"epoch", actions.epoch->number},
                                   {"first", actions.epoch->first.value},
                                   {"validators", actions.epoch->validators.size()},
                                   {"votes", node_->votes()}});
    if (transport_) transport_->set_peers(neighbourhood_.pinned(*actions.epoch, self_));
  }
  for (const node::Frame& frame : actions.frames) send(frame);
  run_jobs(actions);
  if (guard_) watch_guard(actions);
  if (actions.final) {
    final_.store(actions.final->value, std::memory_order_release);
    if (transport_) transport_->set_finalised(*actions.final);
    const UnixMillis now = wall_now();
    for (const node::PreparedPtr& block : actions.execute) {
      const std::uint64_t at = block->block.header.timestamp.value;
      // Fetched, or proposed before this start: how long that took says nothing about agreement.
      if (actions.fetched || at < started_wall_.value) continue;
      const std::uint64_t ms = now.value > at ? now.value - at : 0;
      finality_times_.add(ms);
      finality_seconds_->observe(static_cast<double>(ms) / 1000);
    }
  }
  if (!actions.execute.empty()) {
    execution_->post_always(
        [this, blocks = std::move(actions.execute)]() mutable { execute(std::move(blocks)); });
  }
  count_refusals(actions);
  for (const node::Actions::Accusation& accusation : actions.misbehaviour) report(accusation);
  if (!actions.pending.empty()) {
    MutexLock lock{subscribers_->mutex};
    for (const auto& [token, listener] : subscribers_->listeners) {
      if (listener.on_pending) listener.on_pending(actions.pending);
    }
  }
  serve_states(std::move(actions.states));
  if (actions.halt) fatal(*actions.halt);
  if (actions.join && !failed_) leave_to_join(*std::move(actions.join));
}

/// A validator without its record of votes: whether it may vote again.
void NodeHostImpl::watch_guard(const node::Actions& actions) {
  std::size_t level = 1;  // itself
  for (const node::ValidatorInfo& validator : validators()) {
    if (validator.connected && validator.last_known_final.value <= final_) ++level;
  }
  if (!node_->syncing() && level >= consensus::quorum_size(epoch()->validators.size()))
    guard_->caught_up(node_->final_header().timestamp);
  for (const node::PreparedPtr& block : actions.execute)
    guard_->on_final(block->block.header.timestamp);
  if (!guard_->lifted() || guard_told_) return;
  guard_told_ = true;
  std::error_code failed;
  std::filesystem::remove(options_.folder / kVotesLostFile, failed);
  if (failed) {
    fatal(err::file_write_failed);
    return;
  }
  logger_.info("may_vote_again", {{"view", node_->consensus_status().view.value}});
  if (options_.on_reopen) options_.on_reopen(Reopen::to_vote);
}

/// The key of the next node key file, unless this run goes by it already.
std::optional<NodeSecretKey> NodeHostImpl::next_node_key() const {
  const auto next =
      options_.look_for_node_key ? options_.look_for_node_key() : std::optional<NodeSecretKey>{};
  return next && public_key_of(*next) != self_ ? next : std::nullopt;
}

/// Of two keys that of which the epoch knows; where it does not tell, as the caller has it.
Result<void> NodeHostImpl::choose_node_key(const types::Epoch& epoch) {
  WUSONG_TRY(self_, public_key_of(options_.node_key));
  const auto next = next_node_key();
  if (!next) return {};
  WUSONG_TRY(const net::PeerKey successor, public_key_of(*next));
  if (!options_.by_other_node_key && (names(epoch, self_) || !names(epoch, successor))) return {};
  options_.node_key = *next;
  self_ = successor;
  logger_.info("next_node_key_taken", {{"key", self_}});
  return {};
}

/// Which key peers admit depends on the epoch that they are in, and not on that of this node, which
/// may have missed the change. So it tries its other key when the epoch says so, or nobody is here.
void NodeHostImpl::watch_node_key(const node::EpochPtr& entered, Instant now) {
  if (!options_.look_for_node_key) return;
  const bool looks_around = now >= look_around_at_;
  if (looks_around) look_around_at_ = now + kLookAround;
  if (!transport_ || reopening_) return;
  bool other = false;
  if (entered && !names(*entered, self_)) {
    const auto next = next_node_key();
    const auto successor = next ? public_key_of(*next) : fail(err::bad_node_key);
    other = successor && names(*entered, *successor);
  }
  if (looks_around) {
    const TransportStats seen = transport_->stats();
    const bool alone =
        !seen.peers.empty() && std::ranges::none_of(seen.peers, &TransportPeerStats::connected);
    lonely_looks_ = alone ? lonely_looks_ + 1 : 0;
    other = other || (lonely_looks_ >= kLonelyLooks && options_.look_for_node_key());
  }
  if (!other) return;
  reopening_ = true;
  logger_.info("other_node_key", {{"alone", lonely_looks_ >= kLonelyLooks}});
  if (options_.on_reopen) options_.on_reopen(Reopen::by_other_node_key);
}

/// The log holds the evidence; a file where it is megabytes.
void NodeHostImpl::report(const node::Actions::Accusation& accusation) {
  const consensus::Misbehaviour& evidence = accusation.evidence;
  std::string file;
  Bytes first = evidence.first;
  if (first.size() > kEvidenceLoggedMax) {
    const auto digest = hash::keccak256(first);
    const auto folder = options_.folder / "evidence";
    const auto path = folder / (codec::to_hex(digest) + ".bin");
    auto kept = make_directory(folder.string());
    if (kept && ++evidence_files_ > kEvidenceFilesMax) kept = fail(err::no_space);
    if (kept) kept = write_file(path.string(), first, FileMode::ordinary);
    if (!kept) logger_.error("evidence_not_kept", {{"error", kept.error()}});
    file = path.string();
    first = to_bytes(digest);
  }
  metrics_.counter("wusong_misbehaviour_total", "Validators proven to have broken the rules").add();
  logger_.error("misbehaviour", {{"peer", accusation.peer},
                                 {"validator", evidence.validator},
                                 {"kind", static_cast<unsigned>(evidence.kind)},
                                 {"first", BytesView{first}},
                                 {"second", BytesView{evidence.second}},
                                 {"file", file}});
}

void NodeHostImpl::count_refusals(const node::Actions& actions) {
  for (const auto& refusal : actions.refusals) {
    logger_.warn("proposal_refused", {{"block", refusal.block}, {"error", refusal.error}});
    neighbourhood_.proposal_refused(refusal.error);
  }
  count_rejections(actions.rejections);
}

void NodeHostImpl::count_rejections(const std::vector<consensus::Rejection>& rejections) {
  for (const consensus::Rejection& rejection : rejections) {
    logger_.debug("message_refused", {{"peer", rejection.peer}, {"error", rejection.error}});
    neighbourhood_.message_refused(rejection.error);
    if (const auto key = peers_table_.key_of(rejection.peer); transport_ && key)
      transport_->blame(*key, rejection.error);
  }
}

void NodeHostImpl::send(const node::Frame& frame) {
  if (!transport_) return;
  if (!frame.to) {
    transport_->broadcast(frame.channel, frame.payload);
    return;
  }
  if (const auto key = peers_table_.key_of(*frame.to)) {
    transport_->send(*key, frame.channel, frame.payload);
  }
}

/// Jobs that find the queue full are done here and now: they must not be lost.
void NodeHostImpl::run_jobs(node::Actions& actions) {
  const auto run = [&](auto job) {
    auto shared = std::make_shared<decltype(job)>(std::move(job));
    if (!workers_->post([shared] { (*shared)(); }) && !stopped_) (*shared)();
  };
  for (node::SplitJob& job : actions.splits) {
    run([this, block = std::move(job.block)] {
      auto split = node::split(block->payload, *recovery_);
      post([block, split = std::move(split)](node::Node& node) mutable {
        node.on_split(block, std::move(split));
      });
    });
  }
  for (node::PrepareJob& job : actions.prepares) {
    run([this, job = std::move(job)] {
      auto prepared = node::prepare(*job.split, job.known, *recovery_, &sender_keys_);
      post([id = job.split->hash, prepared = std::move(prepared)](node::Node& node) mutable {
        node.on_prepared(id, std::move(prepared));
      });
    });
  }
  for (consensus::SliceJob& job : actions.slices) {
    run([this, job = std::move(job)] {
      post(
          [slice = job.run()](node::Node& node) mutable { node.on_slice_coded(std::move(slice)); });
    });
  }
  for (node::SyncedBlocks& job : actions.synced) {
    run([this, job = std::move(job)]() mutable {
      auto blocks = node::prepare_range(std::move(job.blocks), *recovery_, &sender_keys_);
      post([blocks = std::move(blocks), certificate = std::move(job.certificate)](
               node::Node& node) mutable { node.on_synced(std::move(blocks), certificate); });
    });
  }
  for (node::CandidatesJob& job : actions.candidates) {
    run([this, job = std::move(job)] {
      std::vector<node::RawTransaction> raw;
      for (const BytesView encoded : job.transactions)
        raw.push_back({.encoded = encoded, .local = false});
      std::vector<txpool::Candidate> candidates;
      for (auto& candidate : node::prepare_candidates(raw, rules_, *recovery_, &sender_keys_)) {
        if (candidate) candidates.push_back(*std::move(candidate));
      }
      post([this, from = job.from, candidates = std::move(candidates)](node::Node& node) mutable {
        const io::StageScope scope{stages_, io::Stage::pool};
        static_cast<void>(node.on_candidates(std::move(candidates), from));
      });
    });
  }
}

void NodeHostImpl::execute(std::vector<node::PreparedPtr> blocks) {
  for (const node::PreparedPtr& prepared : blocks) {
    if (failed_.load(std::memory_order_relaxed)) return;
    const Instant begun = monotonic_now();
    auto executed = executor_->execute(*prepared);
    if (!executed) {
      fatal(executed.error());
      return;
    }
    execution_seconds_->observe(std::chrono::duration<double>(monotonic_now() - begun).count());
    if (++committed_since_sync_ >= kCommitsPerSync) {
      committed_since_sync_ = 0;
      if (const auto synced = state_->sync(); !synced) {
        fatal(synced.error());
        return;
      }
    }
    publish(*executed);
    prune();
    post([block = *executed](node::Node& node) { node.on_executed(block); });
  }
}

void NodeHostImpl::publish(const node::BlockPtr& block) {
  const types::Header& header = block->block.header;
  transactions_total_->add(block->block.transactions.size());
  cache_.put(block);
  const std::size_t covered = header.roots.size();
  cache_.cover(header.executed.minus(covered), header.executed, header.number);
  executed_.store(header.number.value, std::memory_order_release);
  MutexLock lock{subscribers_->mutex};
  for (const auto& [token, listener] : subscribers_->listeners) {
    if (listener.on_block) listener.on_block(block);
  }
}

void NodeHostImpl::fatal(Error error) {
  if (failed_.exchange(true)) return;
  failure_.store(&error.info(), std::memory_order_release);
  logger_.error("node_stopped", {{"error", error}});
  logger_.flush();
  if (on_fatal_) on_fatal_(error);
}

}  // namespace wusong::platform::internal

namespace wusong::platform {

Result<std::unique_ptr<NodeHost>> NodeHost::open(HostOptions options, Logger& logger,
                                                 MetricsRegistry& metrics,
                                                 std::function<void(Error)> on_fatal) {
  auto host = std::make_unique<internal::NodeHostImpl>(std::move(options), logger, metrics,
                                                       std::move(on_fatal));
  WUSONG_CHECK(host->open());
  return std::unique_ptr<NodeHost>{std::move(host)};
}

}  // namespace wusong::platform
