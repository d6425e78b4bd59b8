// SPDX-License-Identifier: Apache-2.0
// Who can do the arithmetic of a curve's signatures: the same sources (curve_base.hpp,
// curve_equations.hpp) on lanes of AVX-512 or on plain words.
#pragma once

#include <cstdint>
#include <span>

#include "wusong/math/limbs.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::crypto::internal {

using Number = math::Limbs<4>;

struct PlainPoint {
  Number x;
  Number y;
};

/// Does x(u1 G + u2 Q) equal r modulo the order? @shape everything but the key is below the order
struct PointEquation {
  PlainPoint key;  // coordinates below the prime
  Number u1;
  Number u2;
  Number r;
};
enum class Holds : std::uint8_t { no, yes, bad_key };  // bad_key: not on the curve

/// @shape all below the order, `inverse` is 1 / (1 + d)
struct Sm2Equation {
  Number nonce;
  Number digest;  // any number
  Number x;       // of the nonce's point: any number
  Number one_plus_secret;
  Number inverse;
};
struct Sm2Parts {
  Number r;
  Number s;
  bool is_usable;  // where it is not, another nonce is asked for
};

struct CurveKernels {
  /// k G for each, in constant time. False says that the machine has miscalculated, or that a k is
  /// zero: the points' sum is not the sum's point. Nothing of `out` may then be used.
  bool (*multiply_base)(std::span<const Number> k, std::span<PlainPoint> out) noexcept;
  /// In variable time.
  void (*check)(std::span<const PointEquation> equations, std::span<Holds> out) noexcept;
  /// 1 / k modulo the order, in constant time; zero for zero.
  Number (*invert_scalar)(const Number& k) noexcept;
};

struct CurveProvider {
  const char* name;
  bool (*is_supported)() noexcept;
  CurveKernels sm2;
  /// r and s, in constant time; false says that the machine has miscalculated.
  bool (*sm2_sign)(std::span<const Sm2Equation> equations, std::span<Sm2Parts> out) noexcept;
};

extern const CurveProvider kCurvesPlain;
#if defined(__x86_64__)
extern const CurveProvider kCurvesAvx512;  // AVX-512 IFMA
#endif

/// The fastest first; the last, plain, is always supported.
std::span<const CurveProvider* const> curve_providers() noexcept;
/// The fastest supported one, or the one that the environment's WUSONG_CURVES_PROVIDER names
/// (avx512, plain) if it is supported. Chosen once.
const CurveProvider& curve_provider() noexcept;
/// For tests: nullptr ends it. Not for several threads.
void force_curve_provider(const CurveProvider* forced) noexcept;

}  // namespace wusong::crypto::internal
