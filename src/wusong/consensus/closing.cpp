// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/closing.hpp"

#include <algorithm>
#include <string_view>

#include "wusong/consensus/internal/wire.hpp"
#include "wusong/hash/chain_hash.hpp"

namespace wusong::consensus {
namespace {

constexpr std::string_view kTag = "wusong/closing/v1";

}  // namespace

Bytes encode(const ClosingBlock& block) {
  internal::Writer out{128};
  out.raw(as_bytes(kTag));
  out.u64(block.view.value);
  out.u64(block.height.value);
  out.raw(block.parent_id);
  out.u64(block.last_height.value);
  out.raw(block.last_id);
  return out.take();
}

std::optional<ClosingBlock> decode_closing(BytesView payload) {
  internal::Reader in{payload};
  if (!std::ranges::equal(in.take(kTag.size()), as_bytes(kTag))) return std::nullopt;
  ClosingBlock out;
  out.view = View{in.u64()};
  out.height = Height{in.u64()};
  out.parent_id = in.hash();
  out.last_height = Height{in.u64()};
  out.last_id = in.hash();
  if (!in.complete() || out.last_height >= out.height) return std::nullopt;
  return out;
}

Hash closing_id(const ClosingBlock& block) {
  return hash::chain_hash(encode(block));
}

}  // namespace wusong::consensus
