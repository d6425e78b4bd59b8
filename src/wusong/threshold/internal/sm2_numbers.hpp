// SPDX-License-Identifier: Apache-2.0
// What protocols that sign together with SM2 share.
#pragma once

#include <array>

#include "wusong/threshold/group.hpp"

namespace wusong::threshold::internal {

/// A number nobody can foresee even where one of entropy and secret is bad; another for each
/// `index` even where entropy repeats itself.
Scalar hedged_nonce(const Scalar& secret, const Hash& session, const Hash& digest,
                    std::uint8_t index, io::Entropy& entropy);
/// r = e + x1 mod n. The caller knows that the nonce is not the identity.
Scalar sm2_r(const Point& nonce, const Hash& digest) noexcept;
/// r || s from s + r, verified as anybody would.
/// @errors err::degenerate (numbers that the standard excludes: try again), err::signing_fault
[[nodiscard]] Result<std::array<std::uint8_t, 64>> sm2_signature(const Point& public_key,
                                                                 BytesView message, const Scalar& r,
                                                                 const Scalar& sum) noexcept;

}  // namespace wusong::threshold::internal
