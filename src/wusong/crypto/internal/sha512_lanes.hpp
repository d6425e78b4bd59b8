// SPDX-License-Identifier: Apache-2.0
// SHA-512 of many messages side by side, one a lane, for any lanes.
// @source FIPS 180-4, sections 4.1.3, 4.2.3 and 6.4
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/math/lane_vector.hpp"

namespace wusong::crypto::internal {

inline constexpr std::array<std::uint64_t, 8> kSha512Start{
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

inline constexpr std::array<std::uint64_t, 80> kSha512Rounds{
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

namespace {

template <typename L>
struct Sha512Lanes {
  using V = typename L::V;
  static constexpr std::size_t kCount = L::kCount;
  static constexpr std::size_t kBlock = 128;

  /// A message's blocks: whole ones where they lie, then one or two with the padding.
  struct Message {
    const std::uint8_t* bytes;
    std::size_t whole;
    std::size_t count;
    std::uint8_t tail[2 * kBlock];

    void set(BytesView message) noexcept {
      bytes = message.data();
      whole = message.size() / kBlock;
      const std::size_t rest = message.size() % kBlock;
      count = whole + (rest + 17 <= kBlock ? 1 : 2);
      std::memset(tail, 0, sizeof(tail));
      if (rest != 0) std::memcpy(tail, bytes + whole * kBlock, rest);
      tail[rest] = 0x80;
      const std::uint64_t bits = std::byteswap(std::uint64_t{message.size()} * 8);
      std::memcpy(tail + (count - whole) * kBlock - 8, &bits, 8);
    }
    const std::uint8_t* block(std::size_t index) const noexcept {
      return index < whole ? bytes + index * kBlock : tail + (index - whole) * kBlock;
    }
  };

  template <int kA, int kB, int kC>
  WUSONG_LANE_INLINE static V turned(V a) noexcept {
    return L::exclusive(L::template rotated_right<kA>(a), L::template rotated_right<kB>(a),
                        L::template rotated_right<kC>(a));
  }
  WUSONG_LANE_INLINE static V expanded(V w, V before, V seventh, V second) noexcept {
    const V s0 = L::exclusive(L::template rotated_right<1>(before),
                              L::template rotated_right<8>(before), L::template right<7>(before));
    const V s1 = L::exclusive(L::template rotated_right<19>(second),
                              L::template rotated_right<61>(second), L::template right<6>(second));
    return L::add(L::add(w, s0), L::add(seventh, s1));
  }
  WUSONG_LANE_CALL static void compress(V (&state)[8], V (&w)[16]) noexcept {
    V s[8];
    for (int i = 0; i < 8; ++i) s[i] = state[i];
    for (std::size_t first = 0; first < 80; first += 16) {
      WUSONG_UNROLL
      for (std::size_t i = 0; i < 16; ++i) {
        if (first != 0) w[i] = expanded(w[i], w[(i + 1) % 16], w[(i + 9) % 16], w[(i + 14) % 16]);
        const V t1 =
            L::add(L::add(L::add(s[7], turned<14, 18, 41>(s[4])), L::choice(s[4], s[5], s[6])),
                   L::add(L::all(kSha512Rounds[first + i]), w[i]));
        const V t2 = L::add(turned<28, 34, 39>(s[0]), L::majority(s[0], s[1], s[2]));
        s[7] = s[6];
        s[6] = s[5];
        s[5] = s[4];
        s[4] = L::add(s[3], t1);
        s[3] = s[2];
        s[2] = s[1];
        s[1] = s[0];
        s[0] = L::add(t1, t2);
      }
    }
    for (int i = 0; i < 8; ++i) state[i] = L::add(state[i], s[i]);
  }

  /// Up to kCount messages. Lanes whose message has ended repeat their last block; nobody reads it.
  WUSONG_LANE_CALL static void group(std::span<const BytesView> messages,
                                     std::span<Digest512> out) noexcept {
    Message message[kCount];
    std::size_t most = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      message[i].set(messages[std::min(i, messages.size() - 1)]);
      most = std::max(most, message[i].count);
    }
    V state[8];
    for (std::size_t i = 0; i < 8; ++i) state[i] = L::all(kSha512Start[i]);
    std::uint64_t words[16][kCount];
    for (std::size_t index = 0; index < most; ++index) {
      for (std::size_t i = 0; i < kCount; ++i) {
        std::uint64_t block[16];
        std::memcpy(block, message[i].block(std::min(index, message[i].count - 1)), kBlock);
        for (std::size_t k = 0; k < 16; ++k) words[k][i] = std::byteswap(block[k]);
      }
      V w[16];
      for (std::size_t k = 0; k < 16; ++k) w[k] = L::load(words[k]);
      compress(state, w);
      for (std::size_t k = 0; k < 8; ++k) L::store(words[k], state[k]);
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (index + 1 != message[i].count) continue;
        for (std::size_t k = 0; k < 8; ++k) {
          const std::uint64_t word = std::byteswap(words[k][i]);
          std::memcpy(out[i].data() + 8 * k, &word, 8);
        }
      }
    }
    std::memset(static_cast<void*>(message), 0, sizeof(message));
    std::memset(static_cast<void*>(words), 0, sizeof(words));
    std::memset(static_cast<void*>(state), 0, sizeof(state));
    asm volatile("" : : "r"(&message), "r"(&words), "r"(&state) : "memory");
  }

  static void hash(std::span<const BytesView> messages, std::span<Digest512> out) noexcept {
    for (std::size_t done = 0; done < messages.size(); done += kCount) {
      const std::size_t count = std::min(kCount, messages.size() - done);
      group(messages.subspan(done, count), out.subspan(done, count));
    }
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
