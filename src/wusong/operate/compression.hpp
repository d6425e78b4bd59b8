// SPDX-License-Identifier: Apache-2.0
// Zstandard, for files that are large and written once.
#pragma once

#include <optional>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"

namespace wusong::operate {

/// Nothing where it would not get smaller.
std::optional<Bytes> compress(BytesView bytes);
/// @errors err::bad_compression  not such data, or more than `size_max` bytes
[[nodiscard]] Result<Bytes> expand(BytesView compressed, std::size_t size_max);

}  // namespace wusong::operate
