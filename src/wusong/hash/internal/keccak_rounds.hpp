// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] on any lanes.
// @source FIPS 202, section 3
#pragma once

#include "wusong/hash/internal/kernel.hpp"
#include "wusong/math/limbs.hpp"

namespace wusong::hash::internal {
namespace {

inline constexpr std::uint64_t kKeccakConstants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

/// As a kernel: Keccak-256's absorption.
template <typename Lanes>
struct KeccakRounds {
  using V = typename Lanes::Vector;
  static constexpr std::size_t kRows = 25;
  static constexpr std::size_t kWords = 17;
  static constexpr bool kSwap = false;

  WUSONG_HASH_INLINE void block(V (&a)[25], const V (&w)[17]) noexcept {
    WUSONG_UNROLL
    for (int i = 0; i < 17; ++i) a[i] = Lanes::exclusive(a[i], w[i]);
    permute(a);
  }
  WUSONG_HASH_INLINE void permute(V (&a)[25]) noexcept {
    V e[25];
    for (int i = 0; i < 24; i += 2) {
      round(a, e, kKeccakConstants[i]);
      round(e, a, kKeccakConstants[i + 1]);
    }
  }

 private:
  template <int kBits>
  WUSONG_HASH_INLINE V turned(V a, V d) noexcept {
    return Lanes::template rotate<kBits>(Lanes::exclusive(a, d));
  }
  WUSONG_HASH_INLINE void chi(V (&out)[25], int row, V b0, V b1, V b2, V b3, V b4) noexcept {
    out[row] = Lanes::chi(b0, b1, b2);
    out[row + 1] = Lanes::chi(b1, b2, b3);
    out[row + 2] = Lanes::chi(b2, b3, b4);
    out[row + 3] = Lanes::chi(b3, b4, b0);
    out[row + 4] = Lanes::chi(b4, b0, b1);
  }
  /// From `a` to `e`. theta, rho and pi are folded into the arguments of chi; two arrays in turn
  /// save the copy that pi would need.
  WUSONG_HASH_INLINE void round(const V (&a)[25], V (&e)[25], std::uint64_t constant) noexcept {
    V c[5];
    V d[5];
    WUSONG_UNROLL
    for (int i = 0; i < 5; ++i)
      c[i] = Lanes::xor3(Lanes::xor3(a[i], a[i + 5], a[i + 10]), a[i + 15], a[i + 20]);
    WUSONG_UNROLL
    for (int i = 0; i < 5; ++i)
      d[i] = Lanes::exclusive(c[(i + 4) % 5], Lanes::template rotate<1>(c[(i + 1) % 5]));
    chi(e, 0, Lanes::exclusive(a[0], d[0]), turned<44>(a[6], d[1]), turned<43>(a[12], d[2]),
        turned<21>(a[18], d[3]), turned<14>(a[24], d[4]));
    e[0] = Lanes::exclusive(e[0], Lanes::set(constant));
    chi(e, 5, turned<28>(a[3], d[3]), turned<20>(a[9], d[4]), turned<3>(a[10], d[0]),
        turned<45>(a[16], d[1]), turned<61>(a[22], d[2]));
    chi(e, 10, turned<1>(a[1], d[1]), turned<6>(a[7], d[2]), turned<25>(a[13], d[3]),
        turned<8>(a[19], d[4]), turned<18>(a[20], d[0]));
    chi(e, 15, turned<27>(a[4], d[4]), turned<36>(a[5], d[0]), turned<10>(a[11], d[1]),
        turned<15>(a[17], d[2]), turned<56>(a[23], d[3]));
    chi(e, 20, turned<62>(a[2], d[2]), turned<55>(a[8], d[3]), turned<39>(a[14], d[4]),
        turned<41>(a[15], d[0]), turned<2>(a[21], d[1]));
  }
};

}  // namespace
}  // namespace wusong::hash::internal
