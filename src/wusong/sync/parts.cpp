// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/parts.hpp"

#include <algorithm>

namespace wusong::sync {

std::vector<net::RangePart> cut_parts(BytesView encoded, std::uint64_t id, std::uint32_t index,
                                      const RangeCut& cut) {
  std::vector<net::RangePart> out;
  for (std::uint32_t i = 0; i < net::kRangePartsAtOnce; ++i, ++index) {
    const std::size_t offset = std::size_t{index} * cut.part_bytes;
    if (offset >= encoded.size()) break;
    const std::size_t size = std::min<std::size_t>(cut.part_bytes, encoded.size() - offset);
    out.push_back({.id = id,
                   .total_bytes = encoded.size(),
                   .part_bytes = cut.part_bytes,
                   .index = index,
                   .bytes = to_bytes(encoded.subspan(offset, size))});
  }
  return out;
}

bool PartsJoiner::take(net::RangePart part) {
  if (total_bytes_ == 0) {
    total_bytes_ = part.total_bytes;
    part_bytes_ = part.part_bytes;
  }
  if (part.total_bytes != total_bytes_ || part.part_bytes != part_bytes_ ||
      part.index >= asked_until_)
    return false;
  if (part.index < next_) return true;
  ahead_.try_emplace(part.index, std::move(part.bytes));
  while (!ahead_.empty() && ahead_.begin()->first == next_) {
    append(joined_, ahead_.begin()->second);
    ahead_.erase(ahead_.begin());
    ++next_;
  }
  return true;
}

std::optional<std::uint32_t> PartsJoiner::due() {
  if (complete() || next_ < asked_until_) return std::nullopt;
  asked_until_ = next_ + net::kRangePartsAtOnce;
  return next_;
}

}  // namespace wusong::sync
