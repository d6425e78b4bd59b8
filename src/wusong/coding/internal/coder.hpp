// SPDX-License-Identifier: Apache-2.0
// How fragments are computed. The code is the same by matrix and by transform, to the bit.
#pragma once

#include <vector>

#include "wusong/coding/internal/transform.hpp"
#include "wusong/coding/reed_solomon.hpp"

namespace wusong::coding::internal {

/// The fastest here for codes of this shape.
const Kernels& kernels_for(Shape shape) noexcept;

class Coder {
 public:
  Coder(Shape shape, const Kernels& kernels);

  Shape shape() const noexcept { return shape_; }
  /// @shape as ReedSolomon::complete, checked by the caller
  void complete(std::uint8_t* fragments, std::size_t fragment_bytes,
                std::span<const std::uint16_t> known) const;

 private:
  struct Fragments;

  /// For each point, the logarithm of the product of its distances from the points of `set`,
  /// itself left out.
  std::vector<std::uint32_t> distance_logs(const std::vector<bool>& set) const;
  void complete_by_matrix(const Fragments& fragments, const std::vector<bool>& known) const;
  void encode_by_transform(const Fragments& fragments) const;
  void complete_by_transform(const Fragments& fragments, const std::vector<bool>& known) const;

  Shape shape_;
  Kernels kernels_;
  std::size_t points_;                     // a power of two that holds `total`
  std::vector<std::uint64_t> walsh_logs_;  // the Walsh transform of the points' logarithms
  Transform transform_;
};

}  // namespace wusong::coding::internal
