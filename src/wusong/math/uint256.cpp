// SPDX-License-Identifier: Apache-2.0
#include "wusong/math/uint256.hpp"

namespace wusong {
namespace {

// Knuth's algorithm D over 64-bit limbs (The Art of Computer Programming 2, 4.3.1).
U256Division divide_long(const U256& numerator, const U256& denominator, int n) noexcept {
  const int shift = std::countl_zero(denominator.limb[n - 1]);
  const U256 v = denominator << static_cast<unsigned>(shift);
  std::uint64_t u[5];
  const U256 shifted = numerator << static_cast<unsigned>(shift);
  for (int i = 0; i < 4; ++i) u[i] = shifted.limb[i];
  u[4] = shift == 0 ? 0 : numerator.limb[3] >> (64 - shift);

  U256Division out;
  for (int j = 4 - n; j >= 0; --j) {
    const auto top = static_cast<unsigned __int128>(u[j + n]) << 64 | u[j + n - 1];
    unsigned __int128 q;
    unsigned __int128 r;
    if (u[j + n] >= v.limb[n - 1]) {
      q = ~0ull;
      r = top - q * v.limb[n - 1];
    } else {
      q = top / v.limb[n - 1];
      r = top % v.limb[n - 1];
    }
    while ((r >> 64) == 0 && q * v.limb[n - 2] > (r << 64 | u[j + n - 2])) {
      --q;
      r += v.limb[n - 1];
    }
    std::uint64_t borrow = 0;
    std::uint64_t carry = 0;
    for (int i = 0; i < n; ++i) {
      const auto product = q * v.limb[i] + carry;
      carry = static_cast<std::uint64_t>(product >> 64);
      const auto difference =
          static_cast<unsigned __int128>(u[i + j]) - static_cast<std::uint64_t>(product) - borrow;
      u[i + j] = static_cast<std::uint64_t>(difference);
      borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
    }
    const auto last = static_cast<unsigned __int128>(u[j + n]) - carry - borrow;
    u[j + n] = static_cast<std::uint64_t>(last);
    if ((last >> 64) != 0) {
      --q;
      std::uint64_t add_carry = 0;
      for (int i = 0; i < n; ++i) {
        const auto sum = static_cast<unsigned __int128>(u[i + j]) + v.limb[i] + add_carry;
        u[i + j] = static_cast<std::uint64_t>(sum);
        add_carry = static_cast<std::uint64_t>(sum >> 64);
      }
      u[j + n] += add_carry;
    }
    out.quotient.limb[j] = static_cast<std::uint64_t>(q);
  }
  U256 remainder{u[0], u[1], u[2], u[3]};
  for (int i = n; i < 4; ++i) remainder.limb[i] = 0;
  out.remainder = remainder >> static_cast<unsigned>(shift);
  return out;
}

}  // namespace

U256Division divide(const U256& numerator, const U256& denominator) noexcept {
  if (denominator.is_zero()) return {};
  if (numerator < denominator) return {.quotient = {}, .remainder = numerator};
  if (denominator.fits_u64()) {
    U256Division out;
    unsigned __int128 remainder = 0;
    for (int i = 3; i >= 0; --i) {
      remainder = remainder << 64 | numerator.limb[i];
      out.quotient.limb[i] = static_cast<std::uint64_t>(remainder / denominator.limb[0]);
      remainder %= denominator.limb[0];
    }
    out.remainder = U256{static_cast<std::uint64_t>(remainder)};
    return out;
  }
  const int limbs = static_cast<int>((denominator.bit_width() + 63) / 64);
  return divide_long(numerator, denominator, limbs);
}

}  // namespace wusong
