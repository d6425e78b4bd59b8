// SPDX-License-Identifier: Apache-2.0
// Property: every provider gives the same verdict on a key and a signature, alone and beside
// others, and a signature that verifies does so with no other r, s or digest. Input: key || digest
// || signature, 160 bytes.
#include <algorithm>
#include <vector>

#include "wusong/base/assert.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/sm2.hpp"

using namespace wusong;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 160) return 0;
  const BytesView key{data, 64};
  const Hash digest = Hash::from({data + 64, 32});
  const BytesView signature{data + 96, 64};
  Bytes mirrored = to_bytes(signature);
  std::rotate(mirrored.begin(), mirrored.begin() + 32, mirrored.end());
  Bytes changed = to_bytes(signature);
  changed[data[0] % 64] ^= 1;
  const std::vector<crypto::Sm2VerifyRequest> requests{
      {key, digest, signature}, {key, digest, mirrored}, {key, digest, changed},
      {signature, digest, key}, {key, {}, signature},    {key, digest, signature.first(63)}};
  std::vector<Result<void>> first;
  for (const auto* const provider : crypto::internal::curve_providers()) {
    if (!provider->is_supported()) continue;
    crypto::internal::force_curve_provider(provider);
    std::vector<Result<void>> verdicts(requests.size());
    crypto::sm2_verify(requests, verdicts);
    if (first.empty()) first = verdicts;
    WUSONG_ASSERT(verdicts == first && crypto::sm2_verify(requests[0]) == first[0]);
  }
  crypto::internal::force_curve_provider(nullptr);
  WUSONG_ASSERT(!first[0] || !first[2]);
  WUSONG_ASSERT(!first[0] || !first[4] || digest == Hash{});
  WUSONG_ASSERT(first[5] == fail(crypto::err::bad_length));
  return 0;
}
