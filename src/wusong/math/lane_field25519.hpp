// SPDX-License-Identifier: Apache-2.0
// The field of p = 2^255 - 19, one element a lane: what a product has above 2^255 is folded onto
// what is below, times 19. A product has 50 multiplications of limbs and the fold 6, where
// Montgomery's reduction (lane_field.hpp) has 25.
//
// An element is five limbs of 51 bits and a bit to spare. Fe is carried: limbs below 2^52. Sum is
// what products and additions leave: limbs of either sign. A product's are not negative and below
// 267 * 2^52, so that three added stay below 2^62.
//
// Everything runs the same whatever the lanes hold.
#pragma once

#include "wusong/math/lane_field.hpp"

namespace wusong::math {
namespace {

template <typename Lanes>
struct LaneField25519 : LaneLimbs<Lanes, LaneField25519<Lanes>> {
  using Shared = LaneLimbs<Lanes, LaneField25519>;
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
  static constexpr unsigned kBits = 51;
  static constexpr Limb kMask = (Limb{1} << kBits) - 1;

  /// Limbs of a number below p.
  static consteval Limbs<5> limbs(const Limbs<4>& a) noexcept {
    return {a[0] & kMask, (a[0] >> 51 | a[1] << 13) & kMask, (a[1] >> 38 | a[2] << 26) & kMask,
            (a[2] >> 25 | a[3] << 39) & kMask, a[3] >> 12};
  }

  // ---- Sums

  /// Of limbs that are not negative.
  WUSONG_LANE_INLINE static Fe carried(const Sum& a) noexcept {
    const V mask = L::all(kMask);
    Fe out;
    out.l[0] = L::low(L::both(a.l[0], mask), L::template right<kBits>(a.l[4]), L::all(19));
    WUSONG_UNROLL
    for (int i = 1; i < kLimbs; ++i)
      out.l[i] = L::add(L::both(a.l[i], mask), L::template right<kBits>(a.l[i - 1]));
    return out;
  }
  /// Of limbs above -2^61 and below 2^63.
  WUSONG_LANE_INLINE static Fe settled(const Sum& a) noexcept {
    constexpr Limb kOften = Limb{1} << 11;  // p so often keeps them from being negative
    Sum out;
    out.l[0] = L::add(a.l[0], L::all(kOften * (kMask - 18)));
    WUSONG_UNROLL
    for (int i = 1; i < kLimbs; ++i) out.l[i] = L::add(a.l[i], L::all(kOften * kMask));
    return carried(out);
  }
  WUSONG_LANE_INLINE static Fe plus(const Fe& a, const Fe& b) noexcept {
    return carried(add(sum(a), sum(b)));
  }
  WUSONG_LANE_INLINE static Fe minus(const Fe& a, const Fe& b) noexcept {
    return settled(sub(sum(a), sum(b)));
  }
  /// 2 p - a there. @shape limbs up to 2^52 - 38, as carried and reduced ones are
  WUSONG_LANE_INLINE static Fe opposite_where(Mask where, const Fe& a) noexcept {
    Fe out;
    out.l[0] = L::chosen(where, L::sub(L::all(2 * (kMask - 18)), a.l[0]), a.l[0]);
    WUSONG_UNROLL
    for (int i = 1; i < kLimbs; ++i)
      out.l[i] = L::chosen(where, L::sub(L::all(2 * kMask), a.l[i]), a.l[i]);
    return out;
  }

  // ---- Products

  WUSONG_LANE_INLINE static Sum times(const Fe& a, const Fe& b) noexcept {
    V c[2 * kLimbs];
    zero_columns(c);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      WUSONG_UNROLL
      for (int j = 0; j < kLimbs; ++j) c[i + j + 1] = L::high(c[i + j + 1], a.l[i], b.l[j]);
    }
    double_columns(c);  // a high half is worth 2^52, two of the next limb's ones
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      WUSONG_UNROLL
      for (int j = 0; j < kLimbs; ++j) c[i + j] = L::low(c[i + j], a.l[i], b.l[j]);
    }
    return folded(c);
  }
  WUSONG_LANE_INLINE static Sum squared(const Fe& a) noexcept {
    // The lowest halves of a limb by itself count once, its high halves and the others' low ones
    // twice, the others' high ones four times.
    V c[2 * kLimbs];
    zero_columns(c);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      WUSONG_UNROLL
      for (int j = i + 1; j < kLimbs; ++j) c[i + j + 1] = L::high(c[i + j + 1], a.l[i], a.l[j]);
    }
    double_columns(c);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      c[2 * i + 1] = L::high(c[2 * i + 1], a.l[i], a.l[i]);
      WUSONG_UNROLL
      for (int j = i + 1; j < kLimbs; ++j) c[i + j] = L::low(c[i + j], a.l[i], a.l[j]);
    }
    double_columns(c);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) c[2 * i] = L::low(c[2 * i], a.l[i], a.l[i]);
    return folded(c);
  }
  WUSONG_LANE_INLINE static Fe product(const Fe& a, const Fe& b) noexcept {
    return carried(times(a, b));
  }
  WUSONG_LANE_INLINE static Fe square(const Fe& a) noexcept { return carried(squared(a)); }

  // ---- Numbers

  WUSONG_LANE_INLINE static Fe one() noexcept { return constant({1, 0, 0, 0, 0}); }
  WUSONG_LANE_INLINE static Fe from_words(const V (&w)[4]) noexcept {
    const V mask = L::all(kMask);
    Fe out;
    out.l[0] = L::both(w[0], mask);
    out.l[1] = L::both(L::either(L::template right<51>(w[0]), L::template left<13>(w[1])), mask);
    out.l[2] = L::both(L::either(L::template right<38>(w[1]), L::template left<26>(w[2])), mask);
    out.l[3] = L::both(L::either(L::template right<25>(w[2]), L::template left<39>(w[3])), mask);
    out.l[4] = L::template right<12>(w[3]);
    return out;
  }
  /// @shape reduced
  WUSONG_LANE_INLINE static void to_words(const Fe& a, V (&w)[4]) noexcept {
    w[0] = L::either(a.l[0], L::template left<51>(a.l[1]));
    w[1] = L::either(L::template right<13>(a.l[1]), L::template left<38>(a.l[2]));
    w[2] = L::either(L::template right<26>(a.l[2]), L::template left<25>(a.l[3]));
    w[3] = L::either(L::template right<39>(a.l[3]), L::template left<12>(a.l[4]));
  }
  /// The same element below p.
  WUSONG_LANE_INLINE static Fe reduced(const Fe& a) noexcept {
    Fe out = a;
    const V above = ripple(out);
    out.l[0] = L::low(out.l[0], above, L::all(19));  // at most p too much
    V over = L::all(19);                             // whether 19 more reach 2^255
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) over = L::template right<kBits>(L::add(out.l[i], over));
    out.l[0] = L::low(out.l[0], over, L::all(19));
    ripple(out);
    return out;
  }

  // ---- Powers

  /// a^(2^252 - 3) for each, which is a^((p - 5) / 8). The steps of several alternate, so that one
  /// hides the other's latency.
  template <int K>
  WUSONG_LANE_CALL static void raise(Fes<LaneField25519, K>& a) noexcept {
    Fes<LaneField25519, K> ones[8];  // a^(2^n - 1) for n = 5, 10, 20, 40, 50, 100, 200, 250
    for (int k = 0; k < K; ++k) {
      const Fe two = square(a.v[k]);
      const Fe nine = product(square(square(two)), a.v[k]);
      ones[0].v[k] = product(square(product(nine, two)), nine);
    }
    join(ones[1], ones[0], 5, ones[0]);
    join(ones[2], ones[1], 10, ones[1]);
    join(ones[3], ones[2], 20, ones[2]);
    join(ones[4], ones[3], 10, ones[1]);
    join(ones[5], ones[4], 50, ones[4]);
    join(ones[6], ones[5], 100, ones[5]);
    join(ones[7], ones[6], 50, ones[4]);
    join(a, ones[7], 2, Fes<LaneField25519, K>{a});
  }
  /// a^(p - 2): zero for zero.
  WUSONG_LANE_CALL static void invert(Fe& a) noexcept {
    Fes<LaneField25519, 1> power{{a}};
    raise(power);
    const Fe eighth = square(square(square(power.v[0])));  // p - 2 = 8 (2^252 - 3) + 3
    a = product(eighth, product(square(a), a));
  }

 private:
  /// to = high^(2^shift) low
  template <int K>
  WUSONG_LANE_CALL static void join(Fes<LaneField25519, K>& to, const Fes<LaneField25519, K>& high,
                                    int shift, const Fes<LaneField25519, K>& low) noexcept {
    Fes<LaneField25519, K> power = high;
    for (int i = 0; i < shift; ++i) {
      for (int k = 0; k < K; ++k) power.v[k] = square(power.v[k]);
    }
    for (int k = 0; k < K; ++k) to.v[k] = product(power.v[k], low.v[k]);
  }
  /// All limbs below 2^51; what goes beyond the last is returned.
  WUSONG_LANE_INLINE static V ripple(Fe& a) noexcept {
    V carry = L::all(0);
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) {
      const V limb = L::add(a.l[i], carry);
      carry = L::template right<kBits>(limb);
      a.l[i] = L::both(limb, L::all(kMask));
    }
    return carry;
  }
  WUSONG_LANE_INLINE static void zero_columns(V (&c)[2 * kLimbs]) noexcept {
    WUSONG_UNROLL
    for (int i = 0; i < 2 * kLimbs; ++i) c[i] = L::all(0);
  }
  WUSONG_LANE_INLINE static void double_columns(V (&c)[2 * kLimbs]) noexcept {
    WUSONG_UNROLL
    for (int i = 1; i < 2 * kLimbs; ++i) c[i] = L::add(c[i], c[i]);
  }
  /// Columns below 2^56 to limbs: 2^255 is 19.
  WUSONG_LANE_INLINE static Sum folded(const V (&c)[2 * kLimbs]) noexcept {
    Sum out;
    WUSONG_UNROLL
    for (int i = 0; i < kLimbs; ++i) out.l[i] = L::add(c[i], L::product(c[i + kLimbs], L::all(19)));
    return out;
  }
};

}  // namespace
}  // namespace wusong::math
