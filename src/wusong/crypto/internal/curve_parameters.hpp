// SPDX-License-Identifier: Apache-2.0
// The curves whose arithmetic is this module's own.
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

/// @source FIPS 186-4, appendix D.1.2.3
struct P256Curve {
  struct Field {
    static constexpr math::Limbs<4> kModulus =
        math::limbs_from_hex<4>("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  };
  struct Order {
    static constexpr math::Limbs<4> kModulus =
        math::limbs_from_hex<4>("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  };
  static constexpr auto kA =
      math::limbs_from_hex<4>("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc");
  static constexpr auto kB =
      math::limbs_from_hex<4>("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
  static constexpr auto kX =
      math::limbs_from_hex<4>("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
  static constexpr auto kY =
      math::limbs_from_hex<4>("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
};

/// -x^2 + y^2 = 1 + d x^2 y^2. @source RFC 8032, section 5.1
struct Ed25519Curve {
  struct Field {
    static constexpr math::Limbs<4> kModulus =
        math::limbs_from_hex<4>("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
  };
  struct Order {
    static constexpr math::Limbs<4> kModulus =
        math::limbs_from_hex<4>("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
    static constexpr bool kHoldsSecrets = true;
  };
  static constexpr auto kD =
      math::limbs_from_hex<4>("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
  static constexpr auto kTwoD =
      math::limbs_from_hex<4>("2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159");
  static constexpr auto kX =
      math::limbs_from_hex<4>("216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a");
  static constexpr auto kY =
      math::limbs_from_hex<4>("6666666666666666666666666666666666666666666666666666666666666658");
  static constexpr auto kRootOfMinusOne =
      math::limbs_from_hex<4>("2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0");
  /// The same curve as v^2 = u^3 + A u^2 + u. @source RFC 7748, section 4.1
  static constexpr auto kA = math::Limbs<4>{486662};
  /// Roots of A + 2 and, twice, of -(A + 2).
  static constexpr auto kRoot =
      math::limbs_from_hex<4>("6be4f497f9a9c2afc21fa77ad7f4a6ef635a11c7284a9363e9a248ef9c884415");
  static constexpr auto kTwiceRootOfOpposite =
      math::limbs_from_hex<4>("1e4ddbe8c1400d77a4f611b807f89efd8b43a7a296fa350598dc0955fe8afc0c");
  /// Of -i (A^2 - 4), where i is the root of -1 above.
  static constexpr auto kRootForTheOther =
      math::limbs_from_hex<4>("219fc5bc27acf1eebe25d969202ca68f9dd71ed4b851ca75a8b71277b3ba5222");
};

}  // namespace wusong::crypto::internal
