// SPDX-License-Identifier: Apache-2.0
// Rows of the projection as datasets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wusong/io/sql.hpp"
#include "wusong/portal/dataset.hpp"

namespace wusong::portal::internal {

/// Everything read_dataset() wants, from entries e, organisations o and popularity p.
std::string dataset_select();
[[nodiscard]] Result<Dataset> read_dataset(const std::vector<io::SqlValue>& row);
/// Datasets with these numbers, in the order of `numbers`.
[[nodiscard]] Result<std::vector<Dataset>> datasets_numbered(
    io::SqlConnection& sql, const std::vector<std::uint64_t>& numbers);
/// "[1,2,3]" for SQLite's json_each, "{1,2,3}" for PostgreSQL's arrays.
std::string number_list(io::SqlDialect dialect, const std::vector<std::uint64_t>& numbers);
/// The same of hexadecimal texts.
std::string hex_list(io::SqlDialect dialect, std::span<const std::string> texts);
/// A condition that `column`, a "bigint" or a "text", is one of the list in $1.
std::string in_list(io::SqlDialect dialect, std::string_view column,
                    std::string_view type = "bigint");

}  // namespace wusong::portal::internal
