// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/limits.hpp"

#include <algorithm>
#include <vector>

namespace wusong::gateway {
namespace {

/// "a:b" is two; nothing is none.
std::vector<std::string_view> groups_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto colon = text.find(':');
    out.push_back(text.substr(0, colon));
    text = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  }
  return out;
}

}  // namespace

std::string network_of(std::string_view address) {
  if (address.find(':') == std::string_view::npos) return std::string{address};
  constexpr std::size_t kGroups = 8;
  constexpr std::size_t kOfNetwork = 4;
  const auto gap = address.find("::");
  auto groups = groups_of(address.substr(0, gap));
  if (gap != std::string_view::npos) {
    const auto behind = groups_of(address.substr(gap + 2));
    groups.resize(std::max(groups.size(), kGroups - std::min(kGroups, behind.size())), "0");
    groups.insert(groups.end(), behind.begin(), behind.end());
  }
  groups.resize(kOfNetwork, "0");
  std::string out;
  for (const auto group : groups) out.append(group).push_back(':');
  return out + ":/64";
}

Rate Limiter::rate(RateClass what) noexcept {
  switch (what) {
    case RateClass::page:
      return {600, 120};
    case RateClass::read:
      return {1'200, 300};
    case RateClass::search:
      return {300, 60};
    case RateClass::write:
      return {120, 40};
    case RateClass::login:
      return {20, 10};
    case RateClass::download:
      return {300, 100};
    case RateClass::file:
      return {12'000, 3'000};
  }
  return {};
}

std::uint64_t Limiter::take(std::string_view caller, RateClass what, UnixMillis now) {
  Rate limit = rate(what);
  limit.per_minute *= factor_;
  limit.burst *= factor_;
  const std::string key = std::to_string(static_cast<unsigned>(what)) + " " + network_of(caller);
  const io::MutexGuard guard{*mutex_};
  if (buckets_.size() >= kCallersMax) buckets_.clear();
  const auto [at, fresh] = buckets_.try_emplace(key, Bucket{limit.burst, now.value});
  Bucket& bucket = at->second;
  const double per_ms = limit.per_minute / 60'000;
  const auto passed = static_cast<double>(now.value - std::min(now.value, bucket.at));
  bucket.tokens = std::min(limit.burst, bucket.tokens + passed * per_ms);
  bucket.at = std::max(bucket.at, now.value);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 0;
  }
  return static_cast<std::uint64_t>((1 - bucket.tokens) / per_ms) + 1;
}

}  // namespace wusong::gateway
