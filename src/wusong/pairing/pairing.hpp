// SPDX-License-Identifier: Apache-2.0
// Curve operations with the encodings of Ethereum's precompiles. Gas and dispatch are in vm.
#pragma once

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/crypto/errors.hpp"

namespace wusong::pairing {

namespace err = crypto::err;

/// alt_bn128 addition. @shape in: x1||y1||x2||y2, 128 bytes; out: 64 bytes. @source EIP-196
/// @errors err::bad_point
[[nodiscard]] Result<std::array<std::uint8_t, 64>> bn254_add(
    std::span<const std::uint8_t, 128> input) noexcept;
/// @shape in: x||y||scalar, 96 bytes. @source EIP-196
[[nodiscard]] Result<std::array<std::uint8_t, 64>> bn254_mul(
    std::span<const std::uint8_t, 96> input) noexcept;
/// True when the product of pairings is one. @shape in: k * 192 bytes. @source EIP-197
[[nodiscard]] Result<bool> bn254_pairing(BytesView input) noexcept;

/// BLS12-381, EIP-2537: field elements are 64 bytes big-endian with 16 zero bytes first; a point of
/// G1 is 128 bytes, of G2 256; infinity is all zeros. MSM inputs are k * (point || 32-byte scalar),
/// k >= 1. G1ADD and G2ADD check the curve only; MSM and pairing also check the subgroup.
/// @errors err::bad_length, err::bad_point (also for field elements >= p or non-zero padding)
[[nodiscard]] Result<std::array<std::uint8_t, 128>> bls12_381_g1_add(BytesView input) noexcept;
[[nodiscard]] Result<std::array<std::uint8_t, 128>> bls12_381_g1_msm(BytesView input) noexcept;
[[nodiscard]] Result<std::array<std::uint8_t, 256>> bls12_381_g2_add(BytesView input) noexcept;
[[nodiscard]] Result<std::array<std::uint8_t, 256>> bls12_381_g2_msm(BytesView input) noexcept;
[[nodiscard]] Result<bool> bls12_381_pairing(BytesView input) noexcept;
[[nodiscard]] Result<std::array<std::uint8_t, 128>> bls12_381_map_fp_to_g1(
    BytesView input) noexcept;
[[nodiscard]] Result<std::array<std::uint8_t, 256>> bls12_381_map_fp2_to_g2(
    BytesView input) noexcept;

/// KZG point evaluation. @shape in: versioned_hash||z||y||commitment||proof, 192 bytes.
/// @errors err::bad_length, err::bad_point, err::bad_scalar, err::bad_proof
/// @source EIP-4844
[[nodiscard]] Result<void> kzg_point_evaluation(BytesView input) noexcept;

/// base^exponent mod modulus, big-endian; the result has modulus.size() bytes; modulus 0 gives
/// zeros.
/// @source EIP-198
Bytes modexp(BytesView base, BytesView exponent, BytesView modulus);

}  // namespace wusong::pairing
