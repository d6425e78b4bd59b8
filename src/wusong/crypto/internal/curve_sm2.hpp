// SPDX-License-Identifier: Apache-2.0
// What SM2 adds to its curve.
#pragma once

#include <cstring>

#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/math/lane_field.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes>
struct Sm2Scalars {
  using F = math::LaneField<Lanes, Sm2Curve::Order>;
  using Fe = typename F::Fe;
  using Words = typename F::Words;
  static constexpr std::size_t kCount = Lanes::kCount;
  static constexpr unsigned kAllLanes = (1u << kCount) - 1;

  struct Group {
    Words nonce;
    Words digest;
    Words x;
    Words one_plus_secret;
    Words inverse;
  };

  /// r = e + x, s = (k + r) / (1 + d) - r, which is (k - r d) / (1 + d). Fault check: both
  /// equations are read backwards.
  WUSONG_LANE_CALL static bool sign_group(const Group& from, Words& r_out, Words& s_out,
                                          unsigned& usable) noexcept {
    const Fe digest = F::load(from.digest);
    const Fe x = F::load(from.x);
    const Fe r = F::reduced(F::carried(F::add(F::sum(digest), F::sum(x))));
    const Fe nonce_and_r = F::carried(F::add(F::sum(F::load(from.nonce)), F::sum(r)));
    const Fe quotient = F::product(F::to_montgomery(F::load(from.inverse)), nonce_and_r);
    const Fe s = F::reduced(F::minus(quotient, r));
    F::store(r, r_out);
    F::store(s, s_out);
    usable = ~Lanes::bits_of(F::is_zero(r)) & ~Lanes::bits_of(F::is_zero(s)) &
             ~Lanes::bits_of(F::is_zero(nonce_and_r)) & kAllLanes;
    const Fe back = F::product(F::to_montgomery(F::load(from.one_plus_secret)),
                               F::carried(F::add(F::sum(F::load(s_out)), F::sum(F::load(r_out)))));
    const unsigned is_right = Lanes::bits_of(F::is_equal(back, nonce_and_r)) &
                              Lanes::bits_of(F::is_equal(F::minus(F::load(r_out), digest), x));
    return is_right == kAllLanes;
  }

  static bool sign(std::span<const Sm2Equation> equations, std::span<Sm2Parts> out) noexcept {
    bool is_right = true;
    Group group;
    for (std::size_t first = 0; first < equations.size(); first += kCount) {
      const std::size_t count = std::min(kCount, equations.size() - first);
      for (std::size_t lane = 0; lane < kCount; ++lane) {  // the last one fills the lanes
        const Sm2Equation& each = equations[first + std::min(lane, count - 1)];
        group.nonce.set(lane, each.nonce);
        group.digest.set(lane, each.digest);
        group.x.set(lane, each.x);
        group.one_plus_secret.set(lane, each.one_plus_secret);
        group.inverse.set(lane, each.inverse);
      }
      Words r;
      Words s;
      unsigned usable = 0;
      is_right &= sign_group(group, r, s, usable);
      for (std::size_t lane = 0; lane < count; ++lane)
        out[first + lane] = {r.get(lane), s.get(lane), (usable >> lane & 1) != 0};
    }
    std::memset(static_cast<void*>(&group), 0, sizeof(group));
    asm volatile("" : : "r"(&group) : "memory");
    return is_right;
  }
};

}  // namespace
}  // namespace wusong::crypto::internal
