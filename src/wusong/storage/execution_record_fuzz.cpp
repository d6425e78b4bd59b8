// SPDX-License-Identifier: Apache-2.0
// Property: an execution record has one encoding, and its roots alone read as they do in full.
#include <algorithm>

#include "wusong/storage/internal/records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wusong::BytesView input{data, size};
  const auto decoded = wusong::storage::decode_execution(input);
  if (!decoded) return 0;
  WUSONG_ASSERT(std::ranges::equal(wusong::storage::encode_execution(*decoded), input));
  const auto roots = wusong::storage::decode_execution_roots(input);
  WUSONG_ASSERT(roots && *roots == decoded->roots);
  return 0;
}
