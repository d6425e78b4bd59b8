// SPDX-License-Identifier: Apache-2.0
// SHA-256 by the instructions made for it, of one message, and of two at a time: each waits for
// itself, so the second costs little.
// @source Intel 64 and IA-32 Architectures Software Developer's Manual, SHA256RNDS2, SHA256MSG1/2
#if defined(__x86_64__)
#define WUSONG_HASH_TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define WUSONG_HASH_INLINE __attribute__((target("sha,sse4.1,ssse3"), always_inline)) static inline
#include <immintrin.h>

#include "wusong/base/processor.hpp"
#include "wusong/hash/internal/kernels.hpp"
#include "wusong/hash/internal/sha2_rounds.hpp"

namespace wusong::hash::internal {
namespace {

using V = __m128i;
/// Rows of the state from a vector's lowest word on.
constexpr std::size_t kAbef[4] = {5, 4, 1, 0};
constexpr std::size_t kCdgh[4] = {7, 6, 3, 2};

/// A message's state as the instructions have it, and the last sixteen words of its schedule.
struct Lane {
  V abef;
  V cdgh;
  V w[4];
};

/// Words 4i to 4i+3 of the schedule, in place of those sixteen words before.
WUSONG_HASH_INLINE void expand(V (&w)[4], int i) noexcept {
  const V seventh = _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4);
  w[i & 3] = _mm_sha256msg2_epu32(
      _mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]), seventh), w[(i + 3) & 3]);
}

template <std::size_t kLanes>
WUSONG_HASH_INLINE void block(Lane (&lanes)[kLanes],
                              const std::uint8_t* const (&at)[kLanes]) noexcept {
  const V swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  V before[kLanes][2];
  for (std::size_t k = 0; k < kLanes; ++k) {
    before[k][0] = lanes[k].abef;
    before[k][1] = lanes[k].cdgh;
    for (int i = 0; i < 4; ++i)
      lanes[k].w[i] =
          _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const V*>(at[k] + 16 * i)), swap);
  }
  WUSONG_UNROLL
  for (int i = 0; i < 16; ++i) {
    const V constants =
        _mm_loadu_si128(reinterpret_cast<const V*>(kSha256Constants.data() + 4 * i));
    WUSONG_UNROLL
    for (std::size_t k = 0; k < kLanes; ++k) {
      Lane& lane = lanes[k];
      if (i >= 4) expand(lane.w, i);
      const V sum = _mm_add_epi32(lane.w[i & 3], constants);
      lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sum);
      lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
  }
  for (std::size_t k = 0; k < kLanes; ++k) {
    lanes[k].abef = _mm_add_epi32(lanes[k].abef, before[k][0]);
    lanes[k].cdgh = _mm_add_epi32(lanes[k].cdgh, before[k][1]);
  }
}

template <std::size_t kLanes>
WUSONG_HASH_TARGET void compress(std::uint32_t* state, const std::uint8_t* const* from,
                                 std::size_t count) noexcept {
  Lane lanes[kLanes];
  const std::uint8_t* at[kLanes];
  for (std::size_t k = 0; k < kLanes; ++k) {
    at[k] = from[k];
    std::uint32_t words[2][4];
    for (std::size_t i = 0; i < 4; ++i) {
      words[0][i] = state[kAbef[i] * kLanes + k];
      words[1][i] = state[kCdgh[i] * kLanes + k];
    }
    lanes[k].abef = _mm_loadu_si128(reinterpret_cast<const V*>(words[0]));
    lanes[k].cdgh = _mm_loadu_si128(reinterpret_cast<const V*>(words[1]));
  }
  for (; count > 0; --count) {
    block(lanes, at);
    for (auto& each : at) each += 64;
  }
  for (std::size_t k = 0; k < kLanes; ++k) {
    std::uint32_t words[2][4];
    _mm_storeu_si128(reinterpret_cast<V*>(words[0]), lanes[k].abef);
    _mm_storeu_si128(reinterpret_cast<V*>(words[1]), lanes[k].cdgh);
    for (std::size_t i = 0; i < 4; ++i) {
      state[kAbef[i] * kLanes + k] = words[0][i];
      state[kCdgh[i] * kLanes + k] = words[1][i];
    }
  }
}

bool is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("sha") != 0 &&
         __builtin_cpu_supports("sse4.1") != 0;
}

}  // namespace

constinit const Kernel<std::uint32_t> kShaNiTwo{"sha_ni of two", 2, 22, is_supported, compress<2>};
constinit const Kernel<std::uint32_t> kShaNiOne{"sha_ni", 1, 19, is_supported, compress<1>};

}  // namespace wusong::hash::internal
#endif
