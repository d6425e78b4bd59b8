// SPDX-License-Identifier: Apache-2.0
// Which heights are readable, where their states begin, and who is reading them.
#pragma once

#include <optional>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/strong.hpp"
#include "wusong/state/internal/node_log.hpp"
#include "wusong/state/internal/shared_entry.hpp"

namespace wusong::state {

/// Where the state of one height is.
struct Snapshot {
  Height height;
  Hash root;
  Position accounts{0};
  Position code{0};
  Position commit{0};
};

/// The window of readable heights and the pins that keep their segments.
///
/// A reader pins a height and then looks whether it is still in the window; the writer moves the
/// window and then looks at the pins. Sequentially consistent on both sides, so one of them sees
/// the other.
/// @thread publish, reset and lowest_pinned belong to the writer; all else may run on any thread
class History {
 public:
  static constexpr std::size_t kPins = 256;

  explicit History(std::uint64_t window)
      : window_{window}, pages_((window + 2 + kPageEntries - 1) / kPageEntries) {}

  /// Makes a height the newest. `oldest` is the lowest height still readable.
  void publish(const Snapshot& snapshot, Height oldest) noexcept;
  /// A height below the newest ones, while opening: newest first.
  void add_older(const Snapshot& snapshot) noexcept;
  /// The newest height is now this one, which is in the window.
  void reset(Height newest) noexcept;

  bool empty() const noexcept { return newest_plus_one_.load(std::memory_order_seq_cst) == 0; }
  Height newest() const noexcept {
    return Height{newest_plus_one_.load(std::memory_order_seq_cst) - 1};
  }
  Height oldest() const noexcept { return Height{oldest_.load(std::memory_order_seq_cst)}; }
  std::uint64_t window() const noexcept { return window_; }

  /// @errors err::height_pruned, err::height_unknown
  [[nodiscard]] Result<Snapshot> find(Height height) const noexcept;

  /// Keeps what a height needs until unpin(). @errors as find(), err::too_many_views
  [[nodiscard]] Result<std::size_t> pin(Height height) noexcept;
  void unpin(std::size_t pin) noexcept { pins_[pin].store(0, std::memory_order_seq_cst); }
  std::optional<Height> lowest_pinned() const noexcept;

 private:
  using Entry = SharedEntry<8>;  // height + 1, root 4, accounts, code, commit
  void store(const Snapshot& snapshot) noexcept;

  Entry& entry_of(Height height) noexcept;

  /// A ring in pages that come into being when they are first written: a node that keeps all states
  /// pays for the heights there are.
  static constexpr std::size_t kPageEntries = 4'096;
  struct Page {
    std::array<Entry, kPageEntries> entries;
  };
  struct PageSlot {
    std::atomic<Page*> page{nullptr};
    PageSlot() noexcept = default;
    ~PageSlot() { delete page.load(std::memory_order_relaxed); }
    PageSlot(const PageSlot&) = delete;
    PageSlot& operator=(const PageSlot&) = delete;
  };

  std::uint64_t window_;
  std::vector<PageSlot> pages_;
  std::atomic<std::uint64_t> newest_plus_one_{0};
  std::atomic<std::uint64_t> oldest_{0};
  std::array<std::atomic<std::uint64_t>, kPins> pins_{};  // height + 1, 0 for free
};

}  // namespace wusong::state
