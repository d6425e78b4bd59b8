// SPDX-License-Identifier: Apache-2.0
// The tables module's error table: 3500–3599.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::tables::err {

inline constexpr ErrorInfo child_not_started{3500, Disposition::retry, "tables.child_not_started"};
inline constexpr ErrorInfo child_not_found{3501, Disposition::reject, "tables.child_not_found"};
inline constexpr ErrorInfo protection_missing{3502, Disposition::reject,
                                              "tables.protection_missing"};

}  // namespace wusong::tables::err
