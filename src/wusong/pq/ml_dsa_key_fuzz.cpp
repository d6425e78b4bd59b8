// SPDX-License-Identifier: Apache-2.0
// Property: a key that is accepted has one encoding, and signs what its public half verifies.
// Input: a byte for the parameter set, then a public or a secret key, told apart by their length.
#include "wusong/base/assert.hpp"
#include "wusong/pq/ml_dsa.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  using namespace wusong::pq;
  if (size == 0) return 0;
  const auto set = static_cast<MlDsa>(data[0] % 3u);
  const BytesView encoded{data + 1, size - 1};
  if (const auto key = MlDsaPublicKey::decode(set, encoded)) {
    WUSONG_ASSERT(std::ranges::equal(key->encoded(), encoded));
    const Bytes zeros(shape_of(set).signature);
    WUSONG_ASSERT(!key->verify({}, {}, zeros));  // the largest response there is
  }
  if (const auto key = MlDsaSecretKey::decode(set, encoded)) {
    WUSONG_ASSERT(std::ranges::equal(key->encode().view(), encoded));
    const auto signature = key->sign_deterministic(encoded, {});
    WUSONG_ASSERT(signature && key->public_key().verify(encoded, {}, *signature));
  }
  return 0;
}
