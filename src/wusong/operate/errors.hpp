// SPDX-License-Identifier: Apache-2.0
// The operate module's error table: 3400–3499.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::operate::err {

inline constexpr ErrorInfo no_backup{3400, Disposition::reject, "operate.no_backup"};
inline constexpr ErrorInfo other_chain{3401, Disposition::reject, "operate.other_chain"};
inline constexpr ErrorInfo damaged{3402, Disposition::reject, "operate.damaged"};
inline constexpr ErrorInfo unproven{3403, Disposition::reject, "operate.unproven"};
inline constexpr ErrorInfo not_empty{3404, Disposition::reject, "operate.not_empty"};
inline constexpr ErrorInfo changed_meanwhile{3405, Disposition::retry, "operate.changed_meanwhile"};
inline constexpr ErrorInfo nothing_to_back_up{3406, Disposition::reject,
                                              "operate.nothing_to_back_up"};
inline constexpr ErrorInfo no_folder{3407, Disposition::reject, "operate.no_folder"};
inline constexpr ErrorInfo bad_compression{3410, Disposition::reject, "operate.bad_compression"};

}  // namespace wusong::operate::err
