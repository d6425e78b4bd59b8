// SPDX-License-Identifier: Apache-2.0
// Segments in memory, for tests and simulation: they can fill up and lose what was not synced.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <optional>

#include "wusong/io/segment_store.hpp"

namespace wusong::io {

/// Keeps the bytes of its segments while they are closed, as files would.
/// @thread as the port says
class MemorySegmentStore final : public SegmentStore {
 public:
  [[nodiscard]] Result<std::vector<std::uint32_t>> list() const override {
    std::vector<std::uint32_t> ids;
    for (const auto& [id, file] : files_) ids.push_back(id);
    return ids;
  }

  [[nodiscard]] Result<std::unique_ptr<Segment>> open(std::uint32_t id,
                                                      std::uint64_t capacity) override {
    auto& file = files_[id];
    if (!file) file = std::make_shared<File>();
    capacity = std::max(capacity, file->size.load());
    if (capacity > file->capacity) {
      // Not initialised: the machine hands out pages as they are first written.
      std::unique_ptr<std::uint8_t[]> data{new std::uint8_t[capacity]};
      std::copy_n(file->data.get(), file->size.load(), data.get());
      file->data = std::move(data);
      file->capacity = capacity;
    }
    return std::unique_ptr<Segment>{new MemorySegment{*this, file}};
  }

  [[nodiscard]] Result<void> remove(std::uint32_t id) override {
    files_.erase(id);
    return {};
  }

  /// From now on this many more bytes fit; nothing: as many as you like.
  void set_space(std::optional<std::uint64_t> bytes) noexcept { space_ = bytes; }
  /// A power cut: every segment falls back to what was synced. No segment is open.
  void lose_unsynced() {
    lose_unsynced([](std::uint32_t /*id*/, std::uint64_t /*unsynced*/) { return 0u; });
  }
  /// The same, and `kept` says how many of a segment's unsynced bytes reached the disk after all.
  void lose_unsynced(
      const std::function<std::uint64_t(std::uint32_t id, std::uint64_t unsynced)>& kept) {
    for (auto& [id, file] : files_) {
      const std::uint64_t unsynced = file->size.load() - file->synced;
      file->size = file->synced + std::min(unsynced, kept(id, unsynced));
      file->synced = file->size.load();
    }
  }
  /// The bytes of a segment, to damage them. @shape empty where there is no such segment
  std::span<std::uint8_t> bytes(std::uint32_t id) noexcept {
    const auto found = files_.find(id);
    if (found == files_.end()) return {};
    return {found->second->data.get(), found->second->size.load()};
  }
  /// Cuts a segment short, as a torn write does. It is not open.
  void cut(std::uint32_t id, std::uint64_t size) noexcept { files_.at(id)->size = size; }

 private:
  struct File {
    std::unique_ptr<std::uint8_t[]> data;
    std::uint64_t capacity{0};
    std::atomic<std::uint64_t> size{0};
    std::uint64_t synced{0};
  };

  class MemorySegment final : public Segment {
   public:
    MemorySegment(MemorySegmentStore& store, std::shared_ptr<File> file) noexcept
        : store_{store}, file_{std::move(file)} {}

    [[nodiscard]] Result<void> append(BytesView bytes) override {
      const std::uint64_t at = file_->size.load(std::memory_order_relaxed);
      if (bytes.size() > file_->capacity - at) return fail(err::store_failed);
      std::uint64_t fits = bytes.size();
      if (store_.space_) {
        fits = std::min(fits, *store_.space_);
        *store_.space_ -= fits;
      }
      std::copy_n(bytes.data(), fits, file_->data.get() + at);
      file_->size.store(at + fits, std::memory_order_release);
      if (fits < bytes.size()) return fail(err::disk_full);
      return {};
    }
    BytesView view(std::uint64_t offset, std::uint64_t size) const noexcept override {
      return {file_->data.get() + offset, size};
    }
    std::uint64_t size() const noexcept override {
      return file_->size.load(std::memory_order_acquire);
    }
    [[nodiscard]] Result<void> sync() override {
      file_->synced = file_->size.load(std::memory_order_relaxed);
      return {};
    }
    [[nodiscard]] Result<void> truncate(std::uint64_t size) override {
      file_->size.store(size, std::memory_order_release);
      file_->synced = std::min(file_->synced, size);
      return {};
    }

   private:
    MemorySegmentStore& store_;
    std::shared_ptr<File> file_;  // shared with the store: outlives either
  };

  std::map<std::uint32_t, std::shared_ptr<File>> files_;
  std::optional<std::uint64_t> space_;
};

}  // namespace wusong::io
