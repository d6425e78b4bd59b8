// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/csv.hpp"

#include "wusong/gateway/errors.hpp"

namespace wusong::gateway {

bool CsvReader::end_row(const OnRow& on_row) {
  row_.push_back(std::move(cell_));
  cell_.clear();
  const bool blank = row_.size() == 1 && row_.front().empty();
  std::vector<std::string> out = std::move(row_);
  row_.clear();
  size_ = 0;
  any_ = quoted_ = closing_ = false;
  return blank || on_row(std::move(out));
}

Result<bool> CsvReader::feed(std::string_view piece, const OnRow& on_row) {
  if (!begun_ && piece.starts_with("\xef\xbb\xbf")) piece.remove_prefix(3);
  begun_ = begun_ || !piece.empty();
  for (const char c : piece) {
    if (++size_ > kRowMax || row_.size() > kColumnsMax) return fail(err::bad_request);
    if (quoted_ && !closing_) {
      if (c == '"') {
        closing_ = true;
      } else {
        cell_.push_back(c);
      }
      continue;
    }
    if (closing_ && c == '"') {
      cell_.push_back('"');
      closing_ = false;
      continue;
    }
    if (c == ',') {
      row_.push_back(std::move(cell_));
      cell_.clear();
      any_ = true;
      quoted_ = closing_ = false;
    } else if (c == '\n') {
      if (!end_row(on_row)) return false;
    } else if (c == '"' && cell_.empty() && !closing_) {
      quoted_ = any_ = true;
    } else if (c != '\r') {
      cell_.push_back(c);
      any_ = true;
    }
  }
  return true;
}

Result<bool> CsvReader::finish(const OnRow& on_row) {
  if (!any_ && cell_.empty() && row_.empty()) return true;
  return end_row(on_row);
}

}  // namespace wusong::gateway
