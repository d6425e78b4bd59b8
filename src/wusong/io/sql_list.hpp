// SPDX-License-Identifier: Apache-2.0
// Many values as one parameter, so that one statement asks for all of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/io/sql.hpp"

namespace wusong::io {

/// "[1,2,3]" for SQLite's json_each, "{1,2,3}" for PostgreSQL's arrays.
std::string number_list(SqlDialect dialect, const std::vector<std::uint64_t>& numbers);
/// The same of hexadecimal texts, which need no quoting.
std::string hex_list(SqlDialect dialect, std::span<const std::string> texts);
/// A condition that `column`, a "bigint" or a "text", is one of the list in $1.
std::string in_list(SqlDialect dialect, std::string_view column, std::string_view type = "bigint");

}  // namespace wusong::io
