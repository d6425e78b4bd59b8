// SPDX-License-Identifier: Apache-2.0
// The first sheet of an Office Open XML workbook as CSV: values alone, never formulas or macros.
#pragma once

#include <string>

namespace wusong::tables {

/// @errors Failed "unreadable", "too_large" (an archive that unpacks to more than 512 MiB),
///         "too_many_columns", "disk_full"
/// @source ECMA-376 part 1, section 18.3; PKWARE APPNOTE 6.3.10
void xlsx_to_csv(const std::string& from, const std::string& to);

}  // namespace wusong::tables
