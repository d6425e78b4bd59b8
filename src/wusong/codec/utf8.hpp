// SPDX-License-Identifier: Apache-2.0
// Text as UTF-8: whether it is, and where it may be cut.
#pragma once

#include <cstddef>
#include <string_view>

namespace wusong::codec {

/// Shortest forms of Unicode scalar values and nothing else. @source RFC 3629
bool is_utf8(std::string_view text) noexcept;
/// At most `bytes`, cut between characters.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes) noexcept;

}  // namespace wusong::codec
