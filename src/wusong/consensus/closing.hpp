// SPDX-License-Identifier: Apache-2.0
// What an epoch's validators propose after its last block while that block is not final: a block
// that holds nothing but its name. It makes the last block final as any child would, and is never
// part of the chain, which goes on from the last block with the next epoch's validators (ADR 0014).
#pragma once

#include <optional>

#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

struct ClosingBlock {
  View view;
  Height height;
  Hash parent_id;      // the last block, or another closing block of it
  Height last_height;  // below `height`
  Hash last_id;
  friend bool operator==(const ClosingBlock&, const ClosingBlock&) noexcept = default;
};

/// @shape "wusong/closing/v1" || view u64 || height u64 || parent id || last height u64 || last id
Bytes encode(const ClosingBlock& block);
/// Nothing for any other bytes.
std::optional<ClosingBlock> decode_closing(BytesView payload);
/// keccak256 of the encoding: its id in consensus.
Hash closing_id(const ClosingBlock& block);

}  // namespace wusong::consensus
