// SPDX-License-Identifier: Apache-2.0
// Property: the decoder accepts exactly one encoding of a proof, and never crashes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/consensus/finality_proof.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wusong::BytesView input{data, size};
  if (const auto proof = wusong::consensus::decode_finality_proof(input))
    WUSONG_ASSERT(std::ranges::equal(wusong::consensus::encode(*proof), input));
  return 0;
}
