// SPDX-License-Identifier: Apache-2.0
// Rows for one table, written many in one statement: each statement costs a server a round trip.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/internal/sql_row.hpp"

namespace wusong::portal::internal {

class BulkInsert {
 public:
  /// `into`: "table (column, …)" with `columns` of them, none of them NULL; `end`: "ON CONFLICT …".
  /// Rows that conflict with each other must not wait at once where `end` updates.
  BulkInsert(io::SqlConnection& sql, std::string_view into, std::size_t columns,
             std::string_view end = "")
      : sql_{&sql}, columns_{columns}, into_{into}, end_{end} {}

  void clear() noexcept { waiting_.clear(); }
  [[nodiscard]] Result<void> add(Parameters row) {
    WUSONG_ASSERT(row.size() == columns_);
    waiting_.insert(waiting_.end(), std::make_move_iterator(row.begin()),
                    std::make_move_iterator(row.end()));
    return waiting_.size() < rows_at_once() * columns_ ? Result<void>{} : flush();
  }
  [[nodiscard]] Result<void> flush() {
    if (waiting_.empty()) return {};
    const auto done = arrays() ? flush_as_arrays() : flush_as_values();
    if (done) waiting_.clear();
    return done;
  }

 private:
  static constexpr std::array<std::size_t, 3> kSizes{64, 8, 1};  // rows of one statement
  static constexpr std::size_t kArrayRows = 512;

  /// PostgreSQL plans a statement with a parameter for each column much faster than one with a
  /// thousand of them, and takes any number of rows by the same one.
  bool arrays() const noexcept { return sql_->dialect() == io::SqlDialect::postgres; }
  std::size_t rows_at_once() const noexcept { return arrays() ? kArrayRows : kSizes[0]; }

  Result<void> flush_as_arrays();
  Result<void> flush_as_values();
  std::string with_values(std::size_t rows) const;

  io::SqlConnection* sql_;
  std::size_t columns_;
  std::string into_;
  std::string end_;
  std::array<std::string, kSizes.size()> texts_;  // made when first needed
  std::string array_text_;
  std::vector<io::SqlValue> waiting_;
};

}  // namespace wusong::portal::internal
