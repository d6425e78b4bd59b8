// SPDX-License-Identifier: Apache-2.0
// States for other nodes, a state from other nodes, and forgetting what is old.
#include "wusong/node/opening.hpp"
#include "wusong/platform/internal/node_host_impl.hpp"

namespace wusong::platform::internal {
namespace {

constexpr Duration kProgressInterval = std::chrono::seconds{10};
// Blocks that must stay whole: a power cut takes states that only executing them again gives back.
constexpr std::uint64_t kWholeBlocksMin = 300;

}  // namespace

void NodeHostImpl::serve_states(std::vector<node::StateJob> jobs) {
  for (node::StateJob& job : jobs) {
    auto shared = std::make_shared<node::StateJob>(std::move(job));
    const auto run = [this, shared, life = life_.load()] {
      auto response = node::answer_about_state(*state_, *shared);
      if (life != life_) return;  // another node by now, which waits for nothing
      post([to = shared->to, response = std::move(response)](node::Node& node) mutable {
        node.on_served(to, std::move(response));
      });
    };
    // On this thread it would delay votes: whoever asked may ask again.
    if (workers_->post(run)) continue;
    node_->on_served(shared->to, node::refuse_state_job(*shared));
  }
}

/// The node ends; whoever executes for it finishes first, because the state has one writer.
void NodeHostImpl::leave_to_join(sync::Checkpoint checkpoint) {
  logger_.info("snapshot_begun",
               {{"height", checkpoint.height.value}, {"root", checkpoint.state_root()}});
  const node::NodeCounters& counted = node_->counters();
  before_.state_bytes_served += counted.state_bytes_served;
  before_.state_requests_delayed += counted.state_requests_delayed;
  before_.range_bytes_served += counted.range_bytes_served;
  before_.range_requests_dropped += counted.range_requests_dropped;
  node_.reset();
  life_.fetch_add(1, std::memory_order_release);
  syncing_ = true;
  fetching_state_ = true;
  sync_target_ = checkpoint.height.value;
  execution_->post_always([this, checkpoint = std::move(checkpoint)]() mutable {
    core_->post_always([this, checkpoint = std::move(checkpoint)]() mutable {
      if (!failed_ && !stopped_) begin_joining(std::move(checkpoint));
    });
  });
}

void NodeHostImpl::begin_joining(sync::Checkpoint checkpoint) {
  const Instant now = monotonic_now();
  auto created = node::Joining::create(
      {.genesis_hash = genesis_hash_,
       .first_epoch = node::first_epoch(options_.genesis),
       .voters_of = [this](const types::Epoch& epoch) { return keys_->verifier(epoch); },
       .join = options_.join},
      *state_, *ledger_, std::move(checkpoint), now);
  if (!created) return fatal(created.error());
  joining_ = *std::move(created);
  snapshot_logged_at_ = now;
  for (const PeerId peer : connected_) joining_->on_connected(peer, peers_table_.told_by(peer));
}

Instant NodeHostImpl::joining_turn(Instant now) {
  if (joining_ == nullptr) return Instant::max();
  joining_->begin(now);
  joining_->tick();
  const node::JoinActions actions = joining_->take();
  for (const node::Frame& frame : actions.frames) send(frame);
  count_rejections(actions.rejections);
  report_joining(now);
  if (actions.halt) {
    fatal(*actions.halt);
    return Instant::max();
  }
  if (!actions.done) return std::min(joining_->wake_at(), snapshot_logged_at_ + kProgressInterval);
  if (const auto back = return_from_joining(); !back) fatal(back.error());
  return now;
}

void NodeHostImpl::report_joining(Instant now) {
  const sync::SnapshotProgress& progress = joining_->progress();
  snapshot_permille_ = progress.permille;
  snapshot_accounts_ = progress.accounts;
  snapshot_bytes_ = progress.bytes;
  sync_target_ = joining_->target().value;
  if (now < snapshot_logged_at_ + kProgressInterval) return;
  snapshot_logged_at_ = now;
  logger_.info("snapshot_progress", {{"height", joining_->target().value},
                                     {"percent", progress.permille / 10},
                                     {"accounts", progress.accounts},
                                     {"slots", progress.slots},
                                     {"bytes", progress.bytes}});
}

/// State and ledger are at the checkpoint: a node goes on from there.
Result<void> NodeHostImpl::return_from_joining() {
  const sync::SnapshotProgress progress = joining_->progress();
  const Height height = joining_->target();
  joining_.reset();
  logger_.info("snapshot_done", {{"height", height.value},
                                 {"accounts", progress.accounts},
                                 {"slots", progress.slots},
                                 {"codes", progress.codes},
                                 {"bytes", progress.bytes}});
  executor_ = std::make_unique<node::BlockExecutor>(options_.genesis, *state_, *ledger_, stages_);
  WUSONG_CHECK(node::remember_hashes(*ledger_, height.next(), *executor_));
  executed_.store(height.value, std::memory_order_release);
  final_.store(height.value, std::memory_order_release);
  WUSONG_CHECK(open_node());
  if (transport_) {
    transport_->set_finalised(height);
    transport_->set_peers(neighbourhood_.pinned(*epoch(), self_));
  }
  fetching_state_ = false;
  node_->begin(monotonic_now(), wall_now());
  node_->start();
  for (const PeerId peer : connected_) node_->on_connected(peer, peers_table_.told_by(peer));
  return {};
}

/// One step at a time, on a worker, as long as there is something to forget.
void NodeHostImpl::prune() {
  const HostOptions::Pruning& kept = options_.prune;
  if ((kept.blocks == 0 && kept.receipts == 0) || failed_ || stopped_) return;
  if (pruning_.exchange(true)) return;
  const bool posted = workers_->post([this, kept] {
    const Height executed{executed_.load(std::memory_order_acquire)};
    const auto below = [&](std::uint64_t count) {
      return count == 0 ? Height{0} : executed.minus(std::max(count, kWholeBlocksMin)).next();
    };
    const auto more =
        ledger_->prune({.blocks = below(kept.blocks), .receipts = below(kept.receipts)});
    pruning_ = false;
    if (!more) return fatal(more.error());
    if (*more) prune();
  });
  if (!posted) pruning_ = false;
}

}  // namespace wusong::platform::internal
