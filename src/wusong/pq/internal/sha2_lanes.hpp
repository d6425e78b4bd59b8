// SPDX-License-Identifier: Apache-2.0
// SHA-256 and SHA-512 of many messages side by side, one in each lane of a vector. Used as
// ring_lanes.hpp is. Lanes has: Vector, kCount, set, load_words (from kCount blocks into sixteen
// vectors of big-endian words), store, add, xor3, rotate, shift, choose and majority.
// @source FIPS 180-4, sections 4.1 and 6
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "wusong/math/limbs.hpp"
#include "wusong/pq/internal/provider.hpp"

#if !defined(WUSONG_PQ_TARGET)
#define WUSONG_PQ_TARGET
#define WUSONG_PQ_INLINE [[maybe_unused]] static inline
#endif

namespace wusong::pq::internal {

namespace {

struct Sha256 {
  using Word = std::uint32_t;
  static constexpr int kRounds = 64;
  static constexpr int kBig0[3] = {2, 13, 22};
  static constexpr int kBig1[3] = {6, 11, 25};
  static constexpr int kSmall0[3] = {7, 18, 3};  // two turns and a shift
  static constexpr int kSmall1[3] = {17, 19, 10};
};
struct Sha512 {
  using Word = std::uint64_t;
  static constexpr int kRounds = 80;
  static constexpr int kBig0[3] = {28, 34, 39};
  static constexpr int kBig1[3] = {14, 18, 41};
  static constexpr int kSmall0[3] = {1, 8, 7};
  static constexpr int kSmall1[3] = {19, 61, 6};
};

/// Right turns.
template <typename Lanes, int kBits, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE V turned_right(V a) noexcept {
  return Lanes::template rotate<kBits>(a);
}

template <typename Hash, typename Lanes, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE V next_word(const V (&w)[16], int i) noexcept {
  const V a = w[(i + 1) & 15];
  const V b = w[(i + 14) & 15];
  const V small0 = Lanes::xor3(turned_right<Lanes, Hash::kSmall0[0]>(a),
                               turned_right<Lanes, Hash::kSmall0[1]>(a),
                               Lanes::template shift<Hash::kSmall0[2]>(a));
  const V small1 = Lanes::xor3(turned_right<Lanes, Hash::kSmall1[0]>(b),
                               turned_right<Lanes, Hash::kSmall1[1]>(b),
                               Lanes::template shift<Hash::kSmall1[2]>(b));
  return Lanes::add(Lanes::add(w[i & 15], small0), Lanes::add(w[(i + 9) & 15], small1));
}

template <typename Hash, typename Lanes, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void sha2_round(V a, V b, V c, V& d, V e, V f, V g, V& h, V w,
                                 typename Hash::Word constant) noexcept {
  const V big1 =
      Lanes::xor3(turned_right<Lanes, Hash::kBig1[0]>(e), turned_right<Lanes, Hash::kBig1[1]>(e),
                  turned_right<Lanes, Hash::kBig1[2]>(e));
  const V big0 =
      Lanes::xor3(turned_right<Lanes, Hash::kBig0[0]>(a), turned_right<Lanes, Hash::kBig0[1]>(a),
                  turned_right<Lanes, Hash::kBig0[2]>(a));
  const V t1 = Lanes::add(Lanes::add(Lanes::add(h, Lanes::set(constant)), w),
                          Lanes::add(big1, Lanes::choose(e, f, g)));
  d = Lanes::add(d, t1);
  h = Lanes::add(t1, Lanes::add(big0, Lanes::majority(a, b, c)));
}

/// Sixteen rounds; the names turn instead of the words.
template <typename Hash, typename Lanes, bool kFirst, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void sixteen_rounds(V (&s)[8], V (&w)[16],
                                     const typename Hash::Word* constants) noexcept {
  WUSONG_UNROLL
  for (int i = 0; i < 16; ++i) {
    if constexpr (!kFirst) w[i] = next_word<Hash, Lanes>(w, i);
    sha2_round<Hash, Lanes>(s[(0 - i) & 7], s[(1 - i) & 7], s[(2 - i) & 7], s[(3 - i) & 7],
                            s[(4 - i) & 7], s[(5 - i) & 7], s[(6 - i) & 7], s[(7 - i) & 7], w[i],
                            constants[i]);
  }
}

template <typename Hash, typename Lanes>
WUSONG_PQ_TARGET void sha2_many(const typename Hash::Word* start, const std::uint8_t* messages,
                                std::size_t blocks, std::size_t count, std::uint8_t* out) noexcept {
  using Word = typename Hash::Word;
  using V = typename Lanes::Vector;
  constexpr std::size_t kBlock = 16 * sizeof(Word);
  const Word* const constants = sha2_constants<Word>();
  for (std::size_t done = 0; done < count; done += Lanes::kCount) {
    const std::size_t lanes = std::min(Lanes::kCount, count - done);
    V state[8];
    for (int i = 0; i < 8; ++i) state[i] = Lanes::set(start[i]);
    for (std::size_t block = 0; block < blocks; ++block) {
      // Lanes without a message repeat the last; nobody reads them.
      const std::uint8_t* from[Lanes::kCount];
      for (std::size_t i = 0; i < Lanes::kCount; ++i)
        from[i] = messages + ((done + std::min(i, lanes - 1)) * blocks + block) * kBlock;
      V w[16];
      Lanes::load_words(from, w);
      V next[8];
      for (int i = 0; i < 8; ++i) next[i] = state[i];
      sixteen_rounds<Hash, Lanes, true>(next, w, constants);
      for (int i = 16; i < Hash::kRounds; i += 16)
        sixteen_rounds<Hash, Lanes, false>(next, w, constants + i);
      for (int i = 0; i < 8; ++i) state[i] = Lanes::add(state[i], next[i]);
    }
    alignas(64) Word words[8][Lanes::kCount];
    for (int i = 0; i < 8; ++i) Lanes::store(words[i], state[i]);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      for (std::size_t i = 0; i < 8; ++i) {
        const Word word = std::byteswap(words[i][lane]);
        std::memcpy(out + (done + lane) * 8 * sizeof(Word) + i * sizeof(Word), &word, sizeof(Word));
      }
    }
  }
}

}  // namespace
}  // namespace wusong::pq::internal
