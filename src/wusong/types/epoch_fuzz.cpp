// SPDX-License-Identifier: Apache-2.0
// Property: an epoch has one encoding, and what decodes has somebody who votes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wusong/base/assert.hpp"
#include "wusong/types/epoch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input{data, size};
  if (const auto epoch = wusong::types::decode_epoch(input)) {
    WUSONG_ASSERT(!epoch->validators.empty());
    WUSONG_ASSERT(std::ranges::equal(wusong::types::encode(*epoch), input));
  }
  return 0;
}
