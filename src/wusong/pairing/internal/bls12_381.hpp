// SPDX-License-Identifier: Apache-2.0
// Parameters of BLS12-381: y^2 = x^3 + 4. Heavy templates: for this module's sources only.
#pragma once

#include "wusong/base/error.hpp"
#include "wusong/math/ate_pairing.hpp"
#include "wusong/math/msm.hpp"
#include "wusong/math/uint256.hpp"

/// @source draft-irtf-cfrg-pairing-friendly-curves-11, section 4.2.1; EIP-2537
namespace wusong::pairing::bls12_381 {

struct FpParams {
  static constexpr auto kModulus = math::limbs_from_hex<6>(
      "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffff"
      "aaab");
};
using Fp = math::PrimeField<FpParams>;
using Fp2 = math::Quadratic<Fp>;

inline constexpr std::uint64_t kMinusX = 0xd201000000010000;  // p and r are polynomials in x
inline constexpr U256 kOrder{0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805,
                             0x73eda753299d7d48};

struct TowerParams {
  using Fp = bls12_381::Fp;
  using Fp2 = bls12_381::Fp2;
  static constexpr math::Twist kTwist = math::Twist::multiply;

  /// Times xi = 1 + u.
  static constexpr Fp2 mul_xi(const Fp2& a) noexcept { return {a.c0 - a.c1, a.c0 + a.c1}; }
  static constexpr Fp2 kTwistB{Fp::from_u64(4), Fp::from_u64(4)};
  static constexpr Fp2 kGamma1{// xi^((p-1)/6)
                               Fp::from_hex("1904d3bf02bb0667c231beb4202c0d1f0fd603fd3cbd5f4f7b2443"
                                            "d784bab9c4f67ea53d63e7813d8d0775ed92235fb8"),
                               Fp::from_hex("fc3e2b36c4e03288e9e902231f9fb854a14787b6c7b36fec0c8ec9"
                                            "71f63c5f282d5ac14d6c7ec22cf78a126ddc4af3")};
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

inline constexpr Fp kB = Fp::from_u64(4);
inline constexpr G1Affine kG1Generator{
    Fp::from_hex("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeff"
                 "b3af00adb22c6bb"),
    Fp::from_hex("8b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40c"
                 "aa232946c5e7e1"),
    false};
inline constexpr G2Affine kG2Generator{
    {Fp::from_hex("24aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd"
                  "48056c8c121bdb8"),
     Fp::from_hex("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57"
                  "e5ac7d055d042b7e")},
    {Fp::from_hex("ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e"
                  "193548608b82801"),
     Fp::from_hex("606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1a"
                  "aa9075ff05f79be")},
    false};

/// Untwist, Frobenius, twist: acts on G2 as multiplication by p, which is x modulo r.
G2 psi(const G2& q) noexcept;
/// For a point of the curve or of the twist: whether its order is r.
bool is_in_subgroup(const G1Affine& p) noexcept;
bool is_in_subgroup(const G2Affine& q) noexcept;

/// A point of order r and any 256-bit scalar.
template <typename Point>
struct Scaled {
  Point point;
  U256 scalar;
};
G1 multiply_sum(std::span<const Scaled<G1Affine>> terms);
G2 multiply_sum(std::span<const Scaled<G2Affine>> terms);

/// Whether the product of the pairings is one; the points are of order r, infinity included.
bool pairing_product_is_one(std::span<const PairingTerm> terms);
/// The product of the pairings, before the final exponentiation; no infinity.
Fp12 miller(std::span<const PairingTerm> terms);
/// The third power of the reduced pairing, which is one exactly when the pairing is.
Fp12 final_exponentiation(const Fp12& f) noexcept;

/// EIP-2537's encodings: 64 bytes for an element of Fp, twice as many for Fp2.
Result<Fp> decode_fp(const std::uint8_t* in) noexcept;
Result<Fp2> decode_fp2(const std::uint8_t* in) noexcept;
std::array<std::uint8_t, 128> encode(const G1& point) noexcept;
std::array<std::uint8_t, 256> encode(const G2& point) noexcept;

/// 48 bytes in the compressed form of the ZCash specification; checks the subgroup.
Result<G1Affine> decompress_g1(const std::uint8_t* in) noexcept;

}  // namespace wusong::pairing::bls12_381
