// SPDX-License-Identifier: Apache-2.0
// The one error type: a pointer to a static row, so that failing costs nothing and never allocates.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace wusong {

/// What the caller should do. This, not the text, decides control flow.
enum class Disposition : std::uint8_t {
  reject,  // the input is wrong and always will be; its sender may be blamed
  retry,   // transient: the same call can succeed later
  halt,    // this replica's own data or hardware is suspect; stop before it spreads
};

/// One row of a module's error table. Rows are constants and live for ever.
/// Number ranges by module: docs/HACKING.md.
struct ErrorInfo {
  std::uint16_t number;  // permanent: it appears in receipts and in RPC replies
  Disposition disposition;
  std::string_view name;  // "module.what_is_wrong"
};

/// A failed outcome.
class Error {
 public:
  constexpr explicit(false) Error(const ErrorInfo& info) noexcept : info_{&info} {}
  Error(const ErrorInfo&&) = delete;  // a temporary row would dangle

  constexpr const ErrorInfo& info() const noexcept { return *info_; }
  constexpr std::string_view name() const noexcept { return info_->name; }
  friend constexpr bool operator==(const Error&, const Error&) noexcept = default;

 private:
  const ErrorInfo* info_;
};

template <typename T>
using Result = std::expected<T, Error>;

constexpr std::unexpected<Error> fail(Error error) noexcept {
  return std::unexpected{error};
}

}  // namespace wusong

#define WUSONG_CONCAT_INNER(a, b) a##b
#define WUSONG_CONCAT(a, b) WUSONG_CONCAT_INNER(a, b)
#define WUSONG_TRY_INNER(result, declaration, expression) \
  auto result = (expression);                             \
  if (!result) return ::wusong::fail(result.error());     \
  declaration = *std::move(result)

/// Binds the value of a Result, or returns its error from the enclosing function.
#define WUSONG_TRY(declaration, expression) \
  WUSONG_TRY_INNER(WUSONG_CONCAT(try_, __LINE__), declaration, expression)

/// For a Result<void>: returns its error from the enclosing function.
#define WUSONG_CHECK(expression)                           \
  do {                                                     \
    if (auto check_result = (expression); !check_result) { \
      return ::wusong::fail(check_result.error());         \
    }                                                      \
  } while (false)
