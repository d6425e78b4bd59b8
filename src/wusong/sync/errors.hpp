// SPDX-License-Identifier: Apache-2.0
// The sync module's error table: 2500–2599. All say what a peer did.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::sync::err {

inline constexpr ErrorInfo wrong_range{2500, Disposition::reject, "sync.wrong_range"};
inline constexpr ErrorInfo wrong_height{2501, Disposition::reject, "sync.wrong_height"};
inline constexpr ErrorInfo broken_link{2502, Disposition::reject, "sync.broken_link"};
inline constexpr ErrorInfo wrong_certificate{2503, Disposition::reject, "sync.wrong_certificate"};
inline constexpr ErrorInfo bad_certificate{2504, Disposition::reject, "sync.bad_certificate"};
inline constexpr ErrorInfo bad_block{2505, Disposition::reject, "sync.bad_block"};
inline constexpr ErrorInfo two_epochs{2506, Disposition::reject, "sync.two_epochs"};
inline constexpr ErrorInfo bad_part{2507, Disposition::reject, "sync.bad_part"};
inline constexpr ErrorInfo torn_frame{2508, Disposition::reject, "sync.torn_frame"};
inline constexpr ErrorInfo bad_frame{2509, Disposition::reject, "sync.bad_frame"};
inline constexpr ErrorInfo wrong_parts{2510, Disposition::reject, "sync.wrong_parts"};
inline constexpr ErrorInfo other_epoch{2511, Disposition::reject, "sync.other_epoch"};

}  // namespace wusong::sync::err
