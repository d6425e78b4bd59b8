// SPDX-License-Identifier: Apache-2.0
// Finds what still lives in the oldest segments, so that commits can move it and the segments go.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wusong/base/strong.hpp"
#include "wusong/state/internal/trie.hpp"

namespace wusong::state {

/// Live leaves of an old segment, to be appended again. Branches need no search: children lie
/// before their parents in the log, so by the time the scan reaches a branch its leaves have been
/// appended again, and the branch with them.
struct Moves {
  std::vector<Hash> accounts;
  std::map<Hash, std::vector<Hash>> slots;  // by account
  std::vector<Hash> codes;
  std::size_t count{0};
};

/// Walks closed segments from the oldest on, a bounded piece with each commit.
/// @thread the writer's
class Collector {
 public:
  /// Segments below `segment` hold nothing live.
  void start_at(std::uint32_t segment) noexcept { cursor_ = {.segment = segment}; }
  std::uint32_t segment() const noexcept { return cursor_.segment; }

  struct Tries {
    Position accounts{0};
    Position code{0};
  };
  /// How far one scan goes; each bound is overstepped by at most one record.
  struct Bounds {
    std::uint32_t end{0};  // segments from here on are left alone
    std::uint64_t bytes{0};
    std::size_t moves{0};
  };
  /// @errors err::corrupt
  [[nodiscard]] Result<Moves> scan(const NodeLog& log, const Tries& newest, const Bounds& bounds);

 private:
  struct Cursor {
    std::uint32_t segment{1};
    std::uint64_t offset{0};
    Owner owner{};
  };
  [[nodiscard]] Result<bool> is_live(const NodeLog& log, const Tries& newest, const Hash& key,
                                     Position at);

  Cursor cursor_;
  // The storage root of the account asked about last.
  std::optional<Hash> account_;
  Position storage_{0};
};

}  // namespace wusong::state
