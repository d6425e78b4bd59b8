// SPDX-License-Identifier: Apache-2.0
// Byte strings. A byte is std::uint8_t throughout (ADR 0002): every library we call speaks it.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "wusong/base/assert.hpp"

namespace wusong {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(BytesView view) {
  return {view.begin(), view.end()};
}
inline void append(Bytes& out, BytesView more) {
  out.insert(out.end(), more.begin(), more.end());
}

/// Exactly N bytes, compared as big-endian numbers. The tag keeps hashes and addresses apart.
template <std::size_t N, typename Tag>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> bytes{};

  constexpr FixedBytes() noexcept = default;
  constexpr explicit FixedBytes(const std::array<std::uint8_t, N>& from) noexcept : bytes{from} {}

  /// The caller has checked that `from` holds exactly N bytes.
  static FixedBytes from(BytesView from) noexcept {
    WUSONG_ASSERT(from.size() == N);
    FixedBytes out;
    std::memcpy(out.bytes.data(), from.data(), N);
    return out;
  }

  constexpr std::uint8_t* data() noexcept { return bytes.data(); }
  constexpr const std::uint8_t* data() const noexcept { return bytes.data(); }
  static constexpr std::size_t size() noexcept { return N; }
  constexpr explicit(false) operator BytesView() const noexcept { return bytes; }  // NOLINT
  constexpr BytesView view() const noexcept { return bytes; }
  constexpr bool is_zero() const noexcept {
    return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
  }

  friend bool operator==(const FixedBytes& a, const FixedBytes& b) noexcept {
    return std::memcmp(a.bytes.data(), b.bytes.data(), N) == 0;
  }
  friend std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) noexcept {
    return std::memcmp(a.bytes.data(), b.bytes.data(), N) <=> 0;
  }
};

using Hash = FixedBytes<32, struct HashTag>;        // digests and 32-byte words kept as bytes
using Address = FixedBytes<20, struct AddressTag>;  // an account

/// For hash tables keyed by uniformly distributed or attacker-chosen bytes: mixes all of them.
struct FixedBytesHash {
  template <std::size_t N, typename Tag>
  std::size_t operator()(const FixedBytes<N, Tag>& value) const noexcept {
    std::uint64_t h = 0x9e3779b97f4a7c15ull;
    std::size_t i = 0;
    for (; i + 8 <= N; i += 8) h = mix(h ^ load(value.data() + i, 8));
    if (i < N) h = mix(h ^ load(value.data() + i, N - i));
    return static_cast<std::size_t>(h);
  }

 private:
  static std::uint64_t load(const std::uint8_t* from, std::size_t count) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, count);
    return word;
  }
  static std::uint64_t mix(std::uint64_t x) noexcept {
    const auto product = static_cast<unsigned __int128>(x) * 0xd6e8feb86659fd93ull;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
};

}  // namespace wusong
