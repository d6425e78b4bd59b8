// SPDX-License-Identifier: Apache-2.0
// A few words that one thread replaces while others read, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wusong::state {

/// A sequence number guards the words: odd while they are replaced. Every access is atomic, so a
/// torn read is noticed, not undefined.
/// @thread any; read() and replace() never wait
template <std::size_t kWords>
class SharedEntry {
 public:
  using Words = std::array<std::uint64_t, kWords>;

  /// The number to hand to replace_if(), or nothing while someone writes: odd.
  std::uint64_t read(Words& out) const noexcept {
    const std::uint64_t before = sequence_.load(std::memory_order_acquire);
    // Acquire and release on each word keep the two looks at the sequence around them.
    for (std::size_t i = 0; i < kWords; ++i) out[i] = words_[i].load(std::memory_order_acquire);
    return sequence_.load(std::memory_order_relaxed) == before ? before : 1;
  }
  static bool torn(std::uint64_t sequence) noexcept { return sequence % 2 == 1; }

  /// Replaces the words unless someone wrote since `sequence` was read.
  bool replace_if(std::uint64_t sequence, const Words& words) noexcept {
    if (torn(sequence)) return false;
    if (!sequence_.compare_exchange_strong(sequence, sequence + 1, std::memory_order_acq_rel))
      return false;
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    sequence_.store(sequence + 2, std::memory_order_release);
    return true;
  }
  /// Fails only while someone else writes.
  bool replace(const Words& words) noexcept {
    return replace_if(sequence_.load(std::memory_order_relaxed), words);
  }

 private:
  std::atomic<std::uint64_t> sequence_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace wusong::state
