// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/bulk_insert.hpp"

#include "wusong/codec/hex.hpp"

namespace wusong::portal::internal {
namespace {

std::string_view array_type(const io::SqlValue& value) noexcept {
  if (std::holds_alternative<std::int64_t>(value)) return "bigint[]";
  return std::holds_alternative<Bytes>(value) ? "bytea[]" : "text[]";
}

/// One element of PostgreSQL's "{…}". @source PostgreSQL 15, 8.15.6: array input
void append_element(std::string& out, const io::SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    out += std::to_string(*number);
  } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
    out += "\"\\\\x" + codec::to_hex(*bytes) + "\"";
  } else {
    const auto* text = std::get_if<std::string>(&value);
    WUSONG_ASSERT(text != nullptr);
    out.push_back('"');
    for (const char c : *text) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
}

}  // namespace

Result<void> BulkInsert::flush_as_arrays() {
  if (array_text_.empty()) {
    array_text_ = "INSERT INTO " + into_ + " SELECT * FROM unnest(";
    for (std::size_t i = 0; i < columns_; ++i) {
      array_text_ += (i == 0 ? "$" : ", $") + std::to_string(i + 1) + "::";
      array_text_ += array_type(waiting_[i]);
    }
    array_text_ += ") " + end_;
  }
  std::vector<io::SqlValue> parameters;
  parameters.reserve(columns_);
  for (std::size_t column = 0; column < columns_; ++column) {
    std::string list{"{"};
    for (std::size_t at = column; at < waiting_.size(); at += columns_) {
      if (list.size() > 1) list.push_back(',');
      append_element(list, waiting_[at]);
    }
    list.push_back('}');
    parameters.emplace_back(std::move(list));
  }
  const auto done = sql_->run(array_text_, parameters);
  return done ? Result<void>{} : fail(done.error());
}

Result<void> BulkInsert::flush_as_values() {
  std::span<const io::SqlValue> left{waiting_};
  for (std::size_t i = 0; i < kSizes.size(); ++i) {
    for (const std::size_t take = kSizes[i] * columns_; left.size() >= take;
         left = left.subspan(take)) {
      if (texts_[i].empty()) texts_[i] = with_values(kSizes[i]);
      const auto done = sql_->run(texts_[i], left.first(take));
      if (!done) return fail(done.error());
    }
  }
  return {};
}

std::string BulkInsert::with_values(std::size_t rows) const {
  std::string out = "INSERT INTO " + into_ + " VALUES ";
  std::size_t parameter = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    out += row == 0 ? "(" : ", (";
    for (std::size_t i = 0; i < columns_; ++i)
      out += (i == 0 ? "$" : ", $") + std::to_string(++parameter);
    out += ")";
  }
  return end_.empty() ? out : out + " " + end_;
}

}  // namespace wusong::portal::internal
