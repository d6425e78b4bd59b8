// SPDX-License-Identifier: Apache-2.0
// A message as one RLP list, whole.
#pragma once

#include <variant>

#include "wusong/codec/rlp.hpp"
#include "wusong/net/errors.hpp"

namespace wusong::net {

/// One list, all of it, read by `read`; codec's reasons become "bad message".
template <typename Message, typename Read>
Result<Message> decode_list(BytesView encoded, Read read) {
  codec::RlpReader outer{encoded};
  auto list = outer.list();
  if (!list || !outer.finish()) return fail(err::bad_message);
  Result<Message> message = read(*list);
  if (!message || !list->finish()) return fail(err::bad_message);
  return message;
}

template <typename Writer, typename Message>
Bytes encode_list(const Message& message) {
  codec::RlpWriter out;
  out.open_list();
  std::visit(Writer{out}, message);
  out.close_list();
  return out.take();
}

}  // namespace wusong::net
