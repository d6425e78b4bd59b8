// SPDX-License-Identifier: Apache-2.0
// Equations whose key has been seen before, for any lanes: combs of the key and of the generator
// leave a tenth of the doublings. Variable time.
//
// A comb takes one bit from each of its teeth, which stand a spacing apart, so one addition does
// for as many bits as there are teeth. A key's tables divide the spacing into columns; the
// generator's teeth stand as close as the columns are many, and so need one table.
//
// No key makes the additions that build a table exceptional: each is of two different multiples,
// below the order, that are not opposite. What meets an exception in an equation is done again with
// complete additions.
#pragma once

#include "wusong/crypto/internal/curve_equations.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes, typename C>
struct CurveKnown : math::CombShape<kKnownTeeth, kKnownTables> {
  using Base = CurveBase<Lanes, C>;
  using Equations = CurveEquations<Lanes, C>;
  using F = typename Base::F;
  using V = typename Lanes::V;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  template <int K>
  using Curve = math::LaneCurve<F, C, K>;
  using Points = typename Curve<1>::Points;
  using DigitWords = typename Curve<1>::DigitWords;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr int kGroups = Base::kGroups;
  static constexpr Number kOrder = C::Order::kModulus;

  static_assert(sizeof(KnownPoint::rows) == kTables * kEntries * sizeof(math::PointRow));

  // ---- Tables

  /// Multiples of a comb's teeth: once of each, then twice of all but the last.
  template <unsigned kOf>
  using Teeth = std::array<Points, 2 * kOf - 1>;

  /// `out` are combs of p, each `between` bits above the one before; p is lost.
  template <unsigned kOf, std::size_t kMany>
  WUSONG_LANE_CALL static void find_teeth(Points& p, unsigned apart, unsigned between,
                                          std::array<Teeth<kOf>, kMany>& out) noexcept {
    const unsigned last = (kOf - 1) * apart + static_cast<unsigned>(kMany - 1) * between;
    for (unsigned bit = 0;; ++bit) {
      for (unsigned table = 0; table < kMany; ++table) {
        for (unsigned tooth = 0; tooth < kOf; ++tooth) {
          const unsigned at = tooth * apart + table * between;
          if (bit == at) out[table][tooth] = p;
          if (tooth + 1 < kOf && bit == at + 1) out[table][kOf + tooth] = p;
        }
      }
      if (bit == last) return;
      Curve<1>::template double_points<true>(p);
    }
  }
  /// Z of each becomes one. @source Montgomery's trick, in each lane
  WUSONG_LANE_CALL static void normalise(std::span<Points> points) noexcept {
    Fe product = F::one();
    for (Points& p : points) {
      p.w.v[0] = product;
      product = F::product(product, p.z.v[0]);
    }
    F::invert(product);
    for (std::size_t i = points.size(); i-- > 0;) {
      Points& p = points[i];
      const Fe inverse = F::product(product, p.w.v[0]);
      product = F::product(product, p.z.v[0]);
      const Fe square = F::square(inverse);
      p.x.v[0] = F::product(p.x.v[0], square);
      p.y.v[0] = F::product(p.y.v[0], F::product(square, inverse));
      p.z.v[0] = F::one();
    }
  }
  WUSONG_LANE_INLINE static typename Curve<1>::Addends addend(const Points& p,
                                                              bool is_negative) noexcept {
    typename Curve<1>::Addends out;
    out.x = p.x;
    out.y = p.y;
    out.negative[0] = Lanes::mask_of(is_negative ? Base::kAllLanes : 0);
    return out;
  }
  /// The entries of normalised teeth: a bit of an entry's place says whether its tooth counts for
  /// or against.
  template <unsigned kOf>
  WUSONG_LANE_CALL static void find_entries(const Teeth<kOf>& teeth,
                                            std::span<Points> out) noexcept {
    Points& first = out[0];
    first = teeth[kOf - 1];
    for (unsigned tooth = 0; tooth + 1 < kOf; ++tooth)
      Curve<1>::add_points(first, addend(teeth[tooth], true), first.z);
    for (unsigned tooth = 0; tooth + 1 < kOf; ++tooth) {
      const auto twice = addend(teeth[kOf + tooth], false);
      const std::size_t bit = std::size_t{1} << tooth;
      for (std::size_t i = 0; i < bit; ++i) {
        out[bit + i] = out[i];
        Curve<1>::add_points(out[bit + i], twice, out[bit + i].z);
      }
    }
  }
  WUSONG_LANE_CALL static void store(const Points& p,
                                     math::PointRow* const (&to)[kCount]) noexcept {
    V x[4];
    V y[4];
    F::to_words(F::reduced(p.x.v[0]), x);
    F::to_words(F::reduced(p.y.v[0]), y);
    Lanes::store_row(to, {x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]});
  }

  struct Generator {
    math::PointRow entry[kGeneratorEntries];
  };
  struct GeneratorWork {
    std::array<Teeth<kGeneratorTeeth>, 1> teeth;
    std::array<Points, kGeneratorEntries> entries;
  };
  WUSONG_LANE_CALL static void fill(GeneratorWork& work, Generator& out) noexcept {
    Points p;
    Base::load_generator(p);
    find_teeth<kGeneratorTeeth>(p, kColumns, 0, work.teeth);
    normalise(work.teeth[0]);
    find_entries<kGeneratorTeeth>(work.teeth[0], work.entries);
    normalise(work.entries);
    for (std::size_t i = 0; i < kGeneratorEntries; ++i) {  // all lanes hold the same
      math::PointRow* to[kCount];
      for (auto& lane : to) lane = out.entry + i;
      store(work.entries[i], to);
    }
  }
  static std::unique_ptr<Generator> make_generator() noexcept {
    auto out = std::make_unique_for_overwrite<Generator>();
    fill(*std::make_unique_for_overwrite<GeneratorWork>(), *out);
    return out;
  }
  static const Generator& generator() noexcept {
    static const std::unique_ptr<Generator> kShared = make_generator();
    return *kShared;
  }

  struct Work {
    Words x;
    Words y;
    std::array<Teeth<kTeeth>, kTables> teeth;
    std::array<Points, kTables * kEntries> entries;
  };
  /// Which are on the curve, a bit a lane.
  WUSONG_LANE_CALL static unsigned prepare_group(Work& work,
                                                 math::PointRow* const (&rows)[kCount]) noexcept {
    Points p;
    p.x.v[0] = F::to_montgomery(F::load(work.x));
    p.y.v[0] = F::to_montgomery(F::load(work.y));
    p.z.v[0] = F::one();
    p.w.v[0] = Curve<1>::a();
    const unsigned on_curve = Lanes::bits_of(Curve<1>::is_on_curve(p.x.v[0], p.y.v[0]));
    find_teeth<kTeeth>(p, kSpacing, kColumns, work.teeth);
    for (auto& each : work.teeth) normalise(each);
    for (unsigned table = 0; table < kTables; ++table)
      find_entries<kTeeth>(work.teeth[table],
                           std::span{work.entries}.subspan(table * kEntries, kEntries));
    normalise(work.entries);
    for (std::size_t i = 0; i < kTables * kEntries; ++i) {
      math::PointRow* to[kCount];
      for (std::size_t lane = 0; lane < kCount; ++lane) to[lane] = rows[lane] + i;
      store(work.entries[i], to);
    }
    return on_curve;
  }
  static void prepare(std::span<const PlainPoint> keys, std::span<KnownPoint* const> out) noexcept {
    const auto work = std::make_unique_for_overwrite<Work>();
    const auto spare = std::make_unique_for_overwrite<KnownPoint>();
    for (std::size_t first = 0; first < keys.size(); first += kCount) {
      math::PointRow* rows[kCount];
      for (std::size_t lane = 0; lane < kCount; ++lane) {
        // Lanes that nobody needs repeat the first.
        const bool is_used = first + lane < keys.size();
        const PlainPoint& key = keys[is_used ? first + lane : first];
        work->x.set(lane, key.x);
        work->y.set(lane, key.y);
        KnownPoint& to = is_used ? *out[first + lane] : *spare;
        to.point = key;
        rows[lane] = reinterpret_cast<math::PointRow*>(to.rows.data());
      }
      const unsigned on_curve = prepare_group(*work, rows);
      for (std::size_t lane = 0; lane < kCount && first + lane < keys.size(); ++lane)
        out[first + lane]->is_on_curve = (on_curve >> lane & 1) != 0;
    }
  }

  // ---- Equations

  template <int K>
  struct Checks {
    DigitWords u1[K];
    DigitWords u2[K];
    Words r[2][K];
    const math::PointRow* rows[K][kCount];
  };
  struct Verdicts {
    unsigned equal;
    unsigned exceptional;
  };
  template <int K, unsigned kOf, unsigned kApart>
  WUSONG_LANE_INLINE static void read(const math::PointRow* const (&base)[kCount],
                                      const DigitWords& digits, unsigned column, int k,
                                      typename Curve<K>::Addends& out) noexcept {
    const auto digit = math::comb_digit_at<Lanes, kOf, kApart>(digits, column);
    V words[8];
    Lanes::row(base, digit.index, words);
    Curve<K>::unpack(words, out.x.v[k], out.y.v[k]);
    out.negative[k] = digit.negative;
  }
  template <int K>
  WUSONG_LANE_CALL static void look_up_generator(const Checks<K>& e, unsigned column,
                                                 typename Curve<K>::Addends& out) noexcept {
    const math::PointRow* base[kCount];
    for (auto& each : base) each = generator().entry;
    for (int k = 0; k < K; ++k) read<K, kGeneratorTeeth, kColumns>(base, e.u1[k], column, k, out);
  }
  template <int K>
  WUSONG_LANE_CALL static void look_up_key(const Checks<K>& e, unsigned table, unsigned column,
                                           typename Curve<K>::Addends& out) noexcept {
    for (int k = 0; k < K; ++k) {
      const math::PointRow* base[kCount];
      for (std::size_t lane = 0; lane < kCount; ++lane)
        base[lane] = e.rows[k][lane] + table * kEntries;
      read<K, kTeeth, kSpacing>(base, e.u2[k], column + table * kColumns, k, out);
    }
  }
  template <int K>
  WUSONG_LANE_CALL static void check_groups(const Checks<K>& e, Verdicts* verdicts) noexcept {
    using G = Curve<K>;
    typename G::Elements a;
    for (auto& each : a.v) each = G::a();
    typename G::Addends addend;
    look_up_generator<K>(e, kColumns - 1, addend);
    auto sum = G::points(addend);
    for (unsigned column = kColumns; column-- > 0;) {
      if (column + 1 != kColumns) {
        G::refresh(sum, a);
        G::template double_points<false>(sum);
        look_up_generator<K>(e, column, addend);
        G::add_points(sum, addend, sum.z);
      }
      for (unsigned table = 0; table < kTables && column + table * kColumns < kSpacing; ++table) {
        look_up_key<K>(e, table, column, addend);
        G::add_points(sum, addend, sum.z);
      }
    }
    for (int k = 0; k < K; ++k) {
      const Fe& z = sum.z.v[k];
      const Fe zz = F::square(z);
      verdicts[k].equal =
          Equations::has_x(e.r[0][k], sum.x.v[k], zz) | Equations::has_x(e.r[1][k], sum.x.v[k], zz);
      verdicts[k].exceptional = Lanes::bits_of(F::is_zero(z));
    }
  }
  template <int K>
  static void check_some(std::span<const KnownEquation> equations, std::span<Holds> out) noexcept {
    Checks<K> e;
    for (std::size_t i = 0; i < K * kCount; ++i) {  // lanes that nobody needs repeat the first
      const KnownEquation& from = equations[i < equations.size() ? i : 0];
      const std::size_t k = i / kCount;
      const std::size_t lane = i % kCount;
      e.u1[k].set(lane, math::signed_digits(from.u1, kOrder, kColumns));
      e.u2[k].set(lane, math::signed_digits(from.u2, kOrder, kTeeth));
      e.r[0][k].set(lane, from.r);
      e.r[1][k].set(lane, Equations::other_abscissa(from.r));
      e.rows[k][lane] = reinterpret_cast<const math::PointRow*>(from.key->rows.data());
    }
    Verdicts verdicts[K];
    check_groups<K>(e, verdicts);
    for (std::size_t i = 0; i < equations.size(); ++i) {
      const Verdicts& v = verdicts[i / kCount];
      const std::size_t lane = i % kCount;
      const KnownEquation& from = equations[i];
      const bool holds =
          (v.exceptional >> lane & 1) != 0
              ? Equations::check_complete({from.key->point, from.u1, from.u2, from.r})
              : (v.equal >> lane & 1) != 0;
      out[i] = holds ? Holds::yes : Holds::no;
    }
  }
  static void check(std::span<const KnownEquation> equations, std::span<Holds> out) noexcept {
    constexpr std::size_t kMost = kGroups * kCount;
    while (equations.size() > kCount) {
      const std::size_t count = std::min(kMost, equations.size());
      check_some<kGroups>(equations.first(count), out.first(count));
      equations = equations.subspan(count);
      out = out.subspan(count);
    }
    if (!equations.empty()) check_some<1>(equations, out);
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
