// SPDX-License-Identifier: Apache-2.0
// The threshold module's error table: 4200–4299.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::threshold::err {

inline constexpr ErrorInfo bad_threshold{4200, Disposition::reject, "threshold.bad_threshold"};
/// Parties are numbered from 1, each once, and this one is among them.
inline constexpr ErrorInfo bad_parties{4201, Disposition::reject, "threshold.bad_parties"};
inline constexpr ErrorInfo bad_scalar{4202, Disposition::reject, "threshold.bad_scalar"};
inline constexpr ErrorInfo bad_point{4203, Disposition::reject, "threshold.bad_point"};
inline constexpr ErrorInfo bad_length{4204, Disposition::reject, "threshold.bad_length"};
inline constexpr ErrorInfo too_few_shares{4205, Disposition::reject, "threshold.too_few_shares"};
/// The key's group is not one that this protocol signs over.
inline constexpr ErrorInfo wrong_group{4206, Disposition::reject, "threshold.wrong_group"};

/// Messages that are refused and change nothing.
inline constexpr ErrorInfo unknown_party{4210, Disposition::reject, "threshold.unknown_party"};
inline constexpr ErrorInfo wrong_protocol{4211, Disposition::reject, "threshold.wrong_protocol"};
inline constexpr ErrorInfo wrong_session{4212, Disposition::reject, "threshold.wrong_session"};
inline constexpr ErrorInfo unknown_round{4213, Disposition::reject, "threshold.unknown_round"};
inline constexpr ErrorInfo duplicate{4214, Disposition::reject, "threshold.duplicate"};
/// The session has ended, with a result or a fault: start another.
inline constexpr ErrorInfo session_over{4215, Disposition::reject, "threshold.session_over"};

/// What a party did wrong; the session ends.
inline constexpr ErrorInfo equivocation{4220, Disposition::reject, "threshold.equivocation"};
inline constexpr ErrorInfo wrong_opening{4221, Disposition::reject, "threshold.wrong_opening"};
inline constexpr ErrorInfo bad_proof{4222, Disposition::reject, "threshold.bad_proof"};
inline constexpr ErrorInfo bad_share{4223, Disposition::reject, "threshold.bad_share"};
/// It saw other broadcasts than we did: somebody, perhaps not it, told different things.
inline constexpr ErrorInfo split_view{4224, Disposition::reject, "threshold.split_view"};
inline constexpr ErrorInfo bad_signature_share{4225, Disposition::reject,
                                               "threshold.bad_signature_share"};
/// Contributions cancelled each other, which does not happen by chance.
inline constexpr ErrorInfo degenerate{4226, Disposition::retry, "threshold.degenerate"};

/// Nonces sign once: start another session.
inline constexpr ErrorInfo nonce_used{4230, Disposition::reject, "threshold.nonce_used"};
/// The coordinator's list does not hold this signer with the commitment it gave.
inline constexpr ErrorInfo own_commitment_missing{4231, Disposition::reject,
                                                  "threshold.own_commitment_missing"};
inline constexpr ErrorInfo message_too_long{4232, Disposition::reject,
                                            "threshold.message_too_long"};
/// What was just computed does not verify although every contribution did: suspect the machine.
inline constexpr ErrorInfo signing_fault{4234, Disposition::halt, "threshold.signing_fault"};
inline constexpr ErrorInfo wrong_share{4240, Disposition::reject, "threshold.wrong_share"};
inline constexpr ErrorInfo wrong_box{4241, Disposition::reject, "threshold.wrong_box"};

}  // namespace wusong::threshold::err
