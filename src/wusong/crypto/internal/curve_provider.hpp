// SPDX-License-Identifier: Apache-2.0
// Who can do the arithmetic of a curve's signatures: the same sources (curve_base.hpp,
// curve_equations.hpp, curve_known.hpp) on lanes of AVX-512 or on plain words.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wusong/base/bytes.hpp"
#include "wusong/math/limbs.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::crypto::internal {

using Number = math::Limbs<4>;

struct PlainPoint {
  Number x;
  Number y;

  bool operator==(const PlainPoint&) const = default;
};

/// Does x(u1 G + u2 Q) equal r modulo the order? @shape everything but the key is below the order
struct PointEquation {
  PlainPoint key;  // coordinates below the prime
  Number u1;
  Number u2;
  Number r;
};
enum class Holds : std::uint8_t { no, yes, bad_key };  // bad_key: not on the curve

/// Of a known key's combs: bits of a scalar that one addition takes, and tables that share their
/// doublings.
inline constexpr unsigned kKnownTeeth = 6;
inline constexpr unsigned kKnownTables = 2;
/// A public key with its combs, in a shape that all providers share.
struct KnownPoint {
  alignas(64) std::array<std::uint8_t, (std::size_t{kKnownTables} << (kKnownTeeth - 1)) * 64> rows;
  PlainPoint point;
  bool is_on_curve;
};
/// PointEquation of such a key.
struct KnownEquation {
  const KnownPoint* key;
  Number u1;
  Number u2;
  Number r;
};
/// Variable time: keys and equations are public.
struct KnownKernels {
  /// @shape coordinates below the prime
  void (*prepare)(std::span<const PlainPoint> keys, std::span<KnownPoint* const> out) noexcept;
  /// @shape keys on the curve
  void (*check)(std::span<const KnownEquation> equations, std::span<Holds> out) noexcept;
};

/// What SM2 or ECDSA signs by, and is checked by. A secret has two forms, one for each: SM2 has
/// 1 / (1 + d) and 1 + d, ECDSA d and n - d. @shape all below the order but where it says so
struct SigningEquation {
  Number nonce;
  Number digest;  // any number
  Number x;       // of the nonce's point: any number
  Number secret;
  Number check;
};
struct SignatureParts {
  Number r;
  Number s;
  bool is_usable;  // where it is not, another nonce is asked for
};

/// neutral: there is no affine point; wrong: the machine has miscalculated.
enum class Product : std::uint8_t { done = 0, neutral = 1, wrong = 2, bad_point = 3 };

struct CurveKernels {
  /// k G for each, in constant time. False says that the machine has miscalculated, or that a k is
  /// zero: the points' sum is not the sum's point. Nothing of `out` may then be used.
  bool (*multiply_base)(std::span<const Number> k, std::span<PlainPoint> out) noexcept;
  /// In variable time.
  void (*check)(std::span<const PointEquation> equations, std::span<Holds> out) noexcept;
  /// Whether all are on the curve, in constant time.
  bool (*are_on_curve)(std::span<const PlainPoint> points) noexcept;
  /// r and s, in constant time. @shape no nonce is zero
  void (*sign)(std::span<const SigningEquation> equations, std::span<SignatureParts> out) noexcept;
  /// Whether all parts are what these equations make, found by the other form of the secret.
  bool (*are_signed)(std::span<const SigningEquation> equations,
                     std::span<const SignatureParts> parts) noexcept;
  /// 1 / k modulo the order, in constant time; zero for zero.
  Number (*invert_scalar)(const Number& k) noexcept;
  /// a b modulo the order, in constant time. @shape below the order
  Number (*multiply_scalars)(const Number& a, const Number& b) noexcept;
  /// k P, and Q added where there is one: in constant time as to k. Only with `done` is `out` good;
  /// bad_point says that P or Q is not on the curve.
  /// @shape k any number; coordinates below the prime
  Product (*multiply)(const Number& k, const PlainPoint& p, const PlainPoint* q,
                      PlainPoint& out) noexcept;
};

/// What ECDSA verifies by. @shape r and s in [1, n-1], the digest any number
struct EcdsaNumbers {
  Number r;
  Number s;
  Number digest;
};

using Encoded = std::array<std::uint8_t, 32>;  // a point of Ed25519, or a scalar

inline constexpr unsigned kEd25519KeyWindow = 5;
/// A public key with its odd multiples, in a shape that all providers share.
struct Ed25519Key {
  alignas(64) std::array<std::uint8_t, (std::size_t{1} << (kEd25519KeyWindow - 1)) * 128> rows;
  bool is_valid;  // encodes, in the one allowed way, a point of the large subgroup but the neutral
                  // one
};
/// s B - k A, where the key is valid. @shape s and k are below the order
struct Ed25519Equation {
  const Ed25519Key* key;
  Number s;
  Number k;
};

/// The combs of a valid key, in a shape that all providers share.
struct Ed25519Known {
  alignas(64) std::array<std::uint8_t, (std::size_t{kKnownTables} << (kKnownTeeth - 1)) * 128> rows;
};
struct Ed25519KnownEquation {
  const Ed25519Known* key;
  Number s;
  Number k;
};

struct Ed25519Kernels {
  /// k B for each, in constant time; false says that the machine has miscalculated.
  bool (*multiply_base)(std::span<const Number> k, std::span<PlainPoint> out) noexcept;
  /// Whether all are on the curve, in constant time.
  bool (*are_on_curve)(std::span<const PlainPoint> points) noexcept;
  /// Verifications at once from which these are faster than libsodium one by one.
  std::size_t fewest;
  /// Variable time, as the rest: keys and equations are public.
  void (*prepare)(std::span<const Encoded> keys, std::span<Ed25519Key* const> out) noexcept;
  void (*combine)(std::span<const Ed25519Equation> equations, std::span<Encoded> out) noexcept;
  void (*make_known)(std::span<const Ed25519Key* const> keys,
                     std::span<Ed25519Known* const> out) noexcept;
  void (*combine_known)(std::span<const Ed25519KnownEquation> equations,
                        std::span<Encoded> out) noexcept;
};

struct CurveProvider {
  const char* name;
  bool (*is_supported)() noexcept;
  CurveKernels sm2;
  KnownKernels sm2_known;
  CurveKernels p256;
  /// u1 = e / s, u2 = r / s, and r, of each equation; the key is the caller's. Variable time.
  void (*p256_divide)(std::span<const EcdsaNumbers> from, std::span<PointEquation> out) noexcept;
  /// Equations of P-256 at once from which `p256.check` is faster than libcrypto one by one.
  std::size_t p256_fewest;
  Ed25519Kernels ed25519;
};

/// y, and the parity of x above it. @source RFC 8032, section 5.1.2
inline Encoded encode(const PlainPoint& point) noexcept {
  Number number = point.y;
  number[3] |= point.x[0] << 63;
  Encoded out;
  std::memcpy(out.data(), number.data(), out.size());
  return out;
}

/// a + b mod n for numbers below n, by the same steps for all.
constexpr Number sum_modulo(const Number& a, const Number& b, const Number& n) noexcept {
  math::Limbs<5> out{a[0], a[1], a[2], a[3], 0};
  math::add_in_place(out, {b[0], b[1], b[2], b[3], 0});
  math::Limbs<5> less = out;
  const math::Limb keep =
      math::hidden(0 - math::subtract_in_place(less, {n[0], n[1], n[2], n[3], 0}));
  Number result{};
  for (std::size_t i = 0; i < 4; ++i) result[i] = (out[i] & keep) | (less[i] & ~keep);
  return result;
}

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
/// Its p256_fewest and ed25519.fewest, or one where it is forced.
std::size_t fewest_for_p256() noexcept;
std::size_t fewest_for_ed25519() noexcept;

}  // namespace wusong::crypto::internal
