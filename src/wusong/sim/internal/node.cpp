// SPDX-License-Identifier: Apache-2.0
// Turns, writes, and what leaves only after them.
#include "wusong/sim/internal/node.hpp"

#include <algorithm>

#include "wusong/node/validation.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim::internal {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kInboxMax = 65'536;  // as the host's queue
constexpr std::size_t kExecutionMax = 1'024;
constexpr std::uint64_t kCommitsPerSync = 16;
constexpr std::size_t kPartBytesMax = 300;  // so that a small state has many parts
constexpr std::uint64_t kWakesMax = 2'000;  // by its own timer, in a second

}  // namespace

Node::Node(World& world, std::size_t slot, consensus::PeerId identity, Rng rng)
    : world_{world}, slot_{slot}, identity_{identity}, rng_{rng} {
  keys_.hold(world.vote_key(identity, 0));
  disk.store.on_damage = [this](Error error) {
    if (!failed_) failed_ = error;
  };
}

Node::~Node() = default;

Result<void> Node::start() {
  WUSONG_ASSERT(!up());
  failed_.reset();
  busy_ = true;  // turns begin when all is open
  const auto opened = open();
  if (!opened || failed_) {
    const Error error = opened ? *failed_ : opened.error();
    ledger_.reset();  // it was never up
    crash();
    return fail(error);
  }
  if (world_.honest(slot_)) world_.checkers.on_restart(slot_, *ledger_);
  for (const auto& other : world_.nodes) {
    if (other == nullptr || !other->up()) continue;
    connect(other->slot());
    other->connect(slot_);
  }
  busy_ = false;
  pump();
  return {};
}

bool Node::crash() {
  const bool was_up = up();
  ++incarnation_;
  node_.reset();
  joining_.reset();
  checkpoint_.reset();
  executor_.reset();
  ledger_.reset();
  state_.reset();
  inbox_.clear();
  to_execute_.clear();
  peers_.clear();
  timer_.reset();
  busy_ = executing_ = pumping_ = false;
  commits_unsynced_ = 0;
  failed_.reset();
  const Disk::Loss loss = disk.crash(rng_);
  if (loss.batches > 0) world_.mark("crash_lost_unsynced");
  if (loss.torn) world_.mark("torn_write");
  if (was_up) {
    world_.mark("crash");
    for (const auto& other : world_.nodes)
      if (other != nullptr && other->up()) other->disconnect(slot_);
  }
  return was_up;
}

void Node::later(Duration delay, std::function<void()> task) {
  world_.loop.after(delay, [this, life = incarnation_, task = std::move(task)] {
    if (life == incarnation_ && up()) task();
  });
}

Instant Node::local_now() const noexcept {
  const auto now = world_.loop.now().time_since_epoch().count();
  return Instant{Duration{now + now / 1000 * drift_permille}};
}

UnixMillis Node::wall() const noexcept {
  return UnixMillis{world_.true_wall().value + static_cast<std::uint64_t>(wall_skew_ms)};
}

bool Node::admits(std::size_t other) const {
  const Bytes key = world_.node_key(world_.nodes[other]->identity());
  const auto is_it = [&](const auto& member) { return member.node_key == key; };
  return std::ranges::any_of(epoch_->validators, is_it) ||
         std::ranges::any_of(epoch_->observers, is_it);
}

bool Node::linked_to(consensus::PeerId identity) const {
  return std::ranges::any_of(
      peers_, [&](std::size_t slot) { return world_.nodes[slot]->identity() == identity; });
}

void Node::connect(std::size_t other) {
  const consensus::PeerId peer = world_.nodes[other]->identity();
  if (!up() || peer == identity_ || peers_.contains(other)) return;
  if (!world_.nodes[other]->up()) return;  // it may have died of what it was told first
  if (!admits(other) || !world_.nodes[other]->admits(slot_)) return;
  const bool known = linked_to(peer);
  peers_.insert(other);
  if (known) return;  // a twin of one that is there
  const Height height = world_.nodes[other]->final_height();
  post_to_either([peer, height](node::Node& node) { node.on_connected(peer, height); },
                 [peer, height](node::Joining& node) { node.on_connected(peer, height); });
}

void Node::disconnect(std::size_t other) {
  const consensus::PeerId peer = world_.nodes[other]->identity();
  if (!up() || peers_.erase(other) == 0 || linked_to(peer)) return;
  post_to_either([peer](node::Node& node) { node.on_disconnected(peer); },
                 [peer](node::Joining& node) { node.on_disconnected(peer); });
}

void Node::receive(std::size_t from, const Packet& packet) {
  world_.loop.note(slot_ << 16 | from);
  world_.loop.note(*packet.payload);
  if (!up() || !peers_.contains(from)) return;
  if (behaviour_ == Behaviour::yes_man) say_yes(from, packet);
  if (behaviour_ == Behaviour::replay) replay(packet);
  const consensus::PeerId peer = world_.nodes[from]->identity();
  post_to_either(
      [peer, packet](node::Node& node) { node.on_frame(peer, packet.channel, *packet.payload); },
      [peer, packet](node::Joining& node) {
        node.on_frame(peer, packet.channel, *packet.payload);
      });
}

void Node::submit(std::vector<types::Transaction> transactions, Answer answer) {
  if (!up()) return;
  std::vector<Bytes> encoded;
  for (const auto& transaction : transactions) encoded.push_back(types::encode(transaction));
  std::vector<node::RawTransaction> raw;
  for (const Bytes& bytes : encoded) raw.push_back({.encoded = bytes, .local = true});
  std::vector<txpool::Candidate> candidates;
  std::vector<Result<void>> refused;
  for (auto& candidate :
       node::prepare_candidates(raw, node::chain_rules(world_.genesis), world_.inline_executor)) {
    if (candidate) {
      candidates.push_back(*std::move(candidate));
    } else {
      refused.push_back(fail(candidate.error()));
    }
  }
  post([this, candidates = std::move(candidates), refused = std::move(refused),
        answer = std::move(answer)](node::Node& node) mutable {
    auto outcomes = node.on_candidates(std::move(candidates), std::nullopt);
    outcomes.insert(outcomes.end(), refused.begin(), refused.end());
    later(0ns, [answer, outcomes = std::move(outcomes)] { answer(outcomes); });
  });
}

bool Node::idle() const {
  if (!takes_part() || !inbox_.empty() || busy_ || !to_execute_.empty() || executing_) return false;
  // Who does not vote neither proposes nor passes on what others gave it: what a liar gave it alone
  // stays there, within the pool's limits.
  const bool pending = node_->pool().counts().pending != 0;
  return pending ? !node_->votes() : node_->consensus_status().resting;
}

void Node::post(Task task) {
  enqueue({.life = life_, .task = std::move(task), .join_task = nullptr});
}

void Node::post_to_either(Task task, JoinTask join_task) {
  enqueue({.life = 0, .task = std::move(task), .join_task = std::move(join_task)});
}

void Node::enqueue(Entry entry) {
  if (!up()) return;
  inbox_.push_back(std::move(entry));
  if (inbox_.size() > kInboxMax) world_.checkers.violate("ceiling", "a node's inbox overflows");
  pump();
}

/// Turns asked for during a turn come after it, in order, as on a node's own thread.
void Node::pump() {
  if (pumping_) return;
  pumping_ = true;
  const std::uint64_t life = incarnation_;
  while (life == incarnation_ && up() && !busy_ && !inbox_.empty()) {
    const Entry entry = std::move(inbox_.front());
    inbox_.pop_front();
    if (joining_ && (entry.join_task || entry.life == 0)) {
      joining_->begin(local_now());
      if (entry.join_task) entry.join_task(*joining_);
      joining_->tick();
      act_joining();
    }
    if (!node_ || (entry.life != 0 && entry.life != life_) || !entry.task) continue;
    node_->begin(local_now(), wall());
    entry.task(*node_);
    node_->tick();
    write(node_->take());
  }
  if (life != incarnation_) return;  // pumping_ belongs to the next life
  pumping_ = false;
  set_timer();
}

void Node::write(node::Actions actions) {
  if (failed_) return fail_with(*failed_);
  if (!actions.batch.empty()) {
    if (const auto done = disk.store.write(actions.batch, io::Durability::buffered); !done)
      return fail_with(done.error());
  }
  if (!actions.sync) return release(std::move(actions));
  busy_ = true;
  const Duration takes = slow_disk ? rng_.between(20ms, 250ms) : rng_.between(100us, 3ms);
  later(takes, [this, position = disk.store.position(),
                held = std::make_shared<node::Actions>(std::move(actions))] {
    disk.store.sync(position);
    busy_ = false;
    release(std::move(*held));
    pump();
  });
}

/// What was written is safe; now the rest may happen.
void Node::release(node::Actions actions) {
  const bool may_crash = world_.faults_on && world_.scenario.pace.crash > 0ns;
  if (may_crash && actions.sync && rng_.chance(2)) {
    world_.mark("crash_between_persist_and_send");
    return world_.power_off(slot_);
  }
  for (const node::Frame& frame : actions.frames) {
    if (may_crash && rng_.below(20'000) == 0) {
      world_.mark("crash_between_sends");
      return world_.power_off(slot_);
    }
    transmit(frame);
  }
  watch(actions);
  if (guard_ && may_vote_again(actions)) return world_.power_off(slot_);  // it starts to vote
  run_jobs(actions);
  for (node::PreparedPtr& block : actions.execute) to_execute_.push_back(std::move(block));
  if (to_execute_.size() > kExecutionMax)
    world_.checkers.violate("ceiling", "too many blocks wait for execution");
  execute_next();
  if (actions.halt) return fail_with(*actions.halt);
  if (actions.join) leave_to_join(*std::move(actions.join));
}

void Node::watch(const node::Actions& actions) {
  if (actions.epoch) {
    epoch_ = actions.epoch;
    world_.epoch_entered(slot_, *epoch_);
  }
  for (const auto& rejection : actions.rejections) {
    world_.mark("rejected");
    world_.mark("rejected:" + std::string{rejection.error.name()});
  }
  if (!actions.refusals.empty()) world_.mark("proposal_refused");
  for (const auto& found : actions.misbehaviour) {
    world_.mark("misbehaviour_seen");
    check_evidence(found.evidence, actions.epoch != nullptr);
    if (world_.honest(found.peer))  // twins come after all identities
      world_.checkers.violate("halt", "an honest validator was accused");
  }
  if (!world_.honest(slot_)) return;
  for (const node::SplitJob& job : actions.splits)
    world_.checkers.on_obtained(slot_, job.block->ref.id);
  for (const node::PreparedPtr& block : actions.execute)
    world_.checkers.on_final(slot_, block->block.header, block->hash);
  if (!actions.fetched)
    for (const node::PreparedPtr& block : actions.execute) world_.on_final(block->block.header);
  if (actions.final) world_.checkers.on_ledger_synced(slot_, *actions.final);
}

bool Node::may_vote_again(const node::Actions& actions) {
  std::size_t level = 1;  // itself
  for (const std::size_t slot : peers_) {
    const Node& other = *world_.nodes[slot];
    if (other.identity() < world_.validators() && other.takes_part() &&
        other.machine().final_height() <= node_->final_height())
      ++level;
  }
  if (!node_->syncing() && level >= consensus::quorum_size(world_.validators()))
    guard_->caught_up(node_->final_header().timestamp);
  for (const node::PreparedPtr& block : actions.execute)
    guard_->on_final(block->block.header.timestamp);
  if (!guard_->lifted()) return false;
  votes_lost = false;
  guard_.reset();
  world_.mark("may_vote_again");
  return true;
}

void Node::run_jobs(node::Actions& actions) {
  io::InlineExecutor& inline_executor = world_.inline_executor;
  const auto soon = [&] {
    return rng_.chance(world_.scenario.slow_job_permille) ? rng_.between(20ms, 200ms)
                                                          : rng_.between(0ms, 2ms);
  };
  for (node::SplitJob& job : actions.splits) {
    later(soon(), [this, &inline_executor, block = std::move(job.block)] {
      auto split = node::split(block->payload, inline_executor);
      post([block, split](node::Node& node) { node.on_split(block, split); });
    });
  }
  for (consensus::SliceJob& job : actions.slices)
    later(soon(), [this, job = std::move(job)] { code_slice(job); });
  for (node::PrepareJob& job : actions.prepares) {
    later(soon(), [this, &inline_executor, job = std::move(job)] {
      auto prepared = node::prepare(*job.split, job.known, inline_executor);
      post([id = job.split->hash, prepared](node::Node& node) { node.on_prepared(id, prepared); });
    });
  }
  for (node::SyncedBlocks& job : actions.synced) {
    world_.mark("synced");
    later(soon(), [this, &inline_executor, job = std::move(job)] {
      auto blocks = node::prepare_range(job.blocks, inline_executor);
      post([blocks, certificate = job.certificate](node::Node& node) {
        node.on_synced(blocks, certificate);
      });
    });
  }
  for (node::StateJob& job : actions.states) {
    world_.mark("state_served");
    later(soon(), [this, job = std::move(job)] {
      auto response = node::answer_about_state(*state_, job, kPartBytesMax);
      post([to = job.to, response](node::Node& node) { node.on_served(to, response); });
    });
  }
  for (node::CandidatesJob& job : actions.candidates) {
    later(soon(), [this, &inline_executor, job = std::move(job)] {
      std::vector<node::RawTransaction> raw;
      for (const BytesView encoded : job.transactions)
        raw.push_back({.encoded = encoded, .local = false});
      std::vector<txpool::Candidate> candidates;
      for (auto& candidate :
           node::prepare_candidates(raw, node::chain_rules(world_.genesis), inline_executor)) {
        if (candidate) candidates.push_back(*std::move(candidate));
      }
      post([candidates = std::move(candidates), from = job.from](node::Node& node) {
        static_cast<void>(node.on_candidates(candidates, from));
      });
    });
  }
}

void Node::code_slice(const consensus::SliceJob& job) {
  world_.mark("slice_coded");
  consensus::SliceCoded coded = job.run();
  if (behaviour_ != Behaviour::honest && job.block != nullptr) coded = cheat(job, std::move(coded));
  post([coded = std::move(coded)](node::Node& node) { node.on_slice_coded(coded); });
}

void Node::execute_next() {
  if (executing_ || to_execute_.empty()) return;
  executing_ = true;
  later(rng_.chance(world_.scenario.slow_job_permille) ? rng_.between(20ms, 150ms)
                                                       : rng_.between(0ms, 3ms),
        [this] {
          executing_ = false;
          const node::PreparedPtr block = std::move(to_execute_.front());
          to_execute_.pop_front();
          auto done = executor_->execute(*block);
          if (done && ++commits_unsynced_ >= kCommitsPerSync) {
            commits_unsynced_ = 0;
            if (const auto synced = state_->sync(); !synced) done = fail(synced.error());
          }
          if (!done || failed_) return fail_with(failed_ ? *failed_ : done.error());
          if (world_.honest(slot_)) {
            world_.chain.on_executed(slot_, **done, world_.true_wall());
            world_.clients.on_executed(**done);
          }
          // Each of these may end the process, and a new one begin.
          const auto alive = [this, life = incarnation_] { return life == incarnation_ && up(); };
          prune();
          if (!alive()) return;
          post([executed = *done](node::Node& node) { node.on_executed(executed); });
          if (!alive()) return;
          execute_next();
          if (alive() && checkpoint_ && to_execute_.empty() && !executing_) begin_joining();
        });
}

/// As an operator has it who keeps little.
void Node::prune() {
  const std::uint64_t kept = world_.scenario.kept_blocks;
  if (kept == 0) return;
  const Height from = ledger_->executed_head()->minus(kept).next();
  const auto more = ledger_->prune({.blocks = from, .receipts = from});
  if (!more) fail_with(more.error());
}

void Node::set_timer() {
  if (!up() || busy_ || (!node_ && !joining_)) return;
  const Instant wake = node_ ? node_->wake_at() : joining_->wake_at();
  if (wake == Instant::max()) return;
  const auto local = wake.time_since_epoch().count();
  // Rounded up, so that the local clock is there when the timer fires.
  const Instant at = std::max(world_.loop.now() + 1ns,
                              Instant{Duration{local / (1000 + drift_permille) * 1000 + 1000}});
  if (timer_ && *timer_ <= at) return;
  timer_ = at;
  world_.loop.at(at, [this, at, life = incarnation_] {
    if (life != incarnation_ || !timer_ || *timer_ != at) return;
    timer_.reset();
    count_wake();
    post_to_either([](node::Node&) {}, [](node::Joining&) {});
  });
}

/// A machine that asks to be woken all the time takes a processor for nothing.
void Node::count_wake() {
  const Instant now = world_.loop.now();
  if (now >= wakes_since_ + 1s) {
    wakes_since_ = now;
    wakes_ = 0;
  }
  if (++wakes_ == kWakesMax)
    world_.checkers.violate("ceiling", world_.name_of(slot_) + " wakes without end");
}

/// A process that cannot go on ends, and the world decides what becomes of it.
void Node::fail_with(Error error) {
  if (disk.store.died()) {
    world_.mark("crash_in_a_write");
    return world_.power_off(slot_);
  }
  world_.node_stopped(slot_, error);
}

}  // namespace wusong::sim::internal
