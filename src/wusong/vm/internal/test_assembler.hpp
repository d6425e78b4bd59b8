// SPDX-License-Identifier: Apache-2.0
// A line assembler for tests and benchmarks. Evidence only.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/vm/opcodes.hpp"

namespace wusong::vm::internal {

/// Words: an instruction; a number (0x… or decimal), pushed with the shortest PUSH;
/// `name:`, a JUMPDEST; `@name`, its address by PUSH2; `!ab`, the byte as it is.
inline Bytes assemble(const std::string& text) {
  std::map<std::string, std::size_t> labels;
  std::vector<std::pair<std::size_t, std::string>> uses;
  Bytes code;
  std::istringstream words{text};
  for (std::string word; words >> word;) {
    if (word.back() == ':') {
      labels[word.substr(0, word.size() - 1)] = code.size();
      code.push_back(0x5b);
    } else if (word[0] == '@') {
      code.push_back(0x61);
      uses.emplace_back(code.size(), word.substr(1));
      code.insert(code.end(), {0, 0});
    } else if (word[0] == '!') {
      code.push_back(static_cast<std::uint8_t>(std::stoul(word.substr(1), nullptr, 16)));
    } else if (word[0] >= '0' && word[0] <= '9') {
      Bytes digits;
      if (word.starts_with("0x")) {
        std::string hex = word.substr(2);
        if (hex.size() % 2 != 0) hex.insert(0, 1, '0');
        for (std::size_t i = 0; i < hex.size(); i += 2)
          digits.push_back(static_cast<std::uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
      } else {
        for (std::uint64_t v = std::stoull(word); v != 0; v >>= 8)
          digits.insert(digits.begin(), static_cast<std::uint8_t>(v));
      }
      if (digits.empty()) digits.push_back(0);
      code.push_back(static_cast<std::uint8_t>(0x5f + digits.size()));
      append(code, digits);
    } else {
      bool known = false;
      for (unsigned op = 0; op < 256 && !known; ++op) {
        if (name_of(static_cast<std::uint8_t>(op)) != word) continue;
        code.push_back(static_cast<std::uint8_t>(op));
        known = true;
      }
      WUSONG_ASSERT(known);
    }
  }
  for (const auto& [where, label] : uses) {
    WUSONG_ASSERT(labels.contains(label));
    code[where] = static_cast<std::uint8_t>(labels[label] >> 8);
    code[where + 1] = static_cast<std::uint8_t>(labels[label]);
  }
  return code;
}

}  // namespace wusong::vm::internal
