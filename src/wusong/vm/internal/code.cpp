// SPDX-License-Identifier: Apache-2.0
#include "wusong/vm/internal/code.hpp"

#include <cstring>

#include "wusong/vm/opcodes.hpp"

namespace wusong::vm::internal {

void find_jump_destinations(BytesView code, std::uint64_t* map) noexcept {
  std::memset(map, 0, 8 * jump_map_words(code.size()));
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto op = static_cast<std::int8_t>(code[i]);
    if (op < static_cast<std::int8_t>(Op::jumpdest)) continue;  // 0x80.. are negative
    if (op == static_cast<std::int8_t>(Op::jumpdest))
      map[i / 64] |= std::uint64_t{1} << (i % 64);
    else if (op >= static_cast<std::int8_t>(Op::push1))
      i += static_cast<std::size_t>(op - static_cast<std::int8_t>(Op::push1) + 1);
  }
}

CodeImage::CodeImage(BytesView code_in) : jump_map(jump_map_words(code_in.size())) {
  code.reserve(code_in.size() + kCodePadding);
  append(code, code_in);
  code.resize(code_in.size() + kCodePadding);
  find_jump_destinations(code_in, jump_map.data());
}

}  // namespace wusong::vm::internal
