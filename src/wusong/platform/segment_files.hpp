// SPDX-License-Identifier: Apache-2.0
// The segment port on files: written with pwrite, read through a mapping.
#pragma once

#include <filesystem>
#include <memory>

#include "wusong/io/segment_store.hpp"

namespace wusong::platform {

/// Opens a folder of segment files, creating it where it is missing (its parent exists), and locks
/// it against other processes as long as the store lives.
/// @errors io::err::store_locked, io::err::disk_full, io::err::store_failed
[[nodiscard]] Result<std::unique_ptr<io::SegmentStore>> open_segment_files(
    const std::filesystem::path& folder);

}  // namespace wusong::platform
