// SPDX-License-Identifier: Apache-2.0
// One node's disk. It forgets at a power cut what was not synced, fills up, rots and tears.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "wusong/io/kv_store.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/sim/rng.hpp"

namespace wusong::sim {

/// A key-value store as RocksDB promises to be: batches are atomic and become durable in order, and
/// a damaged page is noticed when it is read.
class DiskStore final : public io::KvStore {
 public:
  [[nodiscard]] Result<std::optional<Bytes>> get(io::Column column, BytesView key) const override;
  /// Visible at once. With Durability::synced everything so far is durable on return.
  [[nodiscard]] Result<void> write(const io::WriteBatch& batch, io::Durability durability) override;
  [[nodiscard]] Result<void> scan(
      io::Column column, BytesView from, BytesView to, bool reverse,
      const std::function<bool(BytesView key, BytesView value)>& visit) const override;

  /// Batches written since the store began.
  std::uint64_t position() const noexcept { return position_; }
  /// Everything up to this position has reached the platter.
  void sync(std::uint64_t position);
  /// Of the unsynced batches a random number survives, the first ones. @return how many were lost
  std::size_t crash(Rng& rng);
  void wipe();
  /// A page with this many random records goes bad. @return how many there were
  std::size_t rot(Rng& rng, std::size_t records);
  void set_full(bool full) noexcept { full_ = full; }
  /// The write after so many more fails, as every later one does, until this is called again.
  void die_after(std::optional<std::uint64_t> writes) noexcept { writes_left_ = writes; }
  bool died() const noexcept { return died_; }
  /// Told of each read that meets damage, before its caller is.
  std::function<void(Error)> on_damage;
  /// A defect to prove the checkers with: sync returns before anything is safe.
  void lie_about_sync(bool lie) noexcept { lies_ = lie; }
  std::uint64_t bytes() const noexcept;

 private:
  struct Undo {
    io::Column column;
    Bytes key;
    std::optional<Bytes> value;
  };
  using Map = std::map<Bytes, Bytes>;
  Map& map(io::Column column) noexcept { return maps_[static_cast<std::size_t>(column)]; }
  const Map& map(io::Column column) const noexcept {
    return maps_[static_cast<std::size_t>(column)];
  }
  Result<void> check(io::Column column, const Bytes& key) const;

  std::array<Map, io::kColumnCount> maps_;
  std::deque<std::vector<Undo>> unsynced_;  // one a batch, oldest first
  std::set<std::pair<io::Column, Bytes>> rotten_;
  std::uint64_t position_{0};
  std::optional<std::uint64_t> writes_left_;
  bool died_{false};
  bool full_{false};
  bool lies_{false};
};

/// Both halves of what a node keeps.
struct Disk {
  DiskStore store;
  io::MemorySegmentStore segments;

  struct Loss {
    std::size_t batches{0};
    bool torn{false};  // the last bytes of a segment are not what was written
  };
  /// Power is lost. Nothing of the disk is open.
  Loss crash(Rng& rng);
  void wipe();
  void set_full(bool full) noexcept {
    store.set_full(full);
    segments.set_space(full ? std::optional<std::uint64_t>{0} : std::nullopt);
  }
  enum class Damage : std::uint8_t { none, record, bit, misdirected_write };
  /// Something that was safe no longer is. Nothing of the segments is open.
  Damage damage(Rng& rng);
};

}  // namespace wusong::sim
