// SPDX-License-Identifier: Apache-2.0
// Rows of the projection as datasets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wusong/io/sql.hpp"
#include "wusong/io/sql_list.hpp"
#include "wusong/portal/dataset.hpp"

namespace wusong::portal::internal {

/// Everything read_dataset() wants, from entries e, organisations o and popularity p.
std::string dataset_select();
[[nodiscard]] Result<Dataset> read_dataset(const std::vector<io::SqlValue>& row);
/// Datasets with these numbers, in the order of `numbers`.
[[nodiscard]] Result<std::vector<Dataset>> datasets_numbered(
    io::SqlConnection& sql, const std::vector<std::uint64_t>& numbers);

}  // namespace wusong::portal::internal
