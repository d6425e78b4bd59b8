// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/internal/field.hpp"

#include <cstddef>

namespace wusong::coding::internal {

Field::Field() noexcept : log_(kGroupOrder + 1), exp_(2 * kGroupOrder) {
  // For each polynomial, its coordinates in the basis.
  std::vector<Symbol> coordinates(kGroupOrder + 1);
  std::vector<Symbol> polynomial(kGroupOrder + 1);
  for (std::size_t i = 0; i < kCantorBasis.size(); ++i) {
    const std::size_t size = std::size_t{1} << i;
    for (std::size_t j = 0; j < size; ++j) {
      polynomial[size + j] = static_cast<Symbol>(polynomial[j] ^ kCantorBasis[i]);
      coordinates[polynomial[size + j]] = static_cast<Symbol>(size + j);
    }
  }
  // x generates the group.
  std::uint32_t power = 1;
  for (std::uint32_t i = 0; i < kGroupOrder; ++i) {
    const Symbol symbol = coordinates[power];
    exp_[i] = exp_[i + kGroupOrder] = symbol;
    log_[symbol] = static_cast<Symbol>(i);
    power <<= 1;
    if (power > kGroupOrder) power ^= kModulus;
  }
}

const Field& Field::get() noexcept {
  static const Field kField;
  return kField;
}

}  // namespace wusong::coding::internal
