// SPDX-License-Identifier: Apache-2.0
// Additive transforms over rows of symbols: between a polynomial's coefficients and its values.
//
// Point i is the field's element i. A polynomial's coefficients are those of the basis X_i, the
// product of s_k over the bits k of i, where s_k is the polynomial of degree 2^k that is zero at
// the points below 2^k and one at point 2^k. X_i has degree i, so the first k members of the basis
// span the polynomials of degree below k. In a Cantor basis s_k at point j is j >> k: a block of
// rows needs one multiplier, and it is a number we already have.
// @source Lin, Chung, Han 2014, Novel polynomial basis; Gao, Mateer 2010 for the Cantor basis
#pragma once

#include "wusong/coding/internal/kernels.hpp"

namespace wusong::coding::internal {

/// Points [first, last).
struct Range {
  std::size_t first;
  std::size_t last;
};

class Transform {
 public:
  /// @shape `points` is a power of two
  Transform(const Kernels& kernels, std::size_t points);

  /// Rows of `row_bytes` laid end to end, `count` of them, a power of two, whose first belongs to
  /// point `offset`, a multiple of `count`.
  struct Rows {
    std::uint8_t* data;
    std::size_t row_bytes;
    std::size_t count;
    std::size_t offset;

    std::uint8_t* at(std::size_t i) const noexcept { return data + i * row_bytes; }
    Rows part(std::size_t i, std::size_t parts) const noexcept {
      const std::size_t size = count / parts;
      return {at(i * size), row_bytes, size, offset + i * size};
    }
  };

  /// Coefficients, as many rows at `from`, to values; those of points outside `wanted` are left in
  /// any state.
  /// @shape `from` is the rows' own data, or does not overlap them
  void evaluate(const Rows& rows, const std::uint8_t* from, Range wanted) const noexcept;
  /// Values to coefficients. Rows of points from `zero_from` on are zero.
  void interpolate(const Rows& rows, std::size_t zero_from) const noexcept;
  /// The first `known` rows are values, the others coefficients; all become coefficients.
  /// @source van der Hoeven 2004, The truncated Fourier transform, section 5, with s_k for roots
  void complete(const Rows& rows, std::size_t known) const noexcept;
  /// Coefficients to those of the polynomial plus its derivative: s_k has derivative one.
  /// @shape at least four rows
  void add_derivative(const Rows& rows) const noexcept;

 private:
  void evaluate_parts(const Rows& rows, std::size_t parts, Range wanted) const noexcept;
  const std::uint8_t* step(const Rows& block) const noexcept {
    return steps_[block.offset / block.count];
  }

  Kernels kernels_;
  Multipliers steps_;  // twice the number of a block among those of its size
};

}  // namespace wusong::coding::internal
