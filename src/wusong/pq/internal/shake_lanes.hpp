// SPDX-License-Identifier: Apache-2.0
// Up to eight SHAKE streams side by side.
#pragma once

#include "wusong/pq/shake.hpp"

namespace wusong::pq::internal {

inline constexpr std::size_t kLanesMax = hash::kKeccakStates;

/// SHAKE of messages of one length. Its states are cleared when it goes.
template <std::size_t kRate>
class ShakeLanes {
 public:
  /// @shape between one and eight messages, all as long as the first
  ShakeLanes(const hash::KeccakProvider& provider, std::span<const BytesView> messages) noexcept
      : provider_{&provider}, count_{messages.size()} {
    WUSONG_ASSERT(count_ >= 1 && count_ <= kLanesMax);
    std::memset(&states_, 0, sizeof(states_));
    const std::size_t size = messages[0].size();
    const std::size_t whole = size / kRate;
    for (std::size_t block = 0; block <= whole; ++block) {
      if (block != 0) provider_->permute(states_, count_);
      for (std::size_t lane = 0; lane < count_; ++lane) {
        WUSONG_ASSERT(messages[lane].size() == size);
        absorb(lane, messages[lane].data() + block * kRate, block < whole ? kRate : size % kRate);
      }
    }
    for (std::size_t lane = 0; lane < count_; ++lane) {
      flip(lane, size % kRate, 0x1f);
      flip(lane, kRate - 1, 0x80);
    }
  }
  ~ShakeLanes() { sodium_memzero(&states_, sizeof(states_)); }
  ShakeLanes(const ShakeLanes&) = delete;
  ShakeLanes& operator=(const ShakeLanes&) = delete;

  /// The next kRate bytes of each lane, at `out + lane * stride`.
  void squeeze_block(std::uint8_t* out, std::size_t stride) noexcept {
    provider_->permute(states_, count_);
    for (std::size_t lane = 0; lane < count_; ++lane)
      for (std::size_t i = 0; i < kRate / 8; ++i)
        std::memcpy(out + lane * stride + 8 * i, &states_.word[i][lane], 8);
  }

  /// The first `size` bytes of each lane, up to a block and a multiple of eight.
  void squeeze_start(std::uint8_t* out, std::size_t stride, std::size_t size) noexcept {
    WUSONG_ASSERT(size <= kRate && size % 8 == 0);
    provider_->permute(states_, count_);
    for (std::size_t lane = 0; lane < count_; ++lane)
      for (std::size_t i = 0; i < size / 8; ++i)
        std::memcpy(out + lane * stride + 8 * i, &states_.word[i][lane], 8);
  }

 private:
  static_assert(std::endian::native == std::endian::little);

  void absorb(std::size_t lane, const std::uint8_t* from, std::size_t size) noexcept {
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, from + i, 8);
      states_.word[i / 8][lane] ^= word;
    }
    for (; i < size; ++i) flip(lane, i, from[i]);
  }
  void flip(std::size_t lane, std::size_t at, std::uint8_t byte) noexcept {
    states_.word[at / 8][lane] ^= std::uint64_t{byte} << (8 * (at % 8));
  }

  hash::KeccakStates states_;
  const hash::KeccakProvider* provider_;
  std::size_t count_;
};

}  // namespace wusong::pq::internal
