// SPDX-License-Identifier: Apache-2.0
#include "wusong/wan/regions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "wusong/codec/json.hpp"
#include "wusong/wan/errors.hpp"
#include "wusong/wan/rng.hpp"

namespace wusong::wan {
namespace {

constexpr double kMbitMax = 1e6;

Result<void> known_keys(const codec::JsonValue& object, std::span<const std::string_view> known) {
  if (!object.is_object()) return fail(err::bad_regions);
  for (const auto& [key, value] : object.members())
    if (std::ranges::find(known, key) == known.end()) return fail(err::unknown_key);
  return {};
}

Result<double> number_within(const codec::JsonValue& value, double max, Error otherwise) {
  const auto number = value.number();
  if (!number) return fail(err::bad_regions);
  if (!(*number >= 0 && *number <= max)) return fail(otherwise);
  return *number;
}

/// Half of a round trip, in whole microseconds.
Duration one_way(double rtt_ms) {
  return std::chrono::microseconds{std::llround(rtt_ms * 500)};
}

struct Rates {
  std::optional<std::uint32_t> loss_ppm;
  std::optional<std::uint64_t> bytes_per_second;
};

Result<Rates> rates_in(const codec::JsonValue& object) {
  Rates out;
  if (const auto loss = object.find("loss_permille")) {
    WUSONG_TRY(const double permille, number_within(*loss, 1000, err::bad_rate));
    out.loss_ppm = static_cast<std::uint32_t>(std::llround(permille * 1000));
  }
  if (const auto rate = object.find("mbit_s")) {
    WUSONG_TRY(const double mbit, number_within(*rate, kMbitMax, err::bad_rate));
    out.bytes_per_second = static_cast<std::uint64_t>(std::llround(mbit * 125'000));
  }
  return out;
}

void apply(const Rates& rates, Path& path) {
  path.loss_ppm = rates.loss_ppm.value_or(path.loss_ppm);
  path.bytes_per_second = rates.bytes_per_second.value_or(path.bytes_per_second);
}

Result<std::vector<std::string>> names_in(const codec::JsonValue& list) {
  if (!list.is_array()) return fail(err::bad_regions);
  std::vector<std::string> out;
  for (const codec::JsonValue& item : list.items()) {
    const auto name = item.string();
    if (!name || name->empty()) return fail(err::bad_regions);
    out.emplace_back(*name);
  }
  return out;
}

/// Row by row, `count` squared.
Result<std::vector<double>> matrix_in(const codec::JsonValue& value, std::size_t count) {
  const auto rows = value.items();
  if (rows.size() != count) return fail(err::not_square);
  constexpr double kRttMsMax = std::chrono::duration<double, std::milli>(kRttMax).count();
  std::vector<double> out;
  out.reserve(count * count);
  for (const codec::JsonValue& row : rows) {
    const auto cells = row.items();
    if (cells.size() != count) return fail(err::not_square);
    for (const codec::JsonValue& cell : cells) {
      WUSONG_TRY(const double rtt, number_within(cell, kRttMsMax, err::rtt_out_of_range));
      out.push_back(rtt);
    }
  }
  return out;
}

Result<std::vector<Path>> paths_in(const codec::JsonValue& root, std::size_t count) {
  const auto medians = root.find("rtt_ms_p50");
  if (!medians) return fail(err::bad_regions);
  WUSONG_TRY(const auto p50, matrix_in(*medians, count));
  std::vector<double> p90 = p50;
  if (const auto tails = root.find("rtt_ms_p90")) {
    WUSONG_TRY(p90, matrix_in(*tails, count));
  }
  WUSONG_TRY(const Rates rates, rates_in(root));
  std::vector<Path> out(count * count);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (p90[i] < p50[i]) return fail(err::rtt_out_of_range);
    out[i].delay_p50 = one_way(p50[i]);
    out[i].delay_p90 = one_way(p90[i]);
    apply(rates, out[i]);
  }
  return out;
}

}  // namespace

std::optional<std::size_t> Regions::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

Result<Regions> Regions::parse(std::string_view json) {
  constexpr std::array<std::string_view, 10> kKeys{
      "about",      "origin", "licence",       "regions", "rtt_ms_p50",
      "rtt_ms_p90", "links",  "loss_permille", "mbit_s",  "placement"};
  constexpr std::array<std::string_view, 4> kLinkKeys{"from", "to", "loss_permille", "mbit_s"};
  const auto document = codec::JsonDocument::parse(json);
  if (!document) return fail(err::bad_regions);
  const codec::JsonValue root = document->root();
  WUSONG_CHECK(known_keys(root, kKeys));
  const auto list = root.find("regions");
  if (!list) return fail(err::bad_regions);
  Regions out;
  WUSONG_TRY(out.names_, names_in(*list));
  const std::size_t count = out.names_.size();
  if (count == 0) return fail(err::bad_regions);
  if (count > kRegionsMax) return fail(err::too_many_regions);
  WUSONG_TRY(out.paths_, paths_in(root, count));

  const auto links = root.find("links");
  for (const codec::JsonValue& link : links ? links->items() : std::vector<codec::JsonValue>{}) {
    WUSONG_CHECK(known_keys(link, kLinkKeys));
    WUSONG_TRY(const Rates rates, rates_in(link));
    const auto from = link.string_at("from");
    const auto to = link.string_at("to");
    if (!from || !to) return fail(err::bad_regions);
    if ((*from != "*" && !out.find(*from)) || (*to != "*" && !out.find(*to)))
      return fail(err::unknown_region);
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b)
        if ((*from == "*" || out.names_[a] == *from) && (*to == "*" || out.names_[b] == *to))
          apply(rates, out.paths_[a * count + b]);
  }

  if (const auto placement = root.find("placement")) {
    WUSONG_TRY(const auto places, names_in(*placement));
    for (const std::string& place : places) {
      const auto region = out.find(place);
      if (!region) return fail(err::unknown_region);
      out.placement_.push_back(*region);
    }
  }
  if (out.placement_.empty()) {
    out.placement_.resize(count);
    std::iota(out.placement_.begin(), out.placement_.end(), std::size_t{0});
  }
  return out;
}

std::vector<std::size_t> Regions::place(std::size_t nodes, std::uint64_t seed) const {
  std::vector<std::size_t> order = placement_;
  if (seed != 0) {
    SplitMix random{seed};
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.next() % i]);
  }
  std::vector<std::size_t> out;
  out.reserve(nodes);
  for (std::size_t i = 0; i < nodes; ++i) out.push_back(order[i % order.size()]);
  return out;
}

}  // namespace wusong::wan
