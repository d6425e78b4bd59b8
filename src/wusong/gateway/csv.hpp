// SPDX-License-Identifier: Apache-2.0
// Comma-separated values, read in pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/error.hpp"

namespace wusong::gateway {

/// Feeds on pieces of a text and gives out rows. Quotes may hold line breaks; a byte order mark at
/// the start is skipped; lines may end in LF or CRLF.
/// @source RFC 4180
class CsvReader {
 public:
  static constexpr std::size_t kRowMax = 1 << 20;  // bytes
  static constexpr std::size_t kColumnsMax = 2'000;

  /// Gets each row; false stops.
  using OnRow = std::function<bool(std::vector<std::string>&& row)>;
  /// @return false where `on_row` stopped. @errors err::bad_request: a row beyond the limits
  [[nodiscard]] Result<bool> feed(std::string_view piece, const OnRow& on_row);
  /// The last row, where no line break ends it.
  [[nodiscard]] Result<bool> finish(const OnRow& on_row);

 private:
  [[nodiscard]] bool end_row(const OnRow& on_row);
  std::vector<std::string> row_;
  std::string cell_;
  std::size_t size_{0};
  bool begun_{false};    // something of the file has been read
  bool quoted_{false};   // inside quotes
  bool closing_{false};  // just after a quote inside quotes
  bool any_{false};      // the row holds something
};

}  // namespace wusong::gateway
