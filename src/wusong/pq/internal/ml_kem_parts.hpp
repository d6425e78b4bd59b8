// SPDX-License-Identifier: Apache-2.0
// ML-KEM's parameters, compression and sampling.
#pragma once

#include <vector>

#include "wusong/pq/internal/ring.hpp"
#include "wusong/pq/internal/secret.hpp"
#include "wusong/pq/ml_kem.hpp"

namespace wusong::pq::internal {

/// @source FIPS 203, table 2, with its letters
struct MlKemParameters {
  MlKem set;
  MlKemShape shape;
  std::size_t k;
  unsigned eta1;
  unsigned du;
  unsigned dv;
};
const MlKemParameters& parameters_of(MlKem set) noexcept;
inline constexpr unsigned kEta2 = 2;
inline constexpr std::size_t kPolynomialSize = 384;  // twelve bits a coefficient
inline constexpr std::size_t kKSizeMax = 4;

/// From any 16 bits into [0, q).
std::int16_t canonical(std::int16_t a) noexcept;
/// round(2^bits x / q) modulo 2^bits, without a divider, whose time would tell its operand.
/// @shape x in [0, q), bits up to 11
[[gnu::always_inline]] inline constexpr std::uint32_t compress(std::uint32_t x,
                                                               unsigned bits) noexcept {
  constexpr std::uint64_t kReciprocal = 20642679;  // 2^36 / q, rounded up: exact below 2^25
  const std::uint64_t scaled = (std::uint64_t{x} << bits) + MlKemRing::kModulus / 2;
  return static_cast<std::uint32_t>((scaled * kReciprocal) >> 36) & ((1u << bits) - 1);
}
[[gnu::always_inline]] inline constexpr std::uint32_t decompress(std::uint32_t y,
                                                                 unsigned bits) noexcept {
  return (y * MlKemRing::kModulus + (1u << (bits - 1))) >> bits;
}

/// Coefficients in [0, q).
void pack_compressed(std::uint8_t* out, const Poly16& f, unsigned bits) noexcept;
void unpack_compressed(Poly16& out, const std::uint8_t* from, unsigned bits) noexcept;
void pack_12(std::uint8_t* out, const Poly16& f) noexcept;
/// Whether all are below the modulus; the time does not tell which are not.
[[nodiscard]] bool unpack_12(Poly16& out, const std::uint8_t* from) noexcept;

/// A, row by row, in the NTT's domain.
/// @source FIPS 203, algorithm 13, lines 3 to 7
void expand_matrix(std::vector<Poly16>& matrix, std::size_t k, BytesView rho,
                   const Provider& provider) noexcept;
/// The first `wide` polynomials by eta1, the others by eta2.
/// @source FIPS 203, algorithm 8
void sample_noise(Poly16* out, std::size_t count, std::size_t wide, unsigned eta1, BytesView seed,
                  const Provider& provider) noexcept;

struct MlKemPublicParts {
  const MlKemParameters* parameters;
  const Provider* provider;
  Bytes encoded;
  std::array<std::uint8_t, 32> digest;  // H(ek)
  std::vector<Poly16> transposed;       // the matrix, column by column, in the NTT's domain
  std::vector<Poly16> t;                // in the NTT's domain
};
struct MlKemSecretParts {
  explicit MlKemSecretParts(std::size_t k) : s(k) {}
  WipedVector<Poly16> s;  // in the NTT's domain
  Wiped<std::array<std::uint8_t, 32>> z;
};

}  // namespace wusong::pq::internal
