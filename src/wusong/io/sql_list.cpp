// SPDX-License-Identifier: Apache-2.0
#include "wusong/io/sql_list.hpp"

namespace wusong::io {

std::string number_list(SqlDialect dialect, const std::vector<std::uint64_t>& numbers) {
  const bool lite = dialect == SqlDialect::sqlite;
  std::string out{lite ? "[" : "{"};
  for (const std::uint64_t one : numbers) {
    if (out.size() > 1) out.push_back(',');
    out += std::to_string(one);
  }
  return out + (lite ? "]" : "}");
}

std::string hex_list(SqlDialect dialect, std::span<const std::string> texts) {
  const bool lite = dialect == SqlDialect::sqlite;
  std::string out{lite ? "[" : "{"};
  for (const std::string& one : texts) out += (out.size() > 1 ? ",\"" : "\"") + one + "\"";
  return out + (lite ? "]" : "}");
}

std::string in_list(SqlDialect dialect, std::string_view column, std::string_view type) {
  return std::string{column} + (dialect == SqlDialect::sqlite
                                    ? " IN (SELECT value FROM json_each($1))"
                                    : " = ANY (CAST($1 AS " + std::string{type} + "[]))");
}

}  // namespace wusong::io
