// SPDX-License-Identifier: Apache-2.0
// SM3 of one message: the rounds of sm3_lanes.hpp on plain words. libcrypto's call costs more than
// one block, and most of what a chain hashes has one or two.
#define WUSONG_SM3_TARGET
#define WUSONG_SM3_INLINE [[gnu::always_inline]] static inline
#include "wusong/hash/hash.hpp"
#include "wusong/hash/internal/sm3_lanes.hpp"

namespace wusong::hash {
namespace {

using internal::kSm3Block;
using Word = std::uint32_t;

struct OneLane {
  using Vector = Word;

  static constexpr Word set(Word value) noexcept { return value; }
  static constexpr Word add(Word a, Word b) noexcept { return a + b; }
  static constexpr Word exclusive(Word a, Word b) noexcept { return a ^ b; }
  static constexpr Word xor3(Word a, Word b, Word c) noexcept { return a ^ b ^ c; }
  static constexpr Word majority(Word a, Word b, Word c) noexcept {
    return (a & b) | (c & (a | b));
  }
  static constexpr Word choose(Word a, Word b, Word c) noexcept { return ((b ^ c) & a) ^ c; }
  template <int kBits>
  static constexpr Word rotate(Word a) noexcept {
    return std::rotl(a, kBits);
  }
};

void compress(std::array<Word, 8>& state, const std::uint8_t* block) noexcept {
  Word w[16];
  for (std::size_t i = 0; i < 16; ++i) {
    std::memcpy(&w[i], block + 4 * i, 4);
    w[i] = std::byteswap(w[i]);
  }
  Word next[8];
  for (std::size_t i = 0; i < 8; ++i) next[i] = state[i];
  internal::sm3_sixteen_rounds<OneLane, 0>(next, w);
  internal::sm3_sixteen_rounds<OneLane, 16>(next, w);
  internal::sm3_sixteen_rounds<OneLane, 32>(next, w);
  internal::sm3_sixteen_rounds<OneLane, 48>(next, w);
  for (std::size_t i = 0; i < 8; ++i) state[i] ^= next[i];
}

Hash bytes_of(const std::array<Word, 8>& state) noexcept {
  Hash out;
  for (std::size_t i = 0; i < 8; ++i) {
    const Word big_endian = std::byteswap(state[i]);
    std::memcpy(out.data() + 4 * i, &big_endian, 4);
  }
  return out;
}

}  // namespace

Hash sm3(BytesView data) noexcept {
  internal::Sm3Message message;
  message.set(data);
  std::array<Word, 8> state = internal::kSm3Start;
  for (std::size_t i = 0; i < message.count; ++i) compress(state, message.block(i));
  return bytes_of(state);
}

Hash sm3(BytesView first, BytesView second) noexcept {
  std::array<Word, 8> state = internal::kSm3Start;
  const std::size_t whole = first.size() / kSm3Block;
  for (std::size_t i = 0; i < whole; ++i) compress(state, first.data() + i * kSm3Block);
  // The block where they meet, then what is left of the second.
  std::uint8_t joint[kSm3Block];
  const BytesView rest = first.subspan(whole * kSm3Block);
  if (!rest.empty()) std::memcpy(joint, rest.data(), rest.size());
  std::size_t taken = 0;
  std::size_t filled = rest.size();
  if (filled != 0) {
    taken = std::min(kSm3Block - filled, second.size());
    if (taken != 0) std::memcpy(joint + filled, second.data(), taken);
    filled += taken;
  }
  internal::Sm3Message last;
  if (filled == kSm3Block || filled == 0) {
    if (filled != 0) compress(state, joint);
    last.set(second.subspan(taken));
  } else {
    last.set(BytesView{joint, filled});
  }
  last.set_length(first.size() + second.size());
  for (std::size_t i = 0; i < last.count; ++i) compress(state, last.block(i));
  return bytes_of(state);
}

}  // namespace wusong::hash
