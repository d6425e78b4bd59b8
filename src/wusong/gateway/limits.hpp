// SPDX-License-Identifier: Apache-2.0
// How often somebody may ask: one token bucket for each caller and class of request.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "wusong/base/time.hpp"
#include "wusong/io/mutex.hpp"

namespace wusong::gateway {

/// `file`: the web application's own files; one page needs about fifty of them.
enum class RateClass : std::uint8_t { page, read, search, write, login, download, file };

/// Tokens that come back each minute, and how many may be saved up.
struct Rate {
  double per_minute{600};
  double burst{200};
};

/// Whom an address stands for: itself, or of IPv6 the network of 64 bits that one household or
/// server has, so that nobody gains by changing the rest.
/// @shape an address as inet_ntop writes it; any other text is itself
std::string network_of(std::string_view address);

/// @thread safe, by the mutex it is given
class Limiter {
 public:
  static constexpr std::size_t kCallersMax = 100'000;  // beyond, the table starts anew

  explicit Limiter(io::Mutex& mutex, double factor = 1) : mutex_{&mutex}, factor_{factor} {}
  /// Takes one token. @return 0: go on; else milliseconds until there is one
  std::uint64_t take(std::string_view caller, RateClass what, UnixMillis now);
  static Rate rate(RateClass what) noexcept;

 private:
  struct Bucket {
    double tokens{0};
    std::uint64_t at{0};
  };
  io::Mutex* mutex_;
  double factor_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace wusong::gateway
