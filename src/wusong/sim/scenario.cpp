// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/scenario.hpp"

#include <algorithm>
#include <array>

#include "wusong/consensus/types.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim {

using namespace std::chrono_literals;

namespace {

void rough_network(Scenario& out, Rng& rng) {
  out.network.loss_permille = static_cast<std::uint32_t>(rng.below(3) * rng.below(100));
  out.network.duplicate_permille = static_cast<std::uint32_t>(rng.below(80));
  out.network.spike_permille = static_cast<std::uint32_t>(rng.below(2) * rng.below(120));
  out.network.delay_max = out.network.delay_min + rng.between(0ms, 50ms);
  if (rng.chance(200)) out.network.bytes_per_second = 20'000 + rng.below(200'000);
  if (rng.chance(600)) out.pace.partition = rng.between(1s, 3s);
  if (rng.chance(400)) out.pace.clog = rng.between(300ms, 2s);
  if (rng.chance(400)) out.pace.reconnect = rng.between(200ms, 2s);
}

void failing_disks(Scenario& out, Rng& rng) {
  out.pace.damage = rng.between(1s, 4s);
  if (rng.chance(500)) out.pace.full = rng.between(1s, 4s);
  if (rng.chance(500)) out.pace.slow_disk = rng.between(500ms, 3s);
}

/// Views that last while a leader's disk is replaced, and long enough that it may vote again.
void lost_disks(Scenario& out, Rng& rng) {
  out.chaos = 50s;
  out.client_pause = rng.between(100ms, 300ms);
  out.pace.damage = rng.between(400ms, 1s);
  out.pace.partition = rng.between(600ms, 1500ms);
}

void wrong_clocks(Scenario& out, Rng& rng) {
  out.pace.clock = rng.between(300ms, 2s);
  out.drift_permille_max = static_cast<std::int32_t>(rng.below(30));
}

/// Machines are replaced by empty ones all the time; nobody keeps much; somebody may lie.
void joining_machines(Scenario& out, Rng& rng) {
  out.observers = 2;
  out.pace.join = rng.between(1s, 3s);
  out.join_gap = 20 + rng.below(30);
  out.state_history = 12 + rng.below(60);
  out.kept_blocks = rng.chance(700) ? 40 + rng.below(60) : 0;
  if (rng.chance(700)) out.pace.crash = rng.between(300ms, 1500ms);
  if (rng.chance(500)) out.network.loss_permille = static_cast<std::uint32_t>(rng.below(60));
  if (rng.chance(500)) {
    out.faulty.emplace_back(rng.below(out.validators), Behaviour::false_sync);
  } else {
    out.pace.members = rng.between(300ms, 900ms);
  }
}

/// Neighbours, so that one leader can build on the lies of the one before.
void faulty_validators(Scenario& out, Rng& rng, std::size_t count,
                       Behaviour lowest = Behaviour::silent_leader) {
  const std::size_t first = rng.below(out.validators);
  const auto from = static_cast<std::uint64_t>(lowest);
  for (std::size_t i = 0; i < count; ++i) {
    out.faulty.emplace_back((first + i) % out.validators,
                            static_cast<Behaviour>(from + rng.below(kBehaviours + 1 - from)));
  }
}

/// What costs the others a view each time, while nothing else goes wrong.
void failing_leaders(Scenario& out, Rng& rng, std::size_t count) {
  constexpr std::array kFailing{Behaviour::silent_leader, Behaviour::bad_block, Behaviour::mute};
  faulty_validators(out, rng, count);
  for (auto& [who, how] : out.faulty) how = kFailing[rng.below(kFailing.size())];
  out.chaos = 40s;
  out.client_pause = 20ms;
  out.slow_job_permille = 0;
  out.wasted_views_max = 10;
}

/// Two blocks a second and some transactions in each, so that a day is a matter of minutes.
Scenario soak(Scenario out) {
  out.chaos = 2h;
  out.block_interval_ms = 500;
  out.clients = 12;
  out.client_pause = 500ms;
  out.steady_after = 1h;
  return out;
}

}  // namespace

std::string_view name_of(Behaviour behaviour) noexcept {
  constexpr std::array<std::string_view, kBehaviours + 1> kNames{"honest",
                                                                 "silent_leader",
                                                                 "equivocate",
                                                                 "partial_proposal",
                                                                 "bad_block",
                                                                 "withhold_votes",
                                                                 "garbage",
                                                                 "two_votes",
                                                                 "yes_man",
                                                                 "replay",
                                                                 "fork",
                                                                 "forge",
                                                                 "slow_loris",
                                                                 "false_sync",
                                                                 "twins",
                                                                 "bad_encoding",
                                                                 "withhold_fragments",
                                                                 "some_fragments",
                                                                 "garbage_fragments",
                                                                 "mute",
                                                                 "dawdle"};
  return kNames[static_cast<std::size_t>(behaviour)];
}

const std::vector<ScenarioName>& scenario_names() {
  static const std::vector<ScenarioName> kNames{
      {"calm", "no faults"},
      {"network", "loss, duplicates, delay, partitions, clogged and narrow links"},
      {"crashes", "power cuts, also between a write and what waits for it"},
      {"byzantine", "up to f validators that lie"},
      {"forks", "a leader that builds on blocks that have successors, over a rough network"},
      {"dispersal", "blocks in slices over a rough network, from leaders that cheat with them"},
      {"disks", "bit rot, misdirected writes, full and slow disks"},
      {"clocks", "clocks that drift, jump and are hours off"},
      {"restored", "disks lost and replaced while partitions make views last"},
      {"members", "validators come and go and change keys, amid partitions and crashes"},
      {"joins", "new machines that fetch a state from pruned ones, with kills and a liar"},
      {"swarm", "all of it together, as the seed has it"},
      {"leaders", "up to f leaders that fail at their turns, which are passed over"},
      {"soak", "steady load and no faults: what nodes keep in memory does not grow"},
  };
  return kNames;
}

std::optional<Scenario> named_scenario(std::string_view name, std::uint64_t seed,
                                       std::size_t validators) {
  Rng rng{mix64(seed ^ 0x5ce4a410)};
  Scenario out;
  out.name = name;
  out.validators = validators;
  out.chaos = 12s;
  const std::size_t tolerated = consensus::faulty_max(validators);
  if (name == "calm") return out;
  if (name == "soak") return soak(std::move(out));
  out.observers = rng.below(2);
  out.slow_job_permille = 20;
  out.coded = mix64(seed ^ 0xc0ded) % 2 == 0;
  out.client_pause = rng.chance(200) ? 2s : rng.between(20ms, 200ms);
  if (name == "network") {
    rough_network(out, rng);
  } else if (name == "crashes") {
    out.pace.crash = rng.between(400ms, 2s);
    out.crash_any_number = rng.chance(700);
  } else if (name == "byzantine") {
    faulty_validators(out, rng, tolerated);
  } else if (name == "leaders") {
    failing_leaders(out, rng, tolerated);
  } else if (name == "forks") {
    out.coded = false;
    // Messages outlast the interval between blocks: the fork is there before what it leaves out is
    // final.
    out.network.delay_min = rng.between(30ms, 60ms);
    rough_network(out, rng);
    if (tolerated > 0) out.faulty.emplace_back(rng.below(validators), Behaviour::fork);
  } else if (name == "dispersal") {
    out.coded = true;
    if (rng.chance(500)) rough_network(out, rng);
    faulty_validators(out, rng, tolerated, Behaviour::bad_encoding);
  } else if (name == "disks") {
    failing_disks(out, rng);
  } else if (name == "clocks") {
    wrong_clocks(out, rng);
  } else if (name == "restored") {
    lost_disks(out, rng);
  } else if (name == "members") {
    out.pace.members = rng.between(150ms, 600ms);
    out.observers = 1 + rng.below(4);
    rough_network(out, rng);
    if (rng.chance(500)) out.pace.crash = rng.between(500ms, 3s);
    out.crash_any_number = rng.chance(700);
    faulty_validators(out, rng, rng.below(std::min<std::size_t>(tolerated, 1) + 1));
  } else if (name == "joins") {
    joining_machines(out, rng);
  } else if (name == "swarm") {
    rough_network(out, rng);
    if (rng.chance(600)) out.pace.crash = rng.between(500ms, 3s);
    out.crash_any_number = rng.chance(700);
    if (rng.chance(400)) failing_disks(out, rng);
    if (rng.chance(400)) wrong_clocks(out, rng);
    faulty_validators(out, rng, rng.below(tolerated + 1));
  } else {
    return std::nullopt;
  }
  return out;
}

Scenario random_scenario(std::uint64_t seed, std::size_t validators) {
  return *named_scenario("swarm", seed, validators);
}

bool Outcome::violated(const std::string& checker) const {
  return std::ranges::any_of(violations, [&](const auto& v) { return v.checker == checker; });
}

std::string Outcome::describe() const {
  std::string out = "blocks " + std::to_string(blocks) + ", transactions " +
                    std::to_string(transactions) + ", events " + std::to_string(events) + "\n";
  for (const auto& violation : violations)
    out += "VIOLATION " + violation.checker + ": " + violation.detail + "\n";
  for (const auto& [name, count] : marks) out += "  " + name + " " + std::to_string(count) + "\n";
  for (const auto& line : timeline) out += "  " + line + "\n";
  return out;
}

Outcome run_scenario(const Scenario& scenario, std::uint64_t seed, OnProgress progress) {
  internal::World world{scenario, seed, std::move(progress)};
  return world.run();
}

}  // namespace wusong::sim
