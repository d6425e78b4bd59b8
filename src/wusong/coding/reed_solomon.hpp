// SPDX-License-Identifier: Apache-2.0
// Reed-Solomon coding: n fragments, any k of which give the others.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "wusong/base/error.hpp"

namespace wusong::coding {

/// How many fragments there are, and how many of them suffice.
struct Shape {
  std::uint32_t total{0};
  std::uint32_t needed{0};

  /// Any f+1 of n = 3f+1 (to 3f+3) validators: what 2f+1 have echoed survives f of them.
  /// @shape `validators` is at least one
  static constexpr Shape for_validators(std::uint32_t validators) noexcept {
    return {.total = validators, .needed = (validators - 1) / 3 + 1};
  }
  friend constexpr bool operator==(const Shape&, const Shape&) noexcept = default;
};

inline constexpr std::uint32_t kFragmentsMax = 65'535;
/// Above this many fragments a symbol is two bytes.
inline constexpr std::uint32_t kByteFragmentsMax = 256;
/// Fragments are multiples of this.
inline constexpr std::size_t kFragmentBlockBytes = 128;

namespace internal {
class Coder;
struct Kernels;
}  // namespace internal

/// A systematic, maximum distance separable code. At each place the symbols of the fragments are
/// the values at points 0, 1, … of one polynomial of degree below `needed`, so the first `needed`
/// fragments are the data itself.
///
/// @shape  fragments lie end to end, `total` of one size, a multiple of kFragmentBlockBytes. Up to
///         kByteFragmentsMax fragments a symbol is a byte; above, byte i of each half block of 64
///         bytes is the low and the high half of one. Symbols are written in a Cantor basis, and
///         point i is the element i (`internal/field.hpp`)
/// @cost   O(total log total) a symbol, by a matrix where that is cheaper; allocates a few times a
///         call, in no loop. Variable time: the data is public
/// @thread safe: const functions share nothing that changes
/// @source ADR 0010
class ReedSolomon {
 public:
  /// @errors err::bad_shape  not 1 <= needed <= total <= kFragmentsMax
  [[nodiscard]] static Result<ReedSolomon> create(Shape shape);
  /// With arithmetic of the caller's choice, for tests that compare.
  [[nodiscard]] static Result<ReedSolomon> create(Shape shape, const internal::Kernels& kernels);

  Shape shape() const noexcept;

  /// Computes the fragments after the first `needed`.
  /// @errors err::bad_size  not `total` fragments of one admissible size
  [[nodiscard]] Result<void> encode(std::span<std::uint8_t> fragments) const;

  /// Computes all fragments but those `known`, which are as many as are needed, in rising order.
  /// @errors err::bad_size     as above
  ///         err::wrong_count  more or fewer known than are needed
  ///         err::bad_index    one not below `total`, or not above the one before it
  [[nodiscard]] Result<void> complete(std::span<std::uint8_t> fragments,
                                      std::span<const std::uint16_t> known) const;

 private:
  explicit ReedSolomon(std::shared_ptr<const internal::Coder> coder) noexcept;

  std::shared_ptr<const internal::Coder> coder_;  // constant and large, so copies share it
};

}  // namespace wusong::coding
