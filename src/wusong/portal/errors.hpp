// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::portal::err {

inline constexpr ErrorInfo bad_rule_pack{3100, Disposition::reject, "portal.bad_rule_pack"};

}  // namespace wusong::portal::err
