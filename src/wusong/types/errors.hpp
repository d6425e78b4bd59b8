// SPDX-License-Identifier: Apache-2.0
// The types module's error table: 1500–1599.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::types::err {

inline constexpr ErrorInfo unknown_transaction_type{1500, Disposition::reject,
                                                    "types.unknown_transaction_type"};
inline constexpr ErrorInfo empty_transaction{1501, Disposition::reject, "types.empty_transaction"};
inline constexpr ErrorInfo bad_signature_values{1502, Disposition::reject,
                                                "types.bad_signature_values"};
inline constexpr ErrorInfo bad_v{1503, Disposition::reject, "types.bad_v"};
inline constexpr ErrorInfo unknown_scheme{1504, Disposition::reject, "types.unknown_scheme"};
inline constexpr ErrorInfo empty_authorization_list{1505, Disposition::reject,
                                                    "types.empty_authorization_list"};
inline constexpr ErrorInfo missing_recipient{1506, Disposition::reject, "types.missing_recipient"};
inline constexpr ErrorInfo bad_key_size{1507, Disposition::reject, "types.bad_key_size"};
inline constexpr ErrorInfo too_many_roots{1508, Disposition::reject, "types.too_many_roots"};
inline constexpr ErrorInfo wrong_transactions_root{1509, Disposition::reject,
                                                   "types.wrong_transactions_root"};
inline constexpr ErrorInfo bad_epoch{1510, Disposition::reject, "types.bad_epoch"};
inline constexpr ErrorInfo bad_account{1511, Disposition::reject, "types.bad_account"};

}  // namespace wusong::types::err
