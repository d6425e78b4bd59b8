// SPDX-License-Identifier: Apache-2.0
// What a backup holds, in its file backup.json, which is written last: without it there is none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"

namespace wusong::operate {

inline constexpr const char* kManifestFile = "backup.json";

/// A file of the backup, by its path in it.
struct BackupFile {
  std::string path;
  std::uint64_t bytes{0};
  Hash sha256;
};

/// A segment of the state as it was in the node's folder: tells what need not be copied again.
struct CopiedSegment {
  std::string name;
  std::uint64_t bytes{0};
  std::uint64_t modified_ns{0};
  friend bool operator==(const CopiedSegment&, const CopiedSegment&) = default;
};

struct Manifest {
  std::string program;  // the release that made it
  std::uint64_t format{0};
  Hash genesis_hash;
  Height height;
  Hash block_hash;
  Hash state_root;
  std::uint64_t created_ms{0};
  std::vector<BackupFile> files;
  std::vector<CopiedSegment> segments;

  std::uint64_t bytes() const noexcept;
};

/// @errors err::no_backup  there is no manifest; it was interrupted, or this is something else
///         err::damaged
[[nodiscard]] Result<Manifest> read_manifest(const std::filesystem::path& backup);
[[nodiscard]] Result<void> write_manifest(const std::filesystem::path& backup,
                                          const Manifest& manifest);

/// Bytes of JSON, back and forth. @errors err::damaged
std::string encode(const Manifest& manifest);
[[nodiscard]] Result<Manifest> decode_manifest(std::string_view text);

}  // namespace wusong::operate
