// SPDX-License-Identifier: Apache-2.0
// The key-value port on RocksDB.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "wusong/io/kv_store.hpp"

namespace wusong::platform {

/// Small by default: an idle validator stays under 150 MB.
struct RocksOptions {
  std::size_t write_buffer_bytes{8u << 20};  // per column that is written to
  std::size_t write_buffers_total_bytes{48u
                                        << 20};  // over all columns, then the largest is flushed
  std::size_t block_cache_bytes{32u << 20};      // shared
  int open_files_max{256};
  int background_jobs{2};
};

/// Opens or creates a store in `folder`, whose parent exists.
/// @thread the store may be used from any thread
/// @errors io::err::store_locked   another process has it open
///         io::err::disk_full      also when less is left than opening may need
///         io::err::store_corrupt, io::err::store_failed
[[nodiscard]] Result<std::unique_ptr<io::KvStore>> open_rocks_store(
    const std::filesystem::path& folder, const RocksOptions& options = {});

/// Reads a store that another process may be writing, as it stood when this was called. Nothing in
/// `folder` is changed; RocksDB's notes about itself go to `scratch`, a new folder.
/// @errors io::err::store_corrupt, io::err::store_failed; of write(): io::err::store_failed
[[nodiscard]] Result<std::unique_ptr<io::KvStore>> open_rocks_reader(
    const std::filesystem::path& folder, const std::filesystem::path& scratch);

/// The columns of this release, and those that format 1 had.
std::vector<std::string> rocks_columns();
std::vector<std::string> rocks_columns_of_format_1();
/// Leaves only the named columns: others must be empty and are removed. No process has it open.
/// @errors err::column_in_use  one of the others holds something; nothing was changed
///         and those of open_rocks_store
[[nodiscard]] Result<void> keep_rocks_columns(const std::filesystem::path& folder,
                                              const std::vector<std::string>& names);

}  // namespace wusong::platform
