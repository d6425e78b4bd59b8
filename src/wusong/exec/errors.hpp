// SPDX-License-Identifier: Apache-2.0
// The exec module's error table: 2400–2499. Each row is one reason to refuse a transaction.
#pragma once

#include <array>
#include <string_view>

#include "wusong/base/error.hpp"

namespace wusong::exec::err {

#define WUSONG_EXEC_ROW(number, name)          \
  inline constexpr ErrorInfo name {            \
    number, Disposition::reject, "exec." #name \
  }

WUSONG_EXEC_ROW(2400, nonce_too_low);
WUSONG_EXEC_ROW(2401, nonce_too_high);
WUSONG_EXEC_ROW(2402, nonce_max);
WUSONG_EXEC_ROW(2403, insufficient_funds);
WUSONG_EXEC_ROW(2404, intrinsic_gas_too_low);
WUSONG_EXEC_ROW(2405, floor_data_gas_too_low);
WUSONG_EXEC_ROW(2406, block_gas_exceeded);
WUSONG_EXEC_ROW(2407, fee_below_base_fee);
WUSONG_EXEC_ROW(2408, tip_above_fee_cap);
WUSONG_EXEC_ROW(2409, sender_not_eoa);
WUSONG_EXEC_ROW(2410, initcode_too_large);
WUSONG_EXEC_ROW(2411, type_not_supported);
WUSONG_EXEC_ROW(2412, wrong_chain_id);
WUSONG_EXEC_ROW(2413, gas_limit_too_high);
WUSONG_EXEC_ROW(2414, field_overflow);
WUSONG_EXEC_ROW(2415, fee_overflow);
WUSONG_EXEC_ROW(2420, blob_missing);
WUSONG_EXEC_ROW(2421, blob_create);
WUSONG_EXEC_ROW(2422, blob_bad_version);
WUSONG_EXEC_ROW(2423, blob_too_many);
WUSONG_EXEC_ROW(2424, blob_fee_too_low);
WUSONG_EXEC_ROW(2430, set_code_create);
WUSONG_EXEC_ROW(2431, set_code_empty);
WUSONG_EXEC_ROW(2440, sender_not_permitted);
WUSONG_EXEC_ROW(2441, deployment_not_permitted);
WUSONG_EXEC_ROW(2442, key_not_current);
// Services and test files.
WUSONG_EXEC_ROW(2450, gas_required_exceeds_allowance);
WUSONG_EXEC_ROW(2451, no_such_transaction);
WUSONG_EXEC_ROW(2452, override_conflict);
WUSONG_EXEC_ROW(2453, unknown_tracer);
WUSONG_EXEC_ROW(2460, bad_state_test);
WUSONG_EXEC_ROW(2461, unsupported_fork);

#undef WUSONG_EXEC_ROW

}  // namespace wusong::exec::err

namespace wusong::exec {

/// The words Ethereum's tools look for ("nonce too low"); the row's name where there are none.
std::string_view text_of(Error error) noexcept;

}  // namespace wusong::exec
