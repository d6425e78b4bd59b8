// SPDX-License-Identifier: Apache-2.0
// Property: a stored receipt has exactly one encoding.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/types/receipt.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const BytesView input{data, size};
  const auto receipt = types::decode_stored_receipt(input);
  if (!receipt) return 0;
  WUSONG_ASSERT(std::ranges::equal(types::encode_stored(*receipt), input));
  WUSONG_ASSERT(receipt->logs_bloom == types::bloom_of(receipt->logs));
  return 0;
}
