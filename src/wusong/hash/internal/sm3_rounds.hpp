// SPDX-License-Identifier: Apache-2.0
// SM3's compression on any lanes.
// @source GB/T 32905-2016, section 5
#pragma once

#include <array>
#include <bit>

#include "wusong/hash/internal/kernel.hpp"

namespace wusong::hash::internal {
namespace {

/// T of each round, turned by the round's number.
inline constexpr auto kSm3Constants = [] {
  std::array<std::uint32_t, 64> out{};
  for (unsigned i = 0; i < 64; ++i)
    out[i] = std::rotl(i < 16 ? 0x79cc4519u : 0x7a879d8au, static_cast<int>(i % 32));
  return out;
}();

template <typename Lanes>
struct Sm3Rounds {
  using V = typename Lanes::Vector;
  static constexpr std::size_t kRows = 8;
  static constexpr std::size_t kWords = 16;
  static constexpr bool kSwap = true;

  WUSONG_HASH_INLINE void block(V (&s)[8], V (&w)[16]) noexcept {
    V next[8];
    for (int i = 0; i < 8; ++i) next[i] = s[i];
    sixteen_rounds<0>(next, w);
    sixteen_rounds<16>(next, w);
    sixteen_rounds<32>(next, w);
    sixteen_rounds<48>(next, w);
    for (int i = 0; i < 8; ++i) s[i] = Lanes::exclusive(s[i], next[i]);
  }

 private:
  /// One round; the caller turns the names of the words instead of moving them.
  template <bool kEarly>
  WUSONG_HASH_INLINE void round(V a, V& b, V c, V& d, V e, V& f, V g, V& h, V w, V w_next4,
                                std::uint32_t t) noexcept {
    const V a12 = Lanes::template rotate<12>(a);
    const V ss1 = Lanes::template rotate<7>(Lanes::add(Lanes::add(a12, Lanes::set(t)), e));
    const V ss2 = Lanes::exclusive(ss1, a12);
    const V ff = kEarly ? Lanes::xor3(a, b, c) : Lanes::majority(a, b, c);
    const V gg = kEarly ? Lanes::xor3(e, f, g) : Lanes::choose(e, f, g);
    // What was known long before is added first: of one message, rounds wait for e.
    const V tt1 = Lanes::add(Lanes::add(Lanes::add(d, Lanes::exclusive(w, w_next4)), ff), ss2);
    const V tt2 = Lanes::add(Lanes::add(Lanes::add(h, w), gg), ss1);
    b = Lanes::template rotate<9>(b);
    d = tt1;
    f = Lanes::template rotate<19>(f);
    h = Lanes::xor3(tt2, Lanes::template rotate<9>(tt2), Lanes::template rotate<17>(tt2));
  }
  WUSONG_HASH_INLINE void expand(V (&w)[16], int i) noexcept {
    const V x =
        Lanes::xor3(w[i & 15], w[(i + 7) & 15], Lanes::template rotate<15>(w[(i + 13) & 15]));
    const V p = Lanes::xor3(x, Lanes::template rotate<15>(x), Lanes::template rotate<23>(x));
    w[i & 15] = Lanes::xor3(p, Lanes::template rotate<7>(w[(i + 3) & 15]), w[(i + 10) & 15]);
  }
  template <int kFirst>
  WUSONG_HASH_INLINE void four_rounds(V (&s)[8], V (&w)[16]) noexcept {
    constexpr bool kEarly = kFirst < 16;
    constexpr int kAt = kFirst & 15;
    // Rounds 0 to 11 need words up to 15; each later four make the four that follow.
    if constexpr (kFirst >= 12) {
      for (int i = 0; i < 4; ++i) expand(w, kAt + 4 + i);
    }
    const auto* t = kSm3Constants.data() + kFirst;
    round<kEarly>(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], w[kAt], w[(kAt + 4) & 15], t[0]);
    round<kEarly>(s[3], s[0], s[1], s[2], s[7], s[4], s[5], s[6], w[kAt + 1], w[(kAt + 5) & 15],
                  t[1]);
    round<kEarly>(s[2], s[3], s[0], s[1], s[6], s[7], s[4], s[5], w[kAt + 2], w[(kAt + 6) & 15],
                  t[2]);
    round<kEarly>(s[1], s[2], s[3], s[0], s[5], s[6], s[7], s[4], w[kAt + 3], w[(kAt + 7) & 15],
                  t[3]);
  }
  template <int kFirst>
  WUSONG_HASH_INLINE void sixteen_rounds(V (&s)[8], V (&w)[16]) noexcept {
    four_rounds<kFirst>(s, w);
    four_rounds<kFirst + 4>(s, w);
    four_rounds<kFirst + 8>(s, w);
    four_rounds<kFirst + 12>(s, w);
  }
};

}  // namespace
}  // namespace wusong::hash::internal
