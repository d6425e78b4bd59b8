// SPDX-License-Identifier: Apache-2.0
// What consensus sends stands behind the number of the epoch that it belongs to.
#pragma once

#include <optional>

#include "wusong/base/bytes.hpp"

namespace wusong::node {

struct EpochFrame {
  std::uint64_t epoch{0};
  BytesView message;  // of consensus; borrows the frame
};

/// @shape epoch u64, big-endian || message
inline Bytes tag_frame(std::uint64_t epoch, BytesView message) {
  Bytes out(8);
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(epoch >> (56 - 8 * i));
  append(out, message);
  return out;
}

/// Nothing where the frame is too short.
inline std::optional<EpochFrame> untag_frame(BytesView frame) {
  if (frame.size() < 8) return std::nullopt;
  EpochFrame out{.epoch = 0, .message = frame.subspan(8)};
  for (std::size_t i = 0; i < 8; ++i) out.epoch = out.epoch << 8 | frame[i];
  return out;
}

}  // namespace wusong::node
