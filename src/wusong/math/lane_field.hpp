// SPDX-License-Identifier: Apache-2.0
// A prime field, one element a lane, in Montgomery form with R = 2^260.
//
// An element is five limbs of 52 bits. Fe is carried: limbs below 2^52, so its value is below
// 2^260. Sum is what products and additions leave: signed limbs far below 2^63. In the bounds that
// comments state, a *unit* is 2^256. A product of Fe below a and b units is not negative and below
// a b / 16 + 1 units.
//
// Everything runs the same whatever the lanes hold.
#pragma once

#include <utility>

#include "wusong/math/lane_prime.hpp"
#include "wusong/math/lane_vector.hpp"

namespace wusong::math {

/// Words of 64 bits, the least significant first, each for all lanes.
template <std::size_t kWords, std::size_t kLanes>
struct alignas(64) LaneWords {
  std::uint64_t word[kWords][kLanes];

  void set(std::size_t lane, const Limbs<kWords>& value) noexcept {
    for (std::size_t i = 0; i < kWords; ++i) word[i][lane] = value[i];
  }
  void fill(const Limbs<kWords>& value) noexcept {
    for (std::size_t lane = 0; lane < kLanes; ++lane) set(lane, value);
  }
  Limbs<kWords> get(std::size_t lane) const noexcept {
    Limbs<kWords> out;
    for (std::size_t i = 0; i < kWords; ++i) out[i] = word[i][lane];
    return out;
  }
};

namespace {

/// Five limbs a lane, added and chosen limb by limb, whatever they stand for in the field F.
template <typename Lanes, typename F>
struct LaneLimbs {
  using L = Lanes;
  using V = typename L::V;
  using Mask = typename L::Mask;
  using Words = LaneWords<4, L::kCount>;
  static constexpr int kLimbs = 5;

  struct Fe {
    V l[kLimbs];
  };
  struct Sum {
    V l[kLimbs];
  };

  WUSONG_LANE_INLINE static Sum sum(const Fe& a) noexcept {
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = a.l[i];
    return out;
  }
  WUSONG_LANE_INLINE static Sum add(const Sum& a, const Sum& b) noexcept {
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::add(a.l[i], b.l[i]);
    return out;
  }
  WUSONG_LANE_INLINE static Sum sub(const Sum& a, const Sum& b) noexcept {
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::sub(a.l[i], b.l[i]);
    return out;
  }
  template <unsigned kShift>
  WUSONG_LANE_INLINE static Sum times_power(const Sum& a) noexcept {
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::template left<kShift>(a.l[i]);
    return out;
  }
  WUSONG_LANE_INLINE static Sum negated_where(const Sum& a, Mask where) noexcept {
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::chosen(where, L::sub(L::all(0), a.l[i]), a.l[i]);
    return out;
  }
  WUSONG_LANE_INLINE static Fe chosen(Mask where, const Fe& yes, const Fe& no) noexcept {
    Fe out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::chosen(where, yes.l[i], no.l[i]);
    return out;
  }
  /// The same in every lane.
  WUSONG_LANE_INLINE static Fe constant(const Limbs<5>& limbs) noexcept {
    Fe out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::all(limbs[static_cast<std::size_t>(i)]);
    return out;
  }
  WUSONG_LANE_INLINE static Fe zero() noexcept { return constant({}); }
  /// Numbers below 2^256 as they are.
  WUSONG_LANE_INLINE static Fe load(const Words& words) noexcept {
    V w[4];
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) w[i] = L::load(words.word[i]);
    return F::from_words(w);
  }
  WUSONG_LANE_INLINE static void store(const Fe& a, Words& words) noexcept {
    V w[4];
    F::to_words(F::reduced(a), w);
    WUSONG_UNROLL
    for (int i = 0; i < 4; ++i) L::store(words.word[i], w[i]);
  }
  WUSONG_LANE_INLINE static Mask is_zero(const Fe& a) noexcept {
    const Fe r = F::reduced(a);
    const V any =
        L::either(L::either(L::either(r.l[0], r.l[1]), L::either(r.l[2], r.l[3])), r.l[4]);
    return L::none_of(any, ~std::uint64_t{0});
  }
  WUSONG_LANE_INLINE static Mask is_equal(const Fe& a, const Fe& b) noexcept {
    return is_zero(F::minus(a, b));
  }
};

/// One element for each of K groups of lanes, whose steps alternate so that one hides the other's
/// latency.
template <typename F, int K>
struct Fes {
  typename F::Fe v[K];
};

template <typename Lanes, typename P>
struct LaneField : LaneLimbs<Lanes, LaneField<Lanes, P>> {
  using Shared = LaneLimbs<Lanes, LaneField>;
  using L = Lanes;
  using Shared::add;
  using Shared::chosen;
  using Shared::constant;
  using Shared::kLimbs;
  using Shared::sub;
  using Shared::sum;
  using typename Shared::Fe;
  using typename Shared::Mask;
  using typename Shared::Sum;
  using typename Shared::V;
  using typename Shared::Words;
  using Prime = LanePrime<P>;
  static constexpr unsigned kTopBits = Prime::kBits - 208;

  /// The value is in [0, 2^260).
  WUSONG_LANE_INLINE static Fe carried(const Sum& a) noexcept {
    Fe out;
    V carry = L::all(0);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs - 1; ++i) {
      const V limb = L::add(a.l[i], carry);
      carry = L::template signed_right<52>(limb);
      out.l[i] = L::both(limb, L::all(kLimbMask));
    }
    out.l[4] = L::add(a.l[4], carry);
    return out;
  }
  /// Of either sign, and up to 2^10 units: the same element between 0 and 2.1 units.
  WUSONG_LANE_INLINE static Fe settled(const Sum& a) noexcept {
    // One multiple of p less than the top says: the limbs below may sum up to something negative.
    return folded(a, L::sub(L::template signed_right<kTopBits>(a.l[4]), L::all(1)));
  }
  WUSONG_LANE_INLINE static Fe plus(const Fe& a, const Fe& b) noexcept {
    return settled(add(sum(a), sum(b)));
  }
  WUSONG_LANE_INLINE static Fe minus(const Fe& a, const Fe& b) noexcept {
    return settled(sub(sum(a), sum(b)));
  }

  // ---- Products

  WUSONG_LANE_INLINE static Sum times(const Fe& a, const Fe& b) noexcept {
    // Low and high halves apart: two short chains instead of a long one.
    V c[2 * kLimbs];
    V d[2 * kLimbs];
    WUSONG_UNROLL
    for (int i = 0; i < 2 * kLimbs; ++i) c[i] = d[i] = L::all(0);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      WUSONG_UNROLL
      for (int j = 0; j < kLimbs; ++j) {
        c[i + j] = L::low(c[i + j], a.l[i], b.l[j]);
        d[i + j + 1] = L::high(d[i + j + 1], a.l[i], b.l[j]);
      }
    }
    WUSONG_UNROLL
    for (int i = 1; i < 2 * kLimbs; ++i) c[i] = L::add(c[i], d[i]);
    return reduced_product(c);
  }
  WUSONG_LANE_INLINE static Sum squared(const Fe& a) noexcept {
    V c[2 * kLimbs];
    V d[2 * kLimbs];
    WUSONG_UNROLL
    for (int i = 0; i < 2 * kLimbs; ++i) c[i] = d[i] = L::all(0);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      WUSONG_UNROLL
      for (int j = i + 1; j < kLimbs; ++j) {
        c[i + j] = L::low(c[i + j], a.l[i], a.l[j]);
        d[i + j + 1] = L::high(d[i + j + 1], a.l[i], a.l[j]);
      }
    }
    WUSONG_UNROLL
    for (int i = 1; i < 2 * kLimbs - 1; ++i) {
      c[i] = L::add(c[i], d[i]);
      c[i] = L::add(c[i], c[i]);
    }
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      c[2 * i] = L::low(c[2 * i], a.l[i], a.l[i]);
      c[2 * i + 1] = L::high(c[2 * i + 1], a.l[i], a.l[i]);
    }
    return reduced_product(c);
  }
  WUSONG_LANE_INLINE static Fe product(const Fe& a, const Fe& b) noexcept {
    return carried(times(a, b));
  }
  WUSONG_LANE_INLINE static Fe square(const Fe& a) noexcept { return carried(squared(a)); }

  // ---- Numbers

  WUSONG_LANE_INLINE static Fe one() noexcept { return constant(Prime::montgomery(Limbs<4>{1})); }
  WUSONG_LANE_INLINE static Fe from_words(const V (&w)[4]) noexcept {
    const V mask = L::all(kLimbMask);
    Fe out;
    out.l[0] = L::both(w[0], mask);
    out.l[1] = L::both(L::either(L::template right<52>(w[0]), L::template left<12>(w[1])), mask);
    out.l[2] = L::both(L::either(L::template right<40>(w[1]), L::template left<24>(w[2])), mask);
    out.l[3] = L::both(L::either(L::template right<28>(w[2]), L::template left<36>(w[3])), mask);
    out.l[4] = L::template right<16>(w[3]);
    return out;
  }
  /// The value is below 2^256.
  WUSONG_LANE_INLINE static void to_words(const Fe& a, V (&w)[4]) noexcept {
    w[0] = L::either(a.l[0], L::template left<52>(a.l[1]));
    w[1] = L::either(L::template right<12>(a.l[1]), L::template left<40>(a.l[2]));
    w[2] = L::either(L::template right<24>(a.l[2]), L::template left<28>(a.l[3]));
    w[3] = L::either(L::template right<36>(a.l[3]), L::template left<16>(a.l[4]));
  }
  WUSONG_LANE_INLINE static Fe to_montgomery(const Fe& a) noexcept {
    return product(a, constant(Prime::kRSquared));
  }
  WUSONG_LANE_INLINE static Fe from_montgomery(const Fe& a) noexcept {
    return product(a, constant({1, 0, 0, 0, 0}));
  }
  /// The same element below p.
  WUSONG_LANE_INLINE static Fe reduced(const Fe& a) noexcept {
    // The first step leaves less than 2^kBits and a bit, the second less than 2^kBits.
    Fe weak = folded(sum(a), L::template right<kTopBits>(a.l[4]));
    weak = folded(sum(weak), L::template right<kTopBits>(weak.l[4]));
    Sum raised = sum(weak);
    add_fold(raised, L::all(1));
    Fe less = carried(raised);  // less + p = weak + 2^kBits
    const Mask from_p = L::any_of(less.l[4], std::uint64_t{1} << kTopBits);
    less.l[4] = L::both(less.l[4], L::all((std::uint64_t{1} << kTopBits) - 1));
    return chosen(from_p, less, weak);
  }

  /// a^(p - 2): zero for zero. The exponent is public.
  WUSONG_LANE_CALL static void invert(Fe& a) noexcept {
    constexpr Limbs<4> kExponent = [] {
      Limbs<4> out = Prime::kModulus;
      subtract_in_place(out, Limbs<4>{2});
      return out;
    }();
    Fe one_of[1] = {a};
    raise(one_of, kExponent);
    a = one_of[0];
  }
  /// a^exponent for each, with a window of four bits. The steps of several alternate, so that one
  /// hides the other's latency.
  template <int K>
  WUSONG_LANE_CALL static void raise(Fe (&a)[K], const Limbs<4>& exponent) noexcept {
    Fe power[16][K];
    for (std::size_t i = 0; i < 16; ++i)
      for (int k = 0; k < K; ++k) power[i][k] = i == 0 ? one() : product(power[i - 1][k], a[k]);
    for (int k = 0; k < K; ++k) a[k] = power[exponent[3] >> 60][k];
    for (std::size_t i = 63; i-- > 0;) {
      for (int step = 0; step < 4; ++step)
        for (int k = 0; k < K; ++k) a[k] = square(a[k]);
      const auto digit = (exponent[i / 16] >> (4 * (i % 16))) & 15;
      if (digit == 0) continue;
      for (int k = 0; k < K; ++k) a[k] = product(a[k], power[digit][k]);
    }
  }

 private:
  /// a + top (2^kBits - p), where the terms are shifts.
  WUSONG_LANE_INLINE static void add_fold(Sum& a, V top) noexcept {
    add_fold_terms(a, top, std::make_index_sequence<256>{});
  }
  template <std::size_t... kAt>
  WUSONG_LANE_INLINE static void add_fold_terms(Sum& a, V top,
                                                std::index_sequence<kAt...>) noexcept {
    (add_fold_term<kAt>(a, top), ...);
  }
  template <std::size_t kAt>
  WUSONG_LANE_INLINE static void add_fold_term(Sum& a, V top) noexcept {
    constexpr int kDigit = Prime::kFold.digit[kAt];
    if constexpr (kDigit != 0) {
      V& limb = a.l[kAt / 52];
      const V term = L::template left<kAt % 52>(top);
      limb = kDigit > 0 ? L::add(limb, term) : L::sub(limb, term);
    }
  }
  /// a - top p, carried.
  WUSONG_LANE_INLINE static Fe folded(const Sum& a, V top) noexcept {
    Sum out = a;
    out.l[4] = L::sub(out.l[4], L::template left<kTopBits>(top));
    add_fold(out, top);
    return carried(out);
  }

  /// Ten columns, below 2^58, to five: a / R. @source Montgomery 1985, a limb at a time
  WUSONG_LANE_INLINE static Sum reduced_product(V (&c)[2 * kLimbs]) noexcept {
    reduce_step<0>(c);
    reduce_step<1>(c);
    reduce_step<2>(c);
    reduce_step<3>(c);
    reduce_step<4>(c);
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = c[i + kLimbs];
    return out;
  }
  template <int kAt>
  WUSONG_LANE_INLINE static void reduce_step(V (&c)[2 * kLimbs]) noexcept {
    if constexpr (Prime::kEndsInOnes) {
      const V m = L::both(c[kAt], L::all(kLimbMask));
      c[kAt + 1] = L::add(c[kAt + 1], L::template signed_right<52>(c[kAt]));
      add_multiple<kAt + 1, 0>(c, m);
      add_multiple<kAt + 1, 1>(c, m);
      add_multiple<kAt + 1, 2>(c, m);
      add_multiple<kAt + 1, 3>(c, m);
    } else {
      const V m = L::low(L::all(0), c[kAt], L::all(Prime::kNegativeInverse));
      add_multiple<kAt, 0>(c, m);
      c[kAt + 1] = L::add(c[kAt + 1], L::template signed_right<52>(c[kAt]));
      add_multiple<kAt, 1>(c, m);
      add_multiple<kAt, 2>(c, m);
      add_multiple<kAt, 3>(c, m);
      add_multiple<kAt, 4>(c, m);
    }
  }
  template <int kAt, std::size_t kDigit>
  WUSONG_LANE_INLINE static void add_multiple(V (&c)[2 * kLimbs], V m) noexcept {
    constexpr std::size_t kColumn = static_cast<std::size_t>(kAt) + kDigit;
    constexpr Limb kLimb = Prime::kDigits.limb[kDigit];
    if constexpr (Prime::kDigits.is_minus_one[kDigit]) {
      c[kColumn] = L::sub(c[kColumn], m);
    } else if constexpr (kLimb != 0) {
      c[kColumn] = L::low(c[kColumn], m, L::all(kLimb));
      c[kColumn + 1] = L::high(c[kColumn + 1], m, L::all(kLimb));
    }
  }
};

}  // namespace
}  // namespace wusong::math
