// SPDX-License-Identifier: Apache-2.0
// A node's chain, copied into a folder while the node runs, and put back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "wusong/operate/manifest.hpp"
#include "wusong/operate/verify.hpp"

namespace wusong::operate {

/// What is done, and how much of it.
using Told = std::function<void(std::string_view what, std::uint64_t done, std::uint64_t all)>;

struct BackupOptions {
  std::filesystem::path data;  // the node's; it may run
  std::filesystem::path to;    // made, or a backup of the same chain, which is brought up to date
  node::Genesis genesis;
  std::string genesis_text;  // the file, kept with the backup
  std::uint64_t state_history{10'000};
  std::string program;  // the release
  std::uint64_t now_ms{0};
  Told told;
};

struct BackupReport {
  Manifest manifest;
  bool incremental{false};
  std::uint64_t bytes_copied{0};
};

/// Reads the node's files beside it: first the state log, then the ledger, which is therefore never
/// behind; what the state lacks is executed when the copy is verified. Votes and the pool are not
/// copied. Interrupted, it is called again; until it ends the backup cannot be restored.
/// @errors err::no_folder (`to` is something else, or cannot be made), err::not_empty,
///         err::nothing_to_back_up, err::other_chain, err::changed_meanwhile, err::unproven,
///         platform's format and file rows, the store's
[[nodiscard]] Result<BackupReport> back_up(const BackupOptions& options);

struct RestoreOptions {
  std::filesystem::path from;  // a backup
  std::filesystem::path data;  // the node's, which is not there or empty
  node::Genesis genesis;
  std::uint64_t state_history{10'000};
  bool validator{false};  // it is marked as one that lost its record of votes
  Told told;
};

/// Copies, checks every digest and every block, and only then gives the folder its name.
/// Interrupted, it is called again and begins anew.
/// @errors err::not_empty, err::no_backup, err::other_chain, err::damaged, err::unproven, and as
///         above
[[nodiscard]] Result<Manifest> restore(const RestoreOptions& options);

/// Reads every file of a backup and compares digests. @errors err::no_backup, err::damaged
[[nodiscard]] Result<Manifest> check_backup(const std::filesystem::path& backup, const Told& told);

}  // namespace wusong::operate
