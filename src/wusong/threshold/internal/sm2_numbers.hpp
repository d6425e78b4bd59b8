// SPDX-License-Identifier: Apache-2.0
// What protocols that sign together with SM2 share.
#pragma once

#include <array>

#include "wusong/threshold/group.hpp"

namespace wusong::threshold::internal {

/// r = e + x1 mod n. The caller knows that the nonce is not the identity.
Scalar sm2_r(const Point& nonce, const Hash& digest) noexcept;
/// r || s from s + r, verified as anybody would.
/// @errors err::degenerate (numbers that the standard excludes: try again), err::signing_fault
[[nodiscard]] Result<std::array<std::uint8_t, 64>> sm2_signature(const Point& public_key,
                                                                 BytesView message, const Scalar& r,
                                                                 const Scalar& sum) noexcept;

}  // namespace wusong::threshold::internal
