// SPDX-License-Identifier: Apache-2.0
#include "wusong/platform/os_entropy.hpp"

#include <sys/random.h>
#include <cerrno>

#include "wusong/base/assert.hpp"

namespace wusong::platform {

void OsEntropy::fill(std::span<std::uint8_t> out) noexcept {
  while (!out.empty()) {
    const auto count = ::getrandom(out.data(), out.size(), 0);
    if (count < 0) {
      WUSONG_ASSERT(errno == EINTR);  // a kernel without getrandom is not supported
      continue;
    }
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace wusong::platform
