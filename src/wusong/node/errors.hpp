// SPDX-License-Identifier: Apache-2.0
// The node module's error table: 2600–2699 (2600–2619 are in service.hpp).
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::node::err {

inline constexpr ErrorInfo bad_genesis{2620, Disposition::reject, "node.bad_genesis"};
inline constexpr ErrorInfo unknown_fork{2621, Disposition::reject, "node.unknown_fork"};
inline constexpr ErrorInfo no_validators{2622, Disposition::reject, "node.no_validators"};
inline constexpr ErrorInfo duplicate_validator{2623, Disposition::reject,
                                               "node.duplicate_validator"};
inline constexpr ErrorInfo wrong_header{2630, Disposition::reject, "node.wrong_header"};
inline constexpr ErrorInfo timestamp_out_of_range{2631, Disposition::reject,
                                                  "node.timestamp_out_of_range"};
inline constexpr ErrorInfo wrong_roots{2632, Disposition::reject, "node.wrong_roots"};
inline constexpr ErrorInfo block_over_gas_limit{2633, Disposition::reject,
                                                "node.block_over_gas_limit"};
inline constexpr ErrorInfo wrong_chain_id{2634, Disposition::reject, "node.wrong_chain_id"};
inline constexpr ErrorInfo unsupported_transaction{2635, Disposition::reject,
                                                   "node.unsupported_transaction"};
inline constexpr ErrorInfo bad_block_encoding{2636, Disposition::reject, "node.bad_block_encoding"};
inline constexpr ErrorInfo wrong_epoch{2637, Disposition::reject, "node.wrong_epoch"};
inline constexpr ErrorInfo bad_registry{2638, Disposition::halt, "node.bad_registry"};
inline constexpr ErrorInfo state_diverged{2640, Disposition::halt, "node.state_diverged"};
inline constexpr ErrorInfo ledger_gap{2641, Disposition::halt, "node.ledger_gap"};
inline constexpr ErrorInfo range_above_head{2642, Disposition::reject, "node.range_above_head"};

inline constexpr ErrorInfo no_proof_peer{2643, Disposition::retry, "node.no_proof_peer"};
inline constexpr ErrorInfo too_many_slots{2644, Disposition::reject, "node.too_many_slots"};

}  // namespace wusong::node::err
