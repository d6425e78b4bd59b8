// SPDX-License-Identifier: Apache-2.0
// Property: every word of a query is one that the index of the same text holds, and no word can
// break out of a search expression.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/base/bytes.hpp"
#include "wusong/portal/tokens.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view text = as_text({data, std::min<std::size_t>(size, 4096)});
  const auto words = portal::tokens_of(text, 100'000);
  for (const std::string& word : words) {
    WUSONG_ASSERT(!word.empty() && word.size() <= portal::kTokenBytesMax);
    for (const char c : word)
      WUSONG_ASSERT((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    static_cast<unsigned char>(c) >= 0x80);
  }
  for (const std::string& word : portal::query_tokens_of(text))
    WUSONG_ASSERT(std::ranges::find(words, word) != words.end());
  return 0;
}
