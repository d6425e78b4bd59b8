// SPDX-License-Identifier: Apache-2.0
// Who spends the processor: threads say which stage of a transaction's way they work on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wusong::io {

enum class Stage : std::uint8_t {
  other = 0,
  rpc,        // reading requests, writing answers
  recovery,   // decoding transactions and recovering senders
  pool,       // admission to the pool
  consensus,  // votes, proposals, building and judging blocks
  execution,  // the EVM
  trie,       // state roots
  storage,    // blocks, receipts and indexes to the store
};
inline constexpr std::size_t kStageCount = 8;

/// Charges the calling thread's processor time to the stage it is in.
/// @thread safe: each thread has its own stage
class StageTimer {
 public:
  virtual ~StageTimer() = default;
  /// Ends the stage the thread was in, which is returned, and begins another.
  virtual Stage enter(Stage stage) noexcept = 0;
};

/// For tests and simulation: charges nothing.
class NoStageTimer final : public StageTimer {
 public:
  Stage enter(Stage /*stage*/) noexcept override { return Stage::other; }
};

/// A stage for the length of a scope.
class StageScope {
 public:
  StageScope(StageTimer& timer, Stage stage) noexcept
      : timer_{timer}, before_{timer.enter(stage)} {}
  StageScope(const StageScope&) = delete;
  StageScope& operator=(const StageScope&) = delete;
  ~StageScope() { timer_.enter(before_); }

 private:
  StageTimer& timer_;
  Stage before_;
};

}  // namespace wusong::io
