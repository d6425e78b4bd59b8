// SPDX-License-Identifier: Apache-2.0
// Append-only files that are read in place: mapped files on a machine, memory in tests and
// simulation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/kv_store.hpp"

namespace wusong::io {

/// One append-only file.
/// @thread append, sync and truncate belong to one writer; view and size may run beside them.
/// @errors err::disk_full, err::store_failed
class Segment {
 public:
  virtual ~Segment() = default;
  /// All of `bytes` at the end. After a failure part of them may be there.
  [[nodiscard]] virtual Result<void> append(BytesView bytes) = 0;
  /// The bytes stay where they are as long as the segment is open.
  /// `offset + size` is at most size().
  virtual BytesView view(std::uint64_t offset, std::uint64_t size) const noexcept = 0;
  /// Bytes appended so far.
  virtual std::uint64_t size() const noexcept = 0;
  /// Everything appended, and that the segment exists, is on stable storage when it returns.
  [[nodiscard]] virtual Result<void> sync() = 0;
  /// Forgets what lies beyond `size`. No view of it may be in use.
  [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
};

/// A folder of segments, each named by a number.
/// @thread one owner
/// @errors err::disk_full, err::store_failed, err::store_locked
class SegmentStore {
 public:
  virtual ~SegmentStore() = default;
  /// Numbers of the segments there are, ascending.
  [[nodiscard]] virtual Result<std::vector<std::uint32_t>> list() const = 0;
  /// Opens a segment, new and empty where there is none, that will hold at most `capacity` bytes
  /// (or what it holds already).
  [[nodiscard]] virtual Result<std::unique_ptr<Segment>> open(std::uint32_t id,
                                                              std::uint64_t capacity) = 0;
  /// The segment is closed, or never read again.
  [[nodiscard]] virtual Result<void> remove(std::uint32_t id) = 0;
};

}  // namespace wusong::io
