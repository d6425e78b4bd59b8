// SPDX-License-Identifier: Apache-2.0
// A DID that is read is written the same again, and its document is JSON.
#include "wusong/base/assert.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/identity/did.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const std::string_view text = as_text({data, size});
  const auto did = identity::parse_did(text);
  if (!did) return 0;
  WUSONG_ASSERT(did->text == text);
  WUSONG_ASSERT(did->key ? identity::did_key(*did->key) == text
                         : identity::did_wusong(did->chain_id, did->address) == text);
  WUSONG_ASSERT(codec::JsonDocument::parse(identity::did_document(*did)));
  return 0;
}
