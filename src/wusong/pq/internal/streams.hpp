// SPDX-License-Identifier: Apache-2.0
// Polynomials from many SHAKE streams side by side.
#pragma once

#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/internal/secret.hpp"
#include "wusong/pq/internal/shake_lanes.hpp"

namespace wusong::pq::internal {

/// What samplers read beyond their input.
inline constexpr std::size_t kOverread = 32;

/// Fills polynomials from one stream each, eight streams at a time: `first` blocks at once, then
/// one by one while any is not full. take(index, have, bytes, size) returns how many it has then.
template <std::size_t kRate, std::size_t kSeedSize, std::size_t kFirst, typename Seed,
          typename Take>
void fill_from_streams(std::size_t count, const Provider& provider, Seed seed_of,
                       Take take) noexcept {
  constexpr std::size_t kStride = kFirst * kRate + kOverread;
  Wiped<std::array<std::uint8_t, kLanesMax * kStride>> buffer;
  for (std::size_t done = 0; done < count; done += kLanesMax) {
    const std::size_t lanes = std::min(kLanesMax, count - done);
    Wiped<std::array<std::array<std::uint8_t, kSeedSize>, kLanesMax>> seeds;
    BytesView views[kLanesMax];
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      seed_of(done + lane, (*seeds)[lane]);
      views[lane] = (*seeds)[lane];
    }
    ShakeLanes<kRate> streams{*provider.keccak, std::span{views, lanes}};
    for (std::size_t block = 0; block < kFirst; ++block)
      streams.squeeze_block(buffer->data() + block * kRate, kStride);
    std::size_t have[kLanesMax]{};
    bool all_full = true;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      have[lane] = take(done + lane, 0, buffer->data() + lane * kStride, kFirst * kRate);
      all_full = all_full && have[lane] == kDegree;
    }
    while (!all_full) {
      streams.squeeze_block(buffer->data(), kStride);
      all_full = true;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        if (have[lane] < kDegree)
          have[lane] = take(done + lane, have[lane], buffer->data() + lane * kStride, kRate);
        all_full = all_full && have[lane] == kDegree;
      }
    }
  }
}

}  // namespace wusong::pq::internal
