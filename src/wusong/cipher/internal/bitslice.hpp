// SPDX-License-Identifier: Apache-2.0
// Bytes as eight planes of bits, so that an S-box is a circuit of ANDs and XORs: no address and no
// branch depends on a secret. W is a word of 64 bits or a vector of such.
//
// The inversion is done in the tower GF(((2^2)^2)^2), which both ciphers' fields are mapped to.
// @source D. Canright, A Very Compact S-Box for AES, CHES 2005, for the tower; the bases are ours
#pragma once

#include "wusong/cipher/internal/bit_matrix.hpp"

namespace wusong::cipher::internal {
namespace bitslice {

// Elements of GF(4) are b1 w + b0 with w^2 = w + 1; of GF(16), a1 z + a0 with z^2 = z + w; of
// GF(256), a1 y + a0 with y^2 = y + kTop.
constexpr unsigned multiply4(unsigned a, unsigned b) noexcept {
  const unsigned high = (a >> 1) & (b >> 1);
  const unsigned low = (a & b & 1);
  const unsigned cross = ((a >> 1) & b & 1) ^ (a & (b >> 1) & 1);
  return (high ^ cross) << 1 | (low ^ high);
}
constexpr unsigned multiply16(unsigned a, unsigned b) noexcept {
  const unsigned high = multiply4(a >> 2, b >> 2);
  const unsigned cross = multiply4(a >> 2, b & 3) ^ multiply4(a & 3, b >> 2);
  return (high ^ cross) << 2 | (multiply4(a & 3, b & 3) ^ multiply4(high, 2));
}
/// Such that y^2 + y + kTop has no root.
inline constexpr unsigned kTop = [] {
  for (unsigned top = 1;; ++top) {
    bool has_root = false;
    for (unsigned x = 0; x < 16; ++x) has_root = has_root || (multiply16(x, x) ^ x) == top;
    if (!has_root) return top;
  }
}();
constexpr std::uint8_t multiply256(unsigned a, unsigned b) noexcept {
  const unsigned high = multiply16(a >> 4, b >> 4);
  const unsigned cross = multiply16(a >> 4, b & 15) ^ multiply16(a & 15, b >> 4);
  return static_cast<std::uint8_t>((high ^ cross) << 4 |
                                   (multiply16(a & 15, b & 15) ^ multiply16(high, kTop)));
}

inline constexpr BitMatrix kAesToTower = isomorphism(kAesModulus, multiply256);
inline constexpr BitMatrix kSm4ToTower = isomorphism(kSm4Modulus, multiply256);
/// kTop a1^2 + a0^2, of which four bits are.
inline constexpr BitMatrix kNormSquares = [] {
  std::array<std::uint8_t, 8> columns{};
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned a = 1u << i;
    columns[i] = static_cast<std::uint8_t>(multiply16(multiply16(a >> 4, a >> 4), kTop) ^
                                           multiply16(a & 15, a & 15));
  }
  return BitMatrix::from_columns(columns);
}();

/// out = kMap in ^ kConstant in every byte, for the first kRows bits.
template <BitMatrix kMap, std::uint8_t kConstant, unsigned kRows = 8, typename W>
[[gnu::always_inline]] inline void apply(const W (&in)[8], W (&out)[kRows]) noexcept {
#pragma GCC unroll 8
  for (unsigned i = 0; i < kRows; ++i) {
    W sum{};
#pragma GCC unroll 8
    for (unsigned j = 0; j < 8; ++j) {
      if (((kMap.rows[i] >> j) & 1) != 0) sum ^= in[j];
    }
    out[i] = ((kConstant >> i) & 1) != 0 ? ~sum : sum;
  }
}

template <typename W>
[[gnu::always_inline]] inline void multiply4(const W* a, const W* b, W* out) noexcept {
  const W high = a[1] & b[1];
  const W low = a[0] & b[0];
  out[1] = ((a[1] ^ a[0]) & (b[1] ^ b[0])) ^ low;
  out[0] = low ^ high;
}

template <typename W>
[[gnu::always_inline]] inline void multiply16(const W* a, const W* b, W* out) noexcept {
  W high[2];
  W low[2];
  W both[2];
  const W a_sum[2] = {a[0] ^ a[2], a[1] ^ a[3]};
  const W b_sum[2] = {b[0] ^ b[2], b[1] ^ b[3]};
  multiply4(a + 2, b + 2, high);
  multiply4(a, b, low);
  multiply4(a_sum, b_sum, both);
  out[2] = both[0] ^ low[0];
  out[3] = both[1] ^ low[1];
  out[0] = low[0] ^ high[1];  // w times high
  out[1] = low[1] ^ high[1] ^ high[0];
}

template <typename W>
[[gnu::always_inline]] inline void invert16(const W* a, W* out) noexcept {
  W product[2];
  multiply4(a, a + 2, product);
  // w a1^2 + a1 a0 + a0^2; the inverse in GF(4) is the square.
  const W norm[2] = {a[3] ^ product[0] ^ a[0] ^ a[1], a[2] ^ product[1] ^ a[1]};
  const W inverse[2] = {norm[0] ^ norm[1], norm[1]};
  const W sum[2] = {a[0] ^ a[2], a[1] ^ a[3]};
  multiply4(inverse, a + 2, out + 2);
  multiply4(inverse, sum, out);
}

template <typename W>
[[gnu::always_inline]] inline void invert256(W (&a)[8]) noexcept {
  W norm[4];
  W product[4];
  W inverse[4];
  apply<kNormSquares, 0, 4>(a, norm);
  multiply16(a, a + 4, product);
  for (unsigned i = 0; i < 4; ++i) norm[i] ^= product[i];
  invert16(norm, inverse);
  const W high[4] = {a[4], a[5], a[6], a[7]};
  const W sum[4] = {a[0] ^ a[4], a[1] ^ a[5], a[2] ^ a[6], a[3] ^ a[7]};
  multiply16(inverse, high, a + 4);
  multiply16(inverse, sum, a);
}

/// out(invert(in(x))), each with its constant.
template <BitMatrix kIn, std::uint8_t kInConstant, BitMatrix kOut, std::uint8_t kOutConstant,
          typename W>
[[gnu::always_inline]] inline void substitute(W (&x)[8]) noexcept {
  W inner[8];
  apply<kIn, kInConstant>(x, inner);
  invert256(inner);
  apply<kOut, kOutConstant>(inner, x);
}

template <typename W>
[[gnu::always_inline]] inline void aes_s(W (&x)[8]) noexcept {
  substitute<kAesToTower, 0, kAesAffine * kAesToTower.inverse(), kAesConstant>(x);
}
template <typename W>
[[gnu::always_inline]] inline void aes_inverse_s(W (&x)[8]) noexcept {
  constexpr BitMatrix kIn = kAesToTower * kAesAffine.inverse();
  substitute<kIn, kIn(kAesConstant), kAesToTower.inverse(), 0>(x);
}
template <typename W>
[[gnu::always_inline]] inline void sm4_s(W (&x)[8]) noexcept {
  substitute<kSm4ToTower * kSm4Affine, kSm4ToTower(kSm4Constant),
             kSm4Affine * kSm4ToTower.inverse(), kSm4Constant>(x);
}

/// Eight words of eight bytes <-> eight planes: bit 8k + j of plane p is bit p of byte k of word j.
template <typename W>
[[gnu::always_inline]] inline void transpose(W (&x)[8]) noexcept {
  constexpr std::uint64_t kMasks[3] = {0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f};
#pragma GCC unroll 3
  for (unsigned level = 0; level < 3; ++level) {
    const unsigned distance = 1u << level;
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; ++i) {
      if ((i & distance) != 0) continue;
      const W moved = ((x[i] >> distance) ^ x[i + distance]) & kMasks[level];
      x[i + distance] ^= moved;
      x[i] ^= moved << distance;
    }
  }
}

/// Every bit of a plane that belongs to byte r of a column is in bits 16r to 16r + 15; this brings
/// byte r + n to where r is.
template <unsigned kBytes, typename W>
[[gnu::always_inline]] inline W turn(W x) noexcept {
  constexpr unsigned kBits = 16 * kBytes;
  return x >> kBits | x << (64 - kBits);
}

}  // namespace bitslice
}  // namespace wusong::cipher::internal
