// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/scenario.hpp"

#include <algorithm>

#include "wusong/consensus/types.hpp"
#include "wusong/sim/internal/world.hpp"

namespace wusong::sim {

using namespace std::chrono_literals;

Scenario random_scenario(std::uint64_t seed, std::size_t validators) {
  Rng rng{mix64(seed ^ 0x5ce4a410)};
  Scenario out;
  out.validators = validators;
  out.chaos = 12s;
  out.observers = rng.below(2);
  out.network.loss_permille = static_cast<std::uint32_t>(rng.below(3) * rng.below(100));
  out.network.duplicate_permille = static_cast<std::uint32_t>(rng.below(80));
  out.network.spike_permille = static_cast<std::uint32_t>(rng.below(2) * rng.below(120));
  out.network.delay_max = out.network.delay_min + rng.between(0ms, 50ms);
  if (rng.chance(600)) out.partition_every = rng.between(800ms, 3s);
  if (rng.chance(600)) out.crash_every = rng.between(500ms, 3s);
  out.crash_any_number = rng.chance(700);
  out.transaction_every = rng.chance(200) ? 1500ms : rng.between(20ms, 120ms);
  out.catchup_blocks_max = 6 + rng.below(20);
  out.gossip_miss_permille = 100;
  out.slow_verify_permille = 50;
  const std::size_t faulty = rng.below(consensus::faulty_max(validators) + 1);
  for (std::size_t i = 0; i < faulty; ++i) {
    const std::size_t who = (seed + i) % validators;
    const auto kinds = static_cast<std::uint64_t>(Behaviour::forge);
    out.faulty.emplace_back(who, static_cast<Behaviour>(1 + (seed / 2 + i * 3) % kinds));
  }
  return out;
}

bool Outcome::violated(const std::string& checker) const {
  return std::ranges::any_of(violations, [&](const auto& v) { return v.checker == checker; });
}

std::string Outcome::describe() const {
  std::string out =
      "blocks " + std::to_string(blocks) + ", events " + std::to_string(events) + "\n";
  for (const auto& violation : violations)
    out += "VIOLATION " + violation.checker + ": " + violation.detail + "\n";
  for (const auto& [name, count] : marks) out += "  " + name + " " + std::to_string(count) + "\n";
  for (const auto& line : timeline) out += "  " + line + "\n";
  return out;
}

Outcome run_scenario(const Scenario& scenario, std::uint64_t seed) {
  internal::World world{scenario, seed};
  return world.run();
}

}  // namespace wusong::sim
