// SPDX-License-Identifier: Apache-2.0
// The loops that every provider of kernels shares, over a type of lanes. A provider defines
// WUSONG_CODING_TARGET before it includes this: each function carries its own target attribute, as
// inline functions of shared headers must not be compiled for a machine that others may lack.
//
// Lanes has: the sizes and limits that Kernels has; kWidth, bytes of one half of a unit; Unit, two
// halves; Constant; and prepare, zero, load, store, add, constant, multiply.
#pragma once

#include <array>

#include "wusong/coding/internal/kernels.hpp"

#if !defined(WUSONG_CODING_TARGET)
#define WUSONG_CODING_TARGET
#endif

namespace wusong::coding::internal {
namespace {

inline constexpr std::size_t kHalfBlock = kBlockBytes / 2;

/// A matrix of bytes asks for the same few multipliers again and again.
template <std::size_t kMultiplierBytes>
std::array<std::array<std::uint8_t, kMultiplierBytes>, 256> all_byte_multipliers(
    void (*prepare)(Symbol, std::size_t, std::uint8_t*) noexcept) noexcept {
  std::array<std::array<std::uint8_t, kMultiplierBytes>, 256> all;
  for (std::size_t i = 0; i < all.size(); ++i) prepare(static_cast<Symbol>(i), 1, all[i].data());
  return all;
}

template <typename Lanes>
WUSONG_CODING_TARGET void add_rows(std::uint8_t* x, const std::uint8_t* y,
                                   std::size_t bytes) noexcept {
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth)
      Lanes::store(x + at, Lanes::add(Lanes::load(x + at), Lanes::load(y + at)));
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void multiply_row(std::uint8_t* x, const std::uint8_t* y, std::size_t bytes,
                                       const std::uint8_t* m) noexcept {
  const auto constant = Lanes::constant(m);
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth)
      Lanes::store(x + at, Lanes::multiply(constant, Lanes::load(y + at)));
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void multiply_add_row(std::uint8_t* x, const std::uint8_t* y,
                                           std::size_t bytes, const std::uint8_t* m) noexcept {
  const auto constant = Lanes::constant(m);
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      const auto product = Lanes::multiply(constant, Lanes::load(y + at));
      Lanes::store(x + at, Lanes::add(Lanes::load(x + at), product));
    }
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void forward_rows(std::uint8_t* rows, const std::uint8_t* from,
                                       std::size_t bytes, const std::uint8_t* m) noexcept {
  const auto constant = Lanes::constant(m);
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      const auto b = Lanes::load(from + bytes + at);
      const auto a = Lanes::add(Lanes::load(from + at), Lanes::multiply(constant, b));
      Lanes::store(rows + at, a);
      Lanes::store(rows + bytes + at, Lanes::add(a, b));
    }
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void inverse_rows(std::uint8_t* rows, std::size_t bytes,
                                       const std::uint8_t* m) noexcept {
  const auto constant = Lanes::constant(m);
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      const auto a = Lanes::load(rows + at);
      const auto b = Lanes::add(a, Lanes::load(rows + bytes + at));
      Lanes::store(rows + bytes + at, b);
      Lanes::store(rows + at, Lanes::add(a, Lanes::multiply(constant, b)));
    }
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void forward4_rows(std::uint8_t* rows, const std::uint8_t* from,
                                        std::size_t bytes,
                                        const std::uint8_t* const m[3]) noexcept {
  const auto outer = Lanes::constant(m[0]);
  const auto low = Lanes::constant(m[1]);
  const auto high = Lanes::constant(m[2]);
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      auto a = Lanes::load(from + at);
      auto b = Lanes::load(from + bytes + at);
      auto c = Lanes::load(from + 2 * bytes + at);
      auto d = Lanes::load(from + 3 * bytes + at);
      a = Lanes::add(a, Lanes::multiply(outer, c));
      b = Lanes::add(b, Lanes::multiply(outer, d));
      c = Lanes::add(c, a);
      d = Lanes::add(d, b);
      a = Lanes::add(a, Lanes::multiply(low, b));
      c = Lanes::add(c, Lanes::multiply(high, d));
      Lanes::store(rows + at, a);
      Lanes::store(rows + bytes + at, Lanes::add(a, b));
      Lanes::store(rows + 2 * bytes + at, c);
      Lanes::store(rows + 3 * bytes + at, Lanes::add(c, d));
    }
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void inverse4_rows(std::uint8_t* rows, std::size_t bytes,
                                        const std::uint8_t* const m[3]) noexcept {
  const auto outer = Lanes::constant(m[0]);
  const auto low = Lanes::constant(m[1]);
  const auto high = Lanes::constant(m[2]);
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      auto a = Lanes::load(rows + at);
      auto b = Lanes::add(a, Lanes::load(rows + bytes + at));
      auto c = Lanes::load(rows + 2 * bytes + at);
      auto d = Lanes::add(c, Lanes::load(rows + 3 * bytes + at));
      a = Lanes::add(a, Lanes::multiply(low, b));
      c = Lanes::add(c, Lanes::multiply(high, d));
      c = Lanes::add(c, a);
      d = Lanes::add(d, b);
      Lanes::store(rows + at, Lanes::add(a, Lanes::multiply(outer, c)));
      Lanes::store(rows + bytes + at, Lanes::add(b, Lanes::multiply(outer, d)));
      Lanes::store(rows + 2 * bytes + at, c);
      Lanes::store(rows + 3 * bytes + at, d);
    }
  }
}

template <typename Lanes>
WUSONG_CODING_TARGET void derive4_rows(std::uint8_t* rows, std::size_t bytes) noexcept {
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      const auto a = Lanes::load(rows + at);
      const auto b = Lanes::load(rows + bytes + at);
      const auto c = Lanes::load(rows + 2 * bytes + at);
      const auto d = Lanes::load(rows + 3 * bytes + at);
      Lanes::store(rows + at, Lanes::add(a, Lanes::add(b, c)));
      Lanes::store(rows + bytes + at, Lanes::add(b, d));
      Lanes::store(rows + 2 * bytes + at, Lanes::add(c, d));
    }
  }
}

/// Rows [first, first + kRows) of the output; their sums stay in registers.
template <typename Lanes, std::size_t kRows>
WUSONG_CODING_TARGET void combine_rows(const Combination& it, std::size_t first, std::size_t bytes,
                                       std::size_t multiplier_bytes) noexcept {
  const std::size_t in_count = it.in.size();
  const std::uint8_t* m = it.multipliers + first * in_count * multiplier_bytes;
  for (std::size_t block = 0; block < bytes; block += kBlockBytes) {
    for (std::size_t at = block; at < block + kHalfBlock; at += Lanes::kWidth) {
      typename Lanes::Unit sums[kRows];
      for (std::size_t j = 0; j < kRows; ++j) sums[j] = Lanes::zero();
      for (std::size_t i = 0; i < in_count; ++i) {
        const auto unit = Lanes::load(it.in[i] + at);
        for (std::size_t j = 0; j < kRows; ++j) {
          const auto constant = Lanes::constant(m + (j * in_count + i) * multiplier_bytes);
          sums[j] = Lanes::add(sums[j], Lanes::multiply(constant, unit));
        }
      }
      for (std::size_t j = 0; j < kRows; ++j) Lanes::store(it.out[first + j] + at, sums[j]);
    }
  }
}

template <typename Lanes>
void combine_all(const Combination& combination, std::size_t bytes) noexcept {
  constexpr std::size_t kMultiplierBytes = Lanes::kMultiplierBytes;
  std::size_t first = 0;
  for (; first + 4 <= combination.out.size(); first += 4)
    combine_rows<Lanes, 4>(combination, first, bytes, kMultiplierBytes);
  switch (combination.out.size() - first) {
    case 3:
      return combine_rows<Lanes, 3>(combination, first, bytes, kMultiplierBytes);
    case 2:
      return combine_rows<Lanes, 2>(combination, first, bytes, kMultiplierBytes);
    case 1:
      return combine_rows<Lanes, 1>(combination, first, bytes, kMultiplierBytes);
    default:
      return;
  }
}

template <typename Lanes>
constexpr Kernels kernels_of(std::string_view name, bool (*is_supported)() noexcept) noexcept {
  return {.name = name,
          .is_supported = is_supported,
          .symbol_bytes = Lanes::kSymbolBytes,
          .multiplier_bytes = Lanes::kMultiplierBytes,
          .matrix_encodes_max = Lanes::kMatrixEncodesMax,
          .matrix_completes_max = Lanes::kMatrixCompletesMax,
          .prepare = Lanes::prepare,
          .add = add_rows<Lanes>,
          .multiply = multiply_row<Lanes>,
          .multiply_add = multiply_add_row<Lanes>,
          .forward = forward_rows<Lanes>,
          .forward4 = forward4_rows<Lanes>,
          .inverse = inverse_rows<Lanes>,
          .inverse4 = inverse4_rows<Lanes>,
          .derive4 = derive4_rows<Lanes>,
          .combine = combine_all<Lanes>};
}

}  // namespace
}  // namespace wusong::coding::internal
