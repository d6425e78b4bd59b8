// SPDX-License-Identifier: Apache-2.0
// Assertions for our own bugs: on in every build, never for input from outside.
#pragma once

namespace wusong {

/// Prints where and what, then aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace wusong

#define WUSONG_ASSERT(expression)                       \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::wusong::assertion_failed(#expression, __FILE__, __LINE__))
