// SPDX-License-Identifier: Apache-2.0
// Rows for one table, written many in one statement: each statement costs a server a round trip.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/internal/sql_row.hpp"

namespace wusong::portal::internal {

class BulkInsert {
 public:
  /// `into`: "table (column, …)" with `columns` of them; `end`: "ON CONFLICT …". Rows that conflict
  /// with each other must not wait at once where `end` updates.
  BulkInsert(io::SqlConnection& sql, std::string_view into, std::size_t columns,
             std::string_view end = "")
      : sql_{&sql}, columns_{columns} {
    for (std::size_t i = 0; i < kSizes.size(); ++i) texts_[i] = text_of(into, kSizes[i], end);
  }

  void clear() noexcept { waiting_.clear(); }
  [[nodiscard]] Result<void> add(Parameters row) {
    WUSONG_ASSERT(row.size() == columns_);
    waiting_.insert(waiting_.end(), std::make_move_iterator(row.begin()),
                    std::make_move_iterator(row.end()));
    return waiting_.size() < kSizes[0] * columns_ ? Result<void>{} : flush();
  }
  [[nodiscard]] Result<void> flush() {
    std::span<const io::SqlValue> left{waiting_};
    for (std::size_t i = 0; i < kSizes.size(); ++i) {
      for (const std::size_t take = kSizes[i] * columns_; left.size() >= take;
           left = left.subspan(take)) {
        const auto done = sql_->run(texts_[i], left.first(take));
        if (!done) return fail(done.error());
      }
    }
    waiting_.clear();
    return {};
  }

 private:
  static constexpr std::array<std::size_t, 3> kSizes{64, 8, 1};  // rows of one statement

  std::string text_of(std::string_view into, std::size_t rows, std::string_view end) const {
    std::string out = "INSERT INTO " + std::string{into} + " VALUES ";
    std::size_t parameter = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      out += row == 0 ? "(" : ", (";
      for (std::size_t i = 0; i < columns_; ++i)
        out += (i == 0 ? "$" : ", $") + std::to_string(++parameter);
      out += ")";
    }
    return end.empty() ? out : out + " " + std::string{end};
  }

  io::SqlConnection* sql_;
  std::size_t columns_;
  std::array<std::string, kSizes.size()> texts_;
  std::vector<io::SqlValue> waiting_;
};

}  // namespace wusong::portal::internal
