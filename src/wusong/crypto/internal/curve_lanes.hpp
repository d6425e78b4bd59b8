// SPDX-License-Identifier: Apache-2.0
// All curves by one kind of lanes.
#pragma once

#include "wusong/crypto/internal/curve_equations.hpp"
#include "wusong/crypto/internal/curve_known.hpp"
#include "wusong/crypto/internal/curve_multiple.hpp"
#include "wusong/crypto/internal/curve_scalars.hpp"
#include "wusong/crypto/internal/ed25519_equations.hpp"
#include "wusong/crypto/internal/ed25519_known.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes, typename C, typename Rule>
constexpr CurveKernels kernels_of() noexcept {
  using Base = CurveBase<Lanes, C>;
  using Multiple = CurveMultiple<Lanes, C>;
  using Scalars = CurveScalars<Lanes, C, Rule>;
  return {Base::multiply_base,        CurveEquations<Lanes, C>::check,
          Base::are_on_curve,         Scalars::sign,
          Scalars::are_signed,        Base::invert_scalar,
          Multiple::multiply_scalars, Multiple::multiply};
}
template <typename Lanes>
constexpr CurveProvider provider_of(const char* name, bool (*is_supported)() noexcept) noexcept {
  constexpr auto fewest = [](std::size_t in_lanes) {
    return Lanes::kCount > 1 ? in_lanes : ~std::size_t{0};
  };
  return {name,
          is_supported,
          kernels_of<Lanes, Sm2Curve, Sm2Rule>(),
          {CurveKnown<Lanes, Sm2Curve>::prepare, CurveKnown<Lanes, Sm2Curve>::check},
          kernels_of<Lanes, P256Curve, EcdsaRule>(),
          CurveScalars<Lanes, P256Curve, EcdsaRule>::divide,
          fewest(2),
          {Ed25519Base<Lanes>::multiply_base, Ed25519Base<Lanes>::are_on_curve, fewest(3),
           Ed25519Equations<Lanes>::prepare, Ed25519Equations<Lanes>::combine,
           Ed25519KnownKeys<Lanes>::make, Ed25519KnownKeys<Lanes>::combine}};
}

}  // namespace
}  // namespace wusong::crypto::internal
