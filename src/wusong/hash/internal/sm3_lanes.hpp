// SPDX-License-Identifier: Apache-2.0
// SM3 of many messages side by side, one in each 32-bit lane of a vector. A provider defines
// WUSONG_SM3_TARGET and _INLINE before it includes this: each function carries its own target
// attribute, as nothing of a shared header may be compiled for a machine that others may lack.
//
// Lanes has: Vector; kCount, messages at once; and set, load_words, store, add, xor3, rotate,
// majority, choose. load_words turns round: from kCount pointers to 64 bytes into sixteen vectors
// of big-endian words.
// @source GB/T 32905-2016, section 5
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/hash/internal/sm3_many.hpp"

#if !defined(WUSONG_SM3_TARGET)
#define WUSONG_SM3_TARGET
#define WUSONG_SM3_INLINE static inline
#endif

namespace wusong::hash::internal {

namespace {

inline constexpr std::size_t kSm3Block = 64;
inline constexpr std::array<std::uint32_t, 8> kSm3Start{
    0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
/// T of each round, turned by the round's number.
inline constexpr auto kSm3Rounds = [] {
  std::array<std::uint32_t, 64> out{};
  for (unsigned i = 0; i < 64; ++i)
    out[i] = std::rotl(i < 16 ? 0x79cc4519u : 0x7a879d8au, static_cast<int>(i % 32));
  return out;
}();

/// A message's blocks: whole ones where they lie, then one or two with the padding.
struct Sm3Message {
  const std::uint8_t* bytes;
  std::size_t whole;  // blocks without padding
  std::size_t count;  // all blocks
  alignas(64) std::uint8_t tail[2 * kSm3Block];

  void set(BytesView message) noexcept {
    bytes = message.data();
    whole = message.size() / kSm3Block;
    const std::size_t rest = message.size() % kSm3Block;
    count = whole + (rest + 9 <= kSm3Block ? 1 : 2);
    std::memset(tail, 0, sizeof(tail));
    if (rest != 0) std::memcpy(tail, bytes + whole * kSm3Block, rest);
    tail[rest] = 0x80;
    set_length(message.size());
  }
  /// In bytes, of all that was hashed, where blocks went before this message.
  void set_length(std::size_t length) noexcept {
    const std::uint64_t bits = std::byteswap(std::uint64_t{length} * 8);
    std::memcpy(tail + (count - whole) * kSm3Block - 8, &bits, 8);
  }
  const std::uint8_t* block(std::size_t index) const noexcept {
    return index < whole ? bytes + index * kSm3Block : tail + (index - whole) * kSm3Block;
  }
};

/// One round; the caller turns the names of the words instead of moving them.
template <typename Lanes, bool kEarly, typename V = typename Lanes::Vector>
WUSONG_SM3_INLINE void sm3_round(V a, V& b, V c, V& d, V e, V& f, V g, V& h, V w, V w_next4,
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

template <typename Lanes, typename V = typename Lanes::Vector>
WUSONG_SM3_INLINE void sm3_expand(V (&w)[16], int i) noexcept {
  const V x = Lanes::xor3(w[i & 15], w[(i + 7) & 15], Lanes::template rotate<15>(w[(i + 13) & 15]));
  const V p = Lanes::xor3(x, Lanes::template rotate<15>(x), Lanes::template rotate<23>(x));
  w[i & 15] = Lanes::xor3(p, Lanes::template rotate<7>(w[(i + 3) & 15]), w[(i + 10) & 15]);
}

template <typename Lanes, int kFirst, typename V = typename Lanes::Vector>
WUSONG_SM3_INLINE void sm3_four_rounds(V (&s)[8], V (&w)[16]) noexcept {
  constexpr bool kEarly = kFirst < 16;
  constexpr int kAt = kFirst & 15;
  // Rounds 0 to 11 need words up to 15; each later four make the four that follow.
  if constexpr (kFirst >= 12) {
    for (int i = 0; i < 4; ++i) sm3_expand<Lanes>(w, kAt + 4 + i);
  }
  const auto* t = kSm3Rounds.data() + kFirst;
  sm3_round<Lanes, kEarly>(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], w[kAt],
                           w[(kAt + 4) & 15], t[0]);
  sm3_round<Lanes, kEarly>(s[3], s[0], s[1], s[2], s[7], s[4], s[5], s[6], w[kAt + 1],
                           w[(kAt + 5) & 15], t[1]);
  sm3_round<Lanes, kEarly>(s[2], s[3], s[0], s[1], s[6], s[7], s[4], s[5], w[kAt + 2],
                           w[(kAt + 6) & 15], t[2]);
  sm3_round<Lanes, kEarly>(s[1], s[2], s[3], s[0], s[5], s[6], s[7], s[4], w[kAt + 3],
                           w[(kAt + 7) & 15], t[3]);
}

template <typename Lanes, int kFirst, typename V = typename Lanes::Vector>
WUSONG_SM3_INLINE void sm3_sixteen_rounds(V (&s)[8], V (&w)[16]) noexcept {
  sm3_four_rounds<Lanes, kFirst>(s, w);
  sm3_four_rounds<Lanes, kFirst + 4>(s, w);
  sm3_four_rounds<Lanes, kFirst + 8>(s, w);
  sm3_four_rounds<Lanes, kFirst + 12>(s, w);
}

/// Up to kCount messages. Lanes whose message has ended repeat their last block; nobody reads it.
template <typename Lanes>
WUSONG_SM3_TARGET void sm3_group(std::span<const BytesView> messages,
                                 std::span<Hash> out) noexcept {
  using V = typename Lanes::Vector;
  Sm3Message message[Lanes::kCount];
  std::size_t most = 0;
  for (std::size_t i = 0; i < Lanes::kCount; ++i) {
    message[i].set(messages[std::min(i, messages.size() - 1)]);
    most = std::max(most, message[i].count);
  }
  V state[8];
  for (int i = 0; i < 8; ++i) state[i] = Lanes::set(kSm3Start[static_cast<std::size_t>(i)]);
  for (std::size_t index = 0; index < most; ++index) {
    const std::uint8_t* blocks[Lanes::kCount];
    for (std::size_t i = 0; i < Lanes::kCount; ++i)
      blocks[i] = message[i].block(std::min(index, message[i].count - 1));
    V w[16];
    Lanes::load_words(blocks, w);
    V next[8];
    for (int i = 0; i < 8; ++i) next[i] = state[i];
    sm3_sixteen_rounds<Lanes, 0>(next, w);
    sm3_sixteen_rounds<Lanes, 16>(next, w);
    sm3_sixteen_rounds<Lanes, 32>(next, w);
    sm3_sixteen_rounds<Lanes, 48>(next, w);
    for (int i = 0; i < 8; ++i) state[i] = Lanes::exclusive(state[i], next[i]);
    alignas(64) std::uint32_t words[8][Lanes::kCount];
    bool stored = false;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (index + 1 != message[i].count) continue;
      if (!stored) {
        for (int k = 0; k < 8; ++k) Lanes::store(words[k], state[k]);
        stored = true;
      }
      for (std::size_t k = 0; k < 8; ++k) {
        const std::uint32_t word = std::byteswap(words[k][i]);
        std::memcpy(out[i].data() + 4 * k, &word, 4);
      }
    }
  }
}

template <typename Lanes>
void sm3_many(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  for (std::size_t done = 0; done < messages.size(); done += Lanes::kCount) {
    const std::size_t count = std::min(Lanes::kCount, messages.size() - done);
    sm3_group<Lanes>(messages.subspan(done, count), out.subspan(done, count));
  }
}

}  // namespace
}  // namespace wusong::hash::internal
