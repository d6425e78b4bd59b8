// SPDX-License-Identifier: Apache-2.0
// Virtual time: events in order of (time, sequence), and a hash of everything that happened.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/time.hpp"
#include "wusong/sim/rng.hpp"

namespace wusong::sim {

class EventLoop {
 public:
  using Task = std::function<void()>;

  Instant now() const noexcept { return now_; }
  void at(Instant when, Task task) {
    heap_.push_back({std::max(when, now_), sequence_++, std::move(task)});
    std::ranges::push_heap(heap_, later);
  }
  void after(Duration delay, Task task) { at(now_ + delay, std::move(task)); }

  /// Runs events up to `end`, and leaves the clock there.
  void run_until(Instant end) {
    while (!heap_.empty() && heap_.front().when <= end) run_one();
    now_ = std::max(now_, end);
  }
  /// Runs events until `done` holds (asked every `step`) or `end` has come. @return whether it
  /// held.
  bool run_until(Instant end, Duration step, const std::function<bool()>& done) {
    while (!done()) {
      if (now_ >= end) return false;
      run_until(std::min(end, now_ + step));
    }
    return true;
  }

  /// Adds to the hash of the run.
  void note(std::uint64_t what) noexcept { hash_ = mix64(hash_ ^ what) + what; }
  void note(BytesView bytes) noexcept { note(digest64(bytes, 0)); }
  std::uint64_t hash() const noexcept { return hash_; }
  std::uint64_t events() const noexcept { return events_; }

  static std::uint64_t digest64(BytesView bytes, std::uint64_t key) noexcept {
    std::uint64_t h = mix64(key ^ bytes.size());
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, 8);
      h = mix64(h ^ word) + 0x9e3779b97f4a7c15ull;
    }
    std::uint64_t tail = 1;
    for (; i < bytes.size(); ++i) tail = tail << 8 | bytes[i];
    return mix64(h ^ tail);
  }

 private:
  struct Entry {
    Instant when;
    std::uint64_t sequence;
    Task task;
  };
  static bool later(const Entry& a, const Entry& b) noexcept {
    return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
  }
  void run_one() {
    std::ranges::pop_heap(heap_, later);
    Entry entry = std::move(heap_.back());
    heap_.pop_back();
    now_ = entry.when;
    ++events_;
    note(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    entry.task();
  }

  std::vector<Entry> heap_;
  Instant now_{};
  std::uint64_t sequence_{0};
  std::uint64_t events_{0};
  std::uint64_t hash_{0};
};

}  // namespace wusong::sim
