// SPDX-License-Identifier: Apache-2.0
// The blob port on a folder: "blobs/aa/bb/DIGEST", and "uploads/NAME" for what is not whole yet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "wusong/io/blob_store.hpp"

namespace wusong::stores {

struct BlobFilesOptions {
  std::filesystem::path folder;
  std::uint64_t blob_size_max{64ull << 30};
  std::uint64_t uploads_bytes_max{256ull << 30};  // of all unfinished uploads together
  std::uint64_t free_bytes_min{256u << 20};       // less left on the disk means: full
};

/// Opens the folder, or makes it. One process at a time has it open; others may read blobs by path.
/// What a process died over (a half-written `put`) is cleared away; uploads stay. An upload that
/// was begun before begins anew.
/// @thread safe; pieces of one upload one at a time, of different ones side by side
/// @errors io::err::store_locked (another process has it open), io::err::store_failed,
///         io::err::disk_full
[[nodiscard]] Result<std::unique_ptr<io::BlobStore>> open_blob_files(
    const BlobFilesOptions& options);

}  // namespace wusong::stores
