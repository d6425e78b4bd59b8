// SPDX-License-Identifier: Apache-2.0
// The permutation under Keccak-256, SHA-3 and SHAKE, for modules that build sponges of their own.
#pragma once

#include <cstdint>
#include <span>

namespace wusong::hash {

inline constexpr std::size_t kKeccakWords = 25;
inline constexpr std::size_t kKeccakStates = 8;

/// Eight states side by side.
/// @shape word i of state k is word[i][k], little-endian within a byte string
struct alignas(64) KeccakStates {
  std::uint64_t word[kKeccakWords][kKeccakStates];
};

/// Keccak-f[1600] of one state.
/// @cost   constant time
/// @source FIPS 202, section 3.3
void keccak_permute(std::uint64_t (&state)[kKeccakWords]) noexcept;

/// Who can permute several states at once. All give the same words.
struct KeccakProvider {
  const char* name;
  bool (*is_supported)() noexcept;
  /// Permutes the first `count` states; what becomes of the others is undefined.
  void (*permute)(KeccakStates& states, std::size_t count) noexcept;
};
/// The widest first: eight by AVX-512, four by AVX2; the last, one by one, is always there.
std::span<const KeccakProvider> keccak_providers() noexcept;

}  // namespace wusong::hash
