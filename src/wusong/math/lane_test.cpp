// SPDX-License-Identifier: Apache-2.0
// Every kind of lanes against the plain field, at boundaries and at random, and every pair of
// points of a small group.
#if defined(__x86_64__)
#define WUSONG_LANE_AVX512
#endif
#include <gtest/gtest.h>

#include <vector>

#include "wusong/math/lane_curve.hpp"
#include "wusong/math/lane_field25519.hpp"
#include "wusong/math/prime_field.hpp"

namespace wusong::math {
namespace {

template <std::size_t N>
constexpr Limbs<5> widened(const Limbs<N>& a) noexcept {
  return {a[0], a[1], a[2], a[3], 0};
}
constexpr Limbs<4> narrowed(const Limbs<5>& a) noexcept {
  return {a[0], a[1], a[2], a[3]};
}

struct Sm2Prime {
  static constexpr auto kModulus =
      limbs_from_hex<4>("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff");
};
struct Sm2Order {
  static constexpr auto kModulus =
      limbs_from_hex<4>("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");
};
struct P256Prime {
  static constexpr auto kModulus =
      limbs_from_hex<4>("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
};
struct Secp256k1Prime {
  static constexpr auto kModulus =
      limbs_from_hex<4>("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
};
struct Curve25519Prime {
  static constexpr auto kModulus =
      limbs_from_hex<4>("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
};

template <typename P>
struct Wide {
  static constexpr Limbs<5> kModulus = widened(P::kModulus);
};
template <typename P>
using Plain = PrimeField<Wide<P>>;

/// What lanes make of two numbers below 2^256, which may exceed the prime.
template <typename F>
struct Answers {
  typename F::Words sum, difference, product, square, inverse, plain;
  unsigned zero, equal;
};
/// In the form that a field multiplies, and back.
template <typename F>
WUSONG_LANE_INLINE typename F::Fe inward(const typename F::Fe& a) {
  if constexpr (requires { F::to_montgomery(a); }) {
    return F::to_montgomery(a);
  } else {
    return a;
  }
}
template <typename F>
WUSONG_LANE_INLINE typename F::Fe outward(const typename F::Fe& a) {
  if constexpr (requires { F::from_montgomery(a); }) {
    return F::from_montgomery(a);
  } else {
    return a;
  }
}
template <typename F>
WUSONG_LANE_CALL void answer(const typename F::Words& a_words, const typename F::Words& b_words,
                             Answers<F>& out) {
  const auto a = inward<F>(F::load(a_words));
  const auto b = inward<F>(F::load(b_words));
  F::store(outward<F>(F::plus(a, b)), out.sum);
  F::store(outward<F>(F::minus(a, b)), out.difference);
  F::store(outward<F>(F::product(a, b)), out.product);
  F::store(outward<F>(F::square(F::minus(b, a))), out.square);
  auto inverse = a;
  F::invert(inverse);
  F::store(outward<F>(inverse), out.inverse);
  F::store(F::load(a_words), out.plain);
  out.zero = F::L::bits_of(F::is_zero(a));
  out.equal = F::L::bits_of(F::is_equal(a, b));
}

std::uint64_t mixed(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Zero, one, the modulus and its neighbours, powers of two around limbs and words, all ones.
template <typename P>
std::vector<Limbs<4>> numbers() {
  std::vector<Limbs<4>> out;
  const Limbs<4> zero{};
  const auto near = [&out](const Limbs<4>& at) {
    for (std::uint64_t off = 0; off < 3; ++off) {
      Limbs<4> more = at;
      Limbs<4> less = at;
      add_in_place(more, Limbs<4>{off});
      subtract_in_place(less, Limbs<4>{off});
      out.push_back(more);
      out.push_back(less);
    }
  };
  near(zero);  // and 2^256 - 1, - 2
  near(P::kModulus);
  for (const unsigned bit : {51u, 52u, 63u, 64u, 104u, 156u, 208u, 224u, 255u}) {
    Limbs<4> power{};
    power[bit / 64] = std::uint64_t{1} << (bit % 64);
    near(power);
  }
  std::uint64_t state = 7;
  for (int i = 0; i < 20; ++i)
    out.push_back({mixed(state), mixed(state), mixed(state), mixed(state)});
  return out;
}
/// The element that a number below 2^256 stands for.
template <typename P>
Plain<P> element(const Limbs<4>& number) {
  Limbs<5> rest = widened(number);
  while (!less(rest, Wide<P>::kModulus)) subtract_in_place(rest, Wide<P>::kModulus);
  return Plain<P>::from_raw(rest);
}

template <typename F, typename P>
void agree_with_the_plain_field() {
  constexpr std::size_t kCount = F::L::kCount;
  const auto all = numbers<P>();
  for (std::size_t shift = 0; shift < all.size(); shift += 3) {
    for (std::size_t first = 0; first < all.size(); first += kCount) {
      typename F::Words a;
      typename F::Words b;
      std::vector<Limbs<4>> left;
      std::vector<Limbs<4>> right;
      for (std::size_t lane = 0; lane < kCount; ++lane) {
        left.push_back(all[(first + lane) % all.size()]);
        right.push_back(all[(first + lane + shift) % all.size()]);
        a.set(lane, left.back());
        b.set(lane, right.back());
      }
      Answers<F> got;
      answer<F>(a, b, got);
      for (std::size_t lane = 0; lane < kCount; ++lane) {
        const auto x = element<P>(left[lane]);
        const auto y = element<P>(right[lane]);
        ASSERT_EQ(got.sum.get(lane), narrowed((x + y).to_raw()));
        ASSERT_EQ(got.difference.get(lane), narrowed((x - y).to_raw()));
        ASSERT_EQ(got.product.get(lane), narrowed((x * y).to_raw()));
        ASSERT_EQ(got.square.get(lane), narrowed((y - x).squared().to_raw()));
        ASSERT_EQ(got.inverse.get(lane), narrowed(x.inverse().to_raw()));
        ASSERT_EQ(got.plain.get(lane), narrowed(x.to_raw()));
        ASSERT_EQ(got.zero >> lane & 1, x.is_zero() ? 1u : 0u);
        ASSERT_EQ(got.equal >> lane & 1, x == y ? 1u : 0u);
      }
    }
  }
}

bool has_ifma() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512ifma");
#else
  return false;
#endif
}

template <typename P>
void every_kind_agrees() {
  agree_with_the_plain_field<LaneField<PlainLane, P>, P>();
#if defined(__x86_64__)
  if (has_ifma()) agree_with_the_plain_field<LaneField<Avx512Lanes, P>, P>();
#endif
}

TEST(LaneField, AgreesWithThePlainFieldOnSm2sPrime) {
  every_kind_agrees<Sm2Prime>();
}
TEST(LaneField, AgreesWithThePlainFieldOnSm2sOrder) {
  every_kind_agrees<Sm2Order>();
}
TEST(LaneField, AgreesWithThePlainFieldOnTheOtherCurvesPrimes) {
  every_kind_agrees<P256Prime>();
  every_kind_agrees<Secp256k1Prime>();
}
TEST(LaneField, OfCurve25519AgreesWithThePlainField) {
  agree_with_the_plain_field<LaneField25519<PlainLane>, Curve25519Prime>();
#if defined(__x86_64__)
  if (has_ifma()) agree_with_the_plain_field<LaneField25519<Avx512Lanes>, Curve25519Prime>();
#endif
}

// ---- A small group

/// Seven points over a large prime: d = 2 in the family of curves with a point of order 7, in short
/// form. @source Kubert 1976, table 3; y^2 = x^3 - 3483 x + 121014, (-45, -432)
template <typename P>
struct SevenPoints {
  static constexpr Limbs<4> below_prime(std::uint64_t by) {
    Limbs<4> out = P::kModulus;
    subtract_in_place(out, Limbs<4>{by});
    return out;
  }
  static constexpr Limbs<4> kA = below_prime(3483);
  static constexpr Limbs<4> kB{121014};
  static constexpr Limbs<4> kX = below_prime(45);
  static constexpr Limbs<4> kY = below_prime(432);
};

struct Known {
  Limbs<4> x;
  Limbs<4> y;
};
/// 1 to 6 times the point, by chords and tangents.
template <typename P>
std::vector<Known> known_points() {
  using C = SevenPoints<P>;
  const auto x1 = element<P>(C::kX);
  const auto y1 = element<P>(C::kY);
  auto x = x1;
  auto y = y1;
  std::vector<Known> out{{C::kX, C::kY}};
  for (int i = 2; i < 7; ++i) {
    const auto slope =
        x == x1 ? (x.squared() + x.squared() + x.squared() + element<P>(C::kA)) * (y + y).inverse()
                : (y - y1) * (x - x1).inverse();
    const auto next = slope.squared() - x - x1;
    y = slope * (x1 - next) - y1;
    x = next;
    out.push_back({narrowed(x.to_raw()), narrowed(y.to_raw())});
  }
  return out;
}

template <typename F>
WUSONG_LANE_CALL typename F::Fe everywhere(const Limbs<4>& number) {
  typename F::Words words;
  words.fill(number);
  return F::to_montgomery(F::load(words));
}
/// x / d and y / e, reduced, of the last lane.
template <typename F>
WUSONG_LANE_CALL Known quotients(typename F::Fe x, typename F::Fe d, typename F::Fe y,
                                 typename F::Fe e) {
  F::invert(d);
  F::invert(e);
  typename F::Words words;
  F::store(F::from_montgomery(F::product(x, d)), words);
  Known out;
  out.x = words.get(F::L::kCount - 1);
  F::store(F::from_montgomery(F::product(y, e)), words);
  out.y = words.get(F::L::kCount - 1);
  return out;
}

template <typename F, typename P>
WUSONG_LANE_CALL void every_sum_is_right() {
  using G = LaneCurve<F, SevenPoints<P>, 1>;
  const auto known = known_points<P>();
  const auto is_last_zero = [](unsigned bits) { return (bits >> (F::L::kCount - 1) & 1) != 0; };
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 7; ++j) {
      SCOPED_TRACE(testing::Message() << i << " and " << j);
      const std::size_t sum = (i + j) % 7;
      // Complete, with some Z other than one.
      typename G::Projective p{};
      typename G::Projective q{};
      const auto z = everywhere<F>(Limbs<4>{12345});
      for (auto* each : {&p, &q}) {
        const std::size_t at = each == &p ? i : j;
        each->x.v[0] = at == 0 ? F::zero() : F::product(z, everywhere<F>(known[at - 1].x));
        each->y.v[0] = at == 0 ? z : F::product(z, everywhere<F>(known[at - 1].y));
        each->z.v[0] = at == 0 ? F::zero() : z;
      }
      G::add_complete(p, q);
      ASSERT_EQ(is_last_zero(F::L::bits_of(F::is_zero(p.z.v[0]))), sum == 0);
      if (sum != 0) {
        const Known got = quotients<F>(p.x.v[0], p.z.v[0], p.y.v[0], p.z.v[0]);
        EXPECT_EQ(got.x, known[sum - 1].x);
        EXPECT_EQ(got.y, known[sum - 1].y);
      }
      if (i == 0 || j == 0) continue;
      // Incomplete: p after a doubling of its half, so that Z is some number; q as a negative.
      const std::size_t half = i % 2 == 0 ? i / 2 : (i + 7) / 2;
      typename G::Addends addend;
      addend.x.v[0] = everywhere<F>(known[half - 1].x);
      addend.y.v[0] = everywhere<F>(known[half - 1].y);
      addend.negative[0] = F::L::mask_of(0);
      auto r = G::points(addend);
      G::template double_points<true>(r);
      addend.x.v[0] = everywhere<F>(known[6 - j].x);
      addend.y.v[0] = everywhere<F>(known[6 - j].y);
      addend.negative[0] = F::L::mask_of(~0u);
      G::add_points(r, addend, r.z);
      const bool is_exceptional = i == j || sum == 0;
      ASSERT_EQ(is_last_zero(F::L::bits_of(F::is_zero(r.z.v[0]))), is_exceptional);
      if (is_exceptional) continue;
      // And doubled twice, so that w counts.
      typename G::Elements a;
      a.v[0] = G::a();
      G::refresh(r, a);
      G::template double_points<true>(r);
      G::template double_points<false>(r);
      const auto zz = F::square(r.z.v[0]);
      const Known got = quotients<F>(r.x.v[0], zz, r.y.v[0], F::product(zz, r.z.v[0]));
      const std::size_t four_times = 4 * sum % 7;
      EXPECT_EQ(got.x, known[four_times - 1].x);
      EXPECT_EQ(got.y, known[four_times - 1].y);
    }
  }
}

TEST(LaneCurve, EverySumInASmallGroupIsRightOrKnownToBeExceptional) {
  every_sum_is_right<LaneField<PlainLane, Sm2Prime>, Sm2Prime>();
  every_sum_is_right<LaneField<PlainLane, Secp256k1Prime>, Secp256k1Prime>();
#if defined(__x86_64__)
  if (!has_ifma()) return;
  every_sum_is_right<LaneField<Avx512Lanes, Sm2Prime>, Sm2Prime>();
  every_sum_is_right<LaneField<Avx512Lanes, P256Prime>, P256Prime>();
#endif
}

TEST(SignedDigits, SumUpToTheScalarOrThatPlusTheOrder) {
  using F = Plain<Sm2Order>;
  for (const Limbs<4>& number : numbers<Sm2Order>()) {
    if (!less(number, Sm2Order::kModulus)) continue;
    for (const unsigned window : {5u, 7u, 8u}) {
      const SignedDigits digits = signed_digits(number, Sm2Order::kModulus, window);
      F sum{};
      for (unsigned bit = digit_bits(window); bit-- > 0;) {
        sum = sum + sum;
        sum = math::bit(digits, bit) ? sum + F::one() : sum - F::one();
      }
      EXPECT_EQ(sum, element<Sm2Order>(number));
      EXPECT_LE(bit_width(digits), digit_bits(window));
    }
  }
}

}  // namespace
}  // namespace wusong::math
