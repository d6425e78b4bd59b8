// SPDX-License-Identifier: Apache-2.0
// Property: a transaction has exactly one encoding, and neither decoding nor recovery ever crashes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/types/transaction.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const BytesView input{data, size};
  const auto transaction = types::decode_transaction(input);
  if (!transaction) return 0;
  WUSONG_ASSERT(std::ranges::equal(types::encode(*transaction), input));
  const auto sender = types::recover_sender(*transaction);
  if (sender) WUSONG_ASSERT(types::recover_sender(*transaction) == sender);
  for (const auto& authorization : transaction->authorizations) {
    static_cast<void>(types::recover_authority(authorization));
  }
  return 0;
}
