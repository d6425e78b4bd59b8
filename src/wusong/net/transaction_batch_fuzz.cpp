// SPDX-License-Identifier: Apache-2.0
// Property: exactly one encoding of a batch is accepted, and its limits hold.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/net/messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const BytesView input{data, size};
  const auto batch = net::decode_transaction_batch(input);
  if (!batch) return 0;
  WUSONG_ASSERT(!batch->empty() && batch->size() <= net::kBatchTransactionsMax);
  for (const BytesView transaction : *batch)
    WUSONG_ASSERT(!transaction.empty() && transaction.size() <= net::kTransactionSizeMax);
  WUSONG_ASSERT(std::ranges::equal(net::encode_transaction_batch(*batch), input));
  return 0;
}
