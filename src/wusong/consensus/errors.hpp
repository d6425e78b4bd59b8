// SPDX-License-Identifier: Apache-2.0
// The consensus module's error table: 2100–2199.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::consensus::err {

inline constexpr ErrorInfo bad_message{2100, Disposition::reject, "consensus.bad_message"};
inline constexpr ErrorInfo bad_signature{2101, Disposition::reject, "consensus.bad_signature"};
inline constexpr ErrorInfo unknown_validator{2102, Disposition::reject,
                                             "consensus.unknown_validator"};
inline constexpr ErrorInfo no_quorum{2103, Disposition::reject, "consensus.no_quorum"};
inline constexpr ErrorInfo wrong_leader{2104, Disposition::reject, "consensus.wrong_leader"};
inline constexpr ErrorInfo bad_block_link{2105, Disposition::reject, "consensus.bad_block_link"};
inline constexpr ErrorInfo block_mismatch{2106, Disposition::reject, "consensus.block_mismatch"};
inline constexpr ErrorInfo payload_too_large{2107, Disposition::reject,
                                             "consensus.payload_too_large"};
inline constexpr ErrorInfo unrequested_block{2108, Disposition::retry,
                                             "consensus.unrequested_block"};
inline constexpr ErrorInfo view_out_of_window{2109, Disposition::retry,
                                              "consensus.view_out_of_window"};
inline constexpr ErrorInfo equivocation{2110, Disposition::reject, "consensus.equivocation"};
inline constexpr ErrorInfo too_many_requests{2111, Disposition::retry,
                                             "consensus.too_many_requests"};
inline constexpr ErrorInfo bad_block{2112, Disposition::reject, "consensus.bad_block"};
inline constexpr ErrorInfo bad_slice{2113, Disposition::reject, "consensus.bad_slice"};
inline constexpr ErrorInfo bad_fragment{2114, Disposition::reject, "consensus.bad_fragment"};
inline constexpr ErrorInfo foreign_fragment{2115, Disposition::reject,
                                            "consensus.foreign_fragment"};
inline constexpr ErrorInfo repeated_fragment{2116, Disposition::retry,
                                             "consensus.repeated_fragment"};
inline constexpr ErrorInfo slice_out_of_window{2117, Disposition::retry,
                                               "consensus.slice_out_of_window"};
inline constexpr ErrorInfo dispersal_full{2118, Disposition::retry, "consensus.dispersal_full"};
inline constexpr ErrorInfo inconsistent_encoding{2119, Disposition::reject,
                                                 "consensus.inconsistent_encoding"};
inline constexpr ErrorInfo bad_config{2120, Disposition::reject, "consensus.bad_config"};
inline constexpr ErrorInfo record_corrupt{2121, Disposition::halt, "consensus.record_corrupt"};
inline constexpr ErrorInfo conflicting_finality{2122, Disposition::halt,
                                                "consensus.conflicting_finality"};
inline constexpr ErrorInfo certified_block_refused{2123, Disposition::halt,
                                                   "consensus.certified_block_refused"};
inline constexpr ErrorInfo bad_finality_proof{2130, Disposition::reject,
                                              "consensus.bad_finality_proof"};
inline constexpr ErrorInfo bad_encoding_proof{2131, Disposition::reject,
                                              "consensus.bad_encoding_proof"};

}  // namespace wusong::consensus::err
