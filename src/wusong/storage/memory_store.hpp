// SPDX-License-Identifier: Apache-2.0
// A key-value store in memory, which can fail and forget on demand: for tests and simulation.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "wusong/io/kv_store.hpp"

namespace wusong::storage {

/// @thread one owner, unlike the port it implements
class MemoryStore final : public io::KvStore {
 public:
  struct Faults {
    /// This many writes succeed, then every write fails with `failure` and changes nothing.
    std::optional<std::uint64_t> writes_left{};
    Error failure{io::err::disk_full};
  };

  [[nodiscard]] Result<std::optional<Bytes>> get(io::Column column, BytesView key) const override;
  [[nodiscard]] Result<void> write(const io::WriteBatch& batch, io::Durability durability) override;
  [[nodiscard]] Result<void> scan(
      io::Column column, BytesView from, BytesView to, bool reverse,
      const std::function<bool(BytesView key, BytesView value)>& visit) const override;

  void set_faults(const Faults& faults) noexcept { faults_ = faults; }
  std::uint64_t writes() const noexcept { return writes_; }
  /// A power cut: undoes every write since the last synced one.
  void lose_unsynced();
  /// Bytes of keys and values.
  std::uint64_t size_bytes() const noexcept;

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

  std::array<Map, io::kColumnCount> maps_;
  std::vector<Undo> unsynced_;
  Faults faults_;
  std::uint64_t writes_{0};
};

}  // namespace wusong::storage
