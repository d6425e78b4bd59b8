// SPDX-License-Identifier: Apache-2.0
// The portal module's error table: 3100–3199.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::portal::err {

inline constexpr ErrorInfo bad_rule_pack{3100, Disposition::reject, "portal.bad_rule_pack"};
inline constexpr ErrorInfo bad_row{3101, Disposition::reject, "portal.bad_row"};
inline constexpr ErrorInfo bad_calendar{3102, Disposition::reject, "portal.bad_calendar"};
/// An act on the chain names a rule pack that this process has not been given.
inline constexpr ErrorInfo unknown_pack{3104, Disposition::retry, "portal.unknown_pack"};
inline constexpr ErrorInfo bad_call{3110, Disposition::reject, "portal.bad_call"};
inline constexpr ErrorInfo bad_event{3111, Disposition::reject, "portal.bad_event"};
inline constexpr ErrorInfo bad_document{3120, Disposition::reject, "portal.bad_document"};
inline constexpr ErrorInfo document_too_large{3121, Disposition::reject,
                                              "portal.document_too_large"};
inline constexpr ErrorInfo not_canonical{3122, Disposition::reject, "portal.not_canonical"};
inline constexpr ErrorInfo bad_query{3130, Disposition::reject, "portal.bad_query"};
/// Rows in the projection that it cannot have written.
inline constexpr ErrorInfo projection_damaged{3140, Disposition::halt, "portal.projection_damaged"};
inline constexpr ErrorInfo wrong_schema{3141, Disposition::halt, "portal.wrong_schema"};
/// Blocks must come in order, each once.
inline constexpr ErrorInfo block_out_of_order{3142, Disposition::reject,
                                              "portal.block_out_of_order"};

}  // namespace wusong::portal::err
