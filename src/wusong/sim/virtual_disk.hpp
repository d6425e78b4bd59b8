// SPDX-License-Identifier: Apache-2.0
// A disk that forgets what was not synced when its node crashes.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/sim/rng.hpp"

namespace wusong::sim {

class VirtualDisk {
 public:
  struct Operation {
    Bytes key;
    std::optional<Bytes> value;
  };
  using Batch = std::vector<Operation>;

  /// Visible at once, durable after a sync that starts later. @return its position in the log
  std::uint64_t write(Batch batch) {
    if (!batch.empty()) buffered_.push_back(std::move(batch));
    return synced_ + buffered_.size();
  }
  /// Everything up to this position has reached the platter.
  void sync(std::uint64_t position) {
    while (synced_ < position && !buffered_.empty()) {
      apply(buffered_.front());
      buffered_.pop_front();
      ++synced_;
    }
  }
  /// Power is lost: a random number of unsynced batches survives, in order, each whole.
  /// @return how many were lost
  std::size_t crash(Rng& rng) {
    const std::uint64_t kept = rng.below(buffered_.size() + 1);
    sync(synced_ + kept);
    const std::size_t lost = buffered_.size();
    buffered_.clear();
    return lost;
  }
  /// What a restarted node reads; call after crash().
  const std::map<Bytes, Bytes>& contents() const noexcept { return durable_; }

 private:
  void apply(const Batch& batch) {
    for (const Operation& operation : batch) {
      if (operation.value) {
        durable_[operation.key] = *operation.value;
      } else {
        durable_.erase(operation.key);
      }
    }
  }
  std::map<Bytes, Bytes> durable_;
  std::deque<Batch> buffered_;
  std::uint64_t synced_{0};
};

}  // namespace wusong::sim
