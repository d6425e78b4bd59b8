// SPDX-License-Identifier: Apache-2.0
// An item that is read ends where it ends whatever follows, and none is read from a part of it.
#include "wusong/base/assert.hpp"
#include "wusong/gateway/passkey.hpp"
#include "wusong/gateway/passkey_cbor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const BytesView bytes{data, size};
  gateway::CborReader reader{bytes};
  if (reader.skip()) {
    const std::size_t used = bytes.size() - reader.rest().size();
    WUSONG_ASSERT(used > 0 && used <= size);
    gateway::CborReader alone{bytes.first(used)};
    WUSONG_ASSERT(alone.skip() && alone.rest().empty());
    for (std::size_t cut = used > 64 ? used - 64 : 0; cut < used; ++cut) {
      gateway::CborReader part{bytes.first(cut)};
      WUSONG_ASSERT(!part.skip());
    }
  }
  // The same bytes as what an authenticator sends, whole and in its inner parts.
  if (const auto key = gateway::read_cose_key(bytes)) {
    WUSONG_ASSERT(key->size <= size && key->key.bytes.size() >= 32);
  }
  (void)gateway::read_authenticator_data(bytes);
  (void)gateway::read_attestation(bytes);
  if (const auto raw = gateway::read_der_signature(bytes)) WUSONG_ASSERT(raw->size() == 64);
  return 0;
}
