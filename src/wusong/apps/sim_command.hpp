// SPDX-License-Identifier: Apache-2.0
// `wusong sim`: whole networks under faults, in virtual time and from a seed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace wusong::apps {

struct SimRunOptions {
  std::string scenario{"swarm"};
  std::uint64_t seed{1};
  std::uint64_t validators{4};
  std::string until;  // how long faults happen: "90", "30m", "24h"; empty: as the scenario has it
  std::filesystem::path wan;   // a file of regions; none: one local network
  std::uint64_t placement{0};  // 0: as the file has it; else a seed that shuffles it
  bool minimise{false};
  bool json{false};
};
/// Prints seed, event hash and what happened; on failure what went wrong and the last events.
/// @return 0; 1 where a checker failed; 2 where the arguments make no sense
int sim_run(const SimRunOptions& options);

struct SimFarmOptions {
  std::string scenario{"swarm"};
  std::uint64_t from{0};  // the first seed; 0: one that the clock gives
  double minutes{1};
  bool json{false};
};
/// Runs one seed after another, with 4, 7 and 10 validators by turns, and says where it is. Stops
/// at the first that fails and makes it small.
/// @return 0; 1 where a checker failed; 2 where the arguments make no sense
int sim_farm(const SimFarmOptions& options);

struct SimThroughputOptions {
  std::uint64_t validators{4};
  std::uint64_t seed{1};
  std::filesystem::path wan;  // as in SimRunOptions
  std::uint64_t placement{0};
  bool json{false};
};
/// What f validators of each behaviour leave of the throughput, as a table.
/// @return 0; 1 where it is below 70 of 100 or a checker failed; 2 where the arguments make no
/// sense
int sim_throughput(const SimThroughputOptions& options);

/// What each scenario is about.
int sim_list(bool json);
/// Plants each deliberate defect and says what found it.
/// @return 0; 1 where one was not found, or where this program was built without them
int sim_defects(bool json);

}  // namespace wusong::apps
