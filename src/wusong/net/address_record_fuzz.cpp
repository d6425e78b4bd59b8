// SPDX-License-Identifier: Apache-2.0
// Property: the decoder accepts exactly one encoding of a record, within its limits.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/net/address_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wusong::BytesView input{data, size};
  if (const auto record = wusong::net::decode_address_record(input)) {
    WUSONG_ASSERT(std::ranges::equal(wusong::net::encode(*record), input));
    WUSONG_ASSERT(record->addresses.size() <= wusong::net::kRecordAddressesMax);
    for (const auto& address : record->addresses)
      WUSONG_ASSERT(wusong::net::split_address(address).has_value());
  }
  return 0;
}
