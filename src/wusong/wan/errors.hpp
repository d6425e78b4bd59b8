// SPDX-License-Identifier: Apache-2.0
// The wan module's error table: 4000–4099.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::wan::err {

inline constexpr ErrorInfo bad_regions{4000, Disposition::reject, "wan.bad_regions"};
inline constexpr ErrorInfo unknown_key{4001, Disposition::reject, "wan.unknown_key"};
inline constexpr ErrorInfo not_square{4002, Disposition::reject, "wan.not_square"};
inline constexpr ErrorInfo rtt_out_of_range{4003, Disposition::reject, "wan.rtt_out_of_range"};
inline constexpr ErrorInfo unknown_region{4004, Disposition::reject, "wan.unknown_region"};
inline constexpr ErrorInfo bad_rate{4005, Disposition::reject, "wan.bad_rate"};
inline constexpr ErrorInfo too_many_regions{4006, Disposition::reject, "wan.too_many_regions"};

}  // namespace wusong::wan::err
