// SPDX-License-Identifier: Apache-2.0
#include <sodium.h>

#include "wusong/crypto/signature.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/internal/sm2_numbers.hpp"

namespace wusong::threshold::internal {

Scalar hedged_nonce(const Scalar& secret, const Hash& session, const Hash& digest,
                    std::uint8_t index, io::Entropy& entropy) {
  std::array<std::uint8_t, 64> random;
  for (;;) {
    entropy.fill(random);
    Scalar out = Transcript{sm2_group(), "nonce"}
                     .add(random)
                     .add(secret.view())
                     .add(session)
                     .add(digest)
                     .add(index)
                     .challenge();
    sodium_memzero(random.data(), random.size());
    if (!out.is_zero()) return out;
  }
}

Scalar sm2_r(const Point& nonce, const Hash& digest) noexcept {
  const Group& group = sm2_group();
  const auto reduced = [&](BytesView word) {
    std::array<std::uint8_t, 64> wide{};
    std::ranges::copy(word, wide.begin() + 32);
    return group.reduce(wide);
  };
  return group.add(reduced(BytesView{nonce.bytes}.first(32)), reduced(digest));
}

Result<std::array<std::uint8_t, 64>> sm2_signature(const Point& public_key, BytesView message,
                                                   const Scalar& r, const Scalar& sum) noexcept {
  const Scalar s = sm2_group().subtract(sum, r);
  if (r.is_zero() || s.is_zero() || sum.is_zero()) return fail(err::degenerate);
  std::array<std::uint8_t, 64> out{};
  std::ranges::copy(r.bytes, out.begin());
  std::ranges::copy(s.bytes, out.begin() + 32);
  if (!crypto::verify(crypto::Scheme::sm2, sm2_group().encoded(public_key), message, out))
    return fail(err::signing_fault);
  return out;
}

}  // namespace wusong::threshold::internal
