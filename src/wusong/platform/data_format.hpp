// SPDX-License-Identifier: Apache-2.0
// Which format a node's data folder has, and the way from one format to the next (ADR 0018).
#pragma once

#include <cstdint>
#include <filesystem>

#include "wusong/base/error.hpp"

namespace wusong::platform {

/// The file in a data folder that says so in a line of text: "wusong data format 2". Format 1 had
/// none.
inline constexpr const char* kFormatFile = "FORMAT";

/// 0 where no node has run yet. Opens nothing, so it may be asked while a node runs.
/// @errors err::format_unreadable
[[nodiscard]] Result<std::uint64_t> read_data_format(const std::filesystem::path& folder);

/// Marks a new folder; lets a folder of this release's format pass.
/// @errors err::format_older, err::format_newer, err::format_unreadable, write_file's
[[nodiscard]] Result<void> check_data_format(const std::filesystem::path& folder);

/// From the previous format to this release's, or back. Each step may be interrupted and is done
/// again by the next call. The node does not run.
/// @errors err::format_no_way  the folder has neither format
///         err::column_in_use  of migrate_data_back: what only this release writes is there
///         io::err::store_locked, and the store's others
[[nodiscard]] Result<void> migrate_data(const std::filesystem::path& folder);
[[nodiscard]] Result<void> migrate_data_back(const std::filesystem::path& folder);

}  // namespace wusong::platform
