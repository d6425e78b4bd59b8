// SPDX-License-Identifier: Apache-2.0
// Keccak-f[1600] with all 25 lanes in local variables. It is on the hot path of the trie and the
// EVM.
#include <bit>
#include <cstring>

#include "wusong/hash/hash.hpp"
#include "wusong/hash/keccak_states.hpp"

namespace wusong::hash {
namespace {

using Lane = std::uint64_t;
constexpr std::size_t kLanes = 25;
constexpr std::size_t kRate = 136;  // 1600 bits less twice the digest, in bytes
constexpr std::uint8_t kPadFirst = 0x01;
constexpr std::uint8_t kPadLast = 0x80;

constexpr Lane kRoundConstants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

/// chi on one row of the new state.
[[gnu::always_inline]] inline void chi(Lane (&out)[kLanes], int row, Lane b0, Lane b1, Lane b2,
                                       Lane b3, Lane b4) noexcept {
  out[row] = b0 ^ (~b1 & b2);
  out[row + 1] = b1 ^ (~b2 & b3);
  out[row + 2] = b2 ^ (~b3 & b4);
  out[row + 3] = b3 ^ (~b4 & b0);
  out[row + 4] = b4 ^ (~b0 & b1);
}

/// One round from `a` to `e`. theta, rho and pi are folded into the arguments of chi; two arrays in
/// turn save the copy that pi would need.
[[gnu::always_inline]] inline void round(const Lane (&a)[kLanes], Lane (&e)[kLanes],
                                         Lane constant) noexcept {
  const Lane c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
  const Lane c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
  const Lane c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
  const Lane c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
  const Lane c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
  const Lane d0 = c4 ^ std::rotl(c1, 1);
  const Lane d1 = c0 ^ std::rotl(c2, 1);
  const Lane d2 = c1 ^ std::rotl(c3, 1);
  const Lane d3 = c2 ^ std::rotl(c4, 1);
  const Lane d4 = c3 ^ std::rotl(c0, 1);

  chi(e, 0, a[0] ^ d0, std::rotl(a[6] ^ d1, 44), std::rotl(a[12] ^ d2, 43),
      std::rotl(a[18] ^ d3, 21), std::rotl(a[24] ^ d4, 14));
  e[0] ^= constant;
  chi(e, 5, std::rotl(a[3] ^ d3, 28), std::rotl(a[9] ^ d4, 20), std::rotl(a[10] ^ d0, 3),
      std::rotl(a[16] ^ d1, 45), std::rotl(a[22] ^ d2, 61));
  chi(e, 10, std::rotl(a[1] ^ d1, 1), std::rotl(a[7] ^ d2, 6), std::rotl(a[13] ^ d3, 25),
      std::rotl(a[19] ^ d4, 8), std::rotl(a[20] ^ d0, 18));
  chi(e, 15, std::rotl(a[4] ^ d4, 27), std::rotl(a[5] ^ d0, 36), std::rotl(a[11] ^ d1, 10),
      std::rotl(a[17] ^ d2, 15), std::rotl(a[23] ^ d3, 56));
  chi(e, 20, std::rotl(a[2] ^ d2, 62), std::rotl(a[8] ^ d3, 55), std::rotl(a[14] ^ d4, 39),
      std::rotl(a[15] ^ d0, 41), std::rotl(a[21] ^ d1, 2));
}

[[gnu::always_inline]] inline void permute(Lane (&lane)[kLanes]) noexcept {
  Lane a[kLanes];
  Lane e[kLanes];
  std::memcpy(a, lane, sizeof(a));
  for (int i = 0; i < 24; i += 2) {
    round(a, e, kRoundConstants[i]);
    round(e, a, kRoundConstants[i + 1]);
  }
  std::memcpy(lane, a, sizeof(a));
}

struct Sponge {
  Lane lane[kLanes]{};

  /// @shape `block` is kRate bytes
  void absorb(const std::uint8_t* block) noexcept {
    for (std::size_t i = 0; i < kRate / 8; ++i) {
      Lane word;
      std::memcpy(&word, block + 8 * i, 8);
      lane[i] ^= word;
    }
    permute(lane);
  }

  /// Absorbs all whole blocks and returns what remains, less than one block.
  BytesView absorb_blocks(BytesView data) noexcept {
    while (data.size() >= kRate) {
      absorb(data.data());
      data = data.subspan(kRate);
    }
    return data;
  }

  Hash finish(std::uint8_t (&block)[kRate], std::size_t used) noexcept {
    block[used] ^= kPadFirst;
    block[kRate - 1] ^= kPadLast;
    absorb(block);
    Hash digest;
    std::memcpy(digest.data(), lane, Hash::kSize);
    return digest;
  }
};

void copy(std::uint8_t* to, BytesView from) noexcept {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

}  // namespace

void keccak_permute(std::uint64_t (&state)[25]) noexcept {
  permute(state);
}

Hash keccak256(BytesView data) noexcept {
  Sponge sponge;
  const BytesView tail = sponge.absorb_blocks(data);
  std::uint8_t block[kRate]{};
  copy(block, tail);
  return sponge.finish(block, tail.size());
}

Hash keccak256(BytesView first, BytesView second) noexcept {
  Sponge sponge;
  BytesView tail = sponge.absorb_blocks(first);
  std::uint8_t block[kRate]{};
  copy(block, tail);
  std::size_t used = tail.size();
  if (used + second.size() >= kRate) {
    copy(block + used, second.first(kRate - used));
    sponge.absorb(block);
    tail = sponge.absorb_blocks(second.subspan(kRate - used));
    std::memset(block, 0, kRate);
    used = 0;
  } else {
    tail = second;
  }
  copy(block + used, tail);
  return sponge.finish(block, used + tail.size());
}

}  // namespace wusong::hash
