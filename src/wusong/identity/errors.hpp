// SPDX-License-Identifier: Apache-2.0
// The identity module's error table: 3700–3799.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::identity::err {

inline constexpr ErrorInfo malformed{3700, Disposition::reject, "identity.malformed"};
inline constexpr ErrorInfo not_proved{3701, Disposition::reject, "identity.not_proved"};
inline constexpr ErrorInfo bad_identity{3702, Disposition::reject, "identity.bad_identity"};

}  // namespace wusong::identity::err
