// SPDX-License-Identifier: Apache-2.0
#include "wusong/base/processor.hpp"

#include <cstdlib>

namespace wusong {

bool may_use_extensions() noexcept {
  static const bool kMay = std::getenv("WUSONG_PORTABLE") == nullptr;
  return kMay;
}

}  // namespace wusong
