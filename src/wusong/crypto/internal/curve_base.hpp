// SPDX-License-Identifier: Apache-2.0
// Multiples of a curve's generator by secrets, in constant time, for any lanes: each is a sum of
// one point from each of 37 tables, read whole, without doublings. A scalar may be even: its digits
// are then those of k + n.
//
// Fault check: a block's points are added up, completely, and with them the negated point of the
// sum of the scalars, which the same block has computed: the result is O.
#pragma once

#include <memory>
#include <vector>

#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/math/lane_curve.hpp"

namespace wusong::crypto::internal {
namespace {

inline constexpr unsigned kCombWindow = 7;
inline constexpr std::size_t kCombTables = math::digit_bits(kCombWindow) / kCombWindow;
/// Scalars that share an inversion, the sum's among them.
inline constexpr std::size_t kBlock = 256;

template <typename Lanes, typename C>
struct CurveBase {
  using F = math::LaneField<Lanes, typename C::Field>;
  using V = typename Lanes::V;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  template <int K>
  using Curve = math::LaneCurve<F, C, K>;
  using DigitWords = typename Curve<1>::DigitWords;
  static constexpr std::size_t kCount = Lanes::kCount;
  /// Groups of lanes that alternate; one lane has nothing to hide.
  static constexpr int kGroups = kCount > 1 ? 2 : 1;
  static constexpr unsigned kAllLanes = (1u << kCount) - 1;
  static constexpr Number kOrder = C::Order::kModulus;

  struct Comb {
    math::SecretRows<(std::size_t{1} << (kCombWindow - 1))> table[kCombTables];
  };

  WUSONG_LANE_CALL static std::unique_ptr<Comb> make_comb() noexcept {
    using Points = typename Curve<1>::Points;
    constexpr std::size_t kEntries = std::size_t{1} << (kCombWindow - 1);
    // 2^(7 i) G: all lanes compute the same, and a lane is kept.
    std::vector<PlainPoint> base(kCombTables);
    const auto a = elements(Curve<1>::a());
    Points p;
    load_generator(p);
    for (std::size_t i = 0; i < kCombTables; ++i) {
      Fe inverse = p.z.v[0];
      F::invert(inverse);
      base[i] = affine_of(p, inverse);
      for (unsigned bit = 0; bit < kCombWindow; ++bit) Curve<1>::template double_points<true>(p);
      Curve<1>::refresh(p, a);
    }
    auto out = std::make_unique<Comb>();
    std::vector<math::PointRow> rows(kCount * kEntries);
    auto work = std::make_unique<typename Curve<1>::template Multiples<kEntries>>();
    for (std::size_t first = 0; first < kCombTables; first += kCount) {
      Words x;
      Words y;
      math::PointRow* to[1][kCount];
      for (std::size_t lane = 0; lane < kCount; ++lane) {
        const PlainPoint& each = base[first + lane < kCombTables ? first + lane : first];
        x.set(lane, each.x);
        y.set(lane, each.y);
        to[0][lane] = rows.data() + lane * kEntries;
      }
      auto shared_z = elements(F::one());
      Curve<1>::template odd_multiples<true>(elements(F::to_montgomery(F::load(x))),
                                             elements(F::to_montgomery(F::load(y))), *work, to,
                                             shared_z);
      for (std::size_t lane = 0; lane < kCount && first + lane < kCombTables; ++lane)
        for (std::size_t entry = 0; entry < kEntries; ++entry)
          for (std::size_t word = 0; word < 8; ++word)
            out->table[first + lane].word[word][entry] = to[0][lane][entry].word[word];
    }
    return out;
  }
  static const Comb& comb() noexcept {
    static const std::unique_ptr<Comb> kShared = make_comb();
    return *kShared;
  }
  WUSONG_LANE_INLINE static math::Fes<F, 1> elements(const Fe& a) noexcept {
    math::Fes<F, 1> out;
    out.v[0] = a;
    return out;
  }
  WUSONG_LANE_INLINE static void load_generator(typename Curve<1>::Points& p) noexcept {
    p.x.v[0] = F::constant(F::Prime::montgomery(C::kX));
    p.y.v[0] = F::constant(F::Prime::montgomery(C::kY));
    p.z.v[0] = F::one();
    p.w.v[0] = Curve<1>::a();
  }
  WUSONG_LANE_INLINE static PlainPoint affine_of(const typename Curve<1>::Points& p,
                                                 const Fe& z_inverse) noexcept {
    const Fe square = F::square(z_inverse);
    Words words;
    PlainPoint out;
    F::store(F::from_montgomery(F::product(p.x.v[0], square)), words);
    out.x = words.get(0);
    F::store(F::from_montgomery(F::product(p.y.v[0], F::product(square, z_inverse))), words);
    out.y = words.get(0);
    return out;
  }

  // ---- Multiples of the generator by secrets

  /// What a group of a block's scalars goes through. It tells the scalars, so it is wiped.
  struct Group {
    DigitWords digits;
    typename Curve<1>::Points point;
    Fe before;
  };
  struct Work {
    std::span<Group> groups;
    std::size_t used;  // lanes

    ~Work() {
      std::memset(static_cast<void*>(groups.data()), 0, groups.size_bytes());
      asm volatile("" : : "r"(groups.data()) : "memory");
    }
  };

  template <int K>
  WUSONG_LANE_CALL static void look_up(const Comb& from, const Group* groups, std::size_t table,
                                       typename Curve<K>::Addends& out) noexcept {
    for (int k = 0; k < K; ++k) {
      const auto digit = math::digit_at<Lanes, kCombWindow>(
          groups[k].digits, static_cast<unsigned>(table) * kCombWindow);
      V words[8];
      Lanes::secret_row(from.table[table], digit.index, words);
      Curve<K>::unpack(words, out.x.v[k], out.y.v[k]);
      out.negative[k] = digit.negative;
    }
  }
  template <int K>
  WUSONG_LANE_CALL static void multiply_groups(Group* groups) noexcept {
    const Comb& from = comb();
    typename Curve<K>::Addends addend;
    look_up<K>(from, groups, 0, addend);
    auto sum = Curve<K>::points(addend);
    for (std::size_t table = 1; table < kCombTables; ++table) {
      look_up<K>(from, groups, table, addend);
      Curve<K>::add_points(sum, addend, sum.z);
    }
    for (int k = 0; k < K; ++k) {
      groups[k].point.x.v[0] = sum.x.v[k];
      groups[k].point.y.v[0] = sum.y.v[k];
      groups[k].point.z.v[0] = sum.z.v[k];
    }
  }

  /// The points of all lanes of all groups but the last lane, whose point counts against.
  WUSONG_LANE_INLINE static bool add_up_to_nothing(const Work& work) noexcept {
    using Complete = Curve<1>;
    typename Complete::Projective sum;
    sum.x.v[0] = F::zero();
    sum.y.v[0] = F::one();
    sum.z.v[0] = F::zero();
    unsigned on_curve = kAllLanes;
    for (std::size_t group = 0; group < work.groups.size(); ++group) {
      const auto& p = work.groups[group].point;
      on_curve &= Lanes::bits_of(Complete::is_on_curve(p.x.v[0], p.y.v[0]));
      const std::size_t lanes = std::min(kCount, work.used - group * kCount);
      const auto is_used = Lanes::mask_of((1u << lanes) - 1);
      typename Complete::Projective next;
      next.x.v[0] = F::chosen(is_used, p.x.v[0], F::zero());
      next.y.v[0] = F::chosen(is_used, p.y.v[0], F::one());
      next.z.v[0] = F::chosen(is_used, F::one(), F::zero());
      if (group + 1 == work.groups.size()) {
        const auto is_last = Lanes::mask_of(1u << (lanes - 1));
        next.y.v[0] = F::settled(F::negated_where(F::sum(next.y.v[0]), is_last));
      }
      Complete::add_complete(sum, next);
    }
    if constexpr (kCount > 1) {
      add_turned<4>(sum);
      add_turned<2>(sum);
      add_turned<1>(sum);
    }
    return ((Lanes::bits_of(F::is_zero(sum.z.v[0])) & 1) & (on_curve == kAllLanes ? 1u : 0u)) != 0;
  }
  template <std::size_t kBy>
  WUSONG_LANE_INLINE static void add_turned(typename Curve<1>::Projective& sum) noexcept {
    auto other = sum;
    for (int i = 0; i < F::kLimbs; ++i) {
      other.x.v[0].l[i] = Lanes::template turned<kBy>(sum.x.v[0].l[i]);
      other.y.v[0].l[i] = Lanes::template turned<kBy>(sum.y.v[0].l[i]);
      other.z.v[0].l[i] = Lanes::template turned<kBy>(sum.z.v[0].l[i]);
    }
    Curve<1>::add_complete(sum, other);
  }

  /// Z of each group becomes one; false where one is zero.
  /// @source Montgomery's trick, group by group in each lane
  WUSONG_LANE_INLINE static bool normalise(Work& work) noexcept {
    Fe product = F::one();
    for (Group& group : work.groups) {
      group.before = product;
      product = F::product(product, group.point.z.v[0]);
    }
    const bool is_invertible = Lanes::bits_of(F::is_zero(product)) == 0;
    F::invert(product);
    for (std::size_t i = work.groups.size(); i-- > 0;) {
      auto& p = work.groups[i].point;
      const Fe inverse = F::product(product, work.groups[i].before);
      product = F::product(product, p.z.v[0]);
      const Fe square = F::square(inverse);
      p.x.v[0] = F::product(p.x.v[0], square);
      p.y.v[0] = F::product(p.y.v[0], F::product(square, inverse));
    }
    return is_invertible;
  }

  WUSONG_LANE_CALL static bool multiply_block(std::span<const Number> k, std::span<PlainPoint> out,
                                              Work& work) noexcept {
    const std::span<Group> groups = work.groups;
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
    const bool is_invertible = normalise(work);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      Words x;
      Words y;
      F::store(F::from_montgomery(groups[i].point.x.v[0]), x);
      F::store(F::from_montgomery(groups[i].point.y.v[0]), y);
      for (std::size_t lane = 0; lane < kCount && i * kCount + lane < k.size(); ++lane)
        out[i * kCount + lane] = {x.get(lane), y.get(lane)};
    }
    return add_up_to_nothing(work) & is_invertible;
  }

  static bool multiply_base(std::span<const Number> k, std::span<PlainPoint> out) noexcept {
    const auto lanes = [](std::size_t count) { return (count + kCount) / kCount; };
    const auto groups =
        std::make_unique_for_overwrite<Group[]>(lanes(std::min(kBlock - 1, k.size())));
    bool is_right = true;
    for (std::size_t first = 0; first < k.size(); first += kBlock - 1) {
      const std::size_t count = std::min(kBlock - 1, k.size() - first);
      Work work{std::span{groups.get(), lanes(count)}, count + 1};
      is_right &= multiply_block(k.subspan(first, count), out.subspan(first, count), work);
    }
    return is_right;
  }

  WUSONG_LANE_CALL static bool are_on_curve(std::span<const PlainPoint> points) noexcept {
    unsigned on_curve = kAllLanes;
    for (std::size_t first = 0; first < points.size(); first += kCount) {
      Words x;
      Words y;
      for (std::size_t lane = 0; lane < kCount; ++lane) {  // the last one fills the lanes
        const PlainPoint& each = points[std::min(first + lane, points.size() - 1)];
        x.set(lane, each.x);
        y.set(lane, each.y);
      }
      on_curve &= Lanes::bits_of(
          Curve<1>::is_on_curve(F::to_montgomery(F::load(x)), F::to_montgomery(F::load(y))));
    }
    return on_curve == kAllLanes;
  }

  /// 1 / k modulo the order, in constant time.
  WUSONG_LANE_CALL static Number invert_scalar(const Number& k) noexcept {
    using Fn = math::LaneField<Lanes, typename C::Order>;
    Words words;
    words.fill(k);
    typename Fn::Fe a = Fn::to_montgomery(Fn::load(words));
    Fn::invert(a);
    Fn::store(Fn::from_montgomery(a), words);
    return words.get(0);
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
