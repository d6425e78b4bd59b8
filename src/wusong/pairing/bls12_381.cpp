// SPDX-License-Identifier: Apache-2.0
// The arithmetic of BLS12-381 and its encodings.
#include "wusong/pairing/internal/bls12_381.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing::bls12_381 {
namespace {

constexpr math::Limbs<1> kMinusXLimbs{kMinusX};
constexpr U256 kXSquared{0x0000000100000000, 0xac45a4010001a402, 0, 0};

// |x| in binary, the most significant bit first.
constexpr auto kLoop = [] {
  std::array<std::int8_t, 64> out{};
  for (std::size_t i = 0; i < 64; ++i) out[i] = static_cast<std::int8_t>((kMinusX >> (63 - i)) & 1);
  return out;
}();

// A cube root of one, with which (x, y) -> (beta x, y) is multiplication by -x^2 on G1.
constexpr Fp kBeta = Fp::from_hex(
    "5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffefffe");
// (1 + u)^(-(p-1)/3) and (1 + u)^(-(p-1)/2).
constexpr Fp2 kPsiX{Fp{}, Fp::from_hex("1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb"
                                       "85f9b409427eb4f49fffd8bfd00000000aaad")};
constexpr Fp2 kPsiY{Fp::from_hex("135203e60180a68ee2e9c448d77a2cd91c3dedd930b1cf60ef396489f61eb45e3"
                                 "04466cf3e67fa0af1ee7b04121bdea2"),
                    Fp::from_hex("6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee"
                                 "67992f72ec05f4c81084fbede3cc09")};

U256 modulo_order(U256 k) noexcept {
  while (k >= kOrder) k -= kOrder;  // twice at most
  return k;
}

}  // namespace

G2 psi(const G2& q) noexcept {
  return {q.x.conjugate() * kPsiX, q.y.conjugate() * kPsiY, q.z.conjugate()};
}

// @source Scott, ePrint 2021/1130: both tests leave a norm that shares only r with the curve's
// order.
bool is_in_subgroup(const G1Affine& p) noexcept {
  const G1 xx = G1{p}.times(kMinusXLimbs).times(kMinusXLimbs);
  return -xx == G1{G1Affine{p.x * kBeta, p.y, p.infinity}};
}
bool is_in_subgroup(const G2Affine& q) noexcept {
  return -G2{q}.times(kMinusXLimbs) == psi(G2{q});
}

G1 multiply_sum(std::span<const Scaled<G1Affine>> terms) {
  using Term = math::MsmTerm<Fp, 2>;
  std::vector<Term> split;
  split.reserve(terms.size());
  for (const auto& term : terms) {
    const auto [high, low] = divide(modulo_order(term.scalar), kXSquared);
    split.push_back({.point = term.point,
                     .part = {{{.magnitude = {low.limb[0], low.limb[1]}, .negative = false},
                               {.magnitude = {high.limb[0], high.limb[1]}, .negative = false}}}});
  }
  return math::msm(std::span<const Term>{split}, [](const G1Affine& p, std::size_t) {
    return G1Affine{p.x * kBeta, -p.y, p.infinity};  // times x^2
  });
}

G2 multiply_sum(std::span<const Scaled<G2Affine>> terms) {
  using Term = math::MsmTerm<Fp2, 4>;
  std::vector<Term> split;
  split.reserve(terms.size());
  for (const auto& term : terms) {
    Term out{.point = term.point, .part = {}};
    U256 rest = modulo_order(term.scalar);
    for (auto& part : out.part) {
      const auto [quotient, remainder] = divide(rest, U256{kMinusX});
      part.magnitude[0] = remainder.limb[0];
      rest = quotient;
    }
    WUSONG_ASSERT(rest.is_zero());
    split.push_back(out);
  }
  return math::msm(std::span<const Term>{split}, [](const G2Affine& q, std::size_t power) {
    G2Affine out = q;
    for (std::size_t i = 0; i < power; ++i)  // psi is times x, so |x| needs its negative
      out = {out.x.conjugate() * kPsiX, -(out.y.conjugate() * kPsiY), out.infinity};
    return out;
  });
}

Fp12 miller(std::span<const PairingTerm> terms) {
  std::vector<math::MillerPoint<TowerParams>> moving;
  return math::miller_loop<TowerParams>(terms, kLoop, moving).conjugate();  // x is negative
}

// @source Hayashida, Hayasaka, Teruya, ePrint 2020/875:
// 3 (p^4 - p^2 + 1) / r = (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3
Fp12 final_exponentiation(const Fp12& f) noexcept {
  const auto pow_x = [](const Fp12& a) { return a.cyclotomic_pow(kMinusX).conjugate(); };
  const Fp12 t = f.easy_part();
  const Fp12 a = pow_x(t) * t.conjugate();
  const Fp12 b = pow_x(a) * a.conjugate();
  const Fp12 c = pow_x(b) * b.frobenius();
  const Fp12 d = pow_x(pow_x(c)) * c.frobenius().frobenius() * c.conjugate();
  return d * t.cyclotomic_squared() * t;
}

bool pairing_product_is_one(std::span<const PairingTerm> terms) {
  std::vector<PairingTerm> finite;
  finite.reserve(terms.size());
  for (const auto& term : terms)
    if (!term.p.infinity && !term.q.infinity) finite.push_back(term);
  return finite.empty() || final_exponentiation(miller(finite)) == Fp12::one();
}

Result<Fp> decode_fp(const std::uint8_t* in) noexcept {
  const bool padded = std::all_of(in, in + 16, [](std::uint8_t byte) { return byte == 0; });
  const auto value = Fp::from_be_bytes(in + 16);
  if (!padded || !value) return fail(err::bad_point);
  return *value;
}

Result<Fp2> decode_fp2(const std::uint8_t* in) noexcept {
  WUSONG_TRY(const auto c0, decode_fp(in));
  WUSONG_TRY(const auto c1, decode_fp(in + 64));
  return Fp2{c0, c1};
}

std::array<std::uint8_t, 128> encode(const G1& point) noexcept {
  std::array<std::uint8_t, 128> out{};
  const G1Affine p = point.to_affine();
  if (p.infinity) return out;
  p.x.to_be_bytes(out.data() + 16);
  p.y.to_be_bytes(out.data() + 80);
  return out;
}

std::array<std::uint8_t, 256> encode(const G2& point) noexcept {
  std::array<std::uint8_t, 256> out{};
  const G2Affine q = point.to_affine();
  if (q.infinity) return out;
  q.x.c0.to_be_bytes(out.data() + 16);
  q.x.c1.to_be_bytes(out.data() + 80);
  q.y.c0.to_be_bytes(out.data() + 144);
  q.y.c1.to_be_bytes(out.data() + 208);
  return out;
}

Result<G1Affine> decompress_g1(const std::uint8_t* in) noexcept {
  std::array<std::uint8_t, 48> bytes;
  std::copy_n(in, 48, bytes.begin());
  const bool compressed = (bytes[0] & 0x80) != 0;
  const bool infinity = (bytes[0] & 0x40) != 0;
  const bool larger = (bytes[0] & 0x20) != 0;
  bytes[0] &= 0x1f;
  const auto x = Fp::from_be_bytes(bytes.data());
  if (!compressed || !x) return fail(err::bad_point);
  if (infinity) {
    if (larger || !x->is_zero()) return fail(err::bad_point);
    return G1Affine{};
  }
  auto y = (x->squared() * *x + kB).sqrt();
  if (!y) return fail(err::bad_point);
  // The larger of y and p - y is the one above (p - 1) / 2.
  if (math::less((-*y).to_raw(), y->to_raw()) != larger) y = -*y;
  const G1Affine p{*x, *y, false};
  if (!is_in_subgroup(p)) return fail(err::bad_point);
  return p;
}

}  // namespace wusong::pairing::bls12_381
