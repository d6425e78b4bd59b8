// SPDX-License-Identifier: Apache-2.0
// The log: records in segments, written by one thread and read in place by all.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "wusong/io/segment_store.hpp"
#include "wusong/state/internal/record.hpp"

namespace wusong::state {

struct CommitAt {
  Position at{0};
  CommitRecord record;
};

/// @thread load() on any thread for positions that a published commit reaches; all else belongs to
///         the writer.
class NodeLog {
 public:
  /// Segments that can exist at once: 1 TiB at the default size.
  static constexpr std::size_t kSegmentsMax = 1u << 14;

  struct Recovered {
    std::optional<CommitAt> last;
    std::optional<StagedRecord> staged;  // written after it
    Position staged_end{0};
    std::uint64_t truncated_bytes{0};
    Position corrupt{0};
  };

  NodeLog(io::SegmentStore& store, std::uint32_t segment_bytes);

  /// Finds the last whole commit and cuts off what follows it. `found` is filled in either way.
  /// @errors err::corrupt, err::format_version
  [[nodiscard]] Result<void> recover(Recovered& found);

  /// A whole record. @errors err::corrupt
  [[nodiscard]] Result<BytesView> load(Position at) const noexcept;
  /// Also records of the commit being written; then the view dies with the next append.
  [[nodiscard]] Result<BytesView> load_unpublished(Position at) const noexcept;
  /// The commit at a position. @errors err::corrupt
  [[nodiscard]] Result<CommitRecord> load_commit(Position at) const noexcept;

  /// The trie that nodes appended from now on belong to.
  void set_owner(const Owner& owner) noexcept { owner_ = owner; }
  /// @errors err::log_full, io's rows
  [[nodiscard]] Result<Position> append_node(BytesView record);
  /// Makes everything appended so far readable by load().
  [[nodiscard]] Result<Position> append_commit(CommitRecord commit);
  /// Likewise.
  [[nodiscard]] Result<void> append_staged(StagedRecord staged);
  /// Makes what was appended readable without a record that a start would find.
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] Result<void> sync();
  /// Forgets everything from `end` on. No reader is active.
  [[nodiscard]] Result<void> truncate(Position end);
  /// Removes the oldest segments, those below `segment`. No reader can reach them.
  [[nodiscard]] Result<void> remove_below(std::uint32_t segment);

  /// Largest record that fits a segment.
  std::size_t record_max() const noexcept { return segment_bytes_ - kReserved; }
  std::uint32_t first_segment() const noexcept;
  /// The one written to.
  std::uint32_t last_segment() const noexcept { return current_; }
  Position end() const noexcept { return position(current_, base_ + pending_.size()); }
  std::uint64_t size_bytes() const noexcept;
  std::uint64_t segment_count() const noexcept { return segments_.size(); }
  /// A closed segment's bytes, to walk its records.
  BytesView segment_bytes(std::uint32_t id) const noexcept;

 private:
  static constexpr std::size_t kReserved = 64;  // segment header and an owner record
  static constexpr std::size_t kFlushBytes = 1u << 20;

  [[nodiscard]] Result<io::Segment*> open_segment(std::uint32_t id, std::uint64_t capacity);
  [[nodiscard]] Result<void> start_segment(std::uint32_t id);
  [[nodiscard]] Result<void> drop_segment(std::uint32_t id);
  [[nodiscard]] Result<void> make_room(std::size_t size);
  void put(BytesView record) { append(pending_, record); }
  [[nodiscard]] Result<void> scan_tail(std::uint32_t id, bool newest, Recovered& found);
  static bool damaged_below(BytesView bytes, std::size_t from, Position at) noexcept;

  io::SegmentStore& store_;
  std::uint32_t segment_bytes_;
  std::map<std::uint32_t, std::unique_ptr<io::Segment>> segments_;
  std::vector<std::atomic<const io::Segment*>> table_;  // by id modulo its size, for readers
  std::uint32_t current_{0};
  std::uint64_t base_{0};  // offset of pending_ in the current segment
  Bytes pending_;
  Position durable_{0};
  Owner owner_;
  std::optional<Owner> written_owner_;
};

}  // namespace wusong::state
