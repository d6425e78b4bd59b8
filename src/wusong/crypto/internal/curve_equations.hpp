// SPDX-License-Identifier: Apache-2.0
// Equations between points that everybody may know, for any lanes: signatures are verified by them.
// Variable time.
//
// The key's and the generator's multiples share their doublings. What meets an exception of the
// additions is done again with complete ones.
#pragma once

#include "wusong/crypto/internal/curve_base.hpp"

namespace wusong::crypto::internal {
namespace {

/// Windows of a multiple of the generator and of a key.
inline constexpr unsigned kGeneratorWindow = 8;
inline constexpr unsigned kKeyWindow = 5;

template <typename Lanes, typename C>
struct CurveEquations {
  using Base = CurveBase<Lanes, C>;
  using F = typename Base::F;
  using V = typename Lanes::V;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  template <int K>
  using Curve = math::LaneCurve<F, C, K>;
  using DigitWords = typename Curve<1>::DigitWords;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr int kGroups = Base::kGroups;
  static constexpr Number kOrder = C::Order::kModulus;

  struct Generator {
    math::PointRow odd[std::size_t{1} << (kGeneratorWindow - 1)];
  };
  WUSONG_LANE_CALL static std::unique_ptr<Generator> make_generator() noexcept {
    constexpr std::size_t kEntries = std::size_t{1} << (kGeneratorWindow - 1);
    auto out = std::make_unique<Generator>();
    auto work = std::make_unique<typename Curve<1>::template Multiples<kEntries>>();
    math::PointRow* to[1][kCount];
    for (auto& lane : to[0]) lane = out->odd;
    typename Curve<1>::Points p;
    Base::load_generator(p);
    auto shared_z = Base::elements(F::one());
    Curve<1>::template odd_multiples<true>(p.x, p.y, *work, to, shared_z);
    return out;
  }
  static const Generator& generator() noexcept {
    static const std::unique_ptr<Generator> kShared = make_generator();
    return *kShared;
  }

  static constexpr std::size_t kKeyEntries = std::size_t{1} << (kKeyWindow - 1);

  template <int K>
  struct Equations {
    DigitWords u1[K];
    DigitWords u2[K];
    Words x[K];
    Words y[K];
    Words r[2][K];  // r, and its other abscissa
    math::PointRow table[K][kCount][kKeyEntries];
    typename Curve<K>::template Multiples<kKeyEntries> work;

    void set(int k, std::size_t lane, const PointEquation& from) noexcept {
      u1[k].set(lane, math::signed_digits(from.u1, kOrder, kGeneratorWindow));
      u2[k].set(lane, math::signed_digits(from.u2, kOrder, kKeyWindow));
      x[k].set(lane, from.key.x);
      y[k].set(lane, from.key.y);
      r[0][k].set(lane, from.r);
      r[1][k].set(lane, other_abscissa(from.r));
    }
  };
  /// r + n where that is below the prime, else r.
  static Number other_abscissa(const Number& r) noexcept {
    Number beyond = r;
    const bool fits =
        math::add_in_place(beyond, kOrder) == 0 && math::less(beyond, F::Prime::kModulus);
    return fits ? beyond : r;
  }
  struct Verdicts {
    unsigned on_curve;
    unsigned equal;
    unsigned exceptional;
  };

  template <int K>
  WUSONG_LANE_CALL static void check_groups(Equations<K>& e, Verdicts* verdicts) noexcept {
    using G = Curve<K>;
    typename G::Elements x;
    typename G::Elements y;
    math::PointRow* rows[K][kCount];
    for (int k = 0; k < K; ++k) {
      x.v[k] = F::to_montgomery(F::load(e.x[k]));
      y.v[k] = F::to_montgomery(F::load(e.y[k]));
      verdicts[k].on_curve = Lanes::bits_of(G::is_on_curve(x.v[k], y.v[k]));
      for (std::size_t lane = 0; lane < kCount; ++lane) rows[k][lane] = e.table[k][lane];
    }
    typename G::Elements shared_z;
    G::template odd_multiples<false>(x, y, e.work, rows, shared_z);
    typename G::Elements a;  // of the curve that the table is on
    for (int k = 0; k < K; ++k) a.v[k] = F::product(G::a(), F::square(F::square(shared_z.v[k])));

    typename G::Addends addend;
    constexpr unsigned kTop = math::digit_bits(kGeneratorWindow) - kGeneratorWindow;
    constexpr unsigned kKeyTop = math::digit_bits(kKeyWindow) - kKeyWindow;
    static_assert(kTop >= kKeyTop);
    look_up_generator<K>(e, kTop, addend);
    // The generator's first point, carried over to the table's curve.
    for (int k = 0; k < K; ++k) {
      const Fe square = F::square(shared_z.v[k]);
      addend.x.v[k] = F::product(addend.x.v[k], square);
      addend.y.v[k] = F::product(addend.y.v[k], F::product(square, shared_z.v[k]));
    }
    auto sum = G::points(addend);
    sum.w = a;
    for (unsigned bit = kTop; bit-- > 0;) {
      const bool adds = bit % kKeyWindow == 0 || bit % kGeneratorWindow == 0;
      if (adds) {
        G::template double_points<false>(sum);
      } else {
        G::template double_points<true>(sum);
      }
      if (bit % kKeyWindow == 0 && bit <= kKeyTop) {
        look_up_key<K>(e, bit, addend);
        G::add_points(sum, addend, sum.z);
      }
      if (bit % kGeneratorWindow == 0) {
        look_up_generator<K>(e, bit, addend);
        typename G::Elements scale;
        for (int k = 0; k < K; ++k) scale.v[k] = F::product(sum.z.v[k], shared_z.v[k]);
        G::add_points(sum, addend, scale);
      }
      if (adds) G::refresh(sum, a);
    }
    for (int k = 0; k < K; ++k) {
      const Fe z = F::product(sum.z.v[k], shared_z.v[k]);
      const Fe zz = F::square(z);
      verdicts[k].equal = has_x(e.r[0][k], sum.x.v[k], zz) | has_x(e.r[1][k], sum.x.v[k], zz);
      verdicts[k].exceptional = Lanes::bits_of(F::is_zero(z));
    }
  }
  WUSONG_LANE_INLINE static unsigned has_x(const Words& x, const Fe& from, const Fe& zz) noexcept {
    return Lanes::bits_of(F::is_equal(F::product(F::to_montgomery(F::load(x)), zz), from));
  }
  template <int K>
  WUSONG_LANE_CALL static void look_up_generator(const Equations<K>& e, unsigned bit,
                                                 typename Curve<K>::Addends& out) noexcept {
    const math::PointRow* base[kCount];
    for (auto& each : base) each = generator().odd;
    for (int k = 0; k < K; ++k) read<K, kGeneratorWindow>(base, e.u1[k], bit, k, out);
  }
  template <int K>
  WUSONG_LANE_CALL static void look_up_key(const Equations<K>& e, unsigned bit,
                                           typename Curve<K>::Addends& out) noexcept {
    for (int k = 0; k < K; ++k) {
      const math::PointRow* base[kCount];
      for (std::size_t lane = 0; lane < kCount; ++lane) base[lane] = e.table[k][lane];
      read<K, kKeyWindow>(base, e.u2[k], bit, k, out);
    }
  }
  template <int K, unsigned kWindow>
  WUSONG_LANE_INLINE static void read(const math::PointRow* const (&base)[kCount],
                                      const DigitWords& digits, unsigned bit, int k,
                                      typename Curve<K>::Addends& out) noexcept {
    const auto digit = math::digit_at<Lanes, kWindow>(digits, bit);
    V words[8];
    Lanes::row(base, digit.index, words);
    Curve<K>::unpack(words, out.x.v[k], out.y.v[k]);
    out.negative[k] = digit.negative;
  }

  template <int K>
  static void check_some(std::span<const PointEquation> equations, std::span<Holds> out) noexcept {
    Equations<K> e;
    for (std::size_t i = 0; i < K * kCount; ++i)  // lanes that nobody needs repeat the first
      e.set(static_cast<int>(i / kCount), i % kCount, equations[i < equations.size() ? i : 0]);
    Verdicts verdicts[K];
    check_groups<K>(e, verdicts);
    for (std::size_t i = 0; i < equations.size(); ++i) {
      const Verdicts& v = verdicts[i / kCount];
      const std::size_t lane = i % kCount;
      if ((v.on_curve >> lane & 1) == 0) {
        out[i] = Holds::bad_key;
      } else if ((v.exceptional >> lane & 1) != 0) {
        out[i] = check_complete(equations[i]) ? Holds::yes : Holds::no;
      } else {
        out[i] = (v.equal >> lane & 1) != 0 ? Holds::yes : Holds::no;
      }
    }
  }
  static void check(std::span<const PointEquation> equations, std::span<Holds> out) noexcept {
    constexpr std::size_t kMost = kGroups * kCount;
    while (equations.size() > kCount) {
      const std::size_t count = std::min(kMost, equations.size());
      check_some<kGroups>(equations.first(count), out.first(count));
      equations = equations.subspan(count);
      out = out.subspan(count);
    }
    if (!equations.empty()) check_some<1>(equations, out);
  }

  /// Bit by bit with complete additions: for what meets an exception, which only someone who chose
  /// the key and the scalars for it can bring about. The key is on the curve.
  WUSONG_LANE_CALL static bool check_complete(const PointEquation& equation) noexcept {
    using G = Curve<1>;
    typename G::Projective sum;
    sum.x.v[0] = F::zero();
    sum.y.v[0] = F::one();
    sum.z.v[0] = F::zero();
    typename G::Projective base;
    base.x.v[0] = F::constant(F::Prime::montgomery(C::kX));
    base.y.v[0] = F::constant(F::Prime::montgomery(C::kY));
    base.z.v[0] = F::one();
    typename G::Projective key = base;
    Words words;
    words.fill(equation.key.x);
    key.x.v[0] = F::to_montgomery(F::load(words));
    words.fill(equation.key.y);
    key.y.v[0] = F::to_montgomery(F::load(words));
    for (std::size_t bit = 256; bit-- > 0;) {
      G::add_complete(sum, sum);
      if (math::bit(equation.u1, bit)) G::add_complete(sum, base);
      if (math::bit(equation.u2, bit)) G::add_complete(sum, key);
    }
    if ((Lanes::bits_of(F::is_zero(sum.z.v[0])) & 1) != 0) return false;
    F::invert(sum.z.v[0]);
    F::store(F::from_montgomery(F::product(sum.x.v[0], sum.z.v[0])), words);
    Number x = words.get(0);
    if (!math::less(x, kOrder)) math::subtract_in_place(x, kOrder);
    return x == equation.r;
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
