// SPDX-License-Identifier: Apache-2.0
// SHA-3 and SHAKE over crypto's Keccak permutation.
#pragma once

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <initializer_list>

#include "wusong/base/bytes.hpp"
#include "wusong/hash/keccak_states.hpp"

namespace wusong::pq {

/// A sponge: absorb, then squeeze as often as wanted. Its state is cleared when it goes.
/// @source FIPS 202, sections 4 and 6
template <std::size_t kRateBytes, std::uint8_t kDomain>
class Sponge {
 public:
  static constexpr std::size_t kRate = kRateBytes;

  Sponge() = default;
  Sponge(std::initializer_list<BytesView> parts) noexcept {
    for (const BytesView part : parts) absorb(part);
  }
  ~Sponge() { sodium_memzero(state_, sizeof(state_)); }
  Sponge(const Sponge&) = default;
  Sponge& operator=(const Sponge&) = default;

  Sponge& absorb(BytesView data) noexcept {
    WUSONG_ASSERT(!squeezing_);
    while (!data.empty()) {
      if (at_ == 0 && data.size() >= kRate) {
        for (std::size_t i = 0; i < kRate / 8; ++i) state_[i] ^= load_word(data.data() + 8 * i);
        data = data.subspan(kRate);
        hash::keccak_permute(state_);
        continue;
      }
      const std::size_t count = std::min(kRate - at_, data.size());
      std::size_t i = 0;
      if (at_ % 8 == 0)
        for (; i + 8 <= count; i += 8) state_[(at_ + i) / 8] ^= load_word(data.data() + i);
      for (; i < count; ++i) flip(at_ + i, data[i]);
      data = data.subspan(count);
      at_ += count;
      if (at_ == kRate) {
        hash::keccak_permute(state_);
        at_ = 0;
      }
    }
    return *this;
  }

  void squeeze(std::span<std::uint8_t> out) noexcept {
    if (!squeezing_) {
      flip(at_, kDomain);
      flip(kRate - 1, 0x80);
      at_ = kRate;
      squeezing_ = true;
    }
    while (!out.empty()) {
      if (at_ == kRate) {
        hash::keccak_permute(state_);
        at_ = 0;
      }
      const std::size_t count = std::min(kRate - at_, out.size());
      std::size_t i = 0;
      if (std::endian::native == std::endian::little && at_ % 8 == 0) {
        i = count / 8 * 8;
        std::memcpy(out.data(), state_ + at_ / 8, i);
      }
      for (; i < count; ++i)
        out[i] = static_cast<std::uint8_t>(state_[(at_ + i) / 8] >> (8 * ((at_ + i) % 8)));
      out = out.subspan(count);
      at_ += count;
    }
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> squeeze() noexcept {
    std::array<std::uint8_t, N> out;
    squeeze(out);
    return out;
  }

 private:
  static std::uint64_t load_word(const std::uint8_t* from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    return word;
  }
  void flip(std::size_t at, std::uint8_t byte) noexcept {
    state_[at / 8] ^= std::uint64_t{byte} << (8 * (at % 8));
  }

  std::uint64_t state_[hash::kKeccakWords]{};
  std::size_t at_ = 0;
  bool squeezing_ = false;
};

using Shake128 = Sponge<168, 0x1f>;
using Shake256 = Sponge<136, 0x1f>;
using Sha3_256 = Sponge<136, 0x06>;  // NOLINT(readability-identifier-naming): the standard's name
using Sha3_512 = Sponge<72, 0x06>;   // NOLINT(readability-identifier-naming): the standard's name

inline std::array<std::uint8_t, 32> sha3_256(std::initializer_list<BytesView> parts) noexcept {
  return Sha3_256{parts}.squeeze<32>();
}
inline std::array<std::uint8_t, 64> sha3_512(std::initializer_list<BytesView> parts) noexcept {
  return Sha3_512{parts}.squeeze<64>();
}

}  // namespace wusong::pq
