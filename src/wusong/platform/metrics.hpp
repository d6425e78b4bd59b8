// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms, and their Prometheus text.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/platform/mutex.hpp"

namespace wusong::platform {

class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
  /// For totals that something else keeps.
  void set(std::uint64_t total) noexcept { value_.store(total, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  /// Upper bounds in increasing order; a last bucket without bound is implied.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value) noexcept;
  const std::vector<double>& bounds() const noexcept { return bounds_; }
  std::uint64_t count(std::size_t bucket) const noexcept;  // not cumulative
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  /// Interpolated within a bucket; 0 when nothing was observed. `fraction` in [0, 1].
  double quantile(double fraction) const noexcept;

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;  // bounds_.size() + 1
  std::atomic<double> sum_{0};
};

/// Holds every metric by name and labels; asking again gives the same one.
/// @thread safe; metrics live as long as the registry.
class MetricsRegistry {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  /// Names carry their unit: wusong_bytes_sent_total, wusong_finality_seconds.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       const Labels& labels = {});
  /// Called before each rendering, to bring gauges up to date.
  void on_render(std::function<void()> refresh);

  /// Prometheus text format 0.0.4, sorted by name and labels.
  std::string render() const;

 private:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    Kind kind;
    std::string help;
    std::map<std::string, Series> series;  // by rendered labels
  };
  Series& series(std::string_view name, std::string_view help, Kind kind, const Labels& labels)
      WUSONG_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ WUSONG_GUARDED_BY(mutex_);
  std::deque<std::function<void()>> refreshers_ WUSONG_GUARDED_BY(mutex_);
};

/// 1 ms to 10 s, for latencies in seconds.
std::vector<double> latency_bounds();

}  // namespace wusong::platform
