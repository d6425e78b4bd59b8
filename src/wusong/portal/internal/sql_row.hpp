// SPDX-License-Identifier: Apache-2.0
// Values in and out of SQL rows. Zero digests and addresses are stored as empty texts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/io/sql.hpp"
#include "wusong/portal/errors.hpp"

namespace wusong::portal::internal {

using Parameters = std::vector<io::SqlValue>;
using Row = std::vector<io::SqlValue>;

inline io::SqlValue number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
template <typename Fixed>
io::SqlValue hex(const Fixed& value) {
  return value.is_zero() ? std::string{} : codec::to_hex(value);
}

/// Reads a row's columns in order. A value of another type spoils it.
class RowReader {
 public:
  explicit RowReader(const Row& row) : row_{&row} {}
  std::uint64_t number() {
    if (const auto* value = next<std::int64_t>()) return static_cast<std::uint64_t>(*value);
    return 0;
  }
  template <typename Integer>
  Integer number_as() {
    return static_cast<Integer>(number());
  }
  bool flag() { return number() != 0; }
  std::string text() {
    const auto* value = next<std::string>();
    return value == nullptr ? std::string{} : *value;
  }
  Bytes bytes() {
    const auto* value = next<Bytes>();
    return value == nullptr ? Bytes{} : *value;
  }
  template <typename Fixed>
  Fixed fixed() {
    const std::string digits = text();
    if (digits.empty()) return {};
    const auto out = codec::fixed_from_hex<Fixed>(digits);
    good_ = good_ && out;
    return out.value_or(Fixed{});
  }
  bool good() const noexcept { return good_; }

 private:
  template <typename T>
  const T* next() {
    const T* value = at_ < row_->size() ? std::get_if<T>(&(*row_)[at_]) : nullptr;
    ++at_;
    good_ = good_ && value != nullptr;
    return value;
  }
  const Row* row_;
  std::size_t at_{0};
  bool good_{true};
};

}  // namespace wusong::portal::internal
