// SPDX-License-Identifier: Apache-2.0
// Property: every provider's verdict is libsodium's, alone and beside others, the key's multiples
// known or not. Input: key || signature || message, from 96 bytes on.
#include <sodium.h>

#include <algorithm>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"

using namespace wusong;

namespace {

Result<void> peer_verdict(const crypto::Ed25519VerifyRequest& request) {
  if (crypto_core_ed25519_is_valid_point(request.public_key.data()) != 1)
    return fail(crypto::err::bad_public_key);
  if (crypto_sign_verify_detached(request.signature.data(), request.message.data(),
                                  request.message.size(), request.public_key.data()) != 0)
    return fail(crypto::err::bad_signature);
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 96) return 0;
  const BytesView key{data, 32};
  const BytesView signature{data + 32, 64};
  const BytesView message{data + 96, size - 96};
  Bytes turned = to_bytes(signature);
  std::rotate(turned.begin(), turned.begin() + 32, turned.end());
  const std::vector<crypto::Ed25519VerifyRequest> requests{
      {key, message, signature},
      {signature.first(32), message, signature},
      {key, message, turned},
      {signature.last(32), message, turned}};
  for (const auto* const provider : crypto::internal::curve_providers()) {
    if (!provider->is_supported()) continue;
    crypto::internal::force_curve_provider(provider);
    std::vector<Result<void>> verdicts(requests.size());
    crypto::ed25519_verify(requests, verdicts);
    for (std::size_t i = 0; i < requests.size(); ++i)
      WUSONG_ASSERT(verdicts[i] == peer_verdict(requests[i]));
    std::vector<BytesView> keys;
    for (const auto& each : requests) keys.push_back(each.public_key);
    const auto tables = crypto::ed25519_tables(keys);
    auto known = requests;
    for (std::size_t i = 0; i < known.size(); ++i) known[i].table = tables[i].get();
    std::vector<Result<void>> again(requests.size());
    crypto::ed25519_verify(known, again);
    WUSONG_ASSERT(again == verdicts);
  }
  crypto::internal::force_curve_provider(nullptr);
  return 0;
}
