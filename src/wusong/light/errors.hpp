// SPDX-License-Identifier: Apache-2.0
// The light module's error table: 2000–2099. Each says what is wrong with what was shown.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::light::err {

inline constexpr ErrorInfo not_a_header{2000, Disposition::reject, "light.not_a_header"};
inline constexpr ErrorInfo broken_link{2001, Disposition::reject, "light.broken_link"};
inline constexpr ErrorInfo not_a_proof{2002, Disposition::reject, "light.not_a_proof"};
inline constexpr ErrorInfo other_block{2003, Disposition::reject, "light.other_block"};
inline constexpr ErrorInfo not_final{2004, Disposition::reject, "light.not_final"};
inline constexpr ErrorInfo no_epoch_ends{2005, Disposition::reject, "light.no_epoch_ends"};
inline constexpr ErrorInfo wrong_epoch{2006, Disposition::reject, "light.wrong_epoch"};
inline constexpr ErrorInfo before_trust{2007, Disposition::reject, "light.before_trust"};
inline constexpr ErrorInfo roots_missing{2008, Disposition::reject, "light.roots_missing"};
inline constexpr ErrorInfo too_long{2009, Disposition::reject, "light.too_long"};

}  // namespace wusong::light::err
