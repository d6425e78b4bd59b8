// SPDX-License-Identifier: Apache-2.0
// The state module's error table: 1700–1799.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::state::err {

inline constexpr ErrorInfo corrupt{1700, Disposition::halt, "state.corrupt"};
inline constexpr ErrorInfo height_pruned{1701, Disposition::reject, "state.height_pruned"};
inline constexpr ErrorInfo height_unknown{1702, Disposition::reject, "state.height_unknown"};
inline constexpr ErrorInfo wrong_height{1703, Disposition::halt, "state.wrong_height"};
inline constexpr ErrorInfo too_many_views{1704, Disposition::retry, "state.too_many_views"};
inline constexpr ErrorInfo views_open{1705, Disposition::retry, "state.views_open"};
inline constexpr ErrorInfo log_full{1706, Disposition::halt, "state.log_full"};
inline constexpr ErrorInfo value_too_large{1707, Disposition::halt, "state.value_too_large"};
inline constexpr ErrorInfo bad_proof{1708, Disposition::reject, "state.bad_proof"};
inline constexpr ErrorInfo format_version{1709, Disposition::halt, "state.format_version"};
inline constexpr ErrorInfo empty_database{1710, Disposition::reject, "state.empty_database"};
/// A commit failed half way; reopen the database before going on.
inline constexpr ErrorInfo failed_before{1711, Disposition::halt, "state.failed_before"};
inline constexpr ErrorInfo bad_subtree{1712, Disposition::reject, "state.bad_subtree"};
inline constexpr ErrorInfo import_incomplete{1713, Disposition::reject, "state.import_incomplete"};

}  // namespace wusong::state::err
