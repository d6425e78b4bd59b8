// SPDX-License-Identifier: Apache-2.0
// Code made ready to run: padded with a map of its jump destinations, or decoded.
#pragma once

#include <cstdint>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/vm/fork_table.hpp"

namespace wusong::vm::internal {

/// Zero bytes after the code: PUSH32 at the end reads 32, and STOP follows.
inline constexpr std::size_t kCodePadding = 33;

/// Bytes of memory that padded code and its jump map take, the map first.
constexpr std::size_t jump_map_words(std::size_t code_size) noexcept {
  return (code_size + 63) / 64;
}
/// Marks each JUMPDEST that is not inside a PUSH's data. `map` has jump_map_words() words.
void find_jump_destinations(BytesView code, std::uint64_t* map) noexcept;

struct CodeImage {
  explicit CodeImage(BytesView code_in);
  std::size_t bytes_held() const noexcept { return code.size() + 8 * jump_map.size(); }

  Bytes code;  // padded
  std::vector<std::uint64_t> jump_map;
};

}  // namespace wusong::vm::internal
