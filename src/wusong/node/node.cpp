// SPDX-License-Identifier: Apache-2.0
// Turns, and the conversation with consensus. Building, checking and finality are in the
// node_*.cpp.
#include "wusong/node/node.hpp"

#include <algorithm>
#include <array>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/node/epoch_frame.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/internal/accounts.hpp"
#include "wusong/node/validation.hpp"

namespace wusong::node {
namespace {

// What a peer fetches part by part is let go when nobody has asked for so long, and nobody waits.
constexpr Duration kServedFor = std::chrono::seconds{10};

// Own transactions a new connection hears of at once.
constexpr std::size_t kGreetingTransactionsMax = 4'096;
// Heights between what is executed and what headers have agreed on: sync waits for execution.
constexpr std::size_t kRootsMax = 4'096;

}  // namespace

/// Binds consensus' block ids to headers. The transactions root is checked later, by split().
class Node::Identity final : public consensus::BlockIdentity {
 public:
  bool matches(const consensus::Block& block) const override {
    if (const auto closing = consensus::decode_closing(block.payload)) {
      return consensus::closing_id(*closing) == block.ref.id && closing->view == block.ref.view &&
             closing->height == block.ref.height && closing->parent_id == block.parent_id;
    }
    const auto parts = types::split_block(block.payload);
    return parts && types::hash_of(parts->header) == block.ref.id &&
           parts->header.view == block.ref.view && parts->header.number == block.ref.height &&
           parts->header.parent_hash == block.parent_id;
  }
};

Node::Node(NodeOptions options, storage::Ledger& ledger, StateOpener open_state, Height executed)
    : options_{std::move(options)},
      rules_{chain_rules(options_.genesis)},
      ledger_{ledger},
      open_state_{std::move(open_state)},
      identity_{std::make_unique<Identity>()},
      accounts_{std::make_unique<Accounts>()},
      journal_{options_.pool_record_next},
      executed_{executed},
      range_turns_{{.bytes_per_second = options_.serve_bytes_per_second}} {
  const txpool::Rules rules{.chain_id = options_.genesis.chain_id,
                            .block_gas_limit = options_.genesis.gas_limit,
                            .base_fee = options_.genesis.gas_price,
                            .gas_price_min = options_.genesis.gas_price,
                            .allow_unprotected = false};
  pool_ = std::make_unique<txpool::Pool>(options_.pool_limits, rules, *accounts_);
}

Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::create(NodeOptions options, storage::Ledger& ledger,
                                           StateOpener open_state, Height executed,
                                           std::span<const consensus::Record> records) {
  std::unique_ptr<Node> node{new Node{std::move(options), ledger, std::move(open_state), executed}};
  WUSONG_CHECK(node->restore(records));
  return node;
}

Result<void> Node::restore(std::span<const consensus::Record> records) {
  WUSONG_CHECK(restore_head());
  WUSONG_CHECK(restore_epoch());
  WUSONG_CHECK(restore_roots());
  WUSONG_TRY(const auto own, restore_records(records));
  WUSONG_TRY(consensus::Machine machine, make_machine(own));
  machine_ = std::move(machine);
  fetcher_.emplace(sync::Config{}, sync::EpochVoters{voting_.verifier.get(), voting_.domain},
                   final_.header.number, final_.hash, now_);
  return {};
}

Result<void> Node::restore_head() {
  final_ = {.header = options_.genesis_header, .hash = options_.genesis_hash, .last_nonempty = {}};
  const auto head = ledger_.final_head();
  if (!head || *head == Height{0}) return {};
  WUSONG_TRY(const auto stored, ledger_.block(*head));
  if (!stored) return fail(err::ledger_gap);
  WUSONG_TRY(const types::EncodedBlock parts, types::split_block(stored->bytes));
  final_ = {.header = parts.header, .hash = stored->hash, .last_nonempty = {}};
  return {};
}

/// Which blocks still wait for agreement on their roots, and what they made of the registry.
Result<void> Node::restore_roots() {
  for (Height h = final_.header.executed.next(); h <= final_.header.number; h = h.next()) {
    WUSONG_TRY(const auto stored, ledger_.block(h));
    if (!stored) return fail(err::ledger_gap);
    WUSONG_TRY(const types::EncodedBlock parts, types::split_block(stored->bytes));
    // Its transactions may not be here any more.
    if (parts.header.transactions_root != types::kEmptyTrieRoot) final_.last_nonempty = h;
    if (h > executed_) continue;
    WUSONG_TRY(const auto roots, ledger_.roots(h));
    if (!roots) return fail(err::ledger_gap);
    roots_[h] = *roots;
  }
  for (Height h = std::min(final_.header.executed, executed_); h <= executed_; h = h.next()) {
    if (!has_registry(options_.genesis)) break;
    const auto state = open_state_(h);
    if (!state && h < executed_) continue;  // what is older than a snapshot was never here
    if (!state) return fail(state.error());
    WUSONG_CHECK(note_registry(**state, h));
  }
  WUSONG_TRY(auto view, open_state_(executed_));
  accounts_->replace(std::move(view), executed_);
  return {};
}

void Node::begin(Instant now, UnixMillis wall) {
  now_ = now;
  wall_ = wall;
  // What the last turn stored is durable by now: the driver wrote it before it came back.
  if (stored_) {
    feed(consensus::FinalizedStored{.height = *stored_});
    stored_.reset();
  }
}

Actions Node::take() {
  update_work();
  return std::exchange(out_, {});
}

Instant Node::wake_at() const noexcept {
  Instant wake = Instant::max();
  if (machine_wake_) wake = std::min(wake, *machine_wake_);
  if (sync_wake_) wake = std::min(wake, *sync_wake_);
  if (finder_wake_) wake = std::min(wake, *finder_wake_);
  const auto heartbeat = std::chrono::milliseconds{epoch().parameters.heartbeat_ms};
  if (!work_) wake = std::min(wake, last_final_at_ + heartbeat);
  if (announce_at_) wake = std::min(wake, *announce_at_);
  return std::min(wake, range_turns_.wake_at().value_or(wake));
}

void Node::start() {
  last_final_at_ = now_;
  feeding_ = true;
  absorb(machine_->start(now_));
  feeding_ = false;
  drain();
}

void Node::tick() {
  if (machine_wake_ && now_ >= *machine_wake_) {
    machine_wake_.reset();
    feed(consensus::Tick{});
  }
  if (sync_wake_ && now_ >= *sync_wake_) {
    sync_wake_.reset();
    feed_sync(sync::Tick{});
  }
  if (finder_wake_ && now_ >= *finder_wake_) {
    finder_wake_.reset();
    feed_finder(sync::Tick{});
  }
  if (announce_at_ && now_ >= *announce_at_) send_status();
  serve_turn();
  if (now_ - served_at_ >= kServedFor && !range_turns_.wake_at()) {
    served_block_.reset();
    served_range_.reset();
  }
}

void Node::feed(consensus::Event event) {
  events_.push_back(std::move(event));
  drain();
}

// Absorbing an answer can feed the machine again: a queue keeps the order and the stack flat.
void Node::drain() {
  if (feeding_) return;
  feeding_ = true;
  while (!events_.empty()) {
    const consensus::Event event = std::move(events_.front());
    events_.pop_front();
    absorb(machine_->step(event, now_));
  }
  feeding_ = false;
}

void Node::absorb(consensus::Actions actions) {
  for (consensus::RecordWrite& write : actions.persist) {
    const Bytes key = record_key(write.key);
    if (write.value) {
      out_.batch.put(io::Column::vote, key, *write.value);
      record_keys_.insert(key);
    } else {
      out_.batch.erase(io::Column::vote, key);
      record_keys_.erase(key);
    }
  }
  out_.sync = out_.sync || actions.sync;
  send_tagged(actions.sends);
  std::ranges::move(actions.slice_jobs, std::back_inserter(out_.slices));
  for (consensus::Misbehaviour& evidence : actions.misbehaviour) {
    out_.misbehaviour.push_back(
        {.peer = voting_.to_driver(evidence.validator), .evidence = std::move(evidence)});
  }
  if (actions.rejection) {
    actions.rejection->peer = voting_.to_driver(actions.rejection->peer);
    out_.rejections.push_back(*actions.rejection);
  }
  if (actions.halt) out_.halt = actions.halt->reason;
  if (actions.finalized) {
    const std::uint64_t before = epoch().number;
    finalise(prepared_chain(actions.finalized->blocks), proof_of(*actions.finalized));
    if (epoch().number != before) return;  // the machine that asked for the rest is no more
  }
  for (const consensus::VerifyPayload& request : actions.verify) begin_check(request);
  for (const consensus::Attested& attested : actions.attested) store_attestation(attested);
  for (const consensus::ServeBlock& request : actions.serve) serve_block(request);
  if (actions.behind) on_behind(*actions.behind);
  if (actions.wake_at) machine_wake_ = actions.wake_at;
  if (actions.build) build(*actions.build);
}

void Node::on_connected(consensus::PeerId peer, Height finalised) {
  peers_.insert(peer);
  feed(consensus::PeerConnected{.peer = voting_.to_machine(peer)});
  greet_sync(peer, finalised);
  // Only what this node was given itself: others do the same for theirs.
  std::vector<txpool::PooledPtr> local;
  for (const Hash& hash : pool_->pending_hashes(kGreetingTransactionsMax)) {
    if (const auto pooled = pool_->find(hash); pooled && pooled->local) local.push_back(pooled);
  }
  send_transactions(local, std::array{peer});
}

void Node::on_disconnected(consensus::PeerId peer) {
  peers_.erase(peer);
  feed(consensus::PeerDisconnected{.peer = voting_.to_machine(peer)});
  drop_from_sync(peer);
}

void Node::on_frame(consensus::PeerId peer, net::Channel channel, Bytes payload) {
  switch (channel) {
    case net::Channel::consensus:
    case net::Channel::block:
      if (const auto message = untagged(peer, payload)) {
        // The event borrows the bytes, so it is stepped at once instead of queued.
        WUSONG_ASSERT(!feeding_ && events_.empty());
        feeding_ = true;
        absorb(machine_->step(
            consensus::MessageReceived{.from = voting_.to_machine(peer), .bytes = *message}, now_));
        feeding_ = false;
        drain();
      }
      return;
    case net::Channel::gossip:
      on_gossip(peer, std::move(payload));
      return;
    case net::Channel::sync:
      on_sync_message(peer, payload);
      return;
    case net::Channel::control:
    case net::Channel::relay:
      return;  // the transport's own
  }
}

void Node::on_slice_coded(consensus::SliceCoded slice) {
  feed(std::move(slice));
}

std::optional<Node::Tip> Node::tip_of(const Hash& hash) const {
  if (hash == final_.hash) return final_;
  const auto found = candidates_.find(hash);
  if (found == candidates_.end()) return std::nullopt;
  return Tip{.header = found->second.block->block.header,
             .hash = hash,
             .last_nonempty = found->second.last_nonempty};
}

std::vector<consensus::Gauge> Node::gauges() const {
  std::vector<consensus::Gauge> out = machine_->gauges();
  const auto blocks = std::ranges::find(out, "consensus.blocks", &consensus::Gauge::name)->bound;
  const txpool::Counts pool = pool_->counts();
  const txpool::Limits& limits = options_.pool_limits;
  out.push_back({"node.candidates", candidates_.size(), blocks});
  out.push_back({"node.checks", checks_.size(), blocks});
  out.push_back({"node.closing_blocks", closing_.size(), blocks});
  out.push_back({"node.registries", registries_.size(), kRootsMax});
  out.push_back({"node.own_roots", roots_.size(), kRootsMax});
  out.push_back({"node.claimed_roots", claimed_.size(), kRootsMax});
  out.push_back({"node.included_hashes", included_.size() + included_before_.size(),
                 2 * (options_.included_kept + kTransactionsPerBlockMax)});
  out.push_back({"pool.transactions", pool.pending + pool.queued, limits.transactions});
  out.push_back({"pool.bytes", pool.bytes, limits.bytes});
  return out;
}

bool Node::heartbeat_due() const noexcept {
  // A new chain shows at once that it agrees.
  return final_.header.number == Height{0} ||
         now_ - last_final_at_ >= std::chrono::milliseconds{epoch().parameters.heartbeat_ms};
}

// A block with transactions waits until some header carries its roots. Another block helps when it
// is needed to reach the delay, or when it would carry roots that are ready.
bool Node::roots_need_block(const Tip& tip) const noexcept {
  if (tip.last_nonempty <= tip.header.executed) return false;
  const bool delay_not_reached =
      tip.header.number.next() < tip.last_nonempty.plus(options_.genesis.root_delay);
  return delay_not_reached ||
         roots_target(tip.header, executed_, options_.genesis.root_delay) > tip.header.executed;
}

// Consensus is told when work appears or ends, and again after a leader declined and something
// changed.
void Node::update_work() {
  const bool work = pool_->counts().pending > 0 || roots_need_block(final_) || heartbeat_due() ||
                    change_pending();
  if (work == work_ && !(work && declined_ && changed_)) {
    changed_ = false;
    return;
  }
  work_ = work;
  declined_ = false;
  changed_ = false;
  feed(consensus::WorkPending{.pending = work});
}

}  // namespace wusong::node
