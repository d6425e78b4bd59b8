// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "wusong/base/error.hpp"

namespace wusong::apps {

/// Runs a node until SIGINT or SIGTERM. `wan`: the socket of an emulated wide network that it joins
/// first; empty: none. @return the process's exit code: 0, or 1 with a line on stderr
int node_run(const std::filesystem::path& config_file, const std::filesystem::path& wan);

struct NodeReload {
  std::filesystem::path config;
  std::filesystem::path certificate;  // empty: the files as they are
  bool json{false};
};
/// Has the node of this configuration read its network settings again: certificates, keys, lists of
/// revoked ones, addresses; before that it puts a new certificate and its key in their places.
/// @return the process's exit code
int node_reload(const NodeReload& options);

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

// `wusong chain export|import|verify`: a chain in a file (docs/chain-file.md).

struct ChainExport {
  std::filesystem::path config;  // of the node, which may run
  std::filesystem::path file;
  std::uint64_t from{0};  // 0: the oldest whole block
  std::uint64_t to{0};    // 0: the newest with a certificate
  bool json{false};
};
/// Goes on with a file that an earlier export left unfinished. @return the process's exit code
int chain_export(const ChainExport& options);

struct ChainImportOptions {
  std::filesystem::path config;  // of the node, which does not run
  std::filesystem::path file;
  bool json{false};
};
/// Skips what the node has. @return the process's exit code
int chain_import(const ChainImportOptions& options);

struct ChainVerify {
  std::filesystem::path file;
  std::filesystem::path genesis;
  bool json{false};
};
/// Certificates, links and bodies, without executing. @return 0 when all of it holds
int chain_verify(const ChainVerify& options);

}  // namespace wusong::apps
