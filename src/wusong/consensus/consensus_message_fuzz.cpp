// SPDX-License-Identifier: Apache-2.0
// Property: the decoder accepts exactly one encoding of a message, and never crashes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/consensus/messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wusong::BytesView input{data, size};
  if (const auto message = wusong::consensus::decode_message(input, 1 << 20))
    WUSONG_ASSERT(std::ranges::equal(wusong::consensus::encode(*message), input));
  return 0;
}
