// SPDX-License-Identifier: Apache-2.0
// RIPEMD-160's compression on any lanes: two lines of eighty steps.
// @source RIPEMD-160, Dobbertin, Bosselaers, Preneel 1996, appendix A
#pragma once

#include <utility>

#include "wusong/hash/internal/kernel.hpp"

namespace wusong::hash::internal {
namespace {

/// A line: which word and what turn each step takes, and a constant for each sixteen.
struct RipemdLine {
  std::uint8_t word[80];
  std::uint8_t turn[80];
  std::uint32_t constant[5];
};
inline constexpr RipemdLine kRipemdLeft{
    {0,  1, 2,  3, 4,  5,  6, 7,  8, 9,  10, 11, 12, 13, 14, 15, 7,  4,  13, 1,
     10, 6, 15, 3, 12, 0,  9, 5,  2, 14, 11, 8,  3,  10, 14, 4,  9,  15, 8,  1,
     2,  7, 0,  6, 13, 11, 5, 12, 1, 9,  11, 10, 0,  8,  12, 4,  13, 3,  7,  15,
     14, 5, 6,  2, 4,  0,  5, 9,  7, 12, 2,  10, 14, 1,  3,  8,  11, 6,  15, 13},
    {11, 14, 15, 12, 5, 8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,  7,  6,  8,  13,
     11, 9,  7,  15, 7, 12, 15, 9,  11, 7,  13, 12, 11, 13, 6,  7,  14, 9,  13, 15,
     14, 8,  13, 6,  5, 12, 7,  5,  11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,
     8,  6,  5,  12, 9, 15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6},
    {0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e}};
inline constexpr RipemdLine kRipemdRight{
    {5,  14, 7,  0,  9,  2,  11, 4,  13, 6, 15, 8, 1,  10, 3,  12, 6, 11, 3, 7,
     0,  13, 5,  10, 14, 15, 8,  12, 4,  9, 1,  2, 15, 5,  1,  3,  7, 14, 6, 9,
     11, 8,  12, 2,  10, 0,  4,  13, 8,  6, 4,  1, 3,  11, 15, 0,  5, 12, 2, 13,
     9,  7,  10, 14, 12, 15, 10, 4,  1,  5, 8,  7, 6,  2,  13, 14, 0, 3,  9, 11},
    {8,  9,  9,  11, 13, 15, 15, 5, 7,  7,  8,  11, 14, 14, 12, 6,  9,  13, 15, 7,
     12, 8,  9,  11, 7,  7,  12, 7, 6,  15, 13, 11, 9,  7,  15, 11, 8,  6,  6,  14,
     12, 13, 5,  14, 13, 13, 7,  5, 15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,
     12, 5,  15, 8,  8,  5,  12, 9, 12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11},
    {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0}};

template <typename Lanes>
struct Ripemd160Rounds {
  using V = typename Lanes::Vector;
  static constexpr std::size_t kRows = 5;
  static constexpr std::size_t kWords = 16;
  static constexpr bool kSwap = false;

  WUSONG_HASH_INLINE void block(V (&s)[5], const V (&w)[16]) noexcept {
    V left[5];
    V right[5];
    for (int i = 0; i < 5; ++i) left[i] = right[i] = s[i];
    all_steps(left, right, w, std::make_integer_sequence<int, 80>{});
    const V first = Lanes::add(s[1], Lanes::add(left[2], right[3]));
    s[1] = Lanes::add(s[2], Lanes::add(left[3], right[4]));
    s[2] = Lanes::add(s[3], Lanes::add(left[4], right[0]));
    s[3] = Lanes::add(s[4], Lanes::add(left[0], right[1]));
    s[4] = Lanes::add(s[0], Lanes::add(left[1], right[2]));
    s[0] = first;
  }

 private:
  template <int kFunction>
  WUSONG_HASH_INLINE V mixed(V x, V y, V z) noexcept {
    if constexpr (kFunction == 0) return Lanes::xor3(x, y, z);
    if constexpr (kFunction == 1) return Lanes::choose(x, y, z);
    if constexpr (kFunction == 2) return Lanes::exclusive(Lanes::or_not(x, y), z);
    if constexpr (kFunction == 3) return Lanes::choose(z, x, y);
    if constexpr (kFunction == 4) return Lanes::exclusive(x, Lanes::or_not(y, z));
  }
  /// The names of the words turn instead of the words.
  template <const RipemdLine& kLine, int kFunction, int i>
  WUSONG_HASH_INLINE void step(V (&s)[5], const V (&w)[16]) noexcept {
    V& a = s[(80 - i) % 5];
    const V b = s[(81 - i) % 5];
    V& c = s[(82 - i) % 5];
    V sum = Lanes::add(Lanes::add(a, w[kLine.word[i]]), mixed<kFunction>(b, c, s[(83 - i) % 5]));
    if constexpr (kLine.constant[i / 16] != 0)
      sum = Lanes::add(sum, Lanes::set(kLine.constant[i / 16]));
    a = Lanes::add(Lanes::template rotate<int{kLine.turn[i]}>(sum), s[(84 - i) % 5]);
    c = Lanes::template rotate<10>(c);
  }
  template <int... i>
  WUSONG_HASH_INLINE void all_steps(V (&left)[5], V (&right)[5], const V (&w)[16],
                                    std::integer_sequence<int, i...>) noexcept {
    ((step<kRipemdLeft, i / 16, i>(left, w), step<kRipemdRight, 4 - i / 16, i>(right, w)), ...);
  }
};

}  // namespace
}  // namespace wusong::hash::internal
