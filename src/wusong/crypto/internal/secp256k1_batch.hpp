// SPDX-License-Identifier: Apache-2.0
// Recovery of many keys at once: its providers and what passes between their scalar and lane parts.
// Everything is variable time: digests, signatures and recovered keys are public.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/math/limbs.hpp"

namespace wusong::crypto::internal {

/// One answer each, as ecdsa_recover gives it. @shape as many answers as requests
using RecoverBatch = void (*)(std::span<const RecoveryRequest> requests,
                              std::span<Result<Address>> answers) noexcept;

struct RecoveryProvider {
  std::string_view name;
  bool (*is_supported)() noexcept;  // by this machine
  RecoverBatch recover;
};
/// The fastest first; the last, libsecp256k1 one by one, runs everywhere.
std::span<const RecoveryProvider> recovery_providers() noexcept;

/// A scalar as a + b lambda with a and b odd and of magnitude below 2^130, where lambda (x, y) is
/// (beta x, y). @shape two's complement. @source Gallant, Lambert, Vanstone 2001, section 4
struct SplitScalar {
  math::Limbs<3> a;
  math::Limbs<3> b;
};
/// @shape `scalar` is below the group's order
SplitScalar split_scalar(const math::Limbs<4>& scalar) noexcept;

/// The lane provider handles groups of eight, one signature a lane.
inline constexpr std::size_t kLaneCount = 8;
/// Requests that share their inversions.
inline constexpr std::size_t kBlockSize = 64;
/// Below this many, one by one is as fast.
inline constexpr std::size_t kFewestLanes = 2;
/// Windows of a multiple of the generator and of R, in bits. A digit is odd, so a table holds
/// 2^(bits - 1) points.
inline constexpr unsigned kGeneratorWindow = 12;
inline constexpr unsigned kPointWindow = 5;
/// Bits that the digits of a scalar cover: the least multiple of the window not below 130.
constexpr unsigned digit_bits(unsigned window) noexcept {
  return (130 + window - 1) / window * window;
}

/// Words of 64 bits, the least significant first, each for all lanes.
template <std::size_t N>
struct alignas(64) LaneWords {
  std::uint64_t word[N][kLaneCount];
};

/// A group's part before the curve: R's x, R's parity in bit i for lane i, and the scalars as
/// (k + 2^bits - 1) / 2, whose bits b stand for signed bits 2b - 1. The top word is zero.
struct LaneTask {
  LaneWords<4> x;
  LaneWords<4> generator[2];
  LaneWords<4> point[2];
  std::uint8_t odd;
};
/// Keys in Jacobian coordinates, reduced, and a bit for each lane: whether R is on the curve, and
/// whether an addition met one of its exceptions, so that the key is not known.
struct LaneKeys {
  LaneWords<4> x;
  LaneWords<4> y;
  LaneWords<4> z;
  std::uint8_t on_curve;
  std::uint8_t exceptional;
};
/// A point of a table: x and y, words least significant first.
struct alignas(64) PointRow {
  std::uint64_t word[8];
};

bool ifma_is_supported() noexcept;
/// Key = generator[0] G + generator[1] lambda G + point[0] R + point[1] lambda R for one or two
/// groups. @shape `generator` holds the odd multiples of G
void ifma_multiply(std::span<const LaneTask> tasks, std::span<LaneKeys> keys,
                   std::span<const PointRow> generator) noexcept;
/// The addresses of keys whose z has been inverted.
void ifma_addresses(const LaneKeys& keys, const LaneWords<4>& z_inverse,
                    std::array<Address, kLaneCount>& out) noexcept;

}  // namespace wusong::crypto::internal
