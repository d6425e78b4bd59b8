// SPDX-License-Identifier: Apache-2.0
// An item that is read ends where it ends whatever follows, and none is read from a part of it.
#include "wusong/base/assert.hpp"
#include "wusong/identity/passkey.hpp"
#include "wusong/identity/passkey_cbor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  const BytesView bytes{data, size};
  identity::CborReader reader{bytes};
  if (reader.skip()) {
    const std::size_t used = bytes.size() - reader.rest().size();
    WUSONG_ASSERT(used > 0 && used <= size);
    identity::CborReader alone{bytes.first(used)};
    WUSONG_ASSERT(alone.skip() && alone.rest().empty());
    for (std::size_t cut = used > 64 ? used - 64 : 0; cut < used; ++cut) {
      identity::CborReader part{bytes.first(cut)};
      WUSONG_ASSERT(!part.skip());
    }
  }
  // The same bytes as what an authenticator sends, whole and in its inner parts.
  if (const auto key = identity::read_cose_key(bytes)) {
    WUSONG_ASSERT(key->size <= size && key->key.bytes.size() >= 32);
  }
  [[maybe_unused]] const auto data_read = identity::read_authenticator_data(bytes);
  [[maybe_unused]] const auto attestation = identity::read_attestation(bytes);
  if (const auto raw = identity::read_der_signature(bytes)) WUSONG_ASSERT(raw->size() == 64);
  return 0;
}
