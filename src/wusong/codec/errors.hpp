// SPDX-License-Identifier: Apache-2.0
// The codec module's error table: 1100–1199.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::codec::err {

inline constexpr ErrorInfo bad_hex{1100, Disposition::reject, "codec.bad_hex"};
inline constexpr ErrorInfo bad_length{1101, Disposition::reject, "codec.bad_length"};
inline constexpr ErrorInfo bad_number{1102, Disposition::reject, "codec.bad_number"};
inline constexpr ErrorInfo rlp_truncated{1110, Disposition::reject, "codec.rlp_truncated"};
inline constexpr ErrorInfo rlp_non_canonical{1111, Disposition::reject, "codec.rlp_non_canonical"};
inline constexpr ErrorInfo rlp_trailing_bytes{1112, Disposition::reject,
                                              "codec.rlp_trailing_bytes"};
inline constexpr ErrorInfo rlp_expected_list{1113, Disposition::reject, "codec.rlp_expected_list"};
inline constexpr ErrorInfo rlp_expected_string{1114, Disposition::reject,
                                               "codec.rlp_expected_string"};
inline constexpr ErrorInfo rlp_leading_zero{1115, Disposition::reject, "codec.rlp_leading_zero"};
inline constexpr ErrorInfo rlp_wrong_size{1116, Disposition::reject, "codec.rlp_wrong_size"};
inline constexpr ErrorInfo bad_json{1120, Disposition::reject, "codec.bad_json"};
inline constexpr ErrorInfo json_wrong_type{1121, Disposition::reject, "codec.json_wrong_type"};
inline constexpr ErrorInfo json_missing_member{1122, Disposition::reject,
                                               "codec.json_missing_member"};

}  // namespace wusong::codec::err
