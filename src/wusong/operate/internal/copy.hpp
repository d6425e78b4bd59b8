// SPDX-License-Identifier: Apache-2.0
// Copies of what a node keeps, taken while it may be writing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wusong/io/kv_store.hpp"
#include "wusong/operate/manifest.hpp"

namespace wusong::operate::internal {

using Advance = std::function<void(std::uint64_t bytes)>;

/// Bytes [0, size) of a file into a new one, on stable storage when it returns.
/// @return its digest. @errors err::changed_meanwhile  it has become shorter
[[nodiscard]] Result<Hash> copy_file(const std::filesystem::path& from,
                                     const std::filesystem::path& to,
                                     std::optional<std::uint64_t> size, const Advance& advance);
[[nodiscard]] Result<Hash> digest_of(const std::filesystem::path& file);
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

/// Makes `to` hold a prefix of the state log in `from` that ends now, without copying again what
/// `known` says is there. A segment that the node removes meanwhile is still copied: all are open
/// before the first is read. @return what was there
[[nodiscard]] Result<std::vector<CopiedSegment>> copy_state(const std::filesystem::path& from,
                                                            const std::filesystem::path& to,
                                                            const std::vector<CopiedSegment>& known,
                                                            const Advance& advance);

/// Makes `to` hold what `from` holds, except for votes and the pool. Blocks and receipts that are
/// there are not read again.
[[nodiscard]] Result<void> copy_ledger(const io::KvStore& from, io::KvStore& to,
                                       const Advance& advance);

}  // namespace wusong::operate::internal
