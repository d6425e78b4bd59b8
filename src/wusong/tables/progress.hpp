// SPDX-License-Identifier: Apache-2.0
// How far one request has come, in memory that the child writes and its parent reads.
#pragma once

#include <cstdint>

namespace wusong::tables {

struct Progress {
  std::uint32_t step{0};     // of its statements; 0: none has begun
  std::uint32_t percent{0};  // of that one
};

}  // namespace wusong::tables
