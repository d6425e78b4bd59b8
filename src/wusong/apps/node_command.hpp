// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "wusong/base/error.hpp"

namespace wusong::apps {

/// Runs a node until SIGINT or SIGTERM. @return the process's exit code: 0, or 1 with a line on
/// stderr
int node_run(const std::filesystem::path& config_file);

/// Has the node of this configuration read its network settings again: certificates, keys, lists of
/// revoked ones, addresses. @return the process's exit code
int node_reload(const std::filesystem::path& config_file, bool json);

struct NodeBackup {
  std::filesystem::path config;
  std::filesystem::path to;
  bool json{false};
};
/// Copies the chain of a node, which may run, into a folder.
int node_backup(const NodeBackup& options);

struct NodeRestore {
  std::filesystem::path config;
  std::filesystem::path from;
  bool check{false};  // the backup only; nothing is restored
  bool json{false};
};
int node_restore(const NodeRestore& options);

struct NodeMigrate {
  std::filesystem::path config;          // one node, or where empty
  std::filesystem::path folder{"data"};  // all of a network
  bool back{false};
  bool json{false};
};
int node_migrate(const NodeMigrate& options);

/// What a start-up error of a data folder means, with its mend; empty for other errors.
std::string explain_data(Error error, const std::filesystem::path& data,
                         const std::filesystem::path& config_file);

}  // namespace wusong::apps
