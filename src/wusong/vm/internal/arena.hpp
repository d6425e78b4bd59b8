// SPDX-License-Identifier: Apache-2.0
// Memory that nested frames take and give back in order. Slices of frames that wait do not move.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::vm::internal {

/// A stack of slices in chunks. The last slice may grow; it moves to another chunk when its own is
/// full.
template <typename T>
class Arena {
 public:
  struct Mark {
    std::size_t chunk{0};
    std::size_t used{0};
  };

  explicit Arena(std::size_t first_chunk) { add_chunk(first_chunk); }

  Mark mark() const noexcept { return mark_; }
  void release(Mark mark) noexcept { mark_ = mark; }

  /// At least `wanted` items; all of the chunk's rest is available().
  T* take(std::size_t wanted) {
    while (available() < wanted) next_chunk(wanted);
    return chunks_[mark_.chunk].data.get() + mark_.used;
  }
  std::size_t available() const noexcept { return chunks_[mark_.chunk].size - mark_.used; }
  /// Items up to `end`, a pointer into the current chunk, are in use from now on.
  void use_until(const T* end) noexcept {
    mark_.used = static_cast<std::size_t>(end - chunks_[mark_.chunk].data.get());
  }
  /// Gives large chunks back. Nothing may be in use.
  void trim(std::size_t keep) {
    while (chunks_.size() > 1 && chunks_.back().size > keep) chunks_.pop_back();
  }

 private:
  struct Chunk {
    std::unique_ptr<T[]> data;
    std::size_t size;
  };

  void add_chunk(std::size_t size) {
    chunks_.push_back({std::make_unique_for_overwrite<T[]>(size), size});
  }
  void next_chunk(std::size_t wanted) {
    const std::size_t next = mark_.chunk + 1;
    // Chunks beyond the current one are free: they may be replaced.
    if (next < chunks_.size() && chunks_[next].size < wanted) chunks_.resize(next);
    if (next == chunks_.size()) {
      const std::size_t twice = 2 * chunks_.back().size;
      add_chunk(wanted > twice / 2 ? 2 * wanted : twice);
    }
    mark_ = {next, 0};
  }

  std::vector<Chunk> chunks_;
  Mark mark_;
};

}  // namespace wusong::vm::internal
