// SPDX-License-Identifier: Apache-2.0
// Who compresses blocks of several messages side by side, one in each lane. The rounds of a hash
// function (x_rounds.hpp) are one source for all kinds of lanes; a file for machines that others
// may lack defines WUSONG_HASH_TARGET and _INLINE before it includes them, so that each function
// carries its own target. Nothing of such a header may be shared between files: all of it is
// internal.
//
// Lanes has: Word; Vector; kCount; and set, load, store, add, exclusive, xor3, choose, majority,
// or_not (a | ~b), chi (a ^ (~b & c)), rotate (left), shift (right), and load_words, which turns
// round: from kCount pointers to as many vectors of words, big-endian where kSwap says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#if !defined(WUSONG_HASH_TARGET)
#define WUSONG_HASH_TARGET
#define WUSONG_HASH_INLINE __attribute__((always_inline, unused)) static inline
#endif

namespace wusong::hash::internal {

template <typename WordType>
struct Kernel {
  const char* name;
  std::size_t lanes;  // messages at once
  unsigned cost;      // of a block of all lanes, in hundredths of the plain kernel's, on Zen 4
  bool (*is_supported)() noexcept;
  /// Takes `count` blocks of each message into its state. @shape word i of lane k is
  /// state[i * lanes + k], `state` aligned to 64 bytes; all of `from` can be read
  void (*compress)(WordType* state, const std::uint8_t* const* from, std::size_t count) noexcept;
};

namespace {

/// A kernel's compress: Rounds<Lanes> has kRows, kWords of a block, kSwap and block(), one block of
/// all lanes.
template <template <typename> typename Rounds, typename Lanes>
WUSONG_HASH_TARGET void compress_lanes(typename Lanes::Word* state, const std::uint8_t* const* from,
                                       std::size_t count) noexcept {
  using R = Rounds<Lanes>;
  typename Lanes::Vector s[R::kRows];
  for (std::size_t i = 0; i < R::kRows; ++i) s[i] = Lanes::load(state + i * Lanes::kCount);
  const std::uint8_t* at[Lanes::kCount];
  for (std::size_t k = 0; k < Lanes::kCount; ++k) at[k] = from[k];
  for (; count > 0; --count) {
    typename Lanes::Vector w[R::kWords];
    Lanes::template load_words<R::kSwap>(at, w);
    R::block(s, w);
    for (auto& each : at) each += R::kWords * sizeof(typename Lanes::Word);
  }
  for (std::size_t i = 0; i < R::kRows; ++i) Lanes::store(state + i * Lanes::kCount, s[i]);
}

}  // namespace
}  // namespace wusong::hash::internal
