// SPDX-License-Identifier: Apache-2.0
// The transaction object and overrides of eth_call and its kin.
#pragma once

#include "wusong/exec/call.hpp"
#include "wusong/exec/transition.hpp"
#include "wusong/rpc/internal/params.hpp"

namespace wusong::rpc {

/// Gas above `gas_cap` is cut to it. @errors rpc.invalid_params, also for another chain's chainId
Answer<exec::CallRequest> read_call(codec::JsonValue value, Place place, std::uint64_t chain_id,
                                    std::uint64_t gas_cap);
/// Absent or null: no overrides.
Answer<exec::StateOverrides> read_state_overrides(std::optional<codec::JsonValue> value,
                                                  Place place);
Answer<exec::BlockOverrides> read_block_overrides(std::optional<codec::JsonValue> value,
                                                  Place place);

/// What a failed execution answers: a revert has code 3 and its output as data.
Fault outcome_fault(const exec::TransactionOutcome& outcome);

}  // namespace wusong::rpc
