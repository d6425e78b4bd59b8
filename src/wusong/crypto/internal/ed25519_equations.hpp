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
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr int kGroups = Base::kGroups;
  static constexpr unsigned kAllLanes = (1u << kCount) - 1;
  static constexpr Number kOrder = Ed25519Curve::Order::kModulus;
  static constexpr unsigned kGeneratorWindow = 8;
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
    Curve<1>::odd_multiples(p, rows);
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
    KeyRows rows[K][kCount];
  };

  /// The points with these encodings, and which encode one. @source RFC 8032, section 5.1.3
  template <int K>
  WUSONG_LANE_CALL static void decode(KeyGroups<K>& keys, typename Curve<K>::Points& out) noexcept {
    Fe y[K];
    Fe u[K];
    Fe v[K];
    Fe v3[K];
    Fe x[K];
    for (int k = 0; k < K; ++k) {
      y[k] = F::to_montgomery(F::load(keys.y[k]));
      const Fe yy = F::square(y[k]);
      const Fe d = F::constant(F::Prime::montgomery(Ed25519Curve::kD));
      u[k] = F::minus(yy, F::one());
      v[k] = F::plus(F::product(yy, d), F::one());
      // x = u v^3 (u v^7)^((p - 5) / 8), times a root of -1 where need be.
      v3[k] = F::product(F::square(v[k]), v[k]);
      x[k] = F::product(u[k], F::product(F::square(v3[k]), v[k]));
    }
    F::raise(x, Ed25519Curve::kRootExponent);
    for (int k = 0; k < K; ++k) {
      x[k] = F::product(F::product(u[k], v3[k]), x[k]);
      const Fe vxx = F::product(v[k], F::square(x[k]));
      const Mask is_root = F::is_equal(vxx, u[k]);
      const Mask is_other = F::is_zero(F::plus(vxx, u[k]));
      keys.usable[k] = Lanes::bits_of(is_root) | Lanes::bits_of(is_other);
      const Fe root = F::constant(F::Prime::montgomery(Ed25519Curve::kRootOfMinusOne));
      const Fe turned = F::product(x[k], root);
      const Fe plain = F::reduced(F::from_montgomery(F::chosen(is_root, x[k], turned)));
      // The key is subtracted, so what is wanted is the negative: the other parity.
      const unsigned odd = Lanes::bits_of(Lanes::any_of(plain.l[0], 1));
      const Mask flips = Lanes::mask_of(~(odd ^ keys.odd[k]) & kAllLanes);
      x[k] = F::to_montgomery(F::settled(F::negated_where(F::sum(plain), flips)));
      out.v[k] = {x[k], y[k], F::one(), F::product(x[k], y[k])};
    }
  }

  /// Leaves usable what the order makes neutral: nothing of another subgroup.
  template <int K>
  WUSONG_LANE_CALL static void demand_order(KeyGroups<K>& keys) noexcept {
    using G = Curve<K>;
    DigitWords order;
    order.fill(math::signed_digits(kOrder, Number{}, kKeyWindow));
    const KeyRows* rows[K][kCount];
    for (int k = 0; k < K; ++k)
      for (std::size_t lane = 0; lane < kCount; ++lane) rows[k][lane] = &keys.rows[k][lane];
    typename G::Points sum;
    typename G::Addends entry;
    for (auto& each : sum.v) each = G::neutral();
    for (unsigned bit = math::digit_bits(kKeyWindow); bit-- > 0;) {
      if (bit % kKeyWindow != 0) {
        G::template double_points<false>(sum);
        continue;
      }
      G::template double_points<true>(sum);
      for (int k = 0; k < K; ++k) entry.v[k] = G::template read<kKeyWindow>(rows[k], order, bit);
      G::template add_points<false, false>(sum, entry);
    }
    for (int k = 0; k < K; ++k)
      keys.usable[k] &= Lanes::bits_of(F::is_zero(sum.v[k].x)) &
                        Lanes::bits_of(F::is_equal(sum.v[k].y, sum.v[k].z));
  }

  template <int K>
  static void prepare_groups(std::span<const Encoded> keys,
                             std::span<Ed25519Key* const> out) noexcept {
    const auto work = std::make_unique_for_overwrite<KeyGroups<K>>();
    KeyRows* rows[K][kCount];
    for (unsigned& each : work->odd) each = 0;
    for (std::size_t i = 0; i < K * kCount; ++i) {  // lanes that nobody needs repeat the first
      const std::size_t group = i / kCount;
      const std::size_t lane = i % kCount;
      Number number;
      std::memcpy(number.data(), keys[i < keys.size() ? i : 0].data(), 32);
      work->odd[group] |= static_cast<unsigned>(number[3] >> 63) << lane;
      number[3] &= ~std::uint64_t{0} >> 1;
      work->y[group].set(lane, number);
      rows[group][lane] = &work->rows[group][lane];
    }
    multiply_keys<K>(*work, rows);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::size_t group = i / kCount;
      const std::size_t lane = i % kCount;
      std::memcpy(out[i]->rows.data(), rows[group][lane], sizeof(KeyRows));
      const Number y = work->y[group].get(lane);
      const bool is_canonical = math::less(y, Ed25519Curve::Field::kModulus);
      const bool is_neutral = y == Number{1};  // whose order divides every other
      out[i]->is_valid = (work->usable[group] >> lane & 1) != 0 && is_canonical && !is_neutral;
    }
  }
  template <int K>
  WUSONG_LANE_CALL static void multiply_keys(KeyGroups<K>& keys,
                                             KeyRows* const (&rows)[K][kCount]) noexcept {
    typename Curve<K>::Points p;
    decode<K>(keys, p);
    Curve<K>::odd_multiples(p, rows);
    demand_order<K>(keys);
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
    constexpr unsigned kTop = math::digit_bits(kGeneratorWindow);
    static_assert(kTop >= math::digit_bits(kKeyWindow));
    for (unsigned bit = kTop; bit-- > 0;) {
      const bool key_adds = bit % kKeyWindow == 0 && bit < math::digit_bits(kKeyWindow);
      const bool base_adds = bit % kGeneratorWindow == 0;
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
        G::template add_points<false, true>(sum, entry);
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
