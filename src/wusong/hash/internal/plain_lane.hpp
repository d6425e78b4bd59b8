// SPDX-License-Identifier: Apache-2.0
// One lane: an ordinary word.
#pragma once

#include <bit>
#include <cstring>

#include "wusong/hash/internal/kernel.hpp"

namespace wusong::hash::internal {
namespace {

template <typename WordType>
struct PlainLane {
  using Word = WordType;
  using Vector = Word;
  static constexpr std::size_t kCount = 1;

  WUSONG_HASH_INLINE Word set(Word word) noexcept { return word; }
  WUSONG_HASH_INLINE Word load(const Word* from) noexcept { return *from; }
  WUSONG_HASH_INLINE void store(Word* to, Word v) noexcept { *to = v; }
  WUSONG_HASH_INLINE Word add(Word a, Word b) noexcept { return a + b; }
  WUSONG_HASH_INLINE Word exclusive(Word a, Word b) noexcept { return a ^ b; }
  WUSONG_HASH_INLINE Word xor3(Word a, Word b, Word c) noexcept { return a ^ b ^ c; }
  WUSONG_HASH_INLINE Word choose(Word a, Word b, Word c) noexcept { return c ^ (a & (b ^ c)); }
  WUSONG_HASH_INLINE Word majority(Word a, Word b, Word c) noexcept {
    return (a & b) | (c & (a | b));
  }
  WUSONG_HASH_INLINE Word or_not(Word a, Word b) noexcept { return a | ~b; }
  WUSONG_HASH_INLINE Word chi(Word a, Word b, Word c) noexcept { return a ^ (~b & c); }
  template <int kBits>
  WUSONG_HASH_INLINE Word rotate(Word a) noexcept {
    return std::rotl(a, kBits);
  }
  template <int kBits>
  WUSONG_HASH_INLINE Word shift(Word a) noexcept {
    return a >> kBits;
  }
  template <bool kSwap, std::size_t kWords>
  WUSONG_HASH_INLINE void load_words(const std::uint8_t* const (&from)[1],
                                     Word (&w)[kWords]) noexcept {
    for (std::size_t i = 0; i < kWords; ++i) {
      std::memcpy(&w[i], from[0] + i * sizeof(Word), sizeof(Word));
      if constexpr (kSwap) w[i] = std::byteswap(w[i]);
    }
  }
};

}  // namespace
}  // namespace wusong::hash::internal
