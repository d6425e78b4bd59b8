// SPDX-License-Identifier: Apache-2.0
// Property: hexadecimal text that is accepted is written again as the same digits.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/codec/hex.hpp"

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view text = as_text({data, size});
  const std::string small = lower(text);
  if (const auto bytes = codec::from_hex(text)) {
    WUSONG_ASSERT(codec::to_hex(*bytes) == (small.starts_with("0x") ? small.substr(2) : small));
  }
  if (const auto word = codec::word_from_hex_quantity(text)) {
    WUSONG_ASSERT(codec::to_hex_quantity(*word) == small);
  }
  const auto number = codec::u64_from_hex_quantity(text);
  if (number) WUSONG_ASSERT(codec::to_hex_quantity(*number) == small);
  return 0;
}
