// SPDX-License-Identifier: Apache-2.0
// Property: every row of a pack that is accepted goes onto the chain and comes back the same.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/portal/rules.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view text = as_text({data, size});
  if (const auto pack = portal::parse_rule_pack(text)) {
    for (const auto& [key, row] : pack->rows()) {
      const auto again = portal::decode_row(portal::encode(row));
      WUSONG_ASSERT(again);
      WUSONG_ASSERT(*again == row);
    }
  }
  (void)portal::parse_calendar(text);
  if (size >= 32) {
    const U256 word = load_be(data);
    if (const auto row = portal::decode_row(word)) WUSONG_ASSERT(portal::encode(*row) == word);
  }
  return 0;
}
