// SPDX-License-Identifier: Apache-2.0
// `wusong network create|start|status|stop|wan`: the nodes of one folder as processes of this
// machine.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wusong/apps/errors.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/wan/regions.hpp"

namespace wusong::apps {

struct NetworkCreate {
  NetworkPlan plan;
  bool json{false};
};
/// Says what was made. @return the process's exit code
int network_create(const NetworkCreate& options);

struct WanChoice {
  std::filesystem::path regions;  // empty: none
  std::uint64_t placement{0};     // 0: as the file has it; else a seed that shuffles it
};

struct NetworkStart {
  std::filesystem::path folder{"data"};
  bool detach{false};  // return once blocks are final, and leave the nodes running
  bool dev{false};     // show the development accounts
  WanChoice wan;       // a wide network between the nodes
  std::uint64_t wait_seconds{60};
  bool json{false};  // one line once blocks are final, for programs
};
/// Starts every node that is not running, waits until blocks are final, and stays until a signal
/// stops those it started; they also stop when this process is killed, unless `detach`. Nodes that
/// cannot start are reported; fewer than a quorum is a failure. A network that runs is only listed,
/// or it is an error where it was to have another wide network.
/// @return the process's exit code
int network_start(const NetworkStart& options);

/// One line or object a node; with `peers` also how it stands with each of the others.
/// @return 0 when a quorum is healthy, else 1
int network_status(const std::filesystem::path& folder, bool json, bool peers);

/// Asks every node to stop and waits for it. @return 0 when all have ended
int network_stop(const std::filesystem::path& folder, bool json);

// The wide network between them: network_wan.cpp.

/// The file of regions that --wan names.
/// @errors err::not_found, and why the file is refused; the detail names the mend
[[nodiscard]] Outcome<wan::Regions> read_regions(const std::filesystem::path& file);

/// Where the folder's emulator is spoken to.
std::filesystem::path wan_socket(const std::filesystem::path& folder);
bool wan_is_running(const std::filesystem::path& folder);
/// Starts the emulator, which ends some seconds after the last of its nodes, and waits for it.
[[nodiscard]] Outcome<void> start_wan(const std::filesystem::path& folder, const WanChoice& choice);
/// Ends it where it runs.
void end_wan(const std::filesystem::path& folder);
/// The emulator's own process. @return its exit code
int network_emulate(const std::filesystem::path& folder, const WanChoice& choice);

struct WanPlace {
  std::string region;
  std::vector<std::string> cut_from;
};
/// By node; nothing where no emulator runs.
std::optional<std::map<std::string, WanPlace>> wan_places(const std::filesystem::path& folder);

/// What enter_network() and join() refuse, with the mend.
Failure explain_wan(Error error, const std::filesystem::path& socket);

/// The paths from a node, or from each, and what went over them.
int wan_show(const std::filesystem::path& folder, const std::string& node, bool json);
/// These nodes on one side, the others on the other.
int wan_partition(const std::filesystem::path& folder, const std::vector<std::string>& nodes,
                  bool json);
/// All as the file of regions has it.
int wan_heal(const std::filesystem::path& folder, bool json);

struct WanSet {
  std::filesystem::path folder{"data"};
  std::string from{"*"};  // a node, a region, or all
  std::string to{"*"};
  bool one_way{false};
  std::optional<double> delay_ms;
  std::optional<double> jitter_ms;
  std::optional<double> loss_permille;
  std::optional<double> mbit_s;
  bool cut{false};
  bool mend{false};
  bool json{false};
};
int wan_set(const WanSet& options);

}  // namespace wusong::apps
