// SPDX-License-Identifier: Apache-2.0
// Keccak-256 of many messages: eight at a time where the machine has AVX-512.
#include <algorithm>
#include <cstring>

#include "wusong/hash/hash.hpp"
#include "wusong/hash/internal/keccak_lanes.hpp"
#include "wusong/hash/keccak_states.hpp"

namespace wusong::hash {
namespace {

#if defined(__x86_64__)

constexpr std::size_t kLaneCount = kKeccakStates;
constexpr std::size_t kRate = 136;  // 1600 bits less twice the digest, in bytes
constexpr std::size_t kRateWords = kRate / 8;
/// A permutation of eight states costs little more than one of one.
constexpr std::size_t kFewestLanes = 2;

/// Blocks of a padded message; there is always room for a padding byte.
constexpr std::size_t blocks_of(BytesView message) noexcept {
  return message.size() / kRate + 1;
}

struct alignas(64) Blocks {
  std::uint64_t word[kRateWords][kLaneCount];
};

void load_block(Blocks& blocks, std::size_t lane, BytesView message, std::size_t index) noexcept {
  std::uint8_t padded[kRate];
  const std::uint8_t* from = message.data() + index * kRate;
  if (index + 1 == blocks_of(message)) {
    const std::size_t rest = message.size() - index * kRate;
    std::memset(padded, 0, kRate);
    if (rest != 0) std::memcpy(padded, from, rest);
    padded[rest] ^= 0x01;
    padded[kRate - 1] ^= 0x80;
    from = padded;
  }
  for (std::size_t i = 0; i < kRateWords; ++i) std::memcpy(&blocks.word[i][lane], from + 8 * i, 8);
}

/// Lanes whose message has ended go on with the last block they saw; nobody reads them again.
WUSONG_KECCAK_LANES void hash_group(std::span<const BytesView> messages,
                                    std::span<Hash> out) noexcept {
  std::size_t most = 0;
  for (const BytesView message : messages) most = std::max(most, blocks_of(message));
  __m512i state[25];
  WUSONG_UNROLL
  for (int i = 0; i < 25; ++i) state[i] = _mm512_setzero_si512();
  Blocks blocks;
  std::memset(&blocks, 0, sizeof(blocks));
  for (std::size_t index = 0; index < most; ++index) {
    for (std::size_t lane = 0; lane < messages.size(); ++lane)
      if (index < blocks_of(messages[lane])) load_block(blocks, lane, messages[lane], index);
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kRateWords; ++i)
      state[i] = _mm512_xor_si512(state[i], _mm512_load_si512(blocks.word[i]));
    internal::keccak_permute_lanes(state);
    alignas(64) std::uint64_t digest[4][kLaneCount];
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) _mm512_store_si512(digest[i], state[i]);
    for (std::size_t lane = 0; lane < messages.size(); ++lane) {
      if (index + 1 != blocks_of(messages[lane])) continue;
      for (std::size_t i = 0; i < 4; ++i)
        std::memcpy(out[lane].data() + 8 * i, &digest[i][lane], 8);
    }
  }
}

#endif

}  // namespace

void keccak256_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept {
  WUSONG_ASSERT(messages.size() == out.size());
  std::size_t done = 0;
#if defined(__x86_64__)
  static const bool kHasLanes = internal::keccak_lanes_are_supported();
  while (kHasLanes && messages.size() - done >= kFewestLanes) {
    const std::size_t count = std::min(kLaneCount, messages.size() - done);
    hash_group(messages.subspan(done, count), out.subspan(done, count));
    done += count;
  }
#endif
  for (; done < messages.size(); ++done) out[done] = keccak256(messages[done]);
}

}  // namespace wusong::hash
