// SPDX-License-Identifier: Apache-2.0
// All curves by one kind of lanes.
#pragma once

#include "wusong/crypto/internal/curve_equations.hpp"
#include "wusong/crypto/internal/curve_multiple.hpp"
#include "wusong/crypto/internal/curve_sm2.hpp"
#include "wusong/crypto/internal/ed25519_equations.hpp"
#include "wusong/crypto/internal/sha512_lanes.hpp"

namespace wusong::crypto::internal {
namespace {

template <typename Lanes, typename C>
constexpr CurveKernels kernels_of() noexcept {
  using Base = CurveBase<Lanes, C>;
  using Multiple = CurveMultiple<Lanes, C>;
  return {Base::multiply_base, CurveEquations<Lanes, C>::check, Base::invert_scalar,
          Multiple::multiply_scalars, Multiple::multiply};
}
template <typename Lanes>
constexpr CurveProvider provider_of(const char* name, bool (*is_supported)() noexcept) noexcept {
  return {name,
          is_supported,
          kernels_of<Lanes, Sm2Curve>(),
          kernels_of<Lanes, P256Curve>(),
          Sm2Scalars<Lanes>::sign,
          {Sha512Lanes<Lanes>::hash, Ed25519Base<Lanes>::multiply_base,
           Lanes::kCount > 1 ? std::size_t{3} : ~std::size_t{0}, Ed25519Equations<Lanes>::prepare,
           Ed25519Equations<Lanes>::combine}};
}

}  // namespace
}  // namespace wusong::crypto::internal
