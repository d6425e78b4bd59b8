// SPDX-License-Identifier: Apache-2.0
// Polynomials as strings of bits, the lowest first.
// @source FIPS 204, algorithms 16 to 19
#pragma once

#include <cstring>

#include "wusong/math/limbs.hpp"
#include "wusong/pq/internal/provider.hpp"

namespace wusong::pq::internal {

/// 256 numbers of kBits bits: 32 kBits bytes.
template <unsigned kBits>
void pack_bits(std::uint8_t* out, const std::uint32_t (&from)[kDegree]) noexcept {
  static_assert(kBits <= 23);
  for (std::size_t i = 0; i < kDegree; i += 8) {
    std::uint64_t held = 0;
    unsigned bits = 0;
    WUSONG_UNROLL
    for (std::size_t k = 0; k < 8; ++k) {
      held |= std::uint64_t{from[i + k]} << bits;
      bits += kBits;
      while (bits >= 8) {
        *out++ = static_cast<std::uint8_t>(held);
        held >>= 8;
        bits -= 8;
      }
    }
  }
}

template <unsigned kBits>
void unpack_bits(std::uint32_t (&out)[kDegree], const std::uint8_t* from) noexcept {
  static_assert(kBits <= 23);
  const auto take_eight = [](std::uint32_t* to, const std::uint8_t* group) {
    WUSONG_UNROLL
    for (std::size_t k = 0; k < 8; ++k) {
      std::uint32_t word;
      std::memcpy(&word, group + k * kBits / 8, 4);
      to[k] = (word >> (k * kBits % 8)) & ((1u << kBits) - 1);
    }
  };
  // A group's last word of four bytes may reach beyond it: the last groups are read from a copy, as
  // many as are needed for the others to end in time.
  constexpr std::size_t kCopied = kBits == 1 ? 3 : 2;
  constexpr std::size_t kGroups = kDegree / 8;
  static_assert((kGroups - kCopied - 1) * kBits + 7 * kBits / 8 + 4 <= kGroups * kBits);
  for (std::size_t i = 0; i < kGroups - kCopied; ++i) take_eight(out + 8 * i, from + i * kBits);
  std::uint8_t end[kCopied * kBits + 4]{};
  std::memcpy(end, from + (kGroups - kCopied) * kBits, kCopied * kBits);
  for (std::size_t i = 0; i < kCopied; ++i)
    take_eight(out + 8 * (kGroups - kCopied + i), end + i * kBits);
}

inline void pack_bits(std::uint8_t* out, const std::uint32_t (&from)[kDegree],
                      unsigned bits) noexcept {
  switch (bits) {
    case 1:
      return pack_bits<1>(out, from);
    case 3:
      return pack_bits<3>(out, from);
    case 4:
      return pack_bits<4>(out, from);
    case 5:
      return pack_bits<5>(out, from);
    case 6:
      return pack_bits<6>(out, from);
    case 10:
      return pack_bits<10>(out, from);
    case 11:
      return pack_bits<11>(out, from);
    case 12:
      return pack_bits<12>(out, from);
    case 13:
      return pack_bits<13>(out, from);
    case 18:
      return pack_bits<18>(out, from);
    case 20:
      return pack_bits<20>(out, from);
    default:
      WUSONG_ASSERT(false);
  }
}

inline void unpack_bits(std::uint32_t (&out)[kDegree], const std::uint8_t* from,
                        unsigned bits) noexcept {
  switch (bits) {
    case 1:
      return unpack_bits<1>(out, from);
    case 3:
      return unpack_bits<3>(out, from);
    case 4:
      return unpack_bits<4>(out, from);
    case 5:
      return unpack_bits<5>(out, from);
    case 10:
      return unpack_bits<10>(out, from);
    case 11:
      return unpack_bits<11>(out, from);
    case 12:
      return unpack_bits<12>(out, from);
    case 13:
      return unpack_bits<13>(out, from);
    case 18:
      return unpack_bits<18>(out, from);
    case 20:
      return unpack_bits<20>(out, from);
    default:
      WUSONG_ASSERT(false);
  }
}

}  // namespace wusong::pq::internal
