// SPDX-License-Identifier: Apache-2.0
#include "wusong/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace wusong {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "assertion failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace wusong
