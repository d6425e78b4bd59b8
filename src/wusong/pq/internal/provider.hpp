// SPDX-License-Identifier: Apache-2.0
// What the schemes compute with. A provider is a set of kernels for one kind of machine; all of
// them give the same results, bit for bit.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wusong/hash/keccak_states.hpp"
#include "wusong/hash/sha2_states.hpp"

namespace wusong::pq::internal {

inline constexpr std::size_t kDegree = 256;

template <typename Word>
struct alignas(64) Polynomial {
  Word at[kDegree];
};
using Poly32 = Polynomial<std::int32_t>;  // ML-DSA, modulo 8,380,417
using Poly16 = Polynomial<std::int16_t>;  // ML-KEM, modulo 3,329

/// All of it runs in time that depends on no coefficient, but for `sample`, whose input is public.
template <typename Word>
struct RingKernels {
  /// @shape in: below the modulus in absolute value; out: below nine (ML-DSA) or one (ML-KEM) of it
  void (*ntt)(Polynomial<Word>& f) noexcept;
  /// Times R, the radix of Montgomery's form, which `dot` leaves divided by.
  /// @shape in and out: below the modulus in absolute value
  void (*inverse_ntt)(Polynomial<Word>& f) noexcept;
  /// out = (a[0] b[0] + … + a[count-1] b[count-1]) / R, in the NTT's domain
  /// @shape count up to 7 (ML-DSA) or 4 (ML-KEM), a in the modulus, b as ntt gives it
  void (*dot)(Polynomial<Word>& out, const Polynomial<Word>* a, const Polynomial<Word>* b,
              std::size_t count) noexcept;
  /// Takes whole groups of bytes (three for one coefficient of ML-DSA, for two of ML-KEM) and keeps
  /// those below the modulus, until `f` is full. Returns how many it holds then.
  /// @shape size a multiple of 24; up to 32 bytes after it are read and ignored
  std::size_t (*sample)(Polynomial<Word>& f, std::size_t have, const std::uint8_t* from,
                        std::size_t size) noexcept;
};

struct Provider {
  const char* name;
  bool (*is_supported)() noexcept;
  const hash::KeccakProvider* keccak;
  RingKernels<std::int32_t> ml_dsa;
  /// ML-DSA's small numbers, two a byte, of which those out of range are rejected, until `f` is
  /// full. The time tells which bytes were rejected, and nothing of those that are kept.
  /// @shape eta 2 or 4; size a multiple of 8
  std::size_t (*sample_bounded)(Poly32& f, std::int32_t eta, std::size_t have,
                                const std::uint8_t* from, std::size_t size) noexcept;
  RingKernels<std::int16_t> ml_kem;
  const hash::Sha2Provider* sha2;
};
/// Those that this machine supports, the fastest first; the portable one is the last.
std::span<const Provider> providers() noexcept;
const Provider& fastest_provider() noexcept;

}  // namespace wusong::pq::internal
