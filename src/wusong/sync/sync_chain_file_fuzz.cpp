// SPDX-License-Identifier: Apache-2.0
// Property: what is read of a chain's file is what writing it again gives, byte for byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/sync/chain_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;  // NOLINT
  const BytesView input{data, size};
  if (const auto frame = sync::decode_frame(input)) {
    WUSONG_ASSERT(std::ranges::equal(sync::encode_frame(frame->kind, frame->payload),
                                     input.first(frame->size)));
  }
  if (const auto header = sync::decode_chain_file_header(input))
    WUSONG_ASSERT(std::ranges::equal(sync::encode(*header), input));
  if (const auto range = sync::decode_file_range(input))
    WUSONG_ASSERT(std::ranges::equal(sync::encode_file_range(*range), input));
  if (const auto epochs = sync::decode_file_epochs(input))
    WUSONG_ASSERT(std::ranges::equal(sync::encode_file_epochs(*epochs), input));
  if (const auto last = sync::decode_file_end(input))
    WUSONG_ASSERT(std::ranges::equal(sync::encode_file_end(*last), input));
  return 0;
}
