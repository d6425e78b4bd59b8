// SPDX-License-Identifier: Apache-2.0
// s B - k A where the key has been seen before, for any lanes: by the combs that curve_known.hpp
// describes, with complete additions. Variable time.
#pragma once

#include <vector>

#include "wusong/crypto/internal/ed25519_equations.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes>
struct Ed25519KnownKeys : math::CombShape<kKnownTeeth, kKnownTables> {
  using Base = Ed25519Base<Lanes>;
  using Equations = Ed25519Equations<Lanes>;
  using F = typename Base::F;
  using Fe = typename F::Fe;
  using Group = typename Base::Group;
  template <int K>
  using Curve = math::LaneEdwards<F, Ed25519Curve, K>;
  using Points = typename Curve<1>::Points;
  using Addends = typename Curve<1>::Addends;
  using DigitWords = typename Curve<1>::DigitWords;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr int kGroups = Base::kGroups;
  static constexpr Number kOrder = Ed25519Curve::Order::kModulus;

  using GeneratorRows = math::EdwardsRows<kGeneratorEntries>;
  using KeyRows = math::EdwardsRows<kTables * kEntries>;
  static_assert(sizeof(KeyRows) == sizeof(Ed25519Known::rows));

  // ---- Tables: all entries with Z = 1

  /// The entries of one table of p, whose teeth stand so many bits apart, made affine.
  template <unsigned kOf>
  WUSONG_LANE_CALL static void find_entries(const Points& of, unsigned apart,
                                            std::span<Group> out) noexcept {
    using G = Curve<1>;
    Points p = of;
    Points last;
    Addends twice[kOf - 1];
    Addends once[kOf - 1];
    for (unsigned tooth = 0; tooth < kOf; ++tooth) {
      for (unsigned bit = 0; tooth != 0 && bit < apart; ++bit) G::template double_points<true>(p);
      if (tooth + 1 == kOf) {
        last = p;
        break;
      }
      Points doubled = p;
      G::template double_points<true>(doubled);
      once[tooth].v[0] = G::negated_where(G::addend(p.v[0]), Lanes::mask_of(Equations::kAllLanes));
      twice[tooth].v[0] = G::addend(doubled.v[0]);
    }
    for (const Addends& each : once) G::template add_points<false, true>(last, each);
    out[0].point = last.v[0];
    for (unsigned tooth = 0; tooth + 1 < kOf; ++tooth) {
      const std::size_t bit = std::size_t{1} << tooth;
      for (std::size_t i = 0; i < bit; ++i) {
        Points sum;
        sum.v[0] = out[i].point;
        G::template add_points<false, true>(sum, twice[tooth]);
        out[bit + i].point = sum.v[0];
      }
    }
  }
  template <std::size_t kMany>
  WUSONG_LANE_CALL static void store(std::span<Group> entries,
                                     math::EdwardsRows<kMany>* const (&to)[kCount]) noexcept {
    Base::normalise(entries);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto& p = entries[i].point;
      p.t = F::product(p.x, p.y);
      Curve<1>::store(Curve<1>::addend(p), to, i);
    }
  }
  WUSONG_LANE_CALL static std::unique_ptr<GeneratorRows> make_generator() noexcept {
    auto out = std::make_unique_for_overwrite<GeneratorRows>();
    std::vector<Group> entries(kGeneratorEntries);
    Points p;
    p.v[0] = Curve<1>::generator();
    find_entries<kGeneratorTeeth>(p, kColumns, entries);
    GeneratorRows* to[kCount];
    for (auto& lane : to) lane = out.get();  // all hold the same
    store(std::span{entries}, to);
    return out;
  }
  static const GeneratorRows& generator() noexcept {
    static const std::unique_ptr<GeneratorRows> kShared = make_generator();
    return *kShared;
  }
  /// Of affine keys as Ed25519Equations::prepare leaves them: 4 times its coordinates are sums of
  /// what is in the first row.
  WUSONG_LANE_CALL static void make_group(const typename Equations::KeyRows* const (&keys)[kCount],
                                          std::span<Group> entries,
                                          KeyRows* const (&to)[kCount]) noexcept {
    using G = Curve<1>;
    const auto from = G::read(keys, {Lanes::all(0), Lanes::mask_of(0)});
    const Fe x2 = F::minus(from.plus, from.minus);
    const Fe y2 = F::plus(from.plus, from.minus);
    Points p;
    p.v[0] = {F::plus(x2, x2), F::plus(y2, y2), G::twice(G::twice(F::one())), F::product(x2, y2)};
    for (unsigned table = 0; table < kTables; ++table) {
      if (table != 0) {
        for (unsigned bit = 0; bit < kColumns; ++bit) G::template double_points<true>(p);
      }
      find_entries<kTeeth>(p, kSpacing, entries.subspan(table * kEntries, kEntries));
    }
    store(entries, to);
  }
  static void make(std::span<const Ed25519Key* const> keys,
                   std::span<Ed25519Known* const> out) noexcept {
    std::vector<Group> entries(kTables * kEntries);
    const auto spare = std::make_unique_for_overwrite<Ed25519Known>();
    for (std::size_t first = 0; first < keys.size(); first += kCount) {
      const typename Equations::KeyRows* from[kCount];
      KeyRows* to[kCount];
      for (std::size_t lane = 0; lane < kCount; ++lane) {
        // Lanes that nobody needs repeat the first.
        const bool is_used = first + lane < keys.size();
        from[lane] = reinterpret_cast<const typename Equations::KeyRows*>(
            keys[is_used ? first + lane : first]->rows.data());
        to[lane] =
            reinterpret_cast<KeyRows*>((is_used ? out[first + lane] : spare.get())->rows.data());
      }
      make_group(from, entries, to);
    }
  }

  // ---- s B - k A

  template <int K>
  WUSONG_LANE_CALL static void combine_groups(std::span<const Ed25519KnownEquation> equations,
                                              Group* groups) noexcept {
    using G = Curve<K>;
    const GeneratorRows* base[kCount];
    for (auto& each : base) each = &generator();
    DigitWords s[K];
    DigitWords k_digits[K];
    const math::EdwardsRows<kEntries>* keys[kTables][K][kCount];
    for (std::size_t i = 0; i < K * kCount; ++i) {  // lanes that nobody needs repeat the first
      const Ed25519KnownEquation& each = equations[i < equations.size() ? i : 0];
      s[i / kCount].set(i % kCount, math::signed_digits(each.s, kOrder, kColumns));
      k_digits[i / kCount].set(i % kCount, math::signed_digits(each.k, kOrder, kTeeth));
      const auto* const rows =
          reinterpret_cast<const math::EdwardsRows<kEntries>*>(each.key->rows.data());
      for (unsigned table = 0; table < kTables; ++table)
        keys[table][i / kCount][i % kCount] = rows + table;
    }
    typename G::Points sum;
    typename G::Addends entry;
    for (auto& each : sum.v) each = G::neutral();
    for (unsigned column = kColumns; column-- > 0;) {
      if (column + 1 != kColumns) G::template double_points<true>(sum);
      for (int k = 0; k < K; ++k)
        entry.v[k] =
            G::read(base, math::comb_digit_at<Lanes, kGeneratorTeeth, kColumns>(s[k], column));
      G::template add_points<true, true>(sum, entry);
      for (unsigned table = 0; table < kTables && column + table * kColumns < kSpacing; ++table) {
        for (int k = 0; k < K; ++k)
          entry.v[k] = G::read(keys[table][k], math::comb_digit_at<Lanes, kTeeth, kSpacing>(
                                                   k_digits[k], column + table * kColumns));
        G::template add_points<true, true>(sum, entry);
      }
    }
    for (int k = 0; k < K; ++k) groups[k].point = {sum.v[k].x, sum.v[k].y, sum.v[k].z, sum.v[k].t};
  }
  static void combine(std::span<const Ed25519KnownEquation> equations,
                      std::span<Encoded> out) noexcept {
    Equations::template combine_all<Ed25519KnownEquation>(equations, out, combine_groups<kGroups>,
                                                          combine_groups<1>);
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
