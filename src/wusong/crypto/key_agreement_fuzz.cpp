// SPDX-License-Identifier: Apache-2.0
// Property: a public key is taken exactly if it is a point of the curve (and not of small order),
// and every provider finds the same with it. Input: one byte, which names the agreement; a secret
// of 32 bytes; the peer's key.
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/key_agreement.hpp"
#include "wusong/crypto/p256.hpp"

using namespace wusong;

namespace {

bool is_point(crypto::KeyAgreement agreement, BytesView key) {
  switch (agreement) {
    case crypto::KeyAgreement::x25519:
      return key.size() == 32;
    case crypto::KeyAgreement::p256:
      return crypto::point_on_curve(crypto::Curve::p256, key);
    case crypto::KeyAgreement::secp256k1:
      return crypto::point_on_curve(crypto::Curve::secp256k1, key);
    case crypto::KeyAgreement::sm2:
      break;
  }
  return crypto::point_on_curve(crypto::Curve::sm2, key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 33) return 0;
  const auto table = crypto::key_agreement_table();
  const auto& info = table[data[0] % table.size()];
  const BytesView secret{data + 1, 32};
  const BytesView peer{data + 33, size - 33};
  std::vector<Bytes> found;
  for (const auto* const provider : crypto::internal::curve_providers()) {
    if (!provider->is_supported()) continue;
    crypto::internal::force_curve_provider(provider);
    const auto own = crypto::agreement_public_key(info.agreement, secret);
    const auto out = crypto::agree(info.agreement, secret, peer);
    WUSONG_ASSERT(own || out.error() == crypto::err::bad_secret_key);
    if (own) {
      WUSONG_ASSERT(own->size() == info.public_key_size && is_point(info.agreement, *own));
      WUSONG_ASSERT(out ? is_point(info.agreement, peer)
                        : !is_point(info.agreement, peer) ||
                              out.error() == crypto::err::no_agreement);
      WUSONG_ASSERT(crypto::agree(info.agreement, secret, *own).has_value());
    }
    found.push_back(out ? to_bytes(out->view()) : Bytes{});
  }
  crypto::internal::force_curve_provider(nullptr);
  for (const Bytes& each : found) WUSONG_ASSERT(each == found.front());
  return 0;
}
