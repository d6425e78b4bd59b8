// SPDX-License-Identifier: Apache-2.0
// The rpc module's error table: 2700–2799.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::rpc::err {

inline constexpr ErrorInfo parse_error{2700, Disposition::reject, "rpc.parse_error"};
inline constexpr ErrorInfo invalid_request{2701, Disposition::reject, "rpc.invalid_request"};
inline constexpr ErrorInfo method_not_found{2702, Disposition::reject, "rpc.method_not_found"};
inline constexpr ErrorInfo invalid_params{2703, Disposition::reject, "rpc.invalid_params"};
inline constexpr ErrorInfo limit_exceeded{2704, Disposition::reject, "rpc.limit_exceeded"};
inline constexpr ErrorInfo batch_too_large{2705, Disposition::reject, "rpc.batch_too_large"};
inline constexpr ErrorInfo response_too_large{2706, Disposition::reject, "rpc.response_too_large"};
inline constexpr ErrorInfo timed_out{2707, Disposition::retry, "rpc.timed_out"};
inline constexpr ErrorInfo holds_no_keys{2708, Disposition::reject, "rpc.holds_no_keys"};
inline constexpr ErrorInfo needs_websocket{2709, Disposition::reject, "rpc.needs_websocket"};
inline constexpr ErrorInfo unknown_filter{2710, Disposition::reject, "rpc.unknown_filter"};
inline constexpr ErrorInfo unknown_subscription{2711, Disposition::reject,
                                                "rpc.unknown_subscription"};
inline constexpr ErrorInfo unknown_transaction{2712, Disposition::reject,
                                               "rpc.unknown_transaction"};
inline constexpr ErrorInfo execution_reverted{2713, Disposition::reject, "rpc.execution_reverted"};
inline constexpr ErrorInfo execution_failed{2714, Disposition::reject, "rpc.execution_failed"};

}  // namespace wusong::rpc::err
