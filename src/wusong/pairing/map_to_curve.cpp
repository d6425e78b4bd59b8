// SPDX-License-Identifier: Apache-2.0
// Field elements to points of G1 and G2. @source RFC 9380, sections 6.6.3 and 8.8; EIP-2537
#include "wusong/pairing/internal/bls12_381_isogeny.hpp"
#include "wusong/pairing/pairing.hpp"

namespace wusong::pairing {
namespace {

using namespace bls12_381;  // NOLINT: its names are this file's subject

template <typename F, std::size_t N>
F evaluate(const std::array<F, N>& coefficients, const F& x) noexcept {
  F out = coefficients[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) out = out * x + coefficients[i];
  return out;
}

// (xn / xd, y yn / yd); a zero denominator gives infinity by itself.
template <typename F>
math::JacobianPoint<F> from_fractions(const F& xn, const F& xd, const F& yn, const F& yd) noexcept {
  const F yd2 = yd.squared();
  return {xn * xd * yd2, yn * xd.squared() * xd * yd2, xd * yd};
}

// The curve y^2 = x^3 + A x + B that is 11-isogenous to G1's.
constexpr Fp kA1 = Fp::from_hex(
    "144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1"
    "d");
constexpr Fp kB1 = Fp::from_hex(
    "12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172b"
    "e0");
constexpr Fp kZ1 = Fp::from_u64(11);
constexpr Fp kRootOfMinusZ1 = Fp::from_hex(
    "4610e003bd3ac94dfa9246c390d7a78942602029175a4ca366d601f33f3946e3ed39794735c38315d874bc1d70637c"
    "3");

// The curve that is 3-isogenous to G2's.
constexpr Fp2 kA2{Fp{}, Fp::from_u64(240)};
constexpr Fp2 kB2{Fp::from_u64(1012), Fp::from_u64(1012)};
constexpr Fp2 kZ2{-Fp::from_u64(2), -Fp::one()};

bool sign(const Fp& a) noexcept {
  return a.is_odd();
}
bool sign(const Fp2& a) noexcept {
  return a.c0.is_zero() ? a.c1.is_odd() : a.c0.is_odd();
}

G1 map_fp(const Fp& u) noexcept {
  const Fp zu2 = kZ1 * u.squared();
  const Fp t = zu2.squared() + zu2;
  // x1 = n / d, and y^2 = g / d^3 there.
  const Fp d = t.is_zero() ? kZ1 * kA1 : -(kA1 * t);
  const Fp n = t.is_zero() ? kB1 : kB1 * (t + Fp::one());
  const Fp d2 = d.squared();
  const Fp d3 = d2 * d;
  const Fp g = (n.squared() + kA1 * d2) * n + kB1 * d3;
  // One exponentiation gives the root of g / d^3, or else of -g / d^3.
  const Fp gd3 = g * d3;
  Fp y = gd3 * (gd3 * d3.squared()).pow_p_minus_3_over_4();
  Fp x = n * d2 * d3.inverse();
  if (y.squared() * d3 != g) {
    x = x * zu2;
    y = y * kRootOfMinusZ1 * zu2 * u;
  }
  if (sign(y) != sign(u)) y = -y;
  return from_fractions(evaluate(kG1XNumerator, x), evaluate(kG1XDenominator, x),
                        y * evaluate(kG1YNumerator, x), evaluate(kG1YDenominator, x));
}

G2 map_fp2(const Fp2& u) noexcept {
  const Fp2 zu2 = kZ2 * u.squared();
  const Fp2 t = zu2.squared() + zu2;
  const Fp2 d = t.is_zero() ? kZ2 * kA2 : -(kA2 * t);
  const Fp2 n = t.is_zero() ? kB2 : kB2 * (t + Fp2::one());
  const auto g = [](const Fp2& at) { return (at.squared() + kA2) * at + kB2; };
  Fp2 x = n * d.inverse();
  auto y = g(x).sqrt();
  if (!y) {
    x = x * zu2;
    y = g(x).sqrt();
    WUSONG_ASSERT(y.has_value());  // one of the two is a square, as Z is none
  }
  if (sign(*y) != sign(u)) y = -*y;
  return from_fractions(evaluate(kG2XNumerator, x), evaluate(kG2XDenominator, x),
                        *y * evaluate(kG2YNumerator, x), evaluate(kG2YDenominator, x));
}

G1 clear_cofactor(const G1& p) noexcept {
  return p.times(math::Limbs<1>{kMinusX}) + p;
}

// [x^2 - x - 1] q + [x - 1] psi(q) + psi^2(2q). @source Budroni, Pintore, ePrint 2017/419
G2 clear_cofactor(const G2& q) noexcept {
  const auto times_x = [](const G2& a) { return -a.times(math::Limbs<1>{kMinusX}); };
  const G2 xq = times_x(q);
  const G2 pq = psi(q);
  return psi(psi(q.doubled())) + times_x(xq + pq) + -(xq + pq + q);
}

}  // namespace

Result<std::array<std::uint8_t, 128>> bls12_381_map_fp_to_g1(BytesView input) noexcept {
  if (input.size() != 64) return fail(err::bad_length);
  WUSONG_TRY(const auto u, decode_fp(input.data()));
  return encode(clear_cofactor(map_fp(u)));
}

Result<std::array<std::uint8_t, 256>> bls12_381_map_fp2_to_g2(BytesView input) noexcept {
  if (input.size() != 128) return fail(err::bad_length);
  WUSONG_TRY(const auto u, decode_fp2(input.data()));
  return encode(clear_cofactor(map_fp2(u)));
}

}  // namespace wusong::pairing
