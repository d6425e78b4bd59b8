// SPDX-License-Identifier: Apache-2.0
// The curves y^2 = x^3 + a x + b of this module.
#pragma once

#include "wusong/math/limbs.hpp"

namespace wusong::crypto::internal {

/// @source GB/T 32918.5-2017, section 2
struct Sm2Curve {
  struct Field {
    static constexpr math::Limbs<4> kModulus =
        math::limbs_from_hex<4>("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff");
  };
  struct Order {
    static constexpr math::Limbs<4> kModulus =
        math::limbs_from_hex<4>("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123");
  };
  static constexpr auto kA =
      math::limbs_from_hex<4>("fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc");
  static constexpr auto kB =
      math::limbs_from_hex<4>("28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93");
  static constexpr auto kX =
      math::limbs_from_hex<4>("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7");
  static constexpr auto kY =
      math::limbs_from_hex<4>("bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0");
};

}  // namespace wusong::crypto::internal
