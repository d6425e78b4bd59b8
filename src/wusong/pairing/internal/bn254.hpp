// SPDX-License-Identifier: Apache-2.0
// Parameters of alt_bn128 (BN254): y^2 = x^3 + 3. Heavy templates: for this module's sources only.
#pragma once

#include "wusong/math/ate_pairing.hpp"
#include "wusong/math/msm.hpp"
#include "wusong/math/uint256.hpp"

/// @source EIP-196, EIP-197. Derived constants follow from u by the formulas of Barreto, Naehrig
/// 2005 and are checked by the tests.
namespace wusong::pairing::bn254 {

struct FpParams {
  static constexpr auto kModulus =
      math::limbs_from_hex<4>("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");
};
using Fp = math::PrimeField<FpParams>;
using Fp2 = math::Quadratic<Fp>;

inline constexpr std::uint64_t kU = 0x44e992b44a6909f1;  // p and r are polynomials in u
inline constexpr U256 kOrder{0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d,
                             0x30644e72e131a029};

struct TowerParams {
  using Fp = bn254::Fp;
  using Fp2 = bn254::Fp2;
  static constexpr math::Twist kTwist = math::Twist::divide;

  /// Times xi = 9 + u.
  static constexpr Fp2 mul_xi(const Fp2& a) noexcept {
    const Fp2 nine{a.c0.doubled().doubled().doubled() + a.c0,
                   a.c1.doubled().doubled().doubled() + a.c1};
    return {nine.c0 - a.c1, nine.c1 + a.c0};
  }
  static constexpr Fp2 kTwistB{
      // 3 / xi
      Fp::from_hex("2b149d40ceb8aaae81be18991be06ac3b5b4c5e559dbefa33267e6dc24a138e5"),
      Fp::from_hex("9713b03af0fed4cd2cafadeed8fdf4a74fa084e52d1852e4a2bd0685c315d2")};
  static constexpr Fp2 kGamma1{
      // xi^((p-1)/6)
      Fp::from_hex("1284b71c2865a7dfe8b99fdd76e68b605c521e08292f2176d60b35dadcc9e470"),
      Fp::from_hex("246996f3b4fae7e6a6327cfe12150b8e747992778eeec7e5ca5cf05f80f362ac")};
  static constexpr std::array<Fp2, 6> kGamma{Fp2::one(),
                                             kGamma1,
                                             kGamma1* kGamma1,
                                             kGamma1* kGamma1* kGamma1,
                                             kGamma1* kGamma1* kGamma1* kGamma1,
                                             kGamma1* kGamma1* kGamma1* kGamma1* kGamma1};
};
using Fp12 = math::Tower12<TowerParams>;
using G1 = math::JacobianPoint<Fp>;
using G1Affine = math::AffinePoint<Fp>;
using G2 = math::JacobianPoint<Fp2>;
using G2Affine = math::AffinePoint<Fp2>;
using PairingTerm = math::PairingTerm<TowerParams>;

inline constexpr Fp kB = Fp::from_u64(3);

/// Untwist, Frobenius, twist: acts on G2 as multiplication by p.
G2 psi(const G2& q) noexcept;
/// For a point of the twist: whether its order is r.
bool is_in_subgroup(const G2Affine& q) noexcept;
/// Any 256-bit scalar.
G1 multiply(const G1Affine& p, const U256& scalar);
/// The product of the pairings, before the final exponentiation.
Fp12 miller(std::span<const PairingTerm> terms);
/// A fixed power of the reduced pairing, which is one exactly when the pairing is.
Fp12 final_exponentiation(const Fp12& f) noexcept;

}  // namespace wusong::pairing::bn254
