// SPDX-License-Identifier: Apache-2.0
// Property: what has a canonical text keeps it, and a document that passes is canonical.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/portal/documents.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view text = as_text({data, size});
  if (const auto canonical = portal::canonicalise(text)) {
    WUSONG_ASSERT(portal::check_canonical(*canonical));
    WUSONG_ASSERT(portal::canonicalise(*canonical).value() == *canonical);
  }
  if (const auto document = portal::check_document(text)) {
    WUSONG_ASSERT(document->text == text);
    const auto again = portal::make_document(document->kind->name, text, {});
    WUSONG_ASSERT(again);
  }
  return 0;
}
