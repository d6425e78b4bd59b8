// SPDX-License-Identifier: Apache-2.0
// Property: every provider gives one verdict, and hints that are accepted have one encoding. Input:
// a byte for the parameter set, then a signature of "fuzz" under that set's key of seed 1, 1, ….
#include "wusong/base/assert.hpp"
#include "wusong/pq/internal/ml_dsa_parts.hpp"

namespace {

using namespace wusong;
using namespace wusong::pq;

const MlDsaPublicKey& key_of(std::size_t set, std::size_t provider) {
  static std::vector<MlDsaSecretKey> keys[3];
  if (keys[set].empty()) {
    const Bytes seed(kMlDsaSeedSize, 1);
    for (const auto& each : internal::providers())
      keys[set].push_back(
          MlDsaSecretKey::from_seed(static_cast<MlDsa>(set), MlDsaSeed{seed}, each));
  }
  return keys[set][provider].public_key();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t set = data[0] % 3u;
  const BytesView signature{data + 1, size - 1};
  const auto verdict = key_of(set, 0).verify(as_bytes("fuzz"), {}, signature);
  for (std::size_t i = 1; i < internal::providers().size(); ++i)
    WUSONG_ASSERT(key_of(set, i).verify(as_bytes("fuzz"), {}, signature) == verdict);
  const auto& p = internal::parameters_of(static_cast<MlDsa>(set));
  if (signature.size() != p.shape.signature) return 0;
  const BytesView hints = signature.last(p.omega + p.k);
  std::vector<internal::Poly32> unpacked(p.k);
  if (!internal::unpack_hints(unpacked, p, hints.data())) return 0;
  Bytes packed(hints.size());
  internal::pack_hints(packed.data(), p, unpacked);
  WUSONG_ASSERT(std::ranges::equal(packed, hints));
  return 0;
}
