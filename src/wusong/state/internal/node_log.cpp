// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/internal/node_log.hpp"

#include "wusong/state/errors.hpp"

namespace wusong::state {

NodeLog::NodeLog(io::SegmentStore& store, std::uint32_t segment_bytes)
    : store_{store}, segment_bytes_{segment_bytes}, table_(kSegmentsMax) {}

Result<io::Segment*> NodeLog::open_segment(std::uint32_t id, std::uint64_t capacity) {
  WUSONG_TRY(auto segment, store_.open(id, capacity));
  io::Segment* const raw = segment.get();
  segments_[id] = std::move(segment);
  table_[id % kSegmentsMax].store(raw, std::memory_order_release);
  return raw;
}

Result<void> NodeLog::drop_segment(std::uint32_t id) {
  table_[id % kSegmentsMax].store(nullptr, std::memory_order_release);
  segments_.erase(id);
  return store_.remove(id);
}

Result<void> NodeLog::start_segment(std::uint32_t id) {
  if (segments_.size() + 1 >= kSegmentsMax) return fail(err::log_full);
  WUSONG_TRY(const io::Segment* segment, open_segment(id, segment_bytes_));
  if (segment->size() != 0) return fail(err::corrupt);
  current_ = id;
  base_ = 0;
  std::array<std::uint8_t, kSegmentHeaderBytes> header;
  write_segment_header(id, header);
  put(header);
  written_owner_.reset();
  return {};
}

std::uint32_t NodeLog::first_segment() const noexcept {
  return segments_.empty() ? 1 : segments_.begin()->first;
}

std::uint64_t NodeLog::size_bytes() const noexcept {
  std::uint64_t total = pending_.size();
  for (const auto& [id, segment] : segments_) total += segment->size();
  return total;
}

BytesView NodeLog::segment_bytes(std::uint32_t id) const noexcept {
  const auto found = segments_.find(id);
  if (found == segments_.end()) return {};
  return found->second->view(0, found->second->size());
}

Result<BytesView> NodeLog::load(Position at) const noexcept {
  const io::Segment* const segment =
      table_[segment_of(at) % kSegmentsMax].load(std::memory_order_acquire);
  if (segment == nullptr) return fail(err::corrupt);
  const std::uint64_t size = segment->size();
  const std::uint64_t offset = offset_of(at);
  if (offset >= size) return fail(err::corrupt);
  const auto record = whole_record(segment->view(offset, size - offset));
  if (!record) return fail(err::corrupt);
  return *record;
}

Result<BytesView> NodeLog::load_unpublished(Position at) const noexcept {
  if (segment_of(at) != current_ || offset_of(at) < base_) return load(at);
  const std::uint64_t offset = offset_of(at) - base_;
  if (offset >= pending_.size()) return fail(err::corrupt);
  const auto record = whole_record(BytesView{pending_}.subspan(offset));
  if (!record) return fail(err::corrupt);
  return *record;
}

Result<CommitRecord> NodeLog::load_commit(Position at) const noexcept {
  WUSONG_TRY(const BytesView record, load(at));
  const auto commit = decode_commit(record);
  if (!commit) return fail(err::corrupt);
  return *commit;
}

Result<void> NodeLog::flush() {
  if (pending_.empty()) return {};
  io::Segment& segment = *segments_.at(current_);
  WUSONG_CHECK(segment.append(pending_));
  base_ += pending_.size();
  pending_.clear();
  return {};
}

Result<void> NodeLog::make_room(std::size_t size) {
  WUSONG_ASSERT(size <= record_max());
  if (base_ + pending_.size() + size > segment_bytes_) {
    WUSONG_CHECK(flush());
    // Only the newest segment may be torn: recovery counts on it.
    WUSONG_CHECK(sync());
    return start_segment(current_ + 1);
  }
  if (pending_.size() >= kFlushBytes) return flush();
  return {};
}

Result<Position> NodeLog::append_node(BytesView record) {
  WUSONG_CHECK(make_room(record.size() + kOwnerBytes));
  if (written_owner_ != owner_) {
    std::array<std::uint8_t, kOwnerBytes> owner;
    write_owner(owner_, owner);
    put(owner);
    written_owner_ = owner_;
  }
  const Position at = end();
  put(record);
  return at;
}

Result<Position> NodeLog::append_commit(CommitRecord commit) {
  WUSONG_CHECK(make_room(kCommitBytes));
  commit.durable = durable_;
  std::array<std::uint8_t, kCommitBytes> record;
  write_commit(commit, record);
  const Position at = end();
  put(record);
  WUSONG_CHECK(flush());
  return at;
}

Result<void> NodeLog::append_staged(StagedRecord staged) {
  WUSONG_CHECK(make_room(kStagedBytes));
  staged.durable = durable_;
  std::array<std::uint8_t, kStagedBytes> record;
  write_staged(staged, record);
  put(record);
  return flush();
}

Result<void> NodeLog::sync() {
  WUSONG_CHECK(segments_.at(current_)->sync());
  durable_ = position(current_, base_);
  return {};
}

Result<void> NodeLog::truncate(Position end_position) {
  pending_.clear();
  const std::uint32_t last = segment_of(end_position);
  // Newest first: a crash in between leaves a log that ends in an unfinished commit.
  while (!segments_.empty() && segments_.rbegin()->first > last)
    WUSONG_CHECK(drop_segment(segments_.rbegin()->first));
  // Its mapping may be only as large as it was when closed.
  WUSONG_ASSERT(segments_.contains(last));
  table_[last % kSegmentsMax].store(nullptr, std::memory_order_release);
  segments_.erase(last);
  WUSONG_TRY(io::Segment * segment, open_segment(last, segment_bytes_));
  WUSONG_CHECK(segment->truncate(offset_of(end_position)));
  // Otherwise a power cut could bring back part of what was cut off, behind what comes next.
  WUSONG_CHECK(segment->sync());
  current_ = last;
  base_ = segment->size();
  durable_ = end_position;
  written_owner_.reset();
  return {};
}

Result<void> NodeLog::remove_below(std::uint32_t segment) {
  while (!segments_.empty() && segments_.begin()->first < segment &&
         segments_.begin()->first < current_)
    WUSONG_CHECK(drop_segment(segments_.begin()->first));
  return {};
}

/// Whether a record behind `from` says that what lies at `at` had been synced.
bool NodeLog::damaged_below(BytesView bytes, std::size_t from, Position at) noexcept {
  for (std::size_t later = from; later + kRecordHeaderBytes <= bytes.size(); later += 8) {
    const auto kind = static_cast<RecordKind>(bytes[later + 4]);
    if (kind != RecordKind::commit && kind != RecordKind::staged) continue;
    const auto record = whole_record(bytes.subspan(later));
    if (!record) continue;
    if (const auto commit = decode_commit(*record); commit && commit->durable > at) return true;
    if (const auto staged = decode_staged(*record); staged && staged->durable > at) return true;
  }
  return false;
}

/// Walks the records of one segment for its last commit, and for what was staged since.
Result<void> NodeLog::scan_tail(std::uint32_t id, bool newest, Recovered& found) {
  const BytesView bytes = segment_bytes(id);
  const bool staged_later = found.staged.has_value();
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto record = whole_record(bytes.subspan(at));
    if (!record) break;
    if (at == 0) {
      const auto version = decode_segment_header(*record, id);
      if (!version) break;
      if (*version != kFormatVersion) return fail(err::format_version);
    } else if (const auto commit = decode_commit(*record)) {
      found.last = CommitAt{.at = position(id, at), .record = *commit};
      if (!staged_later) found.staged.reset();
    } else if (const auto staged = decode_staged(*record); staged && !staged_later) {
      found.staged = staged;
      found.staged_end = position(id, at) + kStagedBytes;
    }
    at += record->size();
  }
  if (at == bytes.size()) return {};

  // Something is broken here. It may be the end of a write that a crash cut off, unless it had been
  // synced: closed segments all are, and of the newest one what a later record calls durable.
  if (newest && !damaged_below(bytes, at + 8, position(id, at))) return {};
  found.corrupt = position(id, at);
  return fail(err::corrupt);
}

Result<void> NodeLog::recover(Recovered& found) {
  WUSONG_TRY(const auto ids, store_.list());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0 && ids[i] != ids[i - 1] + 1) {
      found.corrupt = position(ids[i - 1] + 1, 0);
      return fail(err::corrupt);
    }
    WUSONG_TRY([[maybe_unused]] const io::Segment* segment, open_segment(ids[i], 0));
  }
  const std::uint64_t before = size_bytes();
  for (std::size_t i = ids.size(); i > 0 && !found.last; --i)
    WUSONG_CHECK(scan_tail(ids[i - 1], i == ids.size(), found));

  if (found.staged && (!found.last || found.staged->commit != found.last->at)) found.staged.reset();
  if (found.last) {
    const Position after = found.staged ? found.staged_end : found.last->at + kCommitBytes;
    const bool clean =
        segment_of(after) == ids.back() && offset_of(after) == segments_.at(ids.back())->size();
    WUSONG_CHECK(truncate(after));
    // What was read back may still be in the machine's cache only; truncate() has synced it.
    found.truncated_bytes = clean ? 0 : before - size_bytes();
    return {};
  }
  while (!segments_.empty()) WUSONG_CHECK(drop_segment(segments_.rbegin()->first));
  found.truncated_bytes = before;
  return start_segment(1);
}

}  // namespace wusong::state
