// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::gateway::err {

inline constexpr ErrorInfo not_found{3200, Disposition::reject, "gateway.not_found"};

}  // namespace wusong::gateway::err
