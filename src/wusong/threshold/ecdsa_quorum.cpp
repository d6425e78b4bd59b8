// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/ecdsa_quorum.hpp"

namespace wusong::threshold {
namespace {

constexpr std::size_t kNonceProduct = 0;
constexpr std::size_t kMessageProduct = 1;

const internal::ShortCurve* curve_of(const Group& group) noexcept {
  for (const internal::ShortCurve* const curve :
       {&internal::secp256k1_curve(), &internal::p256_curve()})
    if (curve == &group) return curve;
  return nullptr;
}

BytesView x_of(const Point& point) noexcept {
  return BytesView{point.bytes}.first(32);
}
BytesView y_of(const Point& point) noexcept {
  return BytesView{point.bytes}.subspan(32, 32);
}

/// As anybody would.
bool verifies(const internal::ShortCurve& curve, const Point& public_key, const Hash& digest,
              const crypto::EcdsaSignature& signature) noexcept {
  if (&curve == &internal::p256_curve())
    return crypto::p256_verify(digest, signature.r, signature.s, from_be_bytes(x_of(public_key)),
                               from_be_bytes(y_of(public_key)));
  const auto recovered = crypto::ecdsa_recover_key(digest, signature);
  return recovered && *recovered == public_key.bytes;
}

}  // namespace

Result<EcdsaQuorumSigning> EcdsaQuorumSigning::create(const KeyShare& share, Config config,
                                                      io::Entropy& entropy) {
  const internal::ShortCurve* const curve = curve_of(*share.shares.group);
  if (curve == nullptr) return fail(err::wrong_group);
  WUSONG_CHECK(check_quorum(share.shares.threshold));
  WUSONG_CHECK(check_signers(share.shares.threshold, config.signers, share.self));
  Transcript about{*curve, "ecdsa quorum signing"};
  for (const Point& commitment : share.shares.commitments) about.add(commitment);
  EcdsaQuorumSigning out{*curve, share.shares.key(), std::move(config)};
  out.products_ = std::make_unique<internal::MaskedProducts>(
      internal::MaskedProducts::Config{
          .curve = curve,
          .protocol = Protocol::ecdsa_signing,
          .session = out.config_.session,
          .self = share.self,
          .needed = share.shares.threshold.needed,
          .parties = out.config_.signers,
          .about = about.add(out.config_.digest).digest(),
          .factor = std::nullopt,
          .key = share,
          .count = 2,
          .operands =
              [curve, digest = out.config_.digest](const Point& nonce) {
                return std::vector<internal::Operand>{
                    {.of_random = curve->scalar(1), .of_key = {}, .constant = {}},
                    {.of_random = {},
                     .of_key = curve->reduced(x_of(nonce)),
                     .constant = curve->reduced(digest)}};
              }},
      entropy);
  return out;
}

Letters EcdsaQuorumSigning::start() const {
  return products_ == nullptr ? Letters{} : products_->start();
}

Outcome<Letters> EcdsaQuorumSigning::receive(Party from, BytesView message) {
  auto out = internal::receive(products_, from, message);
  if (!out || !products_->is_done()) return out;
  const auto products = std::exchange(products_, nullptr);
  const auto signature = signature_of(*products);
  if (!signature) return blame_nobody(signature.error());
  signature_ = *signature;
  return out;
}

Result<crypto::EcdsaSignature> EcdsaQuorumSigning::signature_of(
    const internal::MaskedProducts& products) const {
  const BytesView x = x_of(products.base());
  const Scalar r = curve_->reduced(x);
  Scalar s = curve_->multiply(products.product(kMessageProduct),
                              curve_->invert(products.product(kNonceProduct)));
  // The first coordinate may exceed the order, which happens to nobody: Ethereum has no way to say.
  if (r.is_zero() || s.is_zero() || !std::ranges::equal(r.view(), x)) return fail(err::degenerate);
  std::uint8_t parity = y_of(products.base()).back() & 1;
  const Scalar opposite = curve_->subtract(Scalar{}, s);
  if (std::ranges::lexicographical_compare(opposite.bytes, s.bytes)) {
    s = opposite;
    parity ^= 1;
  }
  const crypto::EcdsaSignature out{
      .r = from_be_bytes(r.view()), .s = from_be_bytes(s.view()), .y_parity = parity};
  if (!verifies(*curve_, public_key_, config_.digest, out)) return fail(err::signing_fault);
  return out;
}

}  // namespace wusong::threshold
