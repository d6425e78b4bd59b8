// SPDX-License-Identifier: Apache-2.0
// Whole nodes under faults in virtual time: a scenario and a seed in, what happened out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/time.hpp"
#include "wusong/sim/timing.hpp"
#include "wusong/wan/regions.hpp"

namespace wusong::sim {

/// How a faulty validator behaves; all else it does honestly.
enum class Behaviour : std::uint8_t {
  honest,
  silent_leader,       // never proposes
  equivocate,          // proposes two blocks, each to some of the others
  partial_proposal,    // proposes to one validator only
  bad_block,           // proposes what the others must refuse
  withhold_votes,      // half of its votes never leave
  garbage,             // random, truncated and altered frames on every channel
  two_votes,           // signs contradicting votes
  yes_man,             // signs whatever it is shown
  replay,              // repeats old frames of everyone
  fork,                // proposes on a parent that has successors
  forge,               // certificates with made-up signatures for two blocks at once
  slow_loris,          // everything it sends arrives seconds late
  false_sync,          // serves altered blocks to those who catch up
  twins,               // two machines with one key and one name
  bad_encoding,        // leads with slices whose fragments are no code word
  withhold_fragments,  // half of the fragments it should send never leave
  some_fragments,      // leads with fragments to fewer than can reconstruct, or to just as many
  garbage_fragments,   // altered, foreign and doubled fragments
  mute,                // nothing it says arrives
  dawdle,              // proposes shortly before the others give its views up
};
inline constexpr std::uint64_t kBehaviours = static_cast<std::uint64_t>(Behaviour::dawdle);
std::string_view name_of(Behaviour behaviour) noexcept;

struct NetworkFaults {
  std::uint32_t loss_permille{0};
  std::uint32_t duplicate_permille{0};
  std::uint32_t spike_permille{0};  // frames held back by up to `spike`: reordered
  Duration delay_min{std::chrono::milliseconds{2}};
  Duration delay_max{std::chrono::milliseconds{10}};
  Duration spike{std::chrono::milliseconds{400}};
  std::uint64_t bytes_per_second{0};  // of one direction of one link; 0: no limit
};

/// Validators in regions of the world: what a path between two does comes before other faults.
struct Wide {
  wan::Regions regions;
  std::uint64_t placement{0};  // as Regions::place() has it
};

/// How often something happens; 0: never.
struct Pace {
  Duration partition{0};  // links cut, either way or one way
  Duration clog{0};       // a link holds everything back and delivers it later
  Duration reconnect{0};  // a connection breaks and comes back
  Duration crash{0};      // power lost, also in the middle of a write
  Duration damage{0};     // bit rot, misdirected writes
  Duration full{0};       // a full disk
  Duration slow_disk{0};
  Duration clock{0};    // a wall clock jumps
  Duration members{0};  // governors change the set, a key or a parameter
  Duration join{0};     // a machine is replaced by an empty one
};

struct Scenario {
  std::string name{"calm"};
  std::size_t validators{4};
  std::size_t observers{0};                 // with Pace::members they may become validators
  Duration chaos{std::chrono::seconds{8}};  // faults happen in this time
  NetworkFaults network;
  std::optional<Wide> wide;  // then `network` adds no delay of its own
  Pace pace;
  bool crash_any_number{true};         // more than f at once
  std::int32_t drift_permille_max{0};  // of monotonic clocks
  std::uint32_t slow_job_permille{0};  // jobs and blocks that take tens of milliseconds
  std::uint64_t block_interval_ms{40};
  std::uint64_t gas_limit{1'000'000'000};
  std::size_t clients{6};
  Duration client_pause{std::chrono::milliseconds{120}};  // between an answer and the next request
  bool clients_know{false};                               // which nodes to stay away from
  std::vector<std::pair<std::size_t, Behaviour>> faulty;  // validator, behaviour
  bool coded{false};          // every block travels in slices, however small
  std::uint64_t join_gap{0};  // a state is fetched where so many blocks are missing; 0: never
  std::uint64_t state_history{10'000};  // heights whose state stays
  std::uint64_t kept_blocks{0};         // and whose transactions and receipts do; 0: all
  std::size_t never_restart{0};         // so many validators stay down when the faults end
  /// In the second half of the faults, of a hundred views at most so many may be waited for in
  /// vain.
  std::optional<std::uint64_t> wasted_views_max;
  /// From this time on nothing a node keeps in memory may grow by more than a twentieth. What is
  /// compared is the most in the tenth of it that comes before and in an equal time at the end.
  std::optional<Duration> steady_after;

  // After the faults: so many blocks more, on every honest node, within the bound.
  std::uint64_t liveness_blocks{8};
  Duration liveness_bound{std::chrono::seconds{60}};
  Duration rest_window{std::chrono::seconds{20}};
};

/// Names of the scenarios that named_scenario() makes, with what each is about.
struct ScenarioName {
  std::string_view name;
  std::string_view about;
};
const std::vector<ScenarioName>& scenario_names();
/// What the name says, in a shape that the seed chooses, within what the protocol tolerates:
/// faulty validators, lost disks and wrong clocks together are at most f. Nothing for another name.
std::optional<Scenario> named_scenario(std::string_view name, std::uint64_t seed,
                                       std::size_t validators);
/// Every kind of fault at once: named_scenario("swarm").
Scenario random_scenario(std::uint64_t seed, std::size_t validators);

struct Violation {
  std::string checker;  // README.md lists them
  std::string detail;
};

struct Outcome {
  std::uint64_t event_hash{0};
  std::uint64_t events{0};
  std::uint64_t blocks{0};        // highest final height
  std::uint64_t transactions{0};  // acknowledged to clients
  // In the second half of the time of faults:
  std::uint64_t transactions_late{0};
  std::uint64_t views_late{0};
  std::uint64_t views_wasted_late{0};  // waited for in vain
  Duration virtual_time{};
  Duration recovery{};  // until liveness was shown
  /// From proposal to finality on each honest node, over the time of faults but its first seconds.
  Timing finality;
  std::vector<Violation> violations;
  /// The most that any honest node held of each kind: before Scenario::steady_after, at the end.
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> memory;
  std::map<std::string, std::uint64_t> marks;  // faults and paths that really happened
  std::vector<std::string> timeline;           // the last events, bounded

  bool violated(const std::string& checker) const;
  std::string describe() const;
};

/// Told once a virtual second, while there are faults, how much time has gone by.
using OnProgress = std::function<void(Duration virtual_time)>;
Outcome run_scenario(const Scenario& scenario, std::uint64_t seed, OnProgress progress = {});

}  // namespace wusong::sim
