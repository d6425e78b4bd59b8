// SPDX-License-Identifier: Apache-2.0
// A range too large for one message: cut by who serves it, joined by who asked.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/net/messages.hpp"

namespace wusong::sync {

/// How ranges travel: whole while their blocks take no more than this, else in parts of this size.
struct RangeCut {
  std::size_t whole_bytes_max{net::kRangeBytesMax};
  std::uint32_t part_bytes{net::kRangePartBytes};
};

/// The parts from `index` on, as many as are sent at once. None beyond the end.
std::vector<net::RangePart> cut_parts(BytesView encoded, std::uint64_t id, std::uint32_t index,
                                      const RangeCut& cut);

/// Joins the parts of one answer, in whatever order they come.
class PartsJoiner {
 public:
  /// False where it contradicts those before it, or was not asked for.
  [[nodiscard]] bool take(net::RangePart part);
  bool complete() const noexcept { return total_bytes_ != 0 && joined_.size() == total_bytes_; }
  /// The next part to ask for, once all that were asked for are here. Says so once.
  std::optional<std::uint32_t> due();
  /// The answer, when complete.
  Bytes release() { return std::move(joined_); }

 private:
  std::uint64_t total_bytes_{0};
  std::uint32_t part_bytes_{0};
  std::uint32_t next_{0};
  std::uint32_t asked_until_{net::kRangePartsAtOnce};
  Bytes joined_;
  std::map<std::uint32_t, Bytes> ahead_;
};

}  // namespace wusong::sync
