// SPDX-License-Identifier: Apache-2.0
// The scalars of signatures, for any lanes: what SM2 and ECDSA make of a nonce and its point.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>

#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/math/lane_field.hpp"

namespace wusong::crypto::internal {
namespace {

/// Equations in lanes; `secret`, `check` and `inverse` in Montgomery's form.
template <typename F>
struct SigningGroup {
  using Fe = typename F::Fe;
  Fe nonce;
  Fe digest;
  Fe x;
  Fe secret;
  Fe check;
  Fe inverse;  // of the nonce, where it is asked for
  Fe before;
};

/// r = e + x, s = (k + r) / (1 + d) - r, which is (k - r d) / (1 + d). Secret 1 / (1 + d), check
/// 1 + d. @source GB/T 32918.2-2016, section 6.1
struct Sm2Rule {
  [[maybe_unused]] static constexpr bool kInvertsNonce = false;

  template <typename F>
  WUSONG_LANE_INLINE static typename F::Fe nonce_and_r(const SigningGroup<F>& from,
                                                       const typename F::Fe& r) noexcept {
    return F::carried(F::add(F::sum(from.nonce), F::sum(r)));
  }
  template <typename F>
  WUSONG_LANE_INLINE static unsigned make(const SigningGroup<F>& from, typename F::Fe& r,
                                          typename F::Fe& s) noexcept {
    r = F::reduced(F::carried(F::add(F::sum(from.digest), F::sum(from.x))));
    const auto both = nonce_and_r<F>(from, r);
    s = F::reduced(F::minus(F::product(from.secret, both), r));
    return ~F::L::bits_of(F::is_zero(both));
  }
  template <typename F>
  WUSONG_LANE_INLINE static unsigned holds(const SigningGroup<F>& from, const typename F::Fe& r,
                                           const typename F::Fe& s) noexcept {
    const auto back = F::product(from.check, F::carried(F::add(F::sum(s), F::sum(r))));
    return F::L::bits_of(F::is_equal(back, nonce_and_r<F>(from, r))) &
           F::L::bits_of(F::is_equal(F::minus(r, from.digest), from.x));
  }
};

/// r = x, s = (e + r d) / k. Secret d, check n - d. @source FIPS 186-5, section 6.4.1
struct EcdsaRule {
  [[maybe_unused]] static constexpr bool kInvertsNonce = true;

  template <typename F>
  WUSONG_LANE_INLINE static unsigned make(const SigningGroup<F>& from, typename F::Fe& r,
                                          typename F::Fe& s) noexcept {
    r = F::reduced(from.x);
    const auto sum = F::carried(F::add(F::sum(from.digest), F::times(from.secret, r)));
    s = F::reduced(F::product(from.inverse, sum));
    return ~0u;
  }
  template <typename F>
  WUSONG_LANE_INLINE static unsigned holds(const SigningGroup<F>& from, const typename F::Fe& r,
                                           const typename F::Fe& s) noexcept {
    const auto back = F::product(F::to_montgomery(from.nonce), s);
    const auto sum = F::settled(F::add(F::sum(back), F::times(from.check, r)));
    return F::L::bits_of(F::is_equal(sum, from.digest)) & F::L::bits_of(F::is_equal(r, from.x));
  }
};

template <typename Lanes, typename C, typename Rule>
struct CurveScalars {
  using F = math::LaneField<Lanes, typename C::Order>;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  using Group = SigningGroup<F>;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr unsigned kAllLanes = (1u << kCount) - 1;
  /// Equations that share an inversion.
  static constexpr std::size_t kBlock = 256;

  /// Tells the secrets, so it is wiped.
  struct Work {
    std::unique_ptr<Group[]> groups;
    std::size_t count;
    Words words;

    explicit Work(std::size_t equations) noexcept
        : groups{std::make_unique_for_overwrite<Group[]>((equations + kCount - 1) / kCount)},
          count{(equations + kCount - 1) / kCount} {}
    ~Work() {
      std::memset(static_cast<void*>(groups.get()), 0, count * sizeof(Group));
      std::memset(static_cast<void*>(&words), 0, sizeof(words));
      asm volatile("" : : "r"(groups.get()), "r"(this) : "memory");
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
  };

  /// One number of each of a group's equations; the last one fills the lanes.
  template <typename From>
  WUSONG_LANE_INLINE static Fe gather(std::span<const From> from, std::size_t group,
                                      Number From::* which, Words& words) noexcept {
    for (std::size_t lane = 0; lane < kCount; ++lane)
      words.set(lane, from[std::min(group * kCount + lane, from.size() - 1)].*which);
    return F::load(words);
  }
  WUSONG_LANE_CALL static void load(std::span<const SigningEquation> equations,
                                    Work& work) noexcept {
    using E = SigningEquation;
    for (std::size_t i = 0; i < work.count; ++i) {
      Group& group = work.groups[i];
      group.nonce = gather(equations, i, &E::nonce, work.words);
      group.digest = gather(equations, i, &E::digest, work.words);
      group.x = gather(equations, i, &E::x, work.words);
      group.secret = F::to_montgomery(gather(equations, i, &E::secret, work.words));
      group.check = F::to_montgomery(gather(equations, i, &E::check, work.words));
    }
  }
  /// The inverses of all nonces, none of which is zero.
  /// @source Montgomery's trick, group by group in each lane
  WUSONG_LANE_CALL static void invert_nonces(Work& work) noexcept {
    Fe product = F::one();
    for (std::size_t i = 0; i < work.count; ++i) {
      Group& group = work.groups[i];
      group.before = product;
      group.inverse = F::to_montgomery(group.nonce);
      product = F::product(product, group.inverse);
    }
    F::invert(product);
    for (std::size_t i = work.count; i-- > 0;) {
      Group& group = work.groups[i];
      const Fe inverse = F::product(product, group.before);
      product = F::product(product, group.inverse);
      group.inverse = inverse;
    }
  }

  WUSONG_LANE_CALL static void sign_block(std::span<const SigningEquation> equations,
                                          std::span<SignatureParts> out) noexcept {
    Work work{equations.size()};
    load(equations, work);
    if constexpr (Rule::kInvertsNonce) invert_nonces(work);
    for (std::size_t i = 0; i < work.count; ++i) {
      Fe r;
      Fe s;
      const unsigned usable = Rule::template make<F>(work.groups[i], r, s) &
                              ~Lanes::bits_of(F::is_zero(r)) & ~Lanes::bits_of(F::is_zero(s));
      Words r_words;
      Words s_words;
      F::store(r, r_words);
      F::store(s, s_words);
      for (std::size_t lane = 0; lane < kCount && i * kCount + lane < out.size(); ++lane)
        out[i * kCount + lane] = {r_words.get(lane), s_words.get(lane), (usable >> lane & 1) != 0};
    }
  }
  static void sign(std::span<const SigningEquation> equations,
                   std::span<SignatureParts> out) noexcept {
    for (std::size_t first = 0; first < equations.size(); first += kBlock) {
      const std::size_t count = std::min(kBlock, equations.size() - first);
      sign_block(equations.subspan(first, count), out.subspan(first, count));
    }
  }

  WUSONG_LANE_CALL static bool are_signed(std::span<const SigningEquation> equations,
                                          std::span<const SignatureParts> parts) noexcept {
    unsigned is_right = kAllLanes;
    for (std::size_t first = 0; first < equations.size(); first += kBlock) {
      const std::size_t count = std::min(kBlock, equations.size() - first);
      const auto parts_here = parts.subspan(first, count);
      Work work{count};
      load(equations.subspan(first, count), work);
      for (std::size_t i = 0; i < work.count; ++i) {
        const Fe r = gather(parts_here, i, &SignatureParts::r, work.words);
        const Fe s = gather(parts_here, i, &SignatureParts::s, work.words);
        is_right &= Rule::template holds<F>(work.groups[i], r, s);
      }
    }
    return is_right == kAllLanes;
  }

  /// @source FIPS 186-5, section 6.4.2
  WUSONG_LANE_CALL static void divide(std::span<const EcdsaNumbers> from,
                                      std::span<PointEquation> out) noexcept {
    using E = EcdsaNumbers;
    for (std::size_t first = 0; first < from.size(); first += kBlock) {
      const std::size_t count = std::min(kBlock, from.size() - first);
      const auto here = from.subspan(first, count);
      Work work{count};
      for (std::size_t i = 0; i < work.count; ++i)
        work.groups[i].nonce = gather(here, i, &E::s, work.words);
      invert_nonces(work);
      for (std::size_t i = 0; i < work.count; ++i) {
        const Fe& inverse = work.groups[i].inverse;
        Words u1;
        Words u2;
        F::store(F::product(inverse, gather(here, i, &E::digest, work.words)), u1);
        F::store(F::product(inverse, gather(here, i, &E::r, work.words)), u2);
        for (std::size_t lane = 0; lane < kCount && i * kCount + lane < count; ++lane) {
          PointEquation& equation = out[first + i * kCount + lane];
          equation.u1 = u1.get(lane);
          equation.u2 = u2.get(lane);
          equation.r = here[i * kCount + lane].r;
        }
      }
    }
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
