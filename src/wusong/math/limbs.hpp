// SPDX-License-Identifier: Apache-2.0
// Fixed-length little-endian limb arrays, the raw material of fields and scalars.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "wusong/base/bytes.hpp"

#if defined(__clang__)
#define WUSONG_UNROLL _Pragma("unroll")
#else
#define WUSONG_UNROLL _Pragma("GCC unroll 16")
#endif

namespace wusong::math {

using Limb = std::uint64_t;
using WideLimb = unsigned __int128;
using SignedWideLimb = __int128;

/// @shape least significant limb first
template <std::size_t N>
using Limbs = std::array<Limb, N>;

/// Parses a hexadecimal constant at compile time; anything else does not compile.
template <std::size_t N>
consteval Limbs<N> limbs_from_hex(std::string_view text) {
  Limbs<N> out{};
  WUSONG_ASSERT(text.size() <= 16 * N);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[text.size() - 1 - i];
    const bool decimal = c >= '0' && c <= '9';
    WUSONG_ASSERT(decimal || (c >= 'a' && c <= 'f'));
    const auto digit = static_cast<Limb>(decimal ? c - '0' : c - 'a' + 10);
    out[i / 16] |= digit << (4 * (i % 16));
  }
  return out;
}

/// The same, but a compiler does not know it: it makes no branch and no table of a mask.
constexpr Limb hidden(Limb mask) noexcept {
  if (!std::is_constant_evaluated()) asm("" : "+r"(mask));
  return mask;
}

template <std::size_t N>
constexpr bool is_zero(const Limbs<N>& a) noexcept {
  Limb any = 0;
  for (const Limb limb : a) any |= limb;
  return any == 0;
}

template <std::size_t N>
constexpr bool less(const Limbs<N>& a, const Limbs<N>& b) noexcept {
  for (std::size_t i = N; i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i];
  return false;
}

template <std::size_t N>
constexpr std::size_t bit_width(const Limbs<N>& a) noexcept {
  for (std::size_t i = N; i-- > 0;)
    if (a[i] != 0) return 64 * i + static_cast<std::size_t>(std::bit_width(a[i]));
  return 0;
}

template <std::size_t N>
constexpr bool bit(const Limbs<N>& a, std::size_t index) noexcept {
  return ((a[index / 64] >> (index % 64)) & 1) != 0;
}

/// a += b; the carry out is returned.
template <std::size_t N>
constexpr Limb add_in_place(Limbs<N>& a, const Limbs<N>& b) noexcept {
  Limb carry = 0;
  WUSONG_UNROLL
  for (std::size_t i = 0; i < N; ++i) {
    const WideLimb sum = static_cast<WideLimb>(a[i]) + b[i] + carry;
    a[i] = static_cast<Limb>(sum);
    carry = static_cast<Limb>(sum >> 64);
  }
  return carry;
}

/// a -= b; the borrow out is returned.
template <std::size_t N>
constexpr Limb subtract_in_place(Limbs<N>& a, const Limbs<N>& b) noexcept {
  Limb borrow = 0;
  WUSONG_UNROLL
  for (std::size_t i = 0; i < N; ++i) {
    const WideLimb difference = static_cast<WideLimb>(a[i]) - b[i] - borrow;
    a[i] = static_cast<Limb>(difference);
    borrow = static_cast<Limb>(difference >> 64) & 1;
  }
  return borrow;
}

/// The full product, M + N limbs.
template <std::size_t M, std::size_t N>
constexpr Limbs<M + N> multiply_wide(const Limbs<M>& a, const Limbs<N>& b) noexcept {
  Limbs<M + N> out{};
  for (std::size_t i = 0; i < M; ++i) {
    Limb carry = 0;
    for (std::size_t j = 0; j < N; ++j) {
      const WideLimb sum = static_cast<WideLimb>(a[i]) * b[j] + out[i + j] + carry;
      out[i + j] = static_cast<Limb>(sum);
      carry = static_cast<Limb>(sum >> 64);
    }
    out[i + N] = carry;
  }
  return out;
}

/// Big-endian, exactly 8 * N bytes.
template <std::size_t N>
Limbs<N> load_be_limbs(const std::uint8_t* in) noexcept {
  Limbs<N> out;
  for (std::size_t i = 0; i < N; ++i) {
    Limb word;
    std::memcpy(&word, in + 8 * i, 8);
    out[N - 1 - i] = __builtin_bswap64(word);
  }
  return out;
}

/// Big-endian, exactly 8 * N bytes.
template <std::size_t N>
void store_be_limbs(const Limbs<N>& value, std::uint8_t* out) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    const Limb word = __builtin_bswap64(value[N - 1 - i]);
    std::memcpy(out + 8 * i, &word, 8);
  }
}

}  // namespace wusong::math
