// SPDX-License-Identifier: Apache-2.0
// Property: a log that is read as an event is the one log of that event; call data likewise.
// The input's first byte says how many topics follow, each 32 bytes; the rest is data.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/portal/act.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  if (const auto acts = portal::decode_act_call({data, size})) {
    const Bytes again = acts->size() == 1 && size == 4 + 11 * 32
                            ? portal::encode_act_call(acts->front())
                            : portal::encode_act_many_call(*acts);
    WUSONG_ASSERT(std::ranges::equal(again, BytesView{data, size}));
  }
  (void)portal::decode_item({data, size});
  (void)portal::refusal_of({data, size});
  if (size == 0) return 0;
  portal::Contracts contracts;
  contracts.directory.bytes[0] = 1;
  contracts.rule_book.bytes[0] = 2;
  contracts.workflows.bytes[0] = 3;
  types::Log log;
  const std::size_t topics = std::min<std::size_t>(data[0] & 7, (size - 1) / 32);
  for (std::size_t i = 0; i < topics; ++i)
    log.topics.push_back(Hash::from({data + 1 + 32 * i, 32}));
  log.data = to_bytes({data + 1 + 32 * topics, size - 1 - 32 * topics});
  for (const Address& address : {contracts.directory, contracts.rule_book, contracts.workflows}) {
    log.address = address;
    const auto event = portal::decode_event(log, contracts);
    if (event && *event) WUSONG_ASSERT(portal::encode_event(**event, contracts) == log);
  }
  return 0;
}
