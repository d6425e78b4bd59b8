// SPDX-License-Identifier: Apache-2.0
// The S-boxes as algebra, computed when the compiler runs: each is an inversion in a field of 256
// elements between two affine maps. All providers work from this; no table of 256 bytes is ever
// indexed by a secret.
//
// SM4's inversion is carried to the field of AES, whose inversion processors have. SM4's state is
// kept there for all rounds: its words are mapped once by `kSm4In`, rounds then need no map before
// the inversion, and the one after it absorbs the word's rotations:
//   L(s) = s ^ s<<<2 ^ s<<<10 ^ s<<<18 ^ s<<<24 = q ^ (q<<<8) ^ (q<<<16) ^ t ^ (t<<<24)
// with q = s rotated by two bits in each byte, t = s ^ (s >> 6) in each byte.
// @source GB/T 32907-2016, sections 6 and 7; FIPS 197, section 5.1.1
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace wusong::cipher::internal {

inline constexpr unsigned kAesModulus = 0x11b;
inline constexpr unsigned kSm4Modulus = 0x1f5;

constexpr std::uint8_t multiply(unsigned a, unsigned b, unsigned modulus) noexcept {
  unsigned out = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) out ^= a;
    a <<= 1;
    if ((a & 0x100) != 0) a ^= modulus;
  }
  return static_cast<std::uint8_t>(out);
}

/// The inverse, and 0 of 0.
constexpr std::uint8_t invert(std::uint8_t a, unsigned modulus) noexcept {
  std::uint8_t out = 1;
  for (int i = 0; i < 254; ++i) out = multiply(out, a, modulus);
  return out;
}

/// A linear map of bytes: bit i of the image is the parity of rows[i] & x.
struct BitMatrix {
  std::array<std::uint8_t, 8> rows{};

  constexpr std::uint8_t operator()(std::uint8_t x) const noexcept {
    unsigned out = 0;
    for (unsigned i = 0; i < 8; ++i) out |= (std::popcount(unsigned{rows[i]} & x) & 1u) << i;
    return static_cast<std::uint8_t>(out);
  }
  static constexpr BitMatrix from_columns(const std::array<std::uint8_t, 8>& columns) noexcept {
    BitMatrix out;
    for (unsigned i = 0; i < 8; ++i) {
      for (unsigned j = 0; j < 8; ++j)
        out.rows[i] = static_cast<std::uint8_t>(out.rows[i] | ((columns[j] >> i) & 1u) << j);
    }
    return out;
  }
  /// First b, then a.
  friend constexpr BitMatrix operator*(const BitMatrix& a, const BitMatrix& b) noexcept {
    std::array<std::uint8_t, 8> columns{};
    for (unsigned j = 0; j < 8; ++j) columns[j] = a(b(static_cast<std::uint8_t>(1u << j)));
    return from_columns(columns);
  }
  constexpr BitMatrix inverse() const noexcept {
    std::array<std::uint8_t, 8> columns{};
    for (unsigned x = 0; x < 256; ++x) {
      const std::uint8_t image = (*this)(static_cast<std::uint8_t>(x));
      if (std::has_single_bit(image))
        columns[static_cast<unsigned>(std::countr_zero(image))] = static_cast<std::uint8_t>(x);
    }
    return from_columns(columns);
  }
  /// As GF2P8AFFINEQB takes it: the last row first.
  constexpr std::uint64_t packed() const noexcept {
    std::uint64_t out = 0;
    for (unsigned i = 0; i < 8; ++i) out |= std::uint64_t{rows[i]} << (8 * (7 - i));
    return out;
  }
};

/// Rows that are the first one turned.
constexpr BitMatrix circulant(std::uint8_t first) noexcept {
  BitMatrix out;
  for (int i = 0; i < 8; ++i) out.rows[static_cast<unsigned>(i)] = std::rotl(first, i);
  return out;
}

/// From the polynomial basis of one field to another field of 256 elements, given its product.
template <typename Product>
constexpr BitMatrix isomorphism(unsigned from, Product product) noexcept {
  for (unsigned root = 2; root < 256; ++root) {
    std::array<std::uint8_t, 8> powers{1};
    for (unsigned i = 1; i < 8; ++i) powers[i] = product(powers[i - 1], root);
    std::uint8_t value = product(powers[7], root);
    for (unsigned i = 0; i < 8; ++i) {
      if (((from >> i) & 1) != 0) value ^= powers[i];
    }
    if (value == 0) return BitMatrix::from_columns(powers);
  }
  return {};
}

inline constexpr BitMatrix kAesAffine = circulant(0xf1);
inline constexpr std::uint8_t kAesConstant = 0x63;
inline constexpr BitMatrix kSm4Affine = circulant(0xa7);
inline constexpr std::uint8_t kSm4Constant = 0xd3;

inline constexpr BitMatrix kSm4ToAes =
    isomorphism(kSm4Modulus, [](unsigned a, unsigned b) { return multiply(a, b, kAesModulus); });
/// A byte of SM4's state as rounds keep it.
inline constexpr BitMatrix kSm4In = kSm4ToAes * kSm4Affine;
inline constexpr BitMatrix kSm4Out = kSm4In.inverse();
/// What round keys bring besides kSm4In of themselves.
inline constexpr std::uint8_t kSm4KeyConstant = kSm4ToAes(kSm4Constant);
/// From the inverse of a byte, in AES's field, to SM4's S-box.
inline constexpr BitMatrix kSm4AfterInverse = kSm4Affine * kSm4ToAes.inverse();

inline constexpr BitMatrix kTurnTwo{{0x40, 0x80, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20}};
inline constexpr BitMatrix kAddTopTwo{{0x41, 0x82, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80}};
/// q and t of the inverse, as rounds keep them. The constant of t would cancel out.
inline constexpr BitMatrix kSm4Q = kSm4In * kTurnTwo * kSm4AfterInverse;
inline constexpr std::uint8_t kSm4QConstant = kSm4In(kTurnTwo(kSm4Constant));
inline constexpr BitMatrix kSm4T = kSm4In * kAddTopTwo * kSm4AfterInverse;

constexpr std::uint8_t aes_s(std::uint8_t x) noexcept {
  return kAesAffine(invert(x, kAesModulus)) ^ kAesConstant;
}
constexpr std::uint8_t sm4_s(std::uint8_t x) noexcept {
  return kSm4AfterInverse(invert(kSm4In(x) ^ kSm4KeyConstant, kAesModulus)) ^ kSm4Constant;
}
static_assert(aes_s(0x00) == 0x63 && aes_s(0x53) == 0xed);
static_assert(sm4_s(0x00) == 0xd6 && sm4_s(0xef) == 0x84 && sm4_s(0xff) == 0x48);

}  // namespace wusong::cipher::internal
