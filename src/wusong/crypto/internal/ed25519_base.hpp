// SPDX-License-Identifier: Apache-2.0
// Multiples of Ed25519's generator by secrets, in constant time, for any lanes: each is a sum of
// one point from each of 52 tables, read whole.
//
// Fault check: as in curve_base.hpp, the points of a block add up to the point of the scalars' sum.
#pragma once

#include <memory>

#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/math/lane_edwards.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes>
struct Ed25519Base {
  using F = math::LaneField25519<Lanes>;
  using V = typename Lanes::V;
  using Mask = typename Lanes::Mask;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  template <int K>
  using Curve = math::LaneEdwards<F, Ed25519Curve, K>;
  using Point = typename Curve<1>::Point;
  using Addend = typename Curve<1>::Addend;
  using DigitWords = typename Curve<1>::DigitWords;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr int kGroups = kCount > 1 ? 2 : 1;
  static constexpr Number kOrder = Ed25519Curve::Order::kModulus;

  /// Narrower than curve_base.hpp's: additions cost less here, and entries have 12 words.
  static constexpr unsigned kCombWindow = 5;
  static constexpr std::size_t kCombTables = math::digit_bits(kCombWindow) / kCombWindow;
  static constexpr std::size_t kCombEntries = std::size_t{1} << (kCombWindow - 1);
  /// Scalars that share an inversion.
  static constexpr std::size_t kBlock = 256;

  // ---- Tables of the generator, made at first use

  /// Entries with Z = 1: Y - X, Y + X, 2 d X Y.
  struct Comb {
    math::SecretRows<kCombEntries, 12> table[kCombTables];
  };

  WUSONG_LANE_CALL static std::unique_ptr<Comb> make_comb() noexcept {
    using G = Curve<1>;
    auto out = std::make_unique<Comb>();
    typename G::Points base;
    base.v[0] = G::generator();
    for (std::size_t table = 0; table < kCombTables; ++table) {
      base.v[0] = G::affine(base.v[0]);
      typename G::Points twice = base;
      G::template double_points<true>(twice);
      typename G::Addends two;
      two.v[0] = G::addend(twice.v[0]);
      typename G::Points p = base;
      // All lanes compute the same, and a lane is kept.
      for (std::size_t entry = 0; entry < kCombEntries; ++entry) {
        if (entry != 0) G::template add_points<false, true>(p, two);
        const Addend each = G::addend(G::affine(p.v[0]));
        const Fe* const parts[3] = {&each.minus, &each.plus, &each.product};
        for (std::size_t part = 0; part < 3; ++part) {
          Words words;
          F::store(*parts[part], words);
          for (std::size_t i = 0; i < 4; ++i)
            out->table[table].word[4 * part + i][entry] = words.get(0)[i];
        }
      }
      for (unsigned bit = 0; bit < kCombWindow; ++bit) G::template double_points<true>(base);
    }
    return out;
  }
  static const Comb& comb() noexcept {
    static const std::unique_ptr<Comb> kShared = make_comb();
    return *kShared;
  }
  struct Group {
    DigitWords digits;
    Point point;
    Fe before;
  };
  /// (X / Z, Y / Z) for each group, No Z is zero: additions are complete.
  WUSONG_LANE_INLINE static void normalise(std::span<Group> groups) noexcept {
    Fe product = F::one();
    for (Group& group : groups) {
      group.before = product;
      product = F::product(product, group.point.z);
    }
    F::invert(product);
    for (std::size_t i = groups.size(); i-- > 0;) {
      Point& p = groups[i].point;
      const Fe inverse = F::product(product, groups[i].before);
      product = F::product(product, p.z);
      p.x = F::product(p.x, inverse);
      p.y = F::product(p.y, inverse);
      p.z = F::one();
    }
  }
  /// @shape as many as are wanted, of the first lanes; Z is one
  WUSONG_LANE_INLINE static void store(const Point& p, std::span<PlainPoint> out) noexcept {
    Words x;
    Words y;
    F::store(p.x, x);
    F::store(p.y, y);
    for (std::size_t lane = 0; lane < out.size(); ++lane) out[lane] = {x.get(lane), y.get(lane)};
  }

  // ---- Multiples of the generator by secrets

  template <int K>
  WUSONG_LANE_CALL static void look_up(const Comb& from, const Group* groups, std::size_t table,
                                       typename Curve<K>::Addends& out) noexcept {
    for (int k = 0; k < K; ++k) {
      const auto digit = math::digit_at<Lanes, kCombWindow>(
          groups[k].digits, static_cast<unsigned>(table) * kCombWindow);
      V w[12];
      Lanes::secret_row(from.table[table], digit.index, w);
      const typename Curve<K>::Addend entry{F::from_words({w[0], w[1], w[2], w[3]}),
                                            F::from_words({w[4], w[5], w[6], w[7]}),
                                            F::from_words({w[8], w[9], w[10], w[11]}), F::one()};
      out.v[k] = Curve<K>::negated_where(entry, digit.negative);
    }
  }
  template <int K>
  WUSONG_LANE_CALL static void multiply_groups(Group* groups) noexcept {
    const Comb& from = comb();
    typename Curve<K>::Addends entry;
    typename Curve<K>::Points sum;
    for (auto& each : sum.v) {
      const Point start = Curve<1>::neutral();
      each = {start.x, start.y, start.z, start.t};
    }
    for (std::size_t table = 0; table < kCombTables; ++table) {
      look_up<K>(from, groups, table, entry);
      Curve<K>::template add_points<true, true>(sum, entry);
    }
    for (int k = 0; k < K; ++k) groups[k].point = {sum.v[k].x, sum.v[k].y, sum.v[k].z, sum.v[k].t};
  }
  /// Whether all lanes of all groups, the last of which counts against, add up to the neutral
  /// point.
  WUSONG_LANE_INLINE static bool add_up_to_nothing(std::span<const Group> groups,
                                                   std::size_t used) noexcept {
    using G = Curve<1>;
    typename G::Points sum;
    sum.v[0] = G::neutral();
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::size_t lanes = std::min(kCount, used - i * kCount);
      const Mask is_used = Lanes::mask_of((1u << lanes) - 1);
      Point p = groups[i].point;
      p.x = F::chosen(is_used, p.x, F::zero());
      p.y = F::chosen(is_used, p.y, F::one());
      if (i + 1 == groups.size()) {
        const Mask is_last = Lanes::mask_of(1u << (lanes - 1));
        p.x = F::settled(F::negated_where(F::sum(p.x), is_last));
      }
      p.t = F::product(p.x, p.y);
      add(sum, p);
    }
    if constexpr (kCount > 1) {
      add_turned<4>(sum);
      add_turned<2>(sum);
      add_turned<1>(sum);
    }
    return (Lanes::bits_of(F::is_zero(sum.v[0].x)) &
            Lanes::bits_of(F::is_equal(sum.v[0].y, sum.v[0].z)) & 1) != 0;
  }
  WUSONG_LANE_INLINE static void add(typename Curve<1>::Points& sum, const Point& p) noexcept {
    typename Curve<1>::Addends entry;
    entry.v[0] = Curve<1>::addend(p);
    Curve<1>::template add_points<false, true>(sum, entry);
  }
  template <std::size_t kBy>
  WUSONG_LANE_INLINE static void add_turned(typename Curve<1>::Points& sum) noexcept {
    Point other = sum.v[0];
    for (Fe* const each : {&other.x, &other.y, &other.z, &other.t})
      for (V& limb : each->l) limb = Lanes::template turned<kBy>(limb);
    add(sum, other);
  }

  WUSONG_LANE_CALL static bool multiply_block(std::span<const Number> k, std::span<PlainPoint> out,
                                              std::span<Group> groups) noexcept {
    Number sum{};
    for (std::size_t i = 0; i < groups.size() * kCount; ++i) {
      // A lane that nobody needs repeats the sum.
      if (i < k.size()) sum = sum_modulo(sum, k[i], kOrder);
      groups[i / kCount].digits.set(
          i % kCount, math::signed_digits(i < k.size() ? k[i] : sum, kOrder, kCombWindow));
    }
    sum = {};  // of one scalar it is that scalar
    asm volatile("" : : "r"(&sum) : "memory");
    std::size_t done = 0;
    for (; done + kGroups <= groups.size(); done += kGroups)
      multiply_groups<kGroups>(groups.data() + done);
    for (; done < groups.size(); ++done) multiply_groups<1>(groups.data() + done);
    normalise(groups);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i * kCount < k.size())
        store(groups[i].point, out.subspan(i * kCount, std::min(kCount, k.size() - i * kCount)));
    }
    return add_up_to_nothing(groups, k.size() + 1);
  }
  /// -x^2 + y^2 = 1 + d x^2 y^2
  WUSONG_LANE_CALL static bool are_on_curve(std::span<const PlainPoint> points) noexcept {
    const Fe two_d = F::constant(F::limbs(Ed25519Curve::kTwoD));
    bool is_right = true;
    for (std::size_t first = 0; first < points.size(); first += kCount) {
      Words words;
      for (std::size_t lane = 0; lane < kCount; ++lane)  // the last one fills the lanes
        words.set(lane, points[std::min(first + lane, points.size() - 1)].x);
      const Fe xx = F::square(F::load(words));
      for (std::size_t lane = 0; lane < kCount; ++lane)
        words.set(lane, points[std::min(first + lane, points.size() - 1)].y);
      const Fe yy = F::square(F::load(words));
      const Fe left = F::minus(yy, xx);
      const Fe right = F::settled(
          F::add(F::add(F::sum(F::one()), F::sum(F::one())), F::times(two_d, F::product(xx, yy))));
      is_right &= Lanes::bits_of(F::is_equal(F::plus(left, left), right)) == (1u << kCount) - 1;
    }
    return is_right;
  }
  static bool multiply_base(std::span<const Number> k, std::span<PlainPoint> out) noexcept {
    const auto lanes = [](std::size_t count) { return (count + kCount) / kCount; };
    const std::size_t most = lanes(std::min(kBlock - 1, k.size()));
    const auto groups = std::make_unique_for_overwrite<Group[]>(most);
    bool is_right = true;
    for (std::size_t first = 0; first < k.size(); first += kBlock - 1) {
      const std::size_t count = std::min(kBlock - 1, k.size() - first);
      is_right &= multiply_block(k.subspan(first, count), out.subspan(first, count),
                                 std::span{groups.get(), lanes(count)});
    }
    std::memset(static_cast<void*>(groups.get()), 0, most * sizeof(Group));
    asm volatile("" : : "r"(groups.get()) : "memory");
    return is_right;
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
