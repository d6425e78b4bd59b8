// SPDX-License-Identifier: Apache-2.0
// BLAKE2b's compression on any lanes.
// @source RFC 7693, section 3
#pragma once

#include "wusong/hash/internal/functions.hpp"
#include "wusong/math/limbs.hpp"

namespace wusong::hash::internal {
namespace {

inline constexpr std::uint8_t kBlake2bSigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

template <typename Lanes>
struct Blake2bRounds {
  using V = typename Lanes::Vector;
  static constexpr std::size_t kRows = Blake2b::kRows;
  static constexpr std::size_t kWords = 16;
  static constexpr bool kSwap = false;

  WUSONG_HASH_INLINE void block(V (&s)[kRows], const V (&w)[16]) noexcept {
    s[8] = Lanes::add(s[8], Lanes::set(Blake2b::kBlock));
    V v[16];
    for (std::size_t i = 0; i < 8; ++i) {
      v[i] = s[i];
      v[i + 8] = Lanes::set(Sha512::kStart[i]);
    }
    v[12] = Lanes::exclusive(v[12], s[8]);
    v[14] = Lanes::exclusive(v[14], s[9]);
    WUSONG_UNROLL
    for (std::size_t i = 0; i < 12; ++i) round(v, w, kBlake2bSigma[i % 10]);
    for (std::size_t i = 0; i < 8; ++i) s[i] = Lanes::xor3(s[i], v[i], v[i + 8]);
  }

  WUSONG_HASH_INLINE void round(V (&v)[16], const V (&w)[16],
                                const std::uint8_t (&s)[16]) noexcept {
    mix(v[0], v[4], v[8], v[12], w[s[0]], w[s[1]]);
    mix(v[1], v[5], v[9], v[13], w[s[2]], w[s[3]]);
    mix(v[2], v[6], v[10], v[14], w[s[4]], w[s[5]]);
    mix(v[3], v[7], v[11], v[15], w[s[6]], w[s[7]]);
    mix(v[0], v[5], v[10], v[15], w[s[8]], w[s[9]]);
    mix(v[1], v[6], v[11], v[12], w[s[10]], w[s[11]]);
    mix(v[2], v[7], v[8], v[13], w[s[12]], w[s[13]]);
    mix(v[3], v[4], v[9], v[14], w[s[14]], w[s[15]]);
  }

 private:
  WUSONG_HASH_INLINE void mix(V& a, V& b, V& c, V& d, V x, V y) noexcept {
    a = Lanes::add(Lanes::add(a, x), b);
    d = Lanes::template rotate<32>(Lanes::exclusive(d, a));
    c = Lanes::add(c, d);
    b = Lanes::template rotate<40>(Lanes::exclusive(b, c));
    a = Lanes::add(Lanes::add(a, y), b);
    d = Lanes::template rotate<48>(Lanes::exclusive(d, a));
    c = Lanes::add(c, d);
    b = Lanes::template rotate<1>(Lanes::exclusive(b, c));
  }
};

}  // namespace
}  // namespace wusong::hash::internal
