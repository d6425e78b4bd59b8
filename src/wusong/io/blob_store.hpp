// SPDX-License-Identifier: Apache-2.0
// Files named by the SHA-256 of their bytes: a folder on a machine, Ceph RADOS, memory in tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::io {

namespace err {
inline constexpr ErrorInfo blob_missing{1320, Disposition::reject, "io.blob_missing"};
inline constexpr ErrorInfo blob_corrupt{1321, Disposition::halt, "io.blob_corrupt"};
inline constexpr ErrorInfo upload_missing{1322, Disposition::reject, "io.upload_missing"};
inline constexpr ErrorInfo upload_offset{1323, Disposition::reject, "io.upload_offset"};
inline constexpr ErrorInfo blob_too_large{1324, Disposition::reject, "io.blob_too_large"};
}  // namespace err

struct BlobInfo {
  Hash digest;  // SHA-256
  std::uint64_t size{0};
};

/// @thread safe
/// @errors err::disk_full, err::store_failed, and those named
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  /// Durable when it returns; storing the same bytes twice is one blob.
  /// @errors err::blob_too_large
  [[nodiscard]] virtual Result<BlobInfo> put(BytesView bytes) = 0;
  /// @errors err::blob_missing
  [[nodiscard]] virtual Result<std::uint64_t> size(const Hash& digest) = 0;
  /// At most `size` bytes from `offset`. @errors err::blob_missing
  [[nodiscard]] virtual Result<Bytes> read(const Hash& digest, std::uint64_t offset,
                                           std::uint64_t size) = 0;
  /// Reads all of it and compares. @errors err::blob_missing, err::blob_corrupt
  [[nodiscard]] virtual Result<void> check(const Hash& digest) = 0;
  [[nodiscard]] virtual Result<void> remove(const Hash& digest) = 0;
  /// A path from which another process may read the blob, where the store has one.
  virtual std::optional<std::string> path(const Hash& digest) const = 0;

  /// Uploads survive a restart. `name` is chosen by the caller: [0-9a-f]{32}. One that was begun
  /// before begins anew.
  [[nodiscard]] virtual Result<void> upload_begin(const std::string& name) = 0;
  /// Bytes received so far. @errors err::upload_missing
  [[nodiscard]] virtual Result<std::uint64_t> upload_size(const std::string& name) = 0;
  /// @errors err::upload_missing, err::upload_offset (`offset` is not what upload_size says),
  ///         err::blob_too_large; after an error nothing of `bytes` was added
  [[nodiscard]] virtual Result<void> upload_append(const std::string& name, std::uint64_t offset,
                                                   BytesView bytes) = 0;
  /// The upload becomes a blob. @errors err::upload_missing
  [[nodiscard]] virtual Result<BlobInfo> upload_finish(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> upload_abort(const std::string& name) = 0;
};

}  // namespace wusong::io
