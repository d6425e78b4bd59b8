// SPDX-License-Identifier: Apache-2.0
// A refused call as JSON-RPC shows it, and the one table from error rows to codes and words.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "wusong/base/error.hpp"

namespace wusong::rpc {

struct Fault {
  int code{-32603};
  std::string message;
  std::string data;  // JSON text; empty: no member "data"
};

template <typename T>
using Answer = std::expected<T, Fault>;

/// The code and words of a row; `detail`, where given, replaces the words. `data` names the row, so
/// that programs need not read English.
Fault fault_of(const ErrorInfo& info, std::string detail = {});

/// The name of the row with which execution skipped a transaction; "unknown" for another number.
std::string_view skip_reason(std::uint16_t number) noexcept;

inline std::unexpected<Fault> refuse(const ErrorInfo& info, std::string detail = {}) {
  return std::unexpected{fault_of(info, std::move(detail))};
}
inline std::unexpected<Fault> refuse(Error error, std::string detail = {}) {
  return std::unexpected{fault_of(error.info(), std::move(detail))};
}

}  // namespace wusong::rpc

#define WUSONG_ANSWER_INNER(result, declaration, expression)      \
  auto result = (expression);                                     \
  if (!result) return std::unexpected{std::move(result).error()}; \
  declaration = *std::move(result)

/// Binds the value of an Answer, or returns its fault from the enclosing function.
#define WUSONG_ANSWER(declaration, expression) \
  WUSONG_ANSWER_INNER(WUSONG_CONCAT(answer_, __LINE__), declaration, expression)
