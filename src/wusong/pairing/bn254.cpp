// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "wusong/pairing/internal/bn254.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing::bn254 {
namespace {

// 6u + 2 in signed binary.
constexpr std::array<std::int8_t, 66> kLoop{
    1, 0, -1, 0, 1,  0, 0, 0, -1, 0, -1, 0,  0, 0,  -1, 0, 1, 0, -1, 0, 0, -1,
    0, 0, 0,  0, 0,  1, 0, 0, -1, 0, 1,  0,  0, -1, 0,  0, 0, 0, -1, 0, 1, 0,
    0, 0, -1, 0, -1, 0, 0, 1, 0,  0, 0,  -1, 0, 0,  -1, 0, 1, 0, 1,  0, 0, 0};

// A cube root of one, with which (x, y) -> (beta x, y) is multiplication by lambda on G1.
constexpr Fp kBeta = Fp::from_hex("59e26bcea0d48bacd4f263f1acdb5c4f5763473177fffffe");

// A short basis of the lattice of (a, b) with a + b lambda = 0 mod r: (kA, -kB) and (kC, kA).
// @source Gallant, Lambert, Vanstone, Crypto 2001
constexpr U256 kA{0x89d3256894d213e3};
constexpr U256 kB{0x8211bbeb7d4f1128, 0x6f4d8248eeb859fc, 0, 0};
constexpr U256 kC{0x0be4e1541221250b, 0x6f4d8248eeb859fd, 0, 0};
// round(2^256 kA / r) and round(2^256 kB / r), which turn the division by r into a shift.
constexpr math::Limbs<2> kScaledA{0xd91d232ec7e0b3d7, 0x2};
constexpr math::Limbs<3> kScaledB{0x7a7bd9d4391eb18e, 0x4ccef014a773d2cf, 0x2};

using Term = math::MsmTerm<Fp, 2>;

// The whole part of k * scaled / 2^256.
template <std::size_t N>
U256 scaled_quotient(const math::Limbs<4>& k, const math::Limbs<N>& scaled) noexcept {
  const auto product = math::multiply_wide(k, scaled);
  U256 out;
  for (std::size_t i = 0; i < N; ++i) out.limb[i] = product[4 + i];
  return out;
}

Term::Part to_part(const U256& value) noexcept {
  const bool negative = value.limb[3] >> 63 != 0;
  const U256 size = negative ? U256{} - value : value;
  WUSONG_ASSERT((size.limb[2] | size.limb[3]) == 0);
  return {.magnitude = {size.limb[0], size.limb[1]}, .negative = negative};
}

// k = part[0] + part[1] lambda mod r, both parts below 2^127.
std::array<Term::Part, 2> split_scalar(const U256& k) noexcept {
  const math::Limbs<4> limbs{k.limb[0], k.limb[1], k.limb[2], k.limb[3]};
  const U256 c1 = scaled_quotient(limbs, kScaledA);
  const U256 c2 = scaled_quotient(limbs, kScaledB);
  return {to_part(k - c1 * kA - c2 * kC), to_part(c1 * kB - c2 * kA)};
}

G2Affine psi(const G2Affine& q) noexcept {
  return {q.x.conjugate() * TowerParams::kGamma[2], q.y.conjugate() * TowerParams::kGamma[3],
          q.infinity};
}

}  // namespace

G2 psi(const G2& q) noexcept {
  return {q.x.conjugate() * TowerParams::kGamma[2], q.y.conjugate() * TowerParams::kGamma[3],
          q.z.conjugate()};
}

// psi satisfies a quadratic whose resultant with this polynomial in psi has only r in common with
// the order of the twist, so no other point passes. @source El Housni, Guillevic, Piellard,
// ePrint 2022/352
bool is_in_subgroup(const G2Affine& q) noexcept {
  if (q.infinity) return true;
  const G2 uq = G2{q}.times(math::Limbs<1>{kU});
  const G2 psi_uq = psi(uq);
  return uq + q + psi_uq + psi(psi_uq) == psi(psi(psi_uq)).doubled();
}

G1 multiply(const G1Affine& p, const U256& scalar) {
  U256 k = scalar;
  while (k >= kOrder) k -= kOrder;  // five times at most
  const Term term{.point = p, .part = split_scalar(k)};
  return math::msm_straus(std::span{&term, 1}, [](const G1Affine& q, std::size_t) {
    return G1Affine{q.x * kBeta, q.y, q.infinity};
  });
}

Fp12 miller(std::span<const PairingTerm> terms) {
  std::vector<math::MillerPoint<TowerParams>> moving;
  auto f = math::miller_loop<TowerParams>(terms, kLoop, moving);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto q1 = psi(terms[i].q);
    f = math::times_line(f, moving[i].add_step(q1), terms[i].p);
    f = math::times_line(f, moving[i].add_step(-psi(q1)), terms[i].p);
  }
  return f;
}

// The hard part, times 2u(6u^2 + 3u + 1). @source Fuentes-Castaneda, Knapp, Rodriguez-Henriquez,
// SAC 2011
Fp12 final_exponentiation(const Fp12& f) noexcept {
  const Fp12 t = f.easy_part();
  const Fp12 t2u = t.cyclotomic_pow(kU).cyclotomic_squared();
  const Fp12 t6u = t2u.cyclotomic_squared() * t2u;
  const Fp12 t6uu = t6u.cyclotomic_pow(kU);
  const Fp12 t12uuu = t6uu.cyclotomic_squared().cyclotomic_pow(kU);
  const Fp12 a = t12uuu * t6uu * t6u;
  const Fp12 b = a * t2u.conjugate();
  const Fp12 a_pp = a.frobenius().frobenius();
  const Fp12 c_ppp = (b * t.conjugate()).frobenius().frobenius().frobenius();
  return a * t6uu * t * b.frobenius() * a_pp * c_ppp;
}

}  // namespace wusong::pairing::bn254

namespace wusong::pairing {
namespace {

using namespace bn254;  // NOLINT: its names are this file's subject

Result<G1Affine> decode_g1(const std::uint8_t* in) noexcept {
  const auto x = Fp::from_be_bytes(in);
  const auto y = Fp::from_be_bytes(in + 32);
  if (!x || !y) return fail(err::bad_point);
  const G1Affine p{*x, *y, x->is_zero() && y->is_zero()};
  if (!p.is_on_curve(bn254::kB)) return fail(err::bad_point);
  return p;
}

Result<G2Affine> decode_g2(const std::uint8_t* in) noexcept {
  std::array<Fp, 4> element;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto value = Fp::from_be_bytes(in + 32 * i);
    if (!value) return fail(err::bad_point);
    element[i] = *value;
  }
  // The imaginary part comes first.
  const Fp2 x{element[1], element[0]};
  const Fp2 y{element[3], element[2]};
  const G2Affine q{x, y, x.is_zero() && y.is_zero()};
  if (!q.is_on_curve(TowerParams::kTwistB) || !is_in_subgroup(q)) return fail(err::bad_point);
  return q;
}

std::array<std::uint8_t, 64> encode(const G1& point) noexcept {
  std::array<std::uint8_t, 64> out{};
  const G1Affine p = point.to_affine();
  if (p.infinity) return out;
  p.x.to_be_bytes(out.data());
  p.y.to_be_bytes(out.data() + 32);
  return out;
}

}  // namespace

Result<std::array<std::uint8_t, 64>> bn254_add(std::span<const std::uint8_t, 128> input) noexcept {
  WUSONG_TRY(const auto p, decode_g1(input.data()));
  WUSONG_TRY(const auto q, decode_g1(input.data() + 64));
  return encode(G1{p} + q);
}

Result<std::array<std::uint8_t, 64>> bn254_mul(std::span<const std::uint8_t, 96> input) noexcept {
  WUSONG_TRY(const auto p, decode_g1(input.data()));
  return encode(multiply(p, load_be(input.data() + 64)));
}

Result<bool> bn254_pairing(BytesView input) noexcept {
  constexpr std::size_t kPairBytes = 192;
  if (input.size() % kPairBytes != 0) return fail(err::bad_length);
  std::vector<PairingTerm> terms;
  terms.reserve(input.size() / kPairBytes);
  for (std::size_t at = 0; at < input.size(); at += kPairBytes) {
    WUSONG_TRY(const auto p, decode_g1(input.data() + at));
    WUSONG_TRY(const auto q, decode_g2(input.data() + at + 64));
    if (!p.infinity && !q.infinity) terms.push_back({p, q});
  }
  if (terms.empty()) return true;
  return final_exponentiation(miller(terms)) == Fp12::one();
}

}  // namespace wusong::pairing
