// SPDX-License-Identifier: Apache-2.0
// Chance of a path: eight bytes of state, since there is one for every two nodes.
#pragma once

#include <cstdint>

namespace wusong::wan {

/// @source Steele, Lea, Flood 2014: SplitMix64
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) noexcept : state_{seed} {}
  std::uint64_t next() noexcept {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15ull;
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebull;
    return x ^ x >> 31;
  }

 private:
  std::uint64_t state_;
};

}  // namespace wusong::wan
