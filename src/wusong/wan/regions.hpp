// SPDX-License-Identifier: Apache-2.0
// A file of regions: round trips between any two of them, loss, bandwidth, and where nodes stand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"

namespace wusong::wan {

inline constexpr std::size_t kRegionsMax = 256;
inline constexpr Duration kRttMax{std::chrono::seconds{10}};

/// One way from one place to another.
struct Path {
  Duration delay_p50{0};
  Duration delay_p90{0};  // >= delay_p50: what comes between is jitter
  std::uint32_t loss_ppm{0};
  std::uint64_t bytes_per_second{0};  // 0: no limit
  bool cut{false};
  bool operator==(const Path&) const = default;
};

class Regions {
 public:
  /// @shape `{"regions": [names], "rtt_ms_p50": [[row of each]], "rtt_ms_p90": […],
  ///        "placement": [names], "loss_permille": x, "mbit_s": x,
  ///        "links": [{"from": name or "*", "to": name or "*", "loss_permille": x, "mbit_s": x}]}`;
  ///        the first two are needed; "about", "origin" and "licence" are for people.
  /// @errors err::bad_regions       no JSON, or a member has another type than above
  ///         err::unknown_key       err::unknown_region
  ///         err::not_square        a matrix without one row and one number for every region
  ///         err::rtt_out_of_range  not within 0 to 10 s, or the 90th percentile is below the
  ///         median err::bad_rate          a loss that is not 0 to 1000, a bandwidth below 0 or
  ///         above 1e6 err::too_many_regions  more than kRegionsMax
  [[nodiscard]] static Result<Regions> parse(std::string_view json);

  const std::vector<std::string>& names() const noexcept { return names_; }
  std::optional<std::size_t> find(std::string_view name) const noexcept;
  const Path& path(std::size_t from, std::size_t to) const noexcept {
    return paths_[from * names_.size() + to];
  }
  /// The region of each of `nodes` nodes: the file's list in its order, or in the one that a seed
  /// other than 0 shuffles it into, again and again.
  std::vector<std::size_t> place(std::size_t nodes, std::uint64_t seed) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::size_t> placement_;
  std::vector<Path> paths_;  // names_.size() squared, rows are senders
};

}  // namespace wusong::wan
