// SPDX-License-Identifier: Apache-2.0
// Random numbers from a seed, the same on every machine.
#pragma once

#include <array>
#include <cstdint>

#include "wusong/base/time.hpp"

namespace wusong::sim {

/// @source Steele, Lea, Flood 2014: the finaliser of SplitMix64
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

/// xoshiro256**, seeded by SplitMix64.
/// @source Blackman, Vigna 2018
class Rng {
 public:
  explicit Rng(std::uint64_t seed) noexcept {
    for (auto& word : state_) word = mix64(seed += 0x9e3779b97f4a7c15ull);
  }
  std::uint64_t next() noexcept {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  /// In [0, limit); 0 for limit 0.
  std::uint64_t below(std::uint64_t limit) noexcept { return limit == 0 ? 0 : next() % limit; }
  bool chance(std::uint32_t permille) noexcept { return below(1000) < permille; }
  Duration between(Duration from, Duration to) noexcept {
    const auto span = static_cast<std::uint64_t>((to - from).count());
    return from + Duration{static_cast<std::int64_t>(below(span + 1))};
  }
  Rng fork() noexcept { return Rng{next()}; }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int by) noexcept {
    return x << by | x >> (64 - by);
  }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace wusong::sim
