// SPDX-License-Identifier: Apache-2.0
// Property: a key that is accepted has one encoding, and any ciphertext of the right length gives
// the same secret by every provider. Input: a byte for the parameter set, then an encapsulation
// key, a decapsulation key, or a ciphertext for the key of seed 1, 1, …, told apart by their
// length.
#include "wusong/base/assert.hpp"
#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/ml_kem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  using namespace wusong::pq;
  if (size == 0) return 0;
  const auto set = static_cast<MlKem>(data[0] % 3u);
  const BytesView input{data + 1, size - 1};
  if (const auto key = MlKemEncapsulationKey::decode(set, input))
    WUSONG_ASSERT(std::ranges::equal(key->encoded(), input));
  if (const auto key = MlKemDecapsulationKey::decode(set, input)) {
    WUSONG_ASSERT(std::ranges::equal(key->encode().view(), input));
    const auto sent = key->encapsulation_key().encapsulate_internal(MlKemMessage{data, 32});
    WUSONG_ASSERT(key->decapsulate(sent.ciphertext).has_value());
  }
  if (input.size() != shape_of(set).ciphertext) return 0;
  const Bytes seed(64, 1);
  Bytes first;
  for (const auto& provider : internal::providers()) {
    const auto key = MlKemDecapsulationKey::from_seed(set, MlKemSeed{seed}, provider);
    const auto secret = key.decapsulate(input);
    WUSONG_ASSERT(secret.has_value());
    if (first.empty()) first = to_bytes(secret->view());
    WUSONG_ASSERT(std::ranges::equal(secret->view(), first));
  }
  return 0;
}
