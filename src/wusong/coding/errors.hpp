// SPDX-License-Identifier: Apache-2.0
// The coding module's error table: 1900–1999.
#pragma once

#include "wusong/base/error.hpp"

namespace wusong::coding::err {

inline constexpr ErrorInfo bad_shape{1900, Disposition::reject, "coding.bad_shape"};
inline constexpr ErrorInfo bad_size{1901, Disposition::reject, "coding.bad_size"};
inline constexpr ErrorInfo bad_index{1902, Disposition::reject, "coding.bad_index"};
inline constexpr ErrorInfo wrong_count{1903, Disposition::reject, "coding.wrong_count"};
inline constexpr ErrorInfo payload_too_large{1904, Disposition::reject, "coding.payload_too_large"};
inline constexpr ErrorInfo bad_path{1905, Disposition::reject, "coding.bad_path"};
inline constexpr ErrorInfo mixed_commitments{1906, Disposition::reject, "coding.mixed_commitments"};
inline constexpr ErrorInfo inconsistent_encoding{1907, Disposition::reject,
                                                 "coding.inconsistent_encoding"};

}  // namespace wusong::coding::err
