// SPDX-License-Identifier: Apache-2.0
// The txpool module's error table: 2300–2399. Each row is one reason to refuse a transaction.
#pragma once

#include <string_view>

#include "wusong/base/error.hpp"

namespace wusong::txpool::err {

inline constexpr ErrorInfo already_known{2300, Disposition::reject, "txpool.already_known"};
inline constexpr ErrorInfo nonce_too_low{2301, Disposition::reject, "txpool.nonce_too_low"};
inline constexpr ErrorInfo nonce_too_far{2302, Disposition::reject, "txpool.nonce_too_far"};
inline constexpr ErrorInfo nonce_max{2303, Disposition::reject, "txpool.nonce_max"};
inline constexpr ErrorInfo replacement_underpriced{2304, Disposition::reject,
                                                   "txpool.replacement_underpriced"};
inline constexpr ErrorInfo insufficient_funds{2305, Disposition::reject,
                                              "txpool.insufficient_funds"};
inline constexpr ErrorInfo underpriced{2306, Disposition::reject, "txpool.underpriced"};
inline constexpr ErrorInfo fee_below_base_fee{2307, Disposition::reject,
                                              "txpool.fee_below_base_fee"};
inline constexpr ErrorInfo tip_above_fee_cap{2308, Disposition::reject, "txpool.tip_above_fee_cap"};
inline constexpr ErrorInfo block_gas_exceeded{2309, Disposition::reject,
                                              "txpool.block_gas_exceeded"};
inline constexpr ErrorInfo too_large{2310, Disposition::reject, "txpool.too_large"};
inline constexpr ErrorInfo wrong_chain_id{2311, Disposition::reject, "txpool.wrong_chain_id"};
inline constexpr ErrorInfo unprotected{2312, Disposition::reject, "txpool.unprotected"};
inline constexpr ErrorInfo type_not_supported{2313, Disposition::reject,
                                              "txpool.type_not_supported"};
inline constexpr ErrorInfo full{2320, Disposition::retry, "txpool.full"};
inline constexpr ErrorInfo sender_full{2321, Disposition::retry, "txpool.sender_full"};

}  // namespace wusong::txpool::err

namespace wusong::txpool {

/// The words Ethereum's tools look for ("nonce too low"); the row's name for other modules' rows.
std::string_view text_of(Error error) noexcept;

}  // namespace wusong::txpool
