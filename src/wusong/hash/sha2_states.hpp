// SPDX-License-Identifier: Apache-2.0
// SHA-2's compression of many messages that begin alike, for schemes that pad blocks themselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace wusong::hash {

/// @source FIPS 180-4, sections 5.3.5 and 5.3.3
inline constexpr std::array<std::uint64_t, 8> kSha512Start{
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
inline constexpr std::array<std::uint32_t, 8> kSha256Start{
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// From one common state.
/// @shape `messages` count times `blocks` blocks of 64 or 128 bytes, padded by the caller; `out` a
///        whole state each, as bytes
/// @cost  constant time but for the numbers of blocks and messages
/// @source FIPS 180-4, section 6
struct Sha2Provider {
  const char* name;
  bool (*is_supported)() noexcept;
  void (*sha256)(const std::uint32_t* start, const std::uint8_t* messages, std::size_t blocks,
                 std::size_t count, std::uint8_t* out) noexcept;
  void (*sha512)(const std::uint64_t* start, const std::uint8_t* messages, std::size_t blocks,
                 std::size_t count, std::uint8_t* out) noexcept;
};
/// The widest first: of 64-bit words eight lanes by AVX-512, four by AVX2; the last, one by one, is
/// always there. All give the same.
std::span<const Sha2Provider> sha2_providers() noexcept;

}  // namespace wusong::hash
