// SPDX-License-Identifier: Apache-2.0
// The blob port on Ceph RADOS: pieces of a few megabytes, and a head that says which they are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "wusong/base/time.hpp"
#include "wusong/io/blob_store.hpp"

namespace wusong::stores {

struct BlobRadosOptions {
  std::string configuration{"/etc/ceph/ceph.conf"};
  std::string user{"admin"};  // client.USER
  std::string pool;
  std::uint64_t blob_size_max{64ull << 30};
  Duration timeout{std::chrono::seconds{30}};  // a cluster that does not answer is an error
};

/// Whether this program was built with librados.
bool has_rados() noexcept;

/// Connects to a pool that exists. Objects: "blob.DIGEST" (size, and the name of its pieces),
/// "upload.NAME" (bytes so far), "piece.NAME.INDEX". A blob is there when its head is; what a
/// process died over is an upload that nobody goes on with.
/// @thread safe; one process at a time adds to one upload
/// @errors io::err::store_failed (no cluster, no pool, or built without librados)
[[nodiscard]] Result<std::unique_ptr<io::BlobStore>> open_blob_rados(
    const BlobRadosOptions& options);

}  // namespace wusong::stores
