// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/farm.hpp"

#include <algorithm>
#include <array>

#include "wusong/base/defect.hpp"

namespace wusong::sim {

using namespace std::chrono_literals;

namespace {

/// Which scenario shows a defect, and within how many seeds.
struct Quarry {
  Defect defect;
  std::string_view scenario;
  std::size_t validators;
  std::uint64_t seeds_max;
};
constexpr std::array kQuarries{
    Quarry{Defect::vote_not_persisted, "crashes", 4, 10},
    Quarry{Defect::vote_before_sync, "crashes", 4, 20},
    Quarry{Defect::quorum_off_by_one, "byzantine", 4, 60},
    Quarry{Defect::certificate_unchecked, "byzantine", 4, 60},
    Quarry{Defect::vote_signature_unchecked, "byzantine", 4, 60},
    Quarry{Defect::wrong_fork_accepted, "forks", 4, 10},
    Quarry{Defect::finalize_after_nullify, "network", 4, 20},
    Quarry{Defect::timeout_never, "byzantine", 4, 30},
    Quarry{Defect::roots_unchecked, "byzantine", 4, 30},
    Quarry{Defect::final_not_synced, "crashes", 4, 20},
    Quarry{Defect::sync_unproven, "swarm", 4, 200},
    Quarry{Defect::receipts_not_replayed, "crashes", 4, 10},
    Quarry{Defect::index_not_written, "calm", 4, 1},
    Quarry{Defect::included_kept, "calm", 4, 1},
    Quarry{Defect::storage_write_dropped, "calm", 4, 1},
    Quarry{Defect::timestamp_unchecked, "clocks", 4, 30},
    Quarry{Defect::wake_in_the_past, "swarm", 7, 60},
    Quarry{Defect::epoch_too_early, "members", 4, 10},
    Quarry{Defect::epoch_not_closed, "members", 4, 40},
    Quarry{Defect::epoch_records_kept, "members", 4, 40},
    Quarry{Defect::fragment_unverified, "dispersal", 4, 20},
    Quarry{Defect::reconstruction_unchecked, "dispersal", 4, 20},
    Quarry{Defect::votes_lost_no_wait, "restored", 4, 20},
    Quarry{Defect::import_presence_believed, "joins", 4, 30},
    Quarry{Defect::snapshot_unchecked, "joins", 4, 60},
    Quarry{Defect::failed_leader_waited_for, "leaders", 4, 10},
    Quarry{Defect::replaced_key_accepted, "members", 4, 10},
};
static_assert(kQuarries.size() + 1 == kDefectNames.size(), "every defect is hunted");

bool fails(const Scenario& scenario, std::uint64_t seed, const std::vector<Violation>& as) {
  const Outcome outcome = run_scenario(scenario, seed);
  return std::ranges::any_of(as, [&](const auto& v) { return outcome.violated(v.checker); });
}

}  // namespace

Scenario minimise(const Scenario& scenario, std::uint64_t seed) {
  const std::vector<Violation> violations = run_scenario(scenario, seed).violations;
  Scenario best = scenario;
  const auto keep_if_fails = [&](const Scenario& smaller) {
    if (fails(smaller, seed, violations)) best = smaller;
  };
  using Change = void (*)(Scenario&);
  constexpr std::array<Change, 21> kChanges{
      [](Scenario& s) { s.pace.members = 0ns; },
      [](Scenario& s) { s.pace.partition = 0ns; },
      [](Scenario& s) { s.pace.clog = 0ns; },
      [](Scenario& s) { s.pace.reconnect = 0ns; },
      [](Scenario& s) { s.pace.crash = 0ns; },
      [](Scenario& s) { s.pace.damage = 0ns; },
      [](Scenario& s) { s.pace.full = 0ns; },
      [](Scenario& s) { s.pace.slow_disk = 0ns; },
      [](Scenario& s) { s.pace.clock = 0ns; },
      [](Scenario& s) { s.pace.join = 0ns; },
      [](Scenario& s) { s.kept_blocks = 0; },
      [](Scenario& s) { s.drift_permille_max = 0; },
      [](Scenario& s) { s.network.loss_permille = 0; },
      [](Scenario& s) { s.network.duplicate_permille = 0; },
      [](Scenario& s) { s.network.spike_permille = 0; },
      [](Scenario& s) { s.network.bytes_per_second = 0; },
      [](Scenario& s) { s.network.delay_max = s.network.delay_min; },
      [](Scenario& s) { s.observers = 0; },
      [](Scenario& s) { s.coded = false; },
      [](Scenario& s) { s.clients = 1; },
      [](Scenario& s) {
        if (!s.faulty.empty()) s.faulty.pop_back();
      },
  };
  for (const Change change : kChanges) {
    Scenario smaller = best;
    change(smaller);
    keep_if_fails(smaller);
  }
  for (int halvings = 0; halvings < 5; ++halvings) {
    Scenario smaller = best;
    smaller.chaos /= 2;
    keep_if_fails(smaller);
  }
  return best;
}

std::string describe(const Scenario& scenario) {
  std::string out = scenario.name + ": " + std::to_string(scenario.validators) + " validators, " +
                    std::to_string(scenario.observers) + " observers, " +
                    std::to_string(scenario.clients) + " clients, faults for " +
                    std::to_string(scenario.chaos / 1ms) + " ms";
  const auto add = [&](bool there, const std::string& text) {
    if (there) out += ", " + text;
  };
  const auto every = [&](Duration pace, const char* what) {
    add(pace > 0ns, std::string{what} + " every " + std::to_string(pace / 1ms) + " ms");
  };
  const NetworkFaults& net = scenario.network;
  add(net.loss_permille != 0, "loss " + std::to_string(net.loss_permille) + "/1000");
  add(net.duplicate_permille != 0,
      "duplicates " + std::to_string(net.duplicate_permille) + "/1000");
  add(net.spike_permille != 0, "held back " + std::to_string(net.spike_permille) + "/1000");
  add(net.bytes_per_second != 0, std::to_string(net.bytes_per_second) + " bytes/s a link");
  every(scenario.pace.partition, "partitions");
  every(scenario.pace.clog, "clogs");
  every(scenario.pace.reconnect, "reconnects");
  every(scenario.pace.crash, "crashes");
  every(scenario.pace.damage, "damage");
  every(scenario.pace.full, "full disks");
  every(scenario.pace.slow_disk, "slow disks");
  every(scenario.pace.clock, "clock jumps");
  every(scenario.pace.members, "governors");
  add(scenario.coded, "blocks in slices");
  every(scenario.pace.join, "new machines");
  add(scenario.kept_blocks != 0, std::to_string(scenario.kept_blocks) + " blocks kept");
  for (const auto& [who, how] : scenario.faulty)
    out += ", validator " + std::to_string(who) + " " + std::string{name_of(how)};
  return out;
}

std::string DefectFound::describe() const {
  if (!seed)
    return "NOT FOUND in " + std::to_string(seeds_max) + " seeds of " + std::string{scenario};
  return "seed " + std::to_string(*seed) + " of " + std::string{scenario} + ": " + checker + ": " +
         detail;
}

bool defects_are_built_in() noexcept {
  return kDefectsBuiltIn;
}

std::vector<DefectFound> hunt_defects(const std::function<void(const DefectFound&)>& on_row) {
  std::vector<DefectFound> out;
  for (const Quarry& quarry : kQuarries) {
    DefectFound row{.name = kDefectNames[static_cast<std::size_t>(quarry.defect)],
                    .scenario = quarry.scenario,
                    .seeds_max = quarry.seeds_max,
                    .seed = std::nullopt,
                    .checker = {},
                    .detail = {}};
#ifdef WUSONG_DEFECTS
    planted_defect = quarry.defect;
    for (std::uint64_t seed = 1; seed <= quarry.seeds_max && !row.seed; ++seed) {
      const Outcome outcome =
          run_scenario(*named_scenario(quarry.scenario, seed, quarry.validators), seed);
      if (outcome.violations.empty()) continue;
      row.seed = seed;
      row.checker = outcome.violations.front().checker;
      row.detail = outcome.violations.front().detail;
    }
    planted_defect = Defect::none;
#endif
    if (on_row) on_row(row);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace wusong::sim
