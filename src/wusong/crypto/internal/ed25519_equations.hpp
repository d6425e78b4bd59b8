// SPDX-License-Identifier: Apache-2.0
// What verifies Ed25519, for any lanes: keys with their odd multiples, and s B - k A, whose
// multiples share their doublings. Variable time.
#pragma once

#include <vector>

#include "wusong/crypto/internal/ed25519_base.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes>
struct Ed25519Equations {
  using Base = Ed25519Base<Lanes>;
  using F = typename Base::F;
  using Mask = typename Lanes::Mask;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  using Group = typename Base::Group;
  template <int K>
  using Curve = math::LaneEdwards<F, Ed25519Curve, K>;
  using DigitWords = typename Curve<1>::DigitWords;
  template <int K>
  using Fes = math::Fes<F, K>;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr int kGroups = Base::kGroups;
  static constexpr unsigned kAllLanes = (1u << kCount) - 1;
  static constexpr Number kOrder = Ed25519Curve::Order::kModulus;
  static constexpr unsigned kGeneratorWindow = 10;
  static constexpr unsigned kKeyWindow = kEd25519KeyWindow;
  using GeneratorRows = math::EdwardsRows<(1 << (kGeneratorWindow - 1))>;
  using KeyRows = math::EdwardsRows<(1 << (kKeyWindow - 1))>;
  static_assert(sizeof(KeyRows) == sizeof(Ed25519Key::rows));

  WUSONG_LANE_CALL static std::unique_ptr<GeneratorRows> make_generator() noexcept {
    auto out = std::make_unique<GeneratorRows>();
    typename Curve<1>::Points p;
    p.v[0] = Curve<1>::generator();
    GeneratorRows* rows[1][kCount];
    for (auto& each : rows[0]) each = out.get();
    Curve<1>::template odd_multiples<true>(p, rows);
    return out;
  }
  static const GeneratorRows& generator() noexcept {
    static const std::unique_ptr<GeneratorRows> kShared = make_generator();
    return *kShared;
  }

  // ---- Keys

  template <int K>
  struct KeyGroups {
    Words y[K];
    unsigned odd[K];  // a bit a lane, as the rest
    unsigned usable[K];
  };

  WUSONG_LANE_INLINE static Fe times_root_of_minus_one(const Fe& a) noexcept {
    return F::product(a, F::constant(F::limbs(Ed25519Curve::kRootOfMinusOne)));
  }
  WUSONG_LANE_INLINE static Mask are_ones(const Fe& a) noexcept { return F::is_equal(a, F::one()); }
  WUSONG_LANE_INLINE static Mask are_minus_ones(const Fe& a) noexcept {
    return F::is_zero(F::plus(a, F::one()));
  }

  /// The negatives of the points with these encodings, as keys are subtracted, and which encode
  /// one. @source RFC 8032, section 5.1.3
  template <int K>
  WUSONG_LANE_CALL static void decode(KeyGroups<K>& keys, typename Curve<K>::Points& out) noexcept {
    Fe u[K];
    Fe v[K];
    Fe v3[K];
    Fes<K> x;
    for (int k = 0; k < K; ++k) {
      const Fe yy = F::square(F::load(keys.y[k]));
      const Fe d = F::constant(F::limbs(Ed25519Curve::kD));
      u[k] = F::minus(yy, F::one());
      v[k] = F::plus(F::product(yy, d), F::one());
      // x = u v^3 (u v^7)^((p - 5) / 8), times a root of -1 where need be.
      v3[k] = F::product(F::square(v[k]), v[k]);
      x.v[k] = F::product(u[k], F::product(F::square(v3[k]), v[k]));
    }
    F::raise(x);
    for (int k = 0; k < K; ++k) {
      const Fe root = F::product(F::product(u[k], v3[k]), x.v[k]);
      const Fe vxx = F::product(v[k], F::square(root));
      const Mask is_root = F::is_equal(vxx, u[k]);
      const Mask is_other = F::is_zero(F::plus(vxx, u[k]));
      keys.usable[k] = Lanes::bits_of(is_root) | Lanes::bits_of(is_other);
      const Fe plain = F::reduced(F::chosen(is_root, root, times_root_of_minus_one(root)));
      // The negative has the other parity.
      const unsigned odd = Lanes::bits_of(Lanes::any_of(plain.l[0], 1));
      const Mask flips = Lanes::mask_of(~(odd ^ keys.odd[k]) & kAllLanes);
      const Fe at = F::opposite_where(flips, plain);
      const Fe y = F::load(keys.y[k]);
      out.v[k] = {at, y, F::one(), F::product(at, y)};
    }
  }

  /// Leaves usable what is eight times a point: all of the large subgroup but the neutral point,
  /// and nothing else.
  ///
  /// P = (x, y) is (u, v) on v^2 = u^3 + A u^2 + u, with u = (1 + y) / (1 - y), v = w u / x and
  /// w^2 = -(A + 2). Doubling there is a composition of two maps of degree two, through the curve
  /// Y^2 = X (X^2 - 2 A X + A^2 - 4): (q, t q) to X = t^2 = q + A + 1 / q, and (X, Y) to
  /// u = (Y / 2X)^2. So P is twice a point where both steps have a root:
  /// - u = r^2. As A^2 - 4 is no square, X = A + 2 u + 2 v / r or X' = A + 2 u - 2 v / r, whose
  ///   product it is, is one: both lead to P, by points that differ by one of order two.
  /// - t^2 is that X, and q = (t^2 - A) / 2 + r t. The signs of roots choose between Q = (q, t q),
  ///   -Q, and what (0, 0) is added to: all four are four times a point, or none is.
  /// Q is four times a point where its Tate pairing with T = (1, c), of order four, is one, where
  /// c^2 = A + 2: ((tq - cq)^2 / q)^((p - 1) / 4), since (v - c u)^2 / u has four zeros at T and
  /// four poles at the neutral point; it has no other kernel, as T generates what has order four.
  /// With n = 1 + y, m = 1 - y, e = m x, r = f / m and t = s / e: f^2 = n m, s^2 is e times
  /// x (A m + 2 n) + 2 w f or less that, and what is raised is
  /// (s^2 - A e^2 + 2 x f s) (s - c e)^2 / 2, as fourth powers do not count. All of it is zero
  /// where x is, at the points of order one and two, which so are not usable, and nothing
  /// elsewhere: q = 0 and s = c e make P one of those.
  /// @source Pornin, "Point-Halving and Subgroup Membership in Twisted Edwards Curves", IACR ePrint
  /// 2022/1164; Koshelev, "Subgroup membership testing on elliptic curves via the Tate pairing",
  /// 2022/037
  template <int K>
  WUSONG_LANE_CALL static void demand_order(KeyGroups<K>& keys,
                                            const typename Curve<K>::Points& points) noexcept {
    const Fe big_a = F::constant(F::limbs(Ed25519Curve::kA));
    Fe f[K];
    Fe e[K];
    Fe number[K];
    Fes<K> power;
    for (int k = 0; k < K; ++k) {
      number[k] = F::minus(F::one(), F::square(points.v[k].y));
      power.v[k] = number[k];
    }
    F::raise(power);
    for (int k = 0; k < K; ++k) {
      const Fe& x = points.v[k].x;
      const Fe m = F::minus(F::one(), points.v[k].y);
      const Fe n = F::plus(F::one(), points.v[k].y);
      f[k] = F::product(number[k], power.v[k]);
      const Fe symbol = F::product(f[k], power.v[k]);
      const Mask is_turned = are_minus_ones(symbol);
      keys.usable[k] &= Lanes::bits_of(are_ones(symbol)) | Lanes::bits_of(is_turned);
      f[k] = F::chosen(is_turned, times_root_of_minus_one(f[k]), f[k]);
      e[k] = F::product(m, x);
      const Fe middle = F::product(x, F::plus(F::product(big_a, m), F::plus(n, n)));
      const Fe w = F::constant(F::limbs(Ed25519Curve::kTwiceRootOfOpposite));
      number[k] = F::product(F::plus(middle, F::product(w, f[k])), e[k]);
      power.v[k] = number[k];
    }
    F::raise(power);
    for (int k = 0; k < K; ++k) {
      const Fe root = F::product(number[k], power.v[k]);
      const Fe symbol = F::product(root, power.v[k]);
      const unsigned minus_one = Lanes::bits_of(are_minus_ones(symbol));
      const unsigned is_square = Lanes::bits_of(are_ones(symbol)) | minus_one;
      const unsigned minus_i = Lanes::bits_of(are_ones(times_root_of_minus_one(symbol)));
      const Fe ee = F::square(e[k]);
      // The other number is (A^2 - 4) e^4 over this one.
      const Fe other = F::product(F::product(ee, power.v[k]),
                                  F::constant(F::limbs(Ed25519Curve::kRootForTheOther)));
      const Fe either = F::chosen(Lanes::mask_of(is_square), root, other);
      const Fe s =
          F::chosen(Lanes::mask_of(minus_one | minus_i), times_root_of_minus_one(either), either);
      const Fe xf = F::product(points.v[k].x, f[k]);
      const Fe q = F::settled(F::add(F::sub(F::squared(s), F::times(big_a, ee)),
                                     F::template times_power<1>(F::times(xf, s))));
      const Fe c = F::constant(F::limbs(Ed25519Curve::kRoot));
      const Fe line = F::minus(s, F::product(c, e[k]));
      // Times 8, which is 2^4 / 2.
      number[k] = F::carried(F::template times_power<3>(F::sum(F::product(q, F::square(line)))));
      power.v[k] = number[k];
    }
    F::raise(power);
    for (int k = 0; k < K; ++k)
      keys.usable[k] &= Lanes::bits_of(are_ones(F::product(F::square(power.v[k]), number[k])));
  }

  template <int K>
  static void prepare_groups(std::span<const Encoded> keys,
                             std::span<Ed25519Key* const> out) noexcept {
    KeyGroups<K> groups;
    KeyRows unneeded;
    KeyRows* rows[K][kCount];
    for (unsigned& each : groups.odd) each = 0;
    for (std::size_t i = 0; i < K * kCount; ++i) {  // lanes that nobody needs repeat the first
      const std::size_t group = i / kCount;
      const std::size_t lane = i % kCount;
      const bool is_needed = i < keys.size();
      Number number;
      std::memcpy(number.data(), keys[is_needed ? i : 0].data(), 32);
      groups.odd[group] |= static_cast<unsigned>(number[3] >> 63) << lane;
      number[3] &= ~std::uint64_t{0} >> 1;
      groups.y[group].set(lane, number);
      rows[group][lane] = is_needed ? reinterpret_cast<KeyRows*>(out[i]->rows.data()) : &unneeded;
    }
    multiply_keys<K>(groups, rows);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::size_t group = i / kCount;
      const Number y = groups.y[group].get(i % kCount);
      const bool is_canonical = math::less(y, Ed25519Curve::Field::kModulus);
      out[i]->is_valid = (groups.usable[group] >> i % kCount & 1) != 0 && is_canonical;
    }
  }
  template <int K>
  WUSONG_LANE_CALL static void multiply_keys(KeyGroups<K>& keys,
                                             KeyRows* const (&rows)[K][kCount]) noexcept {
    typename Curve<K>::Points p;
    decode<K>(keys, p);
    demand_order<K>(keys, p);
    Curve<K>::template odd_multiples<false>(p, rows);
  }
  static void prepare(std::span<const Encoded> keys, std::span<Ed25519Key* const> out) noexcept {
    constexpr std::size_t kMost = kGroups * kCount;
    while (!keys.empty()) {
      const std::size_t count = std::min(keys.size(), kMost);
      if (count > kCount) {
        prepare_groups<kGroups>(keys.first(count), out.first(count));
      } else {
        prepare_groups<1>(keys.first(count), out.first(count));
      }
      keys = keys.subspan(count);
      out = out.subspan(count);
    }
  }

  // ---- s B - k A

  template <int K>
  WUSONG_LANE_CALL static void combine_groups(std::span<const Ed25519Equation> equations,
                                              Group* groups) noexcept {
    using G = Curve<K>;
    const GeneratorRows* base[kCount];
    for (auto& each : base) each = &generator();
    DigitWords s[K];
    DigitWords k_digits[K];
    const KeyRows* keys[K][kCount];
    for (std::size_t i = 0; i < K * kCount; ++i) {  // lanes that nobody needs repeat the first
      const Ed25519Equation& each = equations[i < equations.size() ? i : 0];
      s[i / kCount].set(i % kCount, math::signed_digits(each.s, kOrder, kGeneratorWindow));
      k_digits[i / kCount].set(i % kCount, math::signed_digits(each.k, kOrder, kKeyWindow));
      keys[i / kCount][i % kCount] = reinterpret_cast<const KeyRows*>(each.key->rows.data());
    }
    typename G::Points sum;
    typename G::Addends entry;
    for (auto& each : sum.v) each = G::neutral();
    // From where the highest digit of either is added.
    constexpr unsigned kKeyBits = math::digit_bits(kKeyWindow);
    constexpr unsigned kBaseBits = math::digit_bits(kGeneratorWindow);
    constexpr unsigned kTop = std::max(kKeyBits - kKeyWindow, kBaseBits - kGeneratorWindow);
    for (unsigned bit = kTop + 1; bit-- > 0;) {
      const bool key_adds = bit % kKeyWindow == 0 && bit < kKeyBits;
      const bool base_adds = bit % kGeneratorWindow == 0 && bit < kBaseBits;
      if (key_adds || base_adds) {
        G::template double_points<true>(sum);
      } else {
        G::template double_points<false>(sum);
      }
      if (key_adds) {
        for (int k = 0; k < K; ++k)
          entry.v[k] = G::template read<kKeyWindow>(keys[k], k_digits[k], bit);
        G::template add_points<false, true>(sum, entry);
      }
      if (base_adds) {
        for (int k = 0; k < K; ++k)
          entry.v[k] = G::template read<kGeneratorWindow>(base, s[k], bit);
        G::template add_points<true, true>(sum, entry);
      }
    }
    for (int k = 0; k < K; ++k) groups[k].point = {sum.v[k].x, sum.v[k].y, sum.v[k].z, sum.v[k].t};
  }
  /// @shape `many` does kGroups groups, `one` does one
  template <typename Equation>
  using CombineGroups = void (*)(std::span<const Equation> equations, Group* groups) noexcept;
  template <typename Equation>
  WUSONG_LANE_CALL static void combine_block(std::span<const Equation> equations,
                                             std::span<Encoded> out, std::span<Group> groups,
                                             CombineGroups<Equation> many,
                                             CombineGroups<Equation> one) noexcept {
    std::size_t done = 0;
    for (; done + kGroups <= groups.size(); done += kGroups)
      many(equations.subspan(done * kCount), groups.data() + done);
    for (; done < groups.size(); ++done)
      one(equations.subspan(done * kCount), groups.data() + done);
    Base::normalise(groups);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::size_t lanes = std::min(kCount, equations.size() - i * kCount);
      PlainPoint points[kCount];
      Base::store(groups[i].point, std::span{points}.first(lanes));
      for (std::size_t lane = 0; lane < lanes; ++lane)
        out[i * kCount + lane] = encode(points[lane]);
    }
  }
  template <typename Equation>
  static void combine_all(std::span<const Equation> equations, std::span<Encoded> out,
                          CombineGroups<Equation> many, CombineGroups<Equation> one) noexcept {
    std::vector<Group> groups((std::min(Base::kBlock, equations.size()) + kCount - 1) / kCount);
    for (std::size_t first = 0; first < equations.size(); first += Base::kBlock) {
      const std::size_t count = std::min(Base::kBlock, equations.size() - first);
      combine_block<Equation>(equations.subspan(first, count), out.subspan(first, count),
                              std::span{groups}.first((count + kCount - 1) / kCount), many, one);
    }
  }
  static void combine(std::span<const Ed25519Equation> equations, std::span<Encoded> out) noexcept {
    combine_all<Ed25519Equation>(equations, out, combine_groups<kGroups>, combine_groups<1>);
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
