// SPDX-License-Identifier: Apache-2.0
// Property: headers and blocks have exactly one encoding, and splitting agrees with decoding.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/block.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const BytesView input{data, size};
  if (const auto header = types::decode_header(input)) {
    WUSONG_ASSERT(std::ranges::equal(types::encode(*header), input));
  }
  if (const auto account = types::decode_account(input)) {
    WUSONG_ASSERT(std::ranges::equal(types::encode(*account), input));
  }
  const auto split = types::split_block(input);
  const auto block = types::decode_block(input);
  if (split) {
    std::vector<Bytes> pieces;
    for (const BytesView piece : split->transactions) pieces.push_back(to_bytes(piece));
    WUSONG_ASSERT(std::ranges::equal(types::encode_block(split->header, pieces), input));
  }
  if (block) {
    WUSONG_ASSERT(split && split->header == block->header);
    WUSONG_ASSERT(split->transactions.size() == block->transactions.size());
    WUSONG_ASSERT(std::ranges::equal(types::encode(*block), input));
  }
  return 0;
}
