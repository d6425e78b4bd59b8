// SPDX-License-Identifier: Apache-2.0
// Property: only the signature of seed 0, 0, … verifies, by every provider alike. Input: a byte for
// the set, then what replaces the signature's start, its end, or both: the rest of it is the valid
// one.
#include "wusong/base/assert.hpp"
#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/slh_dsa.hpp"

namespace {

using namespace wusong;
using namespace wusong::pq;

constexpr SlhDsa kSets[] = {SlhDsa::sha2_128f, SlhDsa::shake_128f, SlhDsa::sm3_128f,
                            SlhDsa::compact_sha2};

struct Signed {
  std::vector<SlhDsaPublicKey> keys;  // by provider
  Bytes signature;
};
const Signed& signed_by(std::size_t index) {
  static Signed all[std::size(kSets)];
  Signed& out = all[index];
  if (!out.keys.empty()) return out;
  const SlhDsa set = kSets[index];
  const auto secret = SlhDsaSecretKey::from_seed(set, Bytes(3 * shape_of(set).n));
  for (const auto& provider : internal::providers())
    out.keys.push_back(*SlhDsaPublicKey::decode(set, secret->public_key().encoded(), provider));
  out.signature = *secret->sign_deterministic(as_bytes("fuzz"), {});
  return out;
}

void check(const Signed& valid, BytesView signature) {
  const auto verdict = valid.keys[0].verify(as_bytes("fuzz"), {}, signature);
  WUSONG_ASSERT(verdict.has_value() == std::ranges::equal(signature, valid.signature));
  for (const auto& key : valid.keys)
    WUSONG_ASSERT(key.verify(as_bytes("fuzz"), {}, signature) == verdict);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Signed& valid = signed_by(data[0] % std::size(kSets));
  const BytesView patch{data + 1, size - 1};
  check(valid, patch);
  if (patch.size() > valid.signature.size()) return 0;
  Bytes changed = valid.signature;
  std::ranges::copy(patch, changed.begin());
  check(valid, changed);
  changed = valid.signature;
  std::ranges::copy(patch, changed.end() - static_cast<std::ptrdiff_t>(patch.size()));
  check(valid, changed);
  return 0;
}
