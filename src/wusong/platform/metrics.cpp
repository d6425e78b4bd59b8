// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/metrics.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "wusong/base/assert.hpp"

namespace wusong::platform {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

std::string render_labels(const MetricsRegistry::Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels) {
    if (!out.empty()) out += ',';
    out += key;
    out += "=\"";
    append_escaped(out, value);
    out += '"';
  }
  return out;
}

void render_line(std::string& out, std::string_view name, std::string_view suffix,
                 std::string_view labels, std::string_view more, std::string_view value) {
  out.append(name).append(suffix);
  if (!labels.empty() || !more.empty()) {
    out.append("{").append(labels);
    if (!labels.empty() && !more.empty()) out += ',';
    out.append(more).append("}");
  }
  out.append(" ").append(value).append("\n");
}

void render_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const Histogram& histogram) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    total += histogram.count(i);
    render_line(out, name, "_bucket", labels, fmt::format("le=\"{}\"", histogram.bounds()[i]),
                fmt::to_string(total));
  }
  total += histogram.count(histogram.bounds().size());
  render_line(out, name, "_bucket", labels, "le=\"+Inf\"", fmt::to_string(total));
  render_line(out, name, "_sum", labels, {}, fmt::to_string(histogram.sum()));
  render_line(out, name, "_count", labels, {}, fmt::to_string(total));
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_{std::move(bounds)}, counts_(bounds_.size() + 1) {
  WUSONG_ASSERT(std::ranges::is_sorted(bounds_));
}

void Histogram::observe(double value) noexcept {
  const auto at = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count(std::size_t bucket) const noexcept {
  return counts_[bucket].load(std::memory_order_relaxed);
}

double Histogram::quantile(double fraction) const noexcept {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) total += count(i);
  if (total == 0) return 0;
  const double rank = fraction * static_cast<double>(total);
  double below = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    const auto here = static_cast<double>(count(i));
    if (here > 0 && below + here >= rank) {
      const double low = i == 0 ? 0 : bounds_[i - 1];
      return low + (bounds_[i] - low) * (rank - below) / here;
    }
    below += here;
  }
  return bounds_.empty() ? 0 : bounds_.back();
}

MetricsRegistry::Series& MetricsRegistry::series(std::string_view name, std::string_view help,
                                                 Kind kind, const Labels& labels) {
  auto family = families_.find(name);
  if (family == families_.end())
    family = families_.emplace(std::string{name}, Family{kind, std::string{help}, {}}).first;
  WUSONG_ASSERT(family->second.kind == kind);
  return family->second.series[render_labels(labels)];
}

Counter& MetricsRegistry::counter(std::string_view name, std::string_view help,
                                  const Labels& labels) {
  const MutexLock lock{mutex_};
  Series& found = series(name, help, Kind::counter, labels);
  if (!found.counter) found.counter = std::make_unique<Counter>();
  return *found.counter;
}

Gauge& MetricsRegistry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock{mutex_};
  Series& found = series(name, help, Kind::gauge, labels);
  if (!found.gauge) found.gauge = std::make_unique<Gauge>();
  return *found.gauge;
}

Histogram& MetricsRegistry::histogram(std::string_view name, std::string_view help,
                                      std::vector<double> bounds, const Labels& labels) {
  const MutexLock lock{mutex_};
  Series& found = series(name, help, Kind::histogram, labels);
  if (!found.histogram) found.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *found.histogram;
}

void MetricsRegistry::on_render(std::function<void()> refresh) {
  const MutexLock lock{mutex_};
  refreshers_.push_back(std::move(refresh));
}

std::string MetricsRegistry::render() const {
  // Refreshers may ask for metrics, so they run without the lock.
  std::deque<std::function<void()>> refreshers;
  {
    const MutexLock lock{mutex_};
    refreshers = refreshers_;
  }
  for (const auto& refresh : refreshers) refresh();

  const MutexLock lock{mutex_};
  std::string out;
  for (const auto& [name, family] : families_) {
    constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name,
                       kKinds[static_cast<std::size_t>(family.kind)]);
    for (const auto& [labels, series] : family.series) {
      if (series.counter)
        render_line(out, name, {}, labels, {}, fmt::to_string(series.counter->value()));
      if (series.gauge)
        render_line(out, name, {}, labels, {}, fmt::to_string(series.gauge->value()));
      if (series.histogram) render_histogram(out, name, labels, *series.histogram);
    }
  }
  return out;
}

std::vector<double> latency_bounds() {
  return {0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1,
          0.15,  0.2,   0.3,   0.5,  0.75, 1,    2,    5,     10};
}

}  // namespace wusong::platform
