// SPDX-License-Identifier: Apache-2.0
// SM4 of many blocks side by side: each vector holds one word of them, as bit_matrix.hpp says.
// Included by a provider after kernel_loops.hpp.
//
// Lanes has: Vector; kVectorBlocks, how many words it holds; load, store, set, exclusive, xor3,
// unpack_low32 and its kin, turn8, turn16 (word <<< 8, 16), map_in, map_out, inverse (q and t) and
// order (the blocks that the lanes of a vector belong to, as 32-bit numbers). Lanes::One has what
// one block in the narrowest vector takes: Vector, set, first (the lowest word), exclusive, xor3,
// turn8, turn16, turn24, map_in, map_out and inverse.
// @source GB/T 32907-2016, sections 6 and 7
#pragma once

#include "wusong/cipher/internal/kernel_loops.hpp"

namespace wusong::cipher::internal {
namespace {

template <typename Lanes, typename V = typename Lanes::Vector>
WUSONG_CIPHER_INLINE void sm4_transpose(V (&x)[4]) noexcept {
  const V t0 = Lanes::unpack_low32(x[0], x[1]);
  const V t1 = Lanes::unpack_high32(x[0], x[1]);
  const V t2 = Lanes::unpack_low32(x[2], x[3]);
  const V t3 = Lanes::unpack_high32(x[2], x[3]);
  x[0] = Lanes::unpack_low64(t0, t2);
  x[1] = Lanes::unpack_high64(t0, t2);
  x[2] = Lanes::unpack_low64(t1, t3);
  x[3] = Lanes::unpack_high64(t1, t3);
}

/// x ^ L(S(in))
template <typename Lanes, typename V = typename Lanes::Vector>
WUSONG_CIPHER_INLINE V sm4_mix(V x, V in) noexcept {
  V q;
  V t;
  Lanes::inverse(in, q, t);
  const V w = Lanes::exclusive(q, Lanes::turn16(t));
  return Lanes::xor3(Lanes::exclusive(x, q), Lanes::turn8(w), Lanes::turn16(w));
}

template <typename Lanes, std::size_t kGroups, bool kDecrypt, typename V = typename Lanes::Vector>
WUSONG_CIPHER_INLINE void sm4_rounds(const std::uint32_t* keys, V (&x)[kGroups][4]) noexcept {
  for (int r = 0; r < 32; r += 4) {
    const V k0 = Lanes::set(keys[kDecrypt ? 31 - r : r]);
    const V k1 = Lanes::set(keys[kDecrypt ? 30 - r : r + 1]);
    const V k2 = Lanes::set(keys[kDecrypt ? 29 - r : r + 2]);
    const V k3 = Lanes::set(keys[kDecrypt ? 28 - r : r + 3]);
    V pair[kGroups];
    for (std::size_t g = 0; g < kGroups; ++g) pair[g] = Lanes::exclusive(x[g][2], x[g][3]);
    for (std::size_t g = 0; g < kGroups; ++g)
      x[g][0] = sm4_mix<Lanes>(x[g][0], Lanes::xor3(x[g][1], pair[g], k0));
    for (std::size_t g = 0; g < kGroups; ++g)
      x[g][1] = sm4_mix<Lanes>(x[g][1], Lanes::xor3(x[g][0], pair[g], k1));
    for (std::size_t g = 0; g < kGroups; ++g) pair[g] = Lanes::exclusive(x[g][0], x[g][1]);
    for (std::size_t g = 0; g < kGroups; ++g)
      x[g][2] = sm4_mix<Lanes>(x[g][2], Lanes::xor3(x[g][3], pair[g], k2));
    for (std::size_t g = 0; g < kGroups; ++g)
      x[g][3] = sm4_mix<Lanes>(x[g][3], Lanes::xor3(x[g][2], pair[g], k3));
  }
}

/// CBC-MAC. What one round waits for of the one before is as short as it can be: its input is the
/// sum of what was known before and five terms. The state stays as rounds keep it from block to
/// block.
template <typename One, typename V = typename One::Vector>
WUSONG_CIPHER_TARGET void sm4_chain(const std::uint32_t* keys, std::uint8_t* sum,
                                    const std::uint8_t* in, std::size_t blocks) noexcept {
  V x[4];
  for (std::size_t i = 0; i < 4; ++i) x[i] = One::map_in(One::set(load32(sum + 4 * i)));
  for (; blocks != 0; --blocks, in += kBlock) {
    for (std::size_t i = 0; i < 4; ++i)
      x[i] = One::exclusive(x[i], One::map_in(One::set(load32(in + 4 * i))));
    V next = One::exclusive(One::xor3(x[1], x[2], x[3]), One::set(keys[0]));
    for (std::size_t round = 0; round < 32; round += 4) {
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        const V key = One::set(keys[(round + i + 1) % 32]);
        const V others = One::xor3(x[(i + 2) % 4], x[(i + 3) % 4], key);
        const V known = One::exclusive(x[i], others);
        V q;
        V t;
        One::inverse(next, q, t);
        next = One::exclusive(One::xor3(known, q, t),
                              One::xor3(One::turn8(q), One::turn16(q), One::turn24(t)));
        x[i] = One::exclusive(next, others);
      }
    }
    std::swap(x[0], x[3]);
    std::swap(x[1], x[2]);
  }
  for (std::size_t i = 0; i < 4; ++i) store32(sum + 4 * i, One::first(One::map_out(x[i])));
}

template <typename Lanes, std::size_t kWideBlocks>
struct Sm4Engine {
  using V = typename Lanes::Vector;
  static constexpr std::size_t kGroup = Lanes::kVectorBlocks;  // blocks of four vectors
  static constexpr std::size_t kWide = kWideBlocks;
  static constexpr std::size_t kNarrow = kGroup;
  static constexpr bool kInterleaves = false;

  WUSONG_CIPHER_TARGET static void expand(const std::uint8_t* key, Schedule& out) noexcept {
    auto* const words = reinterpret_cast<std::uint32_t*>(out.bytes);
    expand_sm4<Lanes::substitute>(key, words);
    constexpr std::size_t kPerVector = sizeof(V) / 4;
    for (std::size_t i = 0; i < 32; i += kPerVector) {
      V v = Lanes::map_in(Lanes::load(words + i));
      v = Lanes::exclusive(v, Lanes::set(0x01010101u * kSm4KeyConstant));
      Lanes::store(words + i, v);
    }
  }

  /// From words to bytes of blocks; `mask`, if any, is what they are added to.
  WUSONG_CIPHER_INLINE void finish(V (&x)[4], const std::uint8_t* mask,
                                   std::uint8_t* out) noexcept {
    V y[4] = {Lanes::map_out(x[3]), Lanes::map_out(x[2]), Lanes::map_out(x[1]),
              Lanes::map_out(x[0])};
    sm4_transpose<Lanes>(y);
    for (std::size_t i = 0; i < 4; ++i) {
      if (mask != nullptr) y[i] = Lanes::exclusive(y[i], Lanes::load(mask + i * sizeof(V)));
      Lanes::store(out + i * sizeof(V), y[i]);
    }
  }

  template <std::size_t kCount, bool kDecrypt>
  WUSONG_CIPHER_INLINE void blocks(const Schedule& keys, const std::uint8_t* in,
                                   std::uint8_t* out) noexcept {
    constexpr std::size_t kGroups = kCount / kGroup;
    V x[kGroups][4];
    for (std::size_t g = 0; g < kGroups; ++g) {
      for (std::size_t i = 0; i < 4; ++i)
        x[g][i] = Lanes::map_in(Lanes::load(in + (4 * g + i) * sizeof(V)));
      sm4_transpose<Lanes>(x[g]);
    }
    sm4_rounds<Lanes, kGroups, kDecrypt>(reinterpret_cast<const std::uint32_t*>(keys.bytes), x);
    for (std::size_t g = 0; g < kGroups; ++g) finish(x[g], nullptr, out + 4 * g * sizeof(V));
  }

  WUSONG_CIPHER_TARGET static void chain(const Schedule& keys, std::uint8_t* sum,
                                         const std::uint8_t* in, std::size_t blocks) noexcept {
    sm4_chain<typename Lanes::One>(reinterpret_cast<const std::uint32_t*>(keys.bytes), sum, in,
                                   blocks);
  }

  template <std::size_t kCount>
  WUSONG_CIPHER_INLINE void count(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                                  std::uint8_t* out) noexcept {
    constexpr std::size_t kGroups = kCount / kGroup;
    V x[kGroups][4];
    for (std::size_t g = 0; g < kGroups; ++g) {
      for (std::size_t i = 0; i < 3; ++i)
        x[g][i] = Lanes::map_in(Lanes::set(load32(counter.fixed + 4 * i)));
      const auto first = counter.next + static_cast<std::uint32_t>(g * kGroup);
      x[g][3] = Lanes::map_in(Lanes::swap_bytes(Lanes::add(Lanes::set(first), Lanes::order())));
    }
    counter.next += static_cast<std::uint32_t>(kCount);
    sm4_rounds<Lanes, kGroups, false>(reinterpret_cast<const std::uint32_t*>(keys.bytes), x);
    for (std::size_t g = 0; g < kGroups; ++g)
      finish(x[g], in + 4 * g * sizeof(V), out + 4 * g * sizeof(V));
  }
};

}  // namespace
}  // namespace wusong::cipher::internal
