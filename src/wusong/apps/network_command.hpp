// SPDX-License-Identifier: Apache-2.0
// `wusong network create|start|status|stop`: the nodes of one folder as processes of this machine.
#pragma once

#include <filesystem>

#include "wusong/apps/network_create.hpp"

namespace wusong::apps {

struct NetworkCreate {
  NetworkPlan plan;
  bool json{false};
};
/// Says what was made. @return the process's exit code
int network_create(const NetworkCreate& options);

struct NetworkStart {
  std::filesystem::path folder{"data"};
  bool detach{false};  // return once blocks are final, and leave the nodes running
  bool dev{false};     // show the development accounts
  std::uint64_t wait_seconds{60};
  bool json{false};  // one line once blocks are final, for programs
};
/// Starts every node that is not running, waits until blocks are final, and stays until a signal
/// stops those it started; they also stop when this process is killed, unless `detach`. Nodes that
/// cannot start are reported; fewer than a quorum is a failure. A network that runs is only listed.
/// @return the process's exit code
int network_start(const NetworkStart& options);

/// One line or object a node; with `peers` also how it stands with each of the others.
/// @return 0 when a quorum is healthy, else 1
int network_status(const std::filesystem::path& folder, bool json, bool peers);

/// Asks every node to stop and waits for it. @return 0 when all have ended
int network_stop(const std::filesystem::path& folder, bool json);

}  // namespace wusong::apps
