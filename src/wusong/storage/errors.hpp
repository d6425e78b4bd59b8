// SPDX-License-Identifier: Apache-2.0
// The storage module's error table: 1600–1699.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::storage::err {

inline constexpr ErrorInfo corrupt{1600, Disposition::halt, "storage.corrupt"};
inline constexpr ErrorInfo genesis_mismatch{1601, Disposition::halt, "storage.genesis_mismatch"};
inline constexpr ErrorInfo format_version{1602, Disposition::halt, "storage.format_version"};
inline constexpr ErrorInfo wrong_height{1603, Disposition::halt, "storage.wrong_height"};

}  // namespace wusong::storage::err
