// SPDX-License-Identifier: Apache-2.0
// What the parts of a faulty validator share.
#pragma once

#include <functional>

#include "wusong/consensus/types.hpp"
#include "wusong/types/block.hpp"

namespace wusong::sim::internal {

/// Gives the block another header, and the id that belongs to it.
void change_header(consensus::Block& block, const std::function<void(types::Header&)>& change);

}  // namespace wusong::sim::internal
