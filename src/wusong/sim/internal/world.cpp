// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/world.hpp"

#include <algorithm>

namespace wusong::sim::internal {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTimelineMax = 400;

std::string seconds(Instant at) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch());
  std::string text = std::to_string(ms.count());
  while (text.size() < 4) text.insert(0, 1, '0');
  return text.insert(text.size() - 3, 1, '.') + "s ";
}

}  // namespace

World::World(const Scenario& from, std::uint64_t seed)
    : scenario{from},
      rng{seed},
      scheme{from.validators, from.sabotage.accept_any_signature},
      true_scheme{from.validators, false},
      checkers{sim_genesis(), true_scheme} {
  const std::size_t count = scenario.validators + scenario.observers;
  ever_faulty.assign(count, false);
  cut.assign(count * count, false);
  for (std::size_t i = 0; i < count; ++i)
    nodes.push_back(std::make_unique<Node>(*this, i, rng.fork()));
  for (const auto& [index, behaviour] : scenario.faulty) {
    nodes[index]->behave(behaviour);
    ever_faulty[index] = true;
  }
}

consensus::Config World::machine_config() const {
  consensus::Config config;
  config.genesis = sim_genesis();
  config.pacemaker = {
      .timeout_initial = 400ms, .timeout_min = 100ms, .timeout_max = 3s, .margin = 50ms};
  config.min_block_interval = 40ms;
  config.retransmit_min = 100ms;
  config.retransmit_max = 1s;
  config.rest_status_interval = 5s;
  config.payload_bytes_max = 4096;
  config.catchup_blocks_max = scenario.catchup_blocks_max;
  config.retained_blocks = 8;
  return config;
}

void World::tell(const std::string& line) {
  if (outcome.timeline.size() < kTimelineMax)
    outcome.timeline.push_back(seconds(loop.now()) + line);
}

void World::deliver(std::size_t from, std::size_t to, Packet packet) {
  ++sent;
  if (from == to || to >= size()) return;
  if (!linked(from, to)) return mark("cut_off");
  const NetworkFaults& net = scenario.network;
  if (rng.chance(net.loss_permille)) return mark("lost");
  const bool twice = rng.chance(net.duplicate_permille);
  if (twice) mark("duplicated");
  for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
    Duration delay = rng.between(net.delay_min, net.delay_max);
    if (rng.chance(net.spike_permille)) {
      mark("held_back");
      delay += rng.between(0ms, net.spike);
    }
    loop.after(delay, [this, from, to, packet] {
      if (linked(from, to)) nodes[to]->receive(from, packet);
    });
  }
}

void World::partition() {
  const std::size_t count = size();
  cut.assign(cut.size(), false);
  const std::uint64_t shape = rng.below(4);
  std::vector<bool> side(count);
  for (std::size_t i = 0; i < count; ++i) side[i] = rng.chance(500);
  const std::size_t lonely = rng.below(count);
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const bool apart = shape == 0   ? side[from] != side[to]
                         : shape == 1 ? (from == lonely) != (to == lonely)
                         : shape == 2 ? to == lonely  // deaf, not mute
                                      : rng.chance(300);
      cut[from * count + to] = apart && from != to;
    }
  }
  mark(shape < 2 ? "partition" : "partition_asymmetric");
  tell("partition of shape " + std::to_string(shape));
}

void World::schedule_partitions() {
  if (scenario.partition_every == 0ns || !faults_on) return;
  loop.after(rng.between(scenario.partition_every / 2, scenario.partition_every), [this] {
    if (!faults_on) return;
    partition();
    loop.after(rng.between(200ms, 2s), [this] {
      cut.assign(cut.size(), false);
      schedule_partitions();
    });
  });
}

void World::crash_one() {
  const std::size_t victim = rng.below(size());
  std::size_t down = 0;
  for (std::size_t i = 0; i < validators(); ++i) down += nodes[i]->up() ? 0u : 1u;
  if (!scenario.crash_any_number && down >= consensus::faulty_max(validators())) return;
  if (!nodes[victim]->crash()) return;
  tell("node " + std::to_string(victim) + " crashes");
  const Duration away = rng.chance(200) ? rng.between(1s, 4s) : rng.between(50ms, 800ms);
  loop.after(away, [this, victim] {
    if (nodes[victim]->up()) return;
    tell("node " + std::to_string(victim) + " returns");
    nodes[victim]->start();
  });
}

void World::schedule_crashes() {
  if (scenario.crash_every == 0ns || !faults_on) return;
  loop.after(rng.between(scenario.crash_every / 2, scenario.crash_every), [this] {
    if (!faults_on) return;
    if (rng.chance(60)) {
      mark("crash_of_all");
      tell("all nodes crash");
      for (std::size_t i = 0; i < size(); ++i) {
        nodes[i]->crash();
        loop.after(rng.between(100ms, 600ms), [this, i] {
          if (!nodes[i]->up()) nodes[i]->start();
        });
      }
    } else {
      crash_one();
    }
    schedule_crashes();
  });
}

void World::schedule_transactions() {
  if (!transactions_on_) return;
  loop.after(rng.between(scenario.transaction_every / 2, scenario.transaction_every * 3 / 2),
             [this] {
               if (!transactions_on_) return;
               const std::uint64_t number = next_number_++;
               const std::size_t first = rng.below(validators());
               for (std::size_t i = 0; i < validators(); ++i) {
                 // Gossip misses some nodes; the one that took it in keeps it.
                 if (i != first && rng.chance(scenario.gossip_miss_permille)) continue;
                 loop.after(i == first ? 0ms : rng.between(1ms, 20ms),
                            [this, i, number] { nodes[i]->submit(number); });
               }
               schedule_transactions();
             });
}

void World::heal() {
  faults_on = false;
  scenario.network = {};
  cut.assign(cut.size(), false);
  const std::size_t stay_down = scenario.sabotage.never_restart;
  for (std::size_t i = 0; i < size(); ++i) {
    const bool dead = i < stay_down;
    if (dead) nodes[i]->crash();
    if (!dead && !nodes[i]->up()) nodes[i]->start();
  }
  tell("faults end");
}

Height World::lowest() const {
  Height out{~std::uint64_t{0}};
  for (std::size_t i = 0; i < size(); ++i)
    if (honest(i) && nodes[i]->up()) out = std::min(out, nodes[i]->app().height());
  return out;
}

bool World::settled() const {
  for (std::size_t i = 0; i < size(); ++i)
    if (nodes[i]->up() && !nodes[i]->idle()) return false;
  return true;
}

std::string World::unsettled() const {
  std::string out;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!nodes[i]->up() || nodes[i]->idle()) continue;
    const consensus::Status status = nodes[i]->status();
    out += "node " + std::to_string(i) + " view " + std::to_string(status.view.value) +
           " notarized " + std::to_string(status.notarized.value) + " final " +
           std::to_string(status.finalized.view.value) + " height " +
           std::to_string(status.finalized.height.value) + (status.resting ? " rests" : "") +
           (status.halted ? " halted" : "") + (nodes[i]->app().has_work() ? " has work; " : "; ");
  }
  return out;
}

void World::check_liveness() {
  const Height target = checkers.highest().plus(scenario.liveness_blocks);
  const Instant began = loop.now();
  const bool reached = loop.run_until(began + scenario.liveness_bound, 50ms,
                                      [&] { return lowest() >= target || !checkers.clean(); });
  outcome.recovery = loop.now() - began;
  if (!reached)
    checkers.violate("liveness", "height " + std::to_string(lowest().value) + " of " +
                                     std::to_string(target.value));
}

void World::check_rest() {
  transactions_on_ = false;
  for (std::size_t i = 0; i < size(); ++i) nodes[i]->behave(Behaviour::honest);
  if (!loop.run_until(loop.now() + scenario.liveness_bound, 100ms, [&] { return settled(); }))
    return checkers.violate("rest", "nodes never come to rest: " + unsettled());
  loop.run_until(loop.now() + 2s);  // the last attestations and answers
  const Height before = checkers.highest();
  const std::uint64_t sent_before = sent;
  loop.run_until(loop.now() + scenario.rest_window);
  const std::uint64_t rounds =
      static_cast<std::uint64_t>(scenario.rest_window / machine_config().rest_status_interval) + 1;
  const std::uint64_t allowed = rounds * size() * size() * 3;
  if (checkers.highest() != before) checkers.violate("rest", "blocks without work");
  if (sent - sent_before > allowed)
    checkers.violate("rest", std::to_string(sent - sent_before) + " messages while resting");
  if (lowest() != before) checkers.violate("rest", "a node rests behind the others");
}

Outcome World::run() {
  // Dead ones of a sabotaged run are absent from the first moment of the liveness phase only.
  for (auto& node : nodes) node->start();
  schedule_partitions();
  schedule_crashes();
  schedule_transactions();
  loop.run_until(Instant{} + scenario.chaos);
  heal();
  check_liveness();
  if (checkers.clean()) check_rest();
  outcome.event_hash = loop.hash();
  outcome.events = loop.events();
  outcome.blocks = checkers.highest().value;
  outcome.virtual_time = loop.now().time_since_epoch();
  outcome.marks["proofs_verified"] = checkers.proofs();
  for (const auto& node : nodes)
    if (node->up()) outcome.marks["views_nullified"] += node->status().views_nullified;
  outcome.violations = checkers.take();
  return std::move(outcome);
}

}  // namespace wusong::sim::internal
