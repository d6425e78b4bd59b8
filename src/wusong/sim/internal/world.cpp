// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/world.hpp"

#include <algorithm>

#include "wusong/hash/chain_hash.hpp"

namespace wusong::sim::internal {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTimelineMax = 400;
constexpr Duration kWarmUp = 2s;  // connections and first views measure nothing

std::string seconds(Instant at) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch());
  std::string text = std::to_string(ms.count());
  while (text.size() < 4) text.insert(0, 1, '0');
  return text.insert(text.size() - 3, 1, '.') + "s ";
}

node::Genesis genesis_of(const Scenario& scenario, const Clients& clients) {
  node::Genesis out;
  out.chain_id = 5'918;
  out.timestamp = UnixMillis{1'700'000'000'000};
  out.block_interval_ms = scenario.block_interval_ms;
  out.gas_limit = scenario.gas_limit;
  out.heartbeat_ms = Governors::kHeartbeatMs;  // out of the way of the checker of rest
  out.block_bytes_max = std::uint64_t{512} << 10;
  const auto validator = [](std::size_t i) {
    const auto identity = static_cast<consensus::PeerId>(i);
    const Bytes key = World::vote_key(identity, 0);
    return types::Validator{.name = "node" + std::to_string(i),
                            .scheme = crypto::Scheme::ed25519,
                            .vote_key = key,
                            .node_key = World::node_key(identity),
                            .beneficiary = Address::from(BytesView{key}.first(20))};
  };
  for (std::size_t i = 0; i < scenario.validators; ++i) out.validators.push_back(validator(i));
  for (std::size_t i = 0; i < scenario.observers; ++i) {
    const std::size_t identity = scenario.validators + i;
    out.observers.push_back(
        {.name = "node" + std::to_string(identity),
         .node_key = World::node_key(static_cast<consensus::PeerId>(identity))});
  }
  clients.fund(out);
  if (scenario.pace.members > 0ns) {
    std::vector<Address> governing;
    for (std::size_t i = 0; i < scenario.validators; ++i)
      governing.push_back(Governors::address(static_cast<consensus::PeerId>(i)));
    node::add_registry(out, governing, Governors::kEpochBlocks);
    Governors::add_robbed(out);
  }
  return out;
}

}  // namespace

World::World(const Scenario& from, std::uint64_t seed, OnProgress progress)
    : scenario{from},
      rng{seed},
      clients{*this, from.clients, rng.fork()},
      governors{*this, Rng{mix64(seed ^ 0x90fe)}},
      genesis{genesis_of(scenario, clients)},
      chain{checkers, genesis, scenario.faulty.empty()},
      links{*this, rng.fork()},
      progress_{std::move(progress)},
      budget_{consensus::faulty_max(from.validators)} {
  state::MemoryState first;
  first.apply(node::genesis_state(genesis));
  genesis_header = node::genesis_header(genesis, first.root());
  genesis_hash = types::hash_of(genesis_header);
  links.faults = scenario.network;
  const std::size_t count = scenario.validators + scenario.observers;
  for (std::size_t i = 0; i < count; ++i) {
    const auto identity = static_cast<consensus::PeerId>(i);
    identities[node_key(identity)] = identity;
  }
  for (std::size_t i = 0; i < count; ++i) add_node(static_cast<consensus::PeerId>(i));
  for (const auto& [index, behaviour] : scenario.faulty) {
    nodes[index]->behave(behaviour);
    ever_faulty[index] = true;
    if (behaviour == Behaviour::twins) {
      mark("twins");
      add_node(static_cast<consensus::PeerId>(index));
      ever_faulty.back() = true;
    }
  }
  budget_ -= std::min(budget_, scenario.faulty.size());
  links.resize(size());
  if (scenario.wide) {
    // A machine stands where its name does; observers come after the validators.
    const auto places = scenario.wide->regions.place(count, scenario.wide->placement);
    std::vector<std::size_t> placement;
    for (const auto& node : nodes) placement.push_back(places[node->identity() % places.size()]);
    links.widen(scenario.wide->regions, placement);
  }
  out_of_budget_ = ever_faulty;
}

World::~World() = default;

// Real keys, since the registry's contract asks for real signatures; votes are signed for nothing.
Bytes World::vote_key(consensus::PeerId identity, std::uint64_t generation) {
  return to_bytes(Governors::vote_secret(identity, generation)->public_key());
}
Bytes World::node_key(consensus::PeerId identity) {
  return to_bytes(Governors::node_secret(identity)->public_key());
}

consensus::PeerId World::peer_of(BytesView node_key) const {
  return identities.at(to_bytes(node_key));
}

/// Transports follow the set: whom both sides admit is connected, others are not.
void World::epoch_entered(std::size_t slot, const types::Epoch& epoch) {
  mark("epoch_entered");
  tell(name_of(slot) + " enters epoch " + std::to_string(epoch.number) + " of " +
       std::to_string(epoch.validators.size()));
  Node& node = *nodes[slot];
  for (std::size_t other = 0; other < size(); ++other) {
    if (other == slot || !nodes[other]->up()) continue;
    if (node.admits(other) && nodes[other]->admits(slot)) {
      node.connect(other);
      nodes[other]->connect(slot);
    } else if (node.connected_to(other)) {
      node.disconnect(other);
      nodes[other]->disconnect(slot);
      mark("member_dropped");
    }
  }
}

void World::add_node(consensus::PeerId identity) {
  nodes.push_back(std::make_unique<Node>(*this, nodes.size(), identity, rng.fork()));
  ever_faulty.push_back(false);
  if (scenario.drift_permille_max != 0) {
    const auto span = static_cast<std::uint64_t>(2 * scenario.drift_permille_max + 1);
    nodes.back()->drift_permille =
        static_cast<std::int32_t>(rng.below(span)) - scenario.drift_permille_max;
    mark("clock_drift");
  }
}

consensus::PacemakerConfig World::pacemaker() const {
  if (scenario.wide) return {};  // as a node has it
  return {.timeout_initial = 400ms, .timeout_min = 100ms, .timeout_max = 3s, .margin = 50ms};
}

/// Blocks of a few transactions make several slices, and a window that they do not fit.
consensus::DispersalConfig World::dispersal() const {
  if (!scenario.coded) return {};
  return {.whole_bytes_max = 0, .slice_bytes_max = 400, .window = 2};
}

sync::RangeCut World::range_cut() const {
  if (!scenario.coded) return {};
  return {.whole_bytes_max = 700, .part_bytes = 100};
}

const coding::Disperser& World::disperser(std::size_t voters) {
  const auto found = dispersers_.find(voters);
  if (found != dispersers_.end()) return found->second;
  const auto shape = coding::Shape::for_validators(static_cast<std::uint32_t>(voters));
  return dispersers_.emplace(voters, *coding::Disperser::create(shape, hash::chain_hash_batch))
      .first->second;
}

UnixMillis World::true_wall() const noexcept {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(loop.now().time_since_epoch());
  // Well after the genesis, so that a clock that is hours behind is not before it.
  return UnixMillis{genesis.timestamp.value + 1'000'000'000 +
                    static_cast<std::uint64_t>(ms.count())};
}

void World::tell(const std::string& line) {
  outcome.timeline.push_back(seconds(loop.now()) + line);
  if (outcome.timeline.size() > kTimelineMax)
    outcome.timeline.erase(outcome.timeline.begin(), outcome.timeline.begin() + kTimelineMax / 4);
}

bool World::take_from_budget(std::size_t slot) {
  // Where sets change, an observer may be a validator by now.
  const bool observer = slot >= validators() && scenario.pace.members == 0ns;
  if (observer || out_of_budget_[slot]) return true;
  if (budget_ == 0) return false;
  --budget_;
  out_of_budget_[slot] = true;
  return true;
}

// ---- faults ----------------------------------------------------------------------------------

void World::every(Duration pace, std::function<void()> work) {
  if (pace == 0ns || !faults_on) return;
  loop.after(rng.between(pace / 2, pace * 3 / 2), [this, pace, work = std::move(work)] {
    if (!faults_on) return;
    work();
    every(pace, work);
  });
}

void World::partition() {
  links.partition();
  loop.after(rng.between(200ms, 2s), [this] { links.rejoin(); });
}

void World::reconnect_one() {
  const std::size_t a = rng.below(size());
  const std::size_t b = rng.below(size());
  if (a == b || !nodes[a]->up() || !nodes[b]->up()) return;
  mark("reconnect");
  nodes[a]->disconnect(b);
  nodes[b]->disconnect(a);
  loop.after(rng.between(20ms, 500ms), [this, a, b] {
    if (!nodes[a]->up() || !nodes[b]->up()) return;
    nodes[a]->connect(b);
    nodes[b]->connect(a);
  });
}

void World::start_node(std::size_t slot) {
  if (nodes[slot]->up()) return;
  tell(name_of(slot) + " starts");
  if (const auto started = nodes[slot]->start(); !started) {
    if (started.error() == Error{io::err::store_failed}) return power_off(slot);
    node_stopped(slot, started.error());
  }
}

void World::power_off(std::size_t slot) {
  nodes[slot]->crash();
  tell(name_of(slot) + " loses power");
  const Duration away = rng.chance(200) ? rng.between(1s, 4s) : rng.between(50ms, 800ms);
  loop.after(away, [this, slot] { start_node(slot); });
}

void World::crash_some() {
  if (rng.chance(60)) {
    mark("crash_of_all");
    for (std::size_t i = 0; i < size(); ++i)
      if (nodes[i]->up()) power_off(i);
    return;
  }
  const std::size_t victim = rng.below(size());
  std::size_t down = 0;
  for (std::size_t i = 0; i < validators(); ++i) down += nodes[i]->up() ? 0u : 1u;
  if (!scenario.crash_any_number && down >= consensus::faulty_max(validators())) return;
  if (!nodes[victim]->up()) return;
  if (rng.chance(500)) return nodes[victim]->crash_at_write(rng.below(12));
  power_off(victim);
}

void World::damage_one() {
  const std::size_t victim = rng.below(size());
  if (!nodes[victim]->up() || !honest(victim) || !take_from_budget(victim)) return;
  // Segments are mapped: they are damaged while the node is away.
  nodes[victim]->crash();
  switch (nodes[victim]->disk.damage(rng)) {
    case Disk::Damage::none:
      break;
    case Disk::Damage::record:
      mark("bit_rot_of_records");
      break;
    case Disk::Damage::bit:
      mark("bit_rot_of_state");
      break;
    case Disk::Damage::misdirected_write:
      mark("misdirected_write");
      break;
  }
  damaged_.insert(victim);
  tell(name_of(victim) + "'s disk is damaged");
  loop.after(rng.between(50ms, 800ms), [this, victim] { start_node(victim); });
}

void World::fill_one() {
  const std::size_t victim = rng.below(size());
  if (full_.contains(victim)) return;
  mark("full_disk");
  tell(name_of(victim) + "'s disk is full");
  full_.insert(victim);
  nodes[victim]->disk.set_full(true);
  loop.after(rng.between(300ms, 2s), [this, victim] {
    full_.erase(victim);
    nodes[victim]->disk.set_full(false);
    start_node(victim);
  });
}

void World::slow_one() {
  const std::size_t victim = rng.below(size());
  mark("slow_disk");
  nodes[victim]->slow_disk = true;
  loop.after(rng.between(500ms, 3s), [this, victim] { nodes[victim]->slow_disk = false; });
}

void World::jump_one() {
  const std::size_t victim = rng.below(size());
  // Seconds are everybody's lot; hours make a leader whom nobody follows.
  if (rng.chance(300) && take_from_budget(victim)) {
    nodes[victim]->wall_skew_ms = rng.chance(500) ? 3'600'000 : -3'600'000;
    mark("clock_far_off");
  } else {
    nodes[victim]->wall_skew_ms = static_cast<std::int64_t>(rng.below(4'001)) - 2'000;
    mark("clock_jump");
  }
}

/// Somebody sets up a machine anew, under the same name.
void World::replace_one() {
  const std::size_t victim = rng.below(size());
  if (!honest(victim) || !take_from_budget(victim)) return;
  mark("replaced");
  tell(name_of(victim) + " is set up anew");
  nodes[victim]->crash();
  nodes[victim]->disk.wipe();
  checkers.on_wiped(victim);
  nodes[victim]->votes_lost = true;
  loop.after(rng.between(50ms, 500ms), [this, victim] { start_node(victim); });
}

void World::node_stopped(std::size_t slot, Error reason) {
  mark("stopped");
  mark("stopped:" + std::string{reason.name()});
  tell(name_of(slot) + " stops: " + std::string{reason.name()});
  nodes[slot]->crash();
  if (reason == Error{io::err::disk_full} && full_.contains(slot)) return;  // back with room
  if (damaged_.contains(slot)) {
    // What the operator does: the disk goes, and the node fetches the chain from its peers.
    mark("wiped");
    nodes[slot]->disk.wipe();
    checkers.on_wiped(slot);
    nodes[slot]->votes_lost = true;
    damaged_.erase(slot);
    loop.after(rng.between(100ms, 1s), [this, slot] { start_node(slot); });
    return;
  }
  if (honest(slot))
    checkers.violate("halt", name_of(slot) + " stopped: " + std::string{reason.name()});
}

void World::on_final(const types::Header& header) {
  const UnixMillis now = true_wall();
  const bool warm = loop.now() > Instant{} + kWarmUp;
  if (!warm || !faults_on || now < header.timestamp) return;
  outcome.finality.add(std::chrono::milliseconds{now.value - header.timestamp.value});
}

// ---- the end ---------------------------------------------------------------------------------

void World::heal() {
  faults_on = false;
  tell("faults end");
  links.heal();
  full_.clear();
  for (std::size_t i = 0; i < size(); ++i) {
    nodes[i]->disk.set_full(false);
    nodes[i]->disk.store.die_after(std::nullopt);
    nodes[i]->slow_disk = false;
    nodes[i]->wall_skew_ms = 0;
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if (i < scenario.never_restart) {
      nodes[i]->crash();
      dead_.insert(i);
    } else {
      start_node(i);
    }
  }
  for (std::size_t a = 0; a < size(); ++a) {
    for (std::size_t b = 0; b < size(); ++b)
      if (a != b && nodes[a]->up() && nodes[b]->up()) nodes[a]->connect(b);
  }
}

bool World::watched(std::size_t slot) const {
  if (!honest(slot) || dead_.contains(slot)) return false;
  const Bytes key = node_key(nodes[slot]->identity());
  const auto is_it = [&](const auto& member) { return member.node_key == key; };
  const types::Epoch& epoch = chain.newest_epoch();  // who has left hears of nothing any more
  return std::ranges::any_of(epoch.validators, is_it) ||
         std::ranges::any_of(epoch.observers, is_it);
}

Height World::lowest() const {
  Height out{~std::uint64_t{0}};
  for (std::size_t i = 0; i < size(); ++i) {
    if (!watched(i)) continue;
    out = std::min(out, nodes[i]->takes_part() ? nodes[i]->machine().executed_height() : Height{0});
  }
  return out;
}

bool World::settled() const {
  for (std::size_t i = 0; i < size(); ++i)
    if (watched(i) && !nodes[i]->idle()) return false;
  return true;
}

std::string World::unsettled() const {
  std::string out;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!watched(i) || nodes[i]->idle()) continue;
    out += name_of(i);
    if (!nodes[i]->up()) {
      out += " is down; ";
      continue;
    }
    if (!nodes[i]->takes_part()) {
      out += " fetches a state; ";
      continue;
    }
    const node::Node& machine = nodes[i]->machine();
    const consensus::Status status = machine.consensus_status();
    out += " view " + std::to_string(status.view.value) + " notarized " +
           std::to_string(status.notarized.value) + " final " +
           std::to_string(machine.final_height().value) + " executed " +
           std::to_string(machine.executed_height().value) + " pending " +
           std::to_string(machine.pool().counts().pending) + (status.resting ? " rests; " : "; ");
  }
  return out;
}

std::pair<std::uint64_t, std::uint64_t> World::views() const {
  std::pair<std::uint64_t, std::uint64_t> out;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!watched(i) || !nodes[i]->takes_part()) continue;
    const consensus::Status status = nodes[i]->machine().consensus_status();
    out.first = std::max(out.first, status.view.value);
    out.second = std::max(out.second, status.views_nullified);
  }
  return out;
}

void World::check_wasted_views(std::pair<std::uint64_t, std::uint64_t> before) {
  const auto [ended, wasted] = views();
  outcome.views_late = ended - std::min(before.first, ended);
  outcome.views_wasted_late = wasted - std::min(before.second, wasted);  // a restart forgets
  if (scenario.wasted_views_max &&
      outcome.views_wasted_late * 100 > outcome.views_late * *scenario.wasted_views_max)
    checkers.violate("adaptation", std::to_string(outcome.views_wasted_late) + " of " +
                                       std::to_string(outcome.views_late) +
                                       " views were waited for in vain");
}

void World::every_second() {
  if (!faults_on) return;
  loop.after(1s, [this] { every_second(); });
  look_at_memory();
  if (progress_) progress_(loop.now() - Instant{});
}

void World::look_at_memory() {
  const Instant steady = Instant{} + scenario.steady_after.value_or(Duration{0});
  const Duration window = scenario.steady_after.value_or(Duration{0}) / 10;
  const bool first = loop.now() <= steady && loop.now() >= steady - window;
  const bool last = loop.now() >= Instant{} + scenario.chaos - window;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!honest(i) || !nodes[i]->takes_part()) continue;
    for (const consensus::Gauge& gauge : nodes[i]->machine().gauges()) {
      if (gauge.size > gauge.bound)
        checkers.violate("ceiling", name_of(i) + " holds " + std::to_string(gauge.size) + " of " +
                                        std::string{gauge.name} + ", at most " +
                                        std::to_string(gauge.bound));
      if (!scenario.steady_after) continue;
      auto& [early, late] = outcome.memory[std::string{gauge.name}];
      if (first) early = std::max<std::uint64_t>(early, gauge.size);
      if (last) late = std::max<std::uint64_t>(late, gauge.size);
    }
  }
}

void World::check_memory() {
  for (const auto& [name, sizes] : outcome.memory) {
    const auto [early, late] = sizes;
    // What comes and goes with single blocks and transactions is no growth.
    const std::uint64_t slack = name.ends_with("bytes") ? 4'096 : 8;
    if (late > early + std::max<std::uint64_t>(early / 20, slack))
      checkers.violate(
          "memory", name + " grew from " + std::to_string(early) + " to " + std::to_string(late));
  }
}

void World::check_liveness() {
  const Height target = checkers.highest().plus(scenario.liveness_blocks);
  const Instant began = loop.now();
  const bool reached = loop.run_until(began + scenario.liveness_bound, 50ms,
                                      [&] { return lowest() >= target || !checkers.clean(); });
  outcome.recovery = loop.now() - began;
  if (!reached)
    checkers.violate("liveness", "height " + std::to_string(lowest().value) + " of " +
                                     std::to_string(target.value) + ": " + unsettled());
}

void World::check_rest() {
  clients.stop();
  for (const auto& node : nodes) node->behave(Behaviour::honest);
  const auto work = [&] { return clients.waiting() || governors.waiting(); };
  const auto done = [&] { return (settled() && !work()) || !checkers.clean(); };
  if (!loop.run_until(loop.now() + scenario.liveness_bound, 100ms, done))
    return checkers.violate("rest", std::string{"nodes never come to rest: "} +
                                        (work() ? "a client or governor waits; " : "") +
                                        unsettled());
  loop.run_until(loop.now() + 2s);  // the last attestations and answers
  const Height before = checkers.highest();
  const std::uint64_t sent_before = links.sent;
  loop.run_until(loop.now() + scenario.rest_window);
  const std::uint64_t rounds = static_cast<std::uint64_t>(scenario.rest_window / 5s) + 1;
  const std::uint64_t allowed = rounds * size() * size() * 4;
  if (checkers.highest() != before) checkers.violate("rest", "blocks without work");
  if (links.sent - sent_before > allowed)
    checkers.violate("rest", std::to_string(links.sent - sent_before) + " frames while resting");
  if (lowest() != before) checkers.violate("rest", "a node rests behind the others");
}

void World::check_ledgers() {
  for (std::size_t i = 0; i < size(); ++i) {
    // Damage that nobody has met yet is not the node's word.
    if (!watched(i) || !nodes[i]->up() || damaged_.contains(i)) continue;
    chain.check_ledger(i, nodes[i]->ledger(), nodes[i]->state());
    clients.check(i);
  }
}

Outcome World::run() {
  for (std::size_t i = 0; i < size(); ++i) start_node(i);
  clients.start();
  const Pace& pace = scenario.pace;
  every(pace.partition, [this] { partition(); });
  every(pace.clog, [this] { links.clog(rng.between(100ms, 3s)); });
  every(pace.reconnect, [this] { reconnect_one(); });
  every(pace.crash, [this] { crash_some(); });
  every(pace.damage, [this] { damage_one(); });
  every(pace.full, [this] { fill_one(); });
  every(pace.slow_disk, [this] { slow_one(); });
  every(pace.clock, [this] { jump_one(); });
  every(pace.members, [this] {
    governors.act();
    governors.steal();
  });
  every(pace.join, [this] { replace_one(); });
  loop.after(1s, [this] { every_second(); });
  loop.run_until(Instant{} + scenario.chaos / 2);
  const std::uint64_t early = clients.acknowledged();
  const auto views_before = views();
  loop.run_until(Instant{} + scenario.chaos);
  outcome.transactions_late = clients.acknowledged() - early;
  check_wasted_views(views_before);
  check_memory();
  heal();
  check_liveness();
  if (checkers.clean()) check_rest();
  if (checkers.clean()) check_ledgers();
  outcome.event_hash = loop.hash();
  outcome.events = loop.events();
  outcome.blocks = checkers.highest().value;
  outcome.transactions = clients.acknowledged();
  outcome.virtual_time = loop.now().time_since_epoch();
  outcome.marks["proofs_verified"] = chain.proofs();
  for (const auto& node : nodes)
    if (node->takes_part())
      outcome.marks["views_nullified"] += node->machine().consensus_status().views_nullified;
  outcome.violations = checkers.take();
  return std::move(outcome);
}

}  // namespace wusong::sim::internal
