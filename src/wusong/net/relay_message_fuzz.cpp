// SPDX-License-Identifier: Apache-2.0
// Property: the decoder accepts exactly one encoding of a message.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/net/relay_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wusong::BytesView input{data, size};
  if (const auto message = wusong::net::decode_relay(input))
    WUSONG_ASSERT(std::ranges::equal(wusong::net::encode(*message), input));
  return 0;
}
