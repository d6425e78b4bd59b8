// SPDX-License-Identifier: Apache-2.0
// The openid module's error table: 3300–3399. What people read of them stands in the gateway.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::openid::err {

inline constexpr ErrorInfo bad_token{3300, Disposition::reject, "openid.bad_token"};
inline constexpr ErrorInfo untrusted_token{3301, Disposition::reject, "openid.untrusted_token"};
inline constexpr ErrorInfo bad_provider{3302, Disposition::reject, "openid.bad_provider"};
inline constexpr ErrorInfo provider_unreachable{3303, Disposition::retry,
                                                "openid.provider_unreachable"};
inline constexpr ErrorInfo provider_answer{3304, Disposition::reject, "openid.provider_answer"};
inline constexpr ErrorInfo provider_refused{3305, Disposition::reject, "openid.provider_refused"};

inline constexpr ErrorInfo id_token_malformed{3320, Disposition::reject,
                                              "openid.id_token_malformed"};
inline constexpr ErrorInfo id_token_algorithm{3321, Disposition::reject,
                                              "openid.id_token_algorithm"};
inline constexpr ErrorInfo id_token_key{3322, Disposition::reject, "openid.id_token_key"};
inline constexpr ErrorInfo id_token_signature{3323, Disposition::reject,
                                              "openid.id_token_signature"};
inline constexpr ErrorInfo id_token_issuer{3324, Disposition::reject, "openid.id_token_issuer"};
inline constexpr ErrorInfo id_token_audience{3325, Disposition::reject, "openid.id_token_audience"};
inline constexpr ErrorInfo id_token_expired{3326, Disposition::reject, "openid.id_token_expired"};
inline constexpr ErrorInfo id_token_early{3327, Disposition::reject, "openid.id_token_early"};
inline constexpr ErrorInfo id_token_old{3328, Disposition::reject, "openid.id_token_old"};
inline constexpr ErrorInfo id_token_nonce{3329, Disposition::reject, "openid.id_token_nonce"};
inline constexpr ErrorInfo id_token_at_hash{3330, Disposition::reject, "openid.id_token_at_hash"};
inline constexpr ErrorInfo id_token_subject{3331, Disposition::reject, "openid.id_token_subject"};

}  // namespace wusong::openid::err
