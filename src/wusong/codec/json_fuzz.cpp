// SPDX-License-Identifier: Apache-2.0
// Property: a document that parses can be written, and reads back as the same text again.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/codec/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const auto document = codec::JsonDocument::parse(as_text({data, size}));
  if (!document) return 0;
  const std::string once = document->root().to_json();
  const auto again = codec::JsonDocument::parse(once);
  WUSONG_ASSERT(again);
  WUSONG_ASSERT(again->root().to_json() == once);
  WUSONG_ASSERT(again->root().kind() == document->root().kind());
  WUSONG_ASSERT(again->root().size() == document->root().size());
  return 0;
}
