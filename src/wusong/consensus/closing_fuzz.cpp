// SPDX-License-Identifier: Apache-2.0
// Property: a closing block has one encoding, and stands above the block that it names.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wusong/base/assert.hpp"
#include "wusong/consensus/closing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input{data, size};
  if (const auto block = wusong::consensus::decode_closing(input)) {
    WUSONG_ASSERT(block->last_height < block->height);
    WUSONG_ASSERT(std::ranges::equal(wusong::consensus::encode(*block), input));
  }
  return 0;
}
