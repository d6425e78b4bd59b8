// SPDX-License-Identifier: Apache-2.0
// GF(2^16) written in a Cantor basis, whose first eight members span GF(2^8).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace wusong::coding::internal {

/// Bit i stands for the basis member b_i, where b_0 = 1 and b_{i+1}^2 + b_{i+1} = b_i. A sum is an
/// exclusive or. The byte values are the subfield GF(2^8): they multiply among themselves.
using Symbol = std::uint16_t;

/// The basis as polynomials over GF(2) modulo x^16 + x^5 + x^3 + x^2 + 1.
inline constexpr std::uint32_t kModulus = 0x1002d;
/// @source Cantor 1989; these members are those of the Leopard codec
inline constexpr std::array<Symbol, 16> kCantorBasis{0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e,
                                                     0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900,
                                                     0xfdb8, 0xfb34, 0xff38, 0x991e};

/// The order of the multiplicative group: logarithms are taken modulo it.
inline constexpr std::uint32_t kGroupOrder = 65535;

/// Tables of logarithms, 384 KiB, made at first use and never changed.
class Field {
 public:
  static const Field& get() noexcept;

  /// Of zero it is 0, as if it were one: products over points leave their zeros out.
  std::uint32_t log(Symbol a) const noexcept { return log_[a]; }
  /// @shape `log` is below 2 kGroupOrder
  Symbol exp(std::uint32_t log) const noexcept { return exp_[log]; }
  Symbol multiply(Symbol a, Symbol b) const noexcept {
    return a == 0 || b == 0 ? Symbol{0} : exp(log(a) + log(b));
  }

 private:
  Field() noexcept;

  std::vector<Symbol> log_;
  std::vector<Symbol> exp_;
};

}  // namespace wusong::coding::internal
