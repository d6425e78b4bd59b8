// SPDX-License-Identifier: Apache-2.0
// What the node offers to readers: blocks, states, the pool, peers.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "wusong/codec/rlp.hpp"
#include "wusong/exec/context.hpp"
#include "wusong/node/epoch_ends.hpp"
#include "wusong/platform/files.hpp"
#include "wusong/platform/internal/node_host_impl.hpp"
#include "wusong/state/errors.hpp"

namespace wusong::platform::internal {
namespace {

constexpr std::size_t kFinalityTimesKept = 1'024;
// A proof walks at most this many headers from the block asked for to one that is attested.
constexpr std::uint64_t kProofHeadersMax = 256;

std::size_t size_of(const node::ExecutedBlock& block) {
  return block.size_bytes * 4 + 4'096;
}

node::BlockEnvironment environment_of(const types::Header& header, const Hash& hash) {
  return {.number = header.number,
          .hash = hash,
          .timestamp = header.timestamp.value / 1'000,
          .beneficiary = header.beneficiary,
          .gas_limit = header.gas_limit,
          .base_fee = header.base_fee,
          .prev_randao = types::prev_randao(header)};
}

node::PooledTransaction shown(const txpool::PooledPtr& pooled, bool pending) {
  return {.transaction = {pooled, &pooled->transaction},
          .hash = pooled->hash,
          .sender = pooled->sender,
          .pending = pending};
}

/// Pages of this process that are in memory. 0 where /proc is not there.
std::uint64_t resident_bytes() {
  const auto text = read_text("/proc/self/statm", 256);
  const auto space = text ? text->find(' ') : std::string::npos;
  std::uint64_t pages = 0;
  if (space == std::string::npos) return 0;
  std::from_chars(text->data() + space + 1, text->data() + text->size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void BlockCache::put(const node::BlockPtr& block) {
  MutexLock lock{mutex_};
  const Height height = block->block.header.number;
  if (!by_height_.emplace(height, block).second) return;
  by_hash_[block->hash] = height;
  bytes_ += size_of(*block);
  while (by_height_.size() > 1 && (by_height_.size() > kBlocksMax || bytes_ > kBytesMax)) {
    const auto oldest = by_height_.begin();
    bytes_ -= size_of(*oldest->second);
    by_hash_.erase(oldest->second->hash);
    by_height_.erase(oldest);
  }
}

node::BlockPtr BlockCache::find(Height height) const {
  MutexLock lock{mutex_};
  const auto found = by_height_.find(height);
  return found == by_height_.end() ? nullptr : found->second;
}

node::BlockPtr BlockCache::find(const Hash& hash) const {
  MutexLock lock{mutex_};
  const auto height = by_hash_.find(hash);
  return height == by_hash_.end() ? nullptr : by_height_.at(height->second);
}

void BlockCache::cover(Height after, Height up_to, Height by) {
  MutexLock lock{mutex_};
  for (auto at = by_height_.upper_bound(after); at != by_height_.end() && at->first <= up_to;
       ++at) {
    at->second->covered_at_height.store(by.value, std::memory_order_release);
  }
}

void FinalityTimes::add(std::uint64_t ms) {
  MutexLock lock{mutex_};
  last_.push_back(ms);
  if (last_.size() > kFinalityTimesKept) last_.pop_front();
}

std::uint64_t FinalityTimes::quantile(double fraction) const {
  std::vector<std::uint64_t> sorted;
  {
    MutexLock lock{mutex_};
    sorted.assign(last_.begin(), last_.end());
  }
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1));
  std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(index));
  return sorted[index];
}

std::string NodeHostImpl::client_version() const {
  return "Wusong/v" + options_.version + "/linux-x86_64/c++23";
}

node::Heads NodeHostImpl::heads() const {
  const Height executed{executed_.load(std::memory_order_acquire)};
  return {.executed = executed,
          .final = std::max(executed, Height{final_.load(std::memory_order_acquire)}),
          .oldest_state = state_->oldest().value_or(executed),
          .oldest_block = ledger_->kept().blocks,
          .oldest_receipts = ledger_->kept().receipts};
}

Result<node::BlockPtr> NodeHostImpl::load_block(Height height) const {
  WUSONG_TRY(auto stored, ledger_->block(height));
  WUSONG_TRY(auto execution, ledger_->execution(height));
  // Asked after both were read: it moves before what it is about goes.
  if (height > Height{0} && height < ledger_->kept().blocks) return fail(node::err::block_pruned);
  if (!stored || !execution) return fail(node::err::unknown_block);
  WUSONG_TRY(const auto split, node::split(std::move(stored->bytes), *recovery_));
  WUSONG_TRY(
      const auto prepared,
      node::prepare(*split, node::KnownTransactions(split->transactions.size()), *recovery_));
  auto out = std::make_shared<node::ExecutedBlock>();
  out->block = prepared->block;
  out->hash = stored->hash;
  out->size_bytes = prepared->encoded.size();
  out->transaction_hashes = prepared->transaction_hashes;
  out->senders = prepared->senders;
  out->receipts = std::move(execution->receipts);
  out->skipped = std::move(execution->skipped);
  out->skipped.resize(out->transaction_hashes.size(), 0);  // none are stored with pruned receipts
  out->roots = execution->roots;
  out->logs_bloom = execution->roots.logs_bloom;
  if (const auto cover = find_cover(height)) out->covered_at_height = cover->value;
  return node::BlockPtr{std::move(out)};
}

// Heights are covered in order, so the first header whose executed height reaches this one carries
// it.
std::optional<Height> NodeHostImpl::find_cover(Height height) const {
  const Height last{executed_.load(std::memory_order_acquire)};
  Height low = height.next();
  Height high = last;
  std::optional<Height> found;
  while (low <= high) {
    const Height middle{low.value + (high.value - low.value) / 2};
    const auto stored = ledger_->block(middle);
    if (!stored || !*stored) return std::nullopt;
    const auto parts = types::split_block((*stored)->bytes);
    if (!parts) return std::nullopt;
    if (parts->header.executed >= height) {
      found = middle;
      high = middle.minus(1);
    } else {
      low = middle.next();
    }
  }
  return found;
}

Result<node::BlockPtr> NodeHostImpl::block(Height height) const {
  if (height.value > executed_.load(std::memory_order_acquire)) {
    return fail(node::err::unknown_block);
  }
  // What is still in memory of pruned blocks is not offered: answers must not depend on chance.
  if (height == Height{0} || height >= ledger_->kept().receipts) {
    if (auto cached = cache_.find(height)) return cached;
  }
  return load_block(height);
}

Result<node::BlockPtr> NodeHostImpl::block(const Hash& hash) const {
  if (const auto cached = cache_.find(hash)) return block(cached->block.header.number);
  WUSONG_TRY(const auto height, ledger_->height_of(hash));
  if (!height) return fail(node::err::unknown_block);
  return block(*height);
}

std::optional<node::TransactionLocation> NodeHostImpl::find_transaction(const Hash& hash) const {
  const auto found = ledger_->locate(hash);
  if (!found || !*found) return std::nullopt;
  const auto holder = block((*found)->height);
  if (!holder || (*found)->index >= (*holder)->transaction_hashes.size() ||
      (*holder)->transaction_hashes[(*found)->index] != hash) {
    return std::nullopt;
  }
  return node::TransactionLocation{.height = (*found)->height, .index = (*found)->index};
}

Result<types::Bloom> NodeHostImpl::bloom(Height height) const {
  if (const auto cached = cache_.find(height)) return cached->logs_bloom;
  WUSONG_TRY(const auto roots, ledger_->roots(height));
  if (!roots) return fail(node::err::unknown_block);
  return roots->logs_bloom;
}

Result<std::unique_ptr<types::StateView>> NodeHostImpl::state(Height height) const {
  auto view = state_->view(height);
  if (view) return view;
  if (view.error() == Error{state::err::height_pruned}) return fail(node::err::state_pruned);
  if (view.error() == Error{state::err::height_unknown}) return fail(node::err::unknown_block);
  return fail(view.error());
}

Result<node::Service::AccountProof> NodeHostImpl::proof(Height height, const Address& address,
                                                        const std::vector<Hash>& slots) const {
  auto found = state_->proof(height, address, slots);
  if (!found) {
    if (found.error() == Error{state::err::height_pruned}) return fail(node::err::state_pruned);
    if (found.error() == Error{state::err::height_unknown}) return fail(node::err::unknown_block);
    return fail(found.error());
  }
  AccountProof out;
  out.account = found->account.value_or(types::Account{});
  out.account_proof = std::move(found->nodes);
  for (state::StorageProof& slot : found->storage) {
    out.slots.push_back({.key = slot.slot, .value = slot.value, .proof = std::move(slot.nodes)});
  }
  return out;
}

/// There also where the block's transactions are not.
Result<NodeHostImpl::KnownHeader> NodeHostImpl::header(Height height) const {
  if (const auto cached = cache_.find(height))
    return KnownHeader{.header = cached->block.header, .hash = cached->hash};
  WUSONG_TRY(const auto stored, ledger_->block(height));
  if (!stored || height.value > executed_.load(std::memory_order_acquire))
    return fail(node::err::unknown_block);
  WUSONG_TRY(auto parts, types::split_block(stored->bytes));
  return KnownHeader{.header = std::move(parts.header), .hash = stored->hash};
}

Result<Bytes> NodeHostImpl::raw_header(Height height) const {
  WUSONG_TRY(const KnownHeader found, header(height));
  return types::encode(found.header);
}

Result<node::BlockEnvironment> NodeHostImpl::environment(Height height) const {
  WUSONG_TRY(const KnownHeader found, header(height));
  return environment_of(found.header, found.hash);
}

node::BlockEnvironment NodeHostImpl::pending_environment() const {
  const auto head = header(Height{executed_.load(std::memory_order_acquire)});
  if (!head) return {};
  types::Header next = head->header;
  next.parent_hash = head->hash;
  next.number = next.number.next();
  next.view = next.view.next();
  next.timestamp = std::max(next.timestamp, wall_now());
  return environment_of(next, Hash{});
}

Hash NodeHostImpl::block_hash(Height height) const {
  if (const auto cached = cache_.find(height)) return cached->hash;
  const auto stored = ledger_->block_hash(height);
  return stored && *stored ? **stored : Hash{};
}

std::vector<Result<Hash>> NodeHostImpl::submit(const std::vector<Bytes>& raw) {
  std::vector<Result<Hash>> out(raw.size(), fail(node::err::stopping));
  if (stopped_ || failed_) return out;
  const io::StageScope scope{stages_, io::Stage::rpc};
  std::vector<node::RawTransaction> items;
  items.reserve(raw.size());
  for (const Bytes& encoded : raw) items.push_back({.encoded = encoded, .local = true});
  std::vector<txpool::Candidate> candidates;
  std::vector<std::size_t> places;
  auto prepared = node::prepare_candidates(items, rules_, *recovery_, &sender_keys_);
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (!prepared[i]) {
      out[i] = fail(prepared[i].error());
      continue;
    }
    out[i] = prepared[i]->hash;
    places.push_back(i);
    candidates.push_back(*std::move(prepared[i]));
  }
  if (candidates.empty()) return out;
  const std::vector<Result<void>> busy(candidates.size(), fail(node::err::overloaded));
  const auto outcomes = ask(busy, [candidates = std::move(candidates)](node::Node& node) mutable {
    return node.on_candidates(std::move(candidates), std::nullopt);
  });
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) out[places[i]] = fail(outcomes[i].error());
  }
  return out;
}

std::uint64_t NodeHostImpl::pending_nonce(const Address& address) const {
  return ask(std::uint64_t{0},
             [address](node::Node& node) { return node.pool().pending_nonce(address); });
}

std::optional<node::PooledTransaction> NodeHostImpl::pooled(const Hash& hash) const {
  return ask(std::optional<node::PooledTransaction>{}, [hash](node::Node& node) {
    const auto found = node.pool().find(hash);
    return found ? std::optional{shown(found, node.pool().is_pending(*found))} : std::nullopt;
  });
}

node::Service::PoolCounts NodeHostImpl::pool_counts() const {
  return ask(PoolCounts{}, [](node::Node& node) {
    const txpool::Counts counts = node.pool().counts();
    return PoolCounts{.pending = counts.pending, .queued = counts.queued};
  });
}

std::vector<node::PooledTransaction> NodeHostImpl::pool_content(
    const std::optional<Address>& sender, std::size_t limit) const {
  return ask(std::vector<node::PooledTransaction>{}, [sender, limit](node::Node& node) {
    std::vector<node::PooledTransaction> out;
    const auto senders = sender ? std::vector{*sender} : node.pool().senders();
    for (const Address& address : senders) {
      const txpool::Content content = node.pool().content(address);
      for (const auto& pooled : content.pending) {
        if (out.size() < limit) out.push_back(shown(pooled, true));
      }
      for (const auto& pooled : content.queued) {
        if (out.size() < limit) out.push_back(shown(pooled, false));
      }
    }
    return out;
  });
}

Height NodeHostImpl::final_of(const net::PeerKey& peer, Height greeted) const {
  return std::max(greeted, peers_table_.about(peer).finalised);
}

std::vector<node::ValidatorInfo> NodeHostImpl::validators() const {
  std::map<net::PeerKey, TransportPeerStats> known;
  if (transport_) {
    for (TransportPeerStats& peer : transport_->stats().peers) known[peer.key] = std::move(peer);
  }
  std::vector<node::ValidatorInfo> out;
  const node::EpochPtr current = epoch();
  for (std::size_t i = 0; i < current->validators.size(); ++i) {
    const types::Validator& validator = current->validators[i];
    const auto key = net::PeerKey::from(validator.node_key);
    const auto* scheme = crypto::find_scheme(static_cast<std::uint8_t>(validator.scheme));
    node::ValidatorInfo info{.index = static_cast<std::uint32_t>(i),
                             .name = validator.name,
                             .scheme = std::string{scheme->name},
                             .public_key = validator.vote_key,
                             .node_key = validator.node_key,
                             .beneficiary = validator.beneficiary,
                             .is_self = key == self_,
                             .connected = false,
                             .last_known_final = {}};
    if (const auto peer = known.find(key); peer != known.end()) {
      info.connected = peer->second.connected;
      info.last_known_final = final_of(peer->first, peer->second.hello.finalised);
    }
    if (info.is_self) {
      info.connected = true;
      info.last_known_final = heads().final;
    }
    out.push_back(std::move(info));
  }
  return out;
}

std::vector<node::PeerInfo> NodeHostImpl::peers() const {
  std::vector<node::PeerInfo> out;
  if (!transport_) return out;
  std::set<net::PeerKey> voters;
  const node::EpochPtr current = epoch();
  for (const auto& validator : current->validators)
    voters.insert(net::PeerKey::from(validator.node_key));
  for (const TransportPeerStats& peer : transport_->stats().peers) {
    if (!peer.connected) continue;
    const auto rtt = std::chrono::duration_cast<std::chrono::microseconds>(peer.round_trip);
    out.push_back({.node_key = to_bytes(peer.key),
                   .name = peers_table_.about(peer.key).name,
                   .address = peer.address,
                   .version = peer.hello.node_version,
                   .role = voters.contains(peer.key) ? "validator" : "observer",
                   .final = final_of(peer.key, peer.hello.finalised),
                   .rtt_us = static_cast<std::uint64_t>(rtt.count()),
                   .inbound = !peer.dialled_by_us});
  }
  return out;
}

node::NetworkInfo NodeHostImpl::network() const {
  return neighbourhood_.network(transport_.get(), peers_table_);
}

node::Health NodeHostImpl::health() const {
  node::Health out;
  out.role = votes_.load(std::memory_order_relaxed) ? "validator" : "observer";
  const auto uptime =
      std::chrono::duration_cast<std::chrono::milliseconds>(monotonic_now() - started_at_);
  out.uptime_ms = static_cast<std::uint64_t>(uptime.count());
  out.view = View{view_.load(std::memory_order_relaxed)};
  out.finality_ms_p50 = finality_times_.quantile(0.5);
  out.finality_ms_p99 = finality_times_.quantile(0.99);
  out.syncing = syncing_.load(std::memory_order_relaxed);
  out.sync_target = Height{sync_target_.load(std::memory_order_relaxed)};
  if (fetching_state_) {
    out.snapshot = node::Health::Snapshot{
        .permille = snapshot_permille_, .accounts = snapshot_accounts_, .bytes = snapshot_bytes_};
  }
  std::size_t reachable = 0;
  for (const node::ValidatorInfo& validator : validators()) reachable += validator.connected;
  const std::size_t quorum = consensus::quorum_size(epoch()->validators.size());
  if (const ErrorInfo* failure = failure_.load(std::memory_order_acquire)) {
    out.reason = "stopped: " + std::string{failure->name};
  } else if (out.snapshot) {
    out.reason = "fetching the state of height " + std::to_string(out.sync_target.value) + ": " +
                 std::to_string(out.snapshot->permille / 10) + "%";
  } else if (out_of_reach_.load(std::memory_order_relaxed)) {
    out.reason =
        "no peer keeps the next block any more: set sync.mode to \"auto\", or add a peer that "
        "keeps all";
  } else if (out.syncing) {
    out.reason = "catching up to height " + std::to_string(out.sync_target.value);
  } else if (guard_) {
    out.reason = "restored without its record of votes: it follows, and votes again by itself";
  } else if (reachable < quorum) {
    out.reason =
        std::to_string(reachable) + " validators reachable, " + std::to_string(quorum) + " needed";
  }
  out.healthy = out.reason.empty();
  return out;
}

Result<node::FinalityProof> NodeHostImpl::finality_proof(Height height) const {
  WUSONG_TRY(const auto stored, ledger_->block(height));
  if (!stored) return fail(node::err::unknown_block);
  WUSONG_TRY(const auto certificate,
             ledger_->first_certificate(storage::CertificateKind::attestation, height));
  if (!certificate || certificate->height.value - height.value > kProofHeadersMax) {
    return fail(node::err::no_proof_yet);
  }
  node::FinalityProof out;
  out.height = height;
  out.block_hash = stored->hash;
  for (Height h = height; h <= certificate->height; h = h.next()) {
    WUSONG_TRY(const auto block, ledger_->block(h));
    if (!block) return fail(node::err::unknown_block);
    WUSONG_TRY(const auto parts, types::split_block(block->bytes));
    if (h == height) {
      out.header = types::encode(parts.header);
    } else {
      out.chain.push_back(types::encode(parts.header));
    }
  }
  out.attested_height = certificate->height;
  out.attestations = certificate->bytes;
  return out;
}

Result<node::EpochPtr> NodeHostImpl::epoch_of(Height height) const {
  node::EpochPtr current = epoch();
  if (height >= current->first) return current;
  return node::epoch_of(*ledger_, node::first_epoch(options_.genesis), height);
}

Result<std::vector<node::EpochProof>> NodeHostImpl::epoch_proofs(std::uint64_t from,
                                                                 std::size_t limit) const {
  return node::epoch_proofs(*ledger_, from, limit);
}

std::shared_ptr<void> NodeHostImpl::subscribe(node::Listener listener) {
  std::uint64_t token = 0;
  {
    MutexLock lock{subscribers_->mutex};
    token = ++subscribers_->next;
    subscribers_->listeners[token] = std::move(listener);
  }
  return {nullptr, [subscribers = subscribers_, token](void*) {
            MutexLock lock{subscribers->mutex};
            subscribers->listeners.erase(token);
          }};
}

void NodeHostImpl::register_metrics() {
  finality_seconds_ = &metrics_.histogram("wusong_finality_seconds",
                                          "From a block's timestamp to its finality on this node",
                                          latency_bounds());
  execution_seconds_ = &metrics_.histogram("wusong_block_execution_seconds",
                                           "Executing and committing one block", latency_bounds());
  transactions_total_ =
      &metrics_.counter("wusong_transactions_executed_total", "Transactions in executed blocks");
  state_bytes_served_ = &metrics_.counter("wusong_state_bytes_served_total",
                                          "Parts of states sent to nodes that join");
  state_requests_delayed_ = &metrics_.counter("wusong_state_requests_delayed_total",
                                              "Requests for parts of states told to come again");
  range_bytes_served_ = &metrics_.counter("wusong_range_bytes_served_total",
                                          "Ranges of blocks sent to nodes that catch up");
  range_requests_dropped_ =
      &metrics_.counter("wusong_range_requests_dropped_total",
                        "Requests for ranges forgotten, as more of the same peer waited");
  Gauge& executed = metrics_.gauge("wusong_height_executed", "Newest executed height");
  Gauge& final = metrics_.gauge("wusong_height_final", "Newest final height");
  Gauge& view = metrics_.gauge("wusong_consensus_view", "Current view");
  Gauge& epoch_number = metrics_.gauge("wusong_epoch", "Epoch of the next block");
  Gauge& connected = metrics_.gauge("wusong_peers_connected", "Connected peers");
  Gauge& pending = metrics_.gauge("wusong_pool_pending", "Executable transactions in the pool");
  Gauge& queued = metrics_.gauge("wusong_pool_queued", "Transactions behind a nonce gap");
  Gauge& healthy = metrics_.gauge("wusong_healthy", "1 while /health answers 200");
  register_upkeep_metrics();
  register_sync_metrics();
  metrics_.on_render(
      [this, &executed, &final, &view, &epoch_number, &connected, &pending, &queued, &healthy] {
        const node::Heads now = heads();
        executed.set(static_cast<double>(now.executed.value));
        final.set(static_cast<double>(now.final.value));
        view.set(static_cast<double>(view_.load()));
        epoch_number.set(static_cast<double>(epoch()->number));
        connected.set(static_cast<double>(peers().size()));
        const PoolCounts counts = pool_counts();
        pending.set(static_cast<double>(counts.pending));
        queued.set(static_cast<double>(counts.queued));
        healthy.set(health().healthy ? 1 : 0);
        show_network(metrics_, network());
      });
}

/// What the alerts in deploy/prometheus ask about the machine and the membership.
void NodeHostImpl::register_upkeep_metrics() {
  Gauge& disk = metrics_.gauge("wusong_disk_free_bytes", "Free space where the data folder is");
  Gauge& resident = metrics_.gauge("wusong_resident_bytes", "Memory of this process");
  Gauge& members = metrics_.gauge("wusong_validators", "Validators of the epoch");
  Gauge& votes_lost =
      metrics_.gauge("wusong_votes_lost", "1 while a restored validator follows without voting");
  metrics_.on_render([this, &disk, &resident, &members, &votes_lost] {
    std::error_code failed;
    const auto space = std::filesystem::space(options_.folder, failed);
    if (!failed) disk.set(static_cast<double>(space.available));
    resident.set(static_cast<double>(resident_bytes()));
    members.set(static_cast<double>(epoch()->validators.size()));
    votes_lost.set(guard_ ? 1 : 0);
  });
}

void NodeHostImpl::register_sync_metrics() {
  Gauge& oldest_state = metrics_.gauge("wusong_height_oldest_state", "Oldest readable state");
  Gauge& oldest_block = metrics_.gauge("wusong_height_oldest_block", "Oldest whole block");
  Gauge& oldest_receipts = metrics_.gauge("wusong_height_oldest_receipts", "Oldest receipts");
  Gauge& fetched = metrics_.gauge("wusong_snapshot_ratio",
                                  "Of the state being fetched; 1 while none is fetched");
  Gauge& accounts = metrics_.gauge("wusong_snapshot_accounts", "Accounts fetched");
  Gauge& bytes = metrics_.gauge("wusong_snapshot_bytes", "Bytes of state fetched");
  metrics_.on_render(
      [this, &oldest_state, &oldest_block, &oldest_receipts, &fetched, &accounts, &bytes] {
        const node::Heads now = heads();
        oldest_state.set(static_cast<double>(now.oldest_state.value));
        oldest_block.set(static_cast<double>(now.oldest_block.value));
        oldest_receipts.set(static_cast<double>(now.oldest_receipts.value));
        fetched.set(fetching_state_ ? static_cast<double>(snapshot_permille_.load()) / 1'000 : 1);
        accounts.set(static_cast<double>(snapshot_accounts_.load()));
        bytes.set(static_cast<double>(snapshot_bytes_.load()));
      });
}

}  // namespace wusong::platform::internal
