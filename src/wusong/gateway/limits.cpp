// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/limits.hpp"

#include <algorithm>

namespace wusong::gateway {

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
  const std::string key = std::to_string(static_cast<unsigned>(what)) + " " + std::string{caller};
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
