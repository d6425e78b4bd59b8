// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/internal/sm2_numbers.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/internal/short_curve.hpp"

namespace wusong::threshold::internal {

Scalar sm2_r(const Point& nonce, const Hash& digest) noexcept {
  const ShortCurve& curve = sm2_curve();
  return curve.add(curve.reduced(BytesView{nonce.bytes}.first(32)), curve.reduced(digest));
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
