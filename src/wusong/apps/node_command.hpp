// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace wusong::apps {

/// Runs a node until SIGINT or SIGTERM. @return the process's exit code: 0, or 1 with a line on
/// stderr
int node_run(const std::filesystem::path& config_file);

}  // namespace wusong::apps
