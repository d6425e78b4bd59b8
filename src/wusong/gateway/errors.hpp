// SPDX-License-Identifier: Apache-2.0
// The gateway module's error table: 3200–3299. What people read stands in reply.cpp.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::gateway::err {

inline constexpr ErrorInfo not_found{3200, Disposition::reject, "gateway.not_found"};
inline constexpr ErrorInfo bad_request{3201, Disposition::reject, "gateway.bad_request"};
inline constexpr ErrorInfo login_required{3202, Disposition::reject, "gateway.login_required"};
inline constexpr ErrorInfo forbidden{3203, Disposition::reject, "gateway.forbidden"};
inline constexpr ErrorInfo csrf_missing{3204, Disposition::reject, "gateway.csrf_missing"};
inline constexpr ErrorInfo wrong_host{3205, Disposition::reject, "gateway.wrong_host"};
inline constexpr ErrorInfo wrong_origin{3206, Disposition::reject, "gateway.wrong_origin"};
inline constexpr ErrorInfo too_many_requests{3207, Disposition::retry, "gateway.too_many_requests"};
inline constexpr ErrorInfo too_large{3208, Disposition::reject, "gateway.too_large"};
inline constexpr ErrorInfo wrong_method{3209, Disposition::reject, "gateway.wrong_method"};
inline constexpr ErrorInfo stale{3210, Disposition::reject, "gateway.stale"};
inline constexpr ErrorInfo refused{3211, Disposition::reject, "gateway.refused"};
inline constexpr ErrorInfo name_taken{3212, Disposition::reject, "gateway.name_taken"};
inline constexpr ErrorInfo weak_password{3213, Disposition::reject, "gateway.weak_password"};
inline constexpr ErrorInfo wrong_login{3215, Disposition::reject, "gateway.wrong_login"};
inline constexpr ErrorInfo login_throttled{3216, Disposition::retry, "gateway.login_throttled"};
inline constexpr ErrorInfo chain_unreachable{3217, Disposition::retry, "gateway.chain_unreachable"};
inline constexpr ErrorInfo transaction_refused{3218, Disposition::reject,
                                               "gateway.transaction_refused"};
inline constexpr ErrorInfo bad_document{3219, Disposition::reject, "gateway.bad_document"};
inline constexpr ErrorInfo bad_range{3220, Disposition::reject, "gateway.bad_range"};
inline constexpr ErrorInfo wrong_offset{3221, Disposition::reject, "gateway.wrong_offset"};
inline constexpr ErrorInfo quota{3222, Disposition::reject, "gateway.quota"};
inline constexpr ErrorInfo commitment_needed{3223, Disposition::reject,
                                             "gateway.commitment_needed"};
inline constexpr ErrorInfo right_needed{3224, Disposition::reject, "gateway.right_needed"};
inline constexpr ErrorInfo real_name_needed{3225, Disposition::reject, "gateway.real_name_needed"};
inline constexpr ErrorInfo internal{3226, Disposition::halt, "gateway.internal"};
inline constexpr ErrorInfo unavailable{3227, Disposition::retry, "gateway.unavailable"};
inline constexpr ErrorInfo same_key{3228, Disposition::reject, "gateway.same_key"};
inline constexpr ErrorInfo database_newer{3229, Disposition::halt, "gateway.database_newer"};

// Signing in through another site.
inline constexpr ErrorInfo sign_in_expired{3230, Disposition::reject, "gateway.sign_in_expired"};
inline constexpr ErrorInfo identity_bound{3231, Disposition::reject, "gateway.identity_bound"};
inline constexpr ErrorInfo claims_missing{3232, Disposition::reject, "gateway.claims_missing"};
inline constexpr ErrorInfo engine_missing{3240, Disposition::retry, "gateway.engine_missing"};
inline constexpr ErrorInfo engine_busy{3241, Disposition::retry, "gateway.engine_busy"};
inline constexpr ErrorInfo not_a_table{3242, Disposition::reject, "gateway.not_a_table"};
inline constexpr ErrorInfo quota_of_the_day{3243, Disposition::retry, "gateway.quota_of_the_day"};

}  // namespace wusong::gateway::err
