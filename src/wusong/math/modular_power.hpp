// SPDX-License-Identifier: Apache-2.0
// Powers modulo integers of any length. Variable time: public inputs only.
#pragma once

#include <span>
#include <vector>

#include "wusong/math/limbs.hpp"

namespace wusong::math {

/// An integer of any length, least significant limb first; leading zero limbs are allowed.
using LongLimbs = std::vector<Limb>;

/// Big-endian bytes of any length; no leading zero limbs.
LongLimbs long_from_be(BytesView bytes);
/// The low `out.size()` bytes, big-endian.
void long_to_be(const LongLimbs& value, std::span<std::uint8_t> out) noexcept;

/// numerator mod denominator, in place.
///
/// @shape  `denominator` is not zero; the result has the size of the denominator
/// @source Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D; the quotient digits by
///         Moller, Granlund, "Improved division by invariant integers", 2011
void long_reduce(LongLimbs& numerator, std::span<const Limb> denominator);

/// base^exponent mod modulus, with 0^0 = 1; modulus is not zero.
///
/// @shape `exponent` is big-endian of any length
/// @cost  for an odd modulus of n limbs one Montgomery multiplication of about 2 n^2 limb products
///        for each exponent bit and one fifth more; powers of two split off and cost half.
///        Allocates.
LongLimbs modular_power(std::span<const Limb> base, BytesView exponent,
                        std::span<const Limb> modulus);

}  // namespace wusong::math
