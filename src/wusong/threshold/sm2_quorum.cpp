// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/sm2_quorum.hpp"

#include "wusong/threshold/internal/sm2_numbers.hpp"
#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold {
namespace {

using internal::append;

constexpr std::uint8_t kShareVersion = 1;
constexpr std::size_t kShareHeadSize = 4;

const Group& group() noexcept {
  return sm2_group();
}

/// What the factor is multiplied by: x + number.
std::vector<internal::Operand> random_plus(const Scalar& number) {
  return {{.of_random = group().scalar(1), .of_key = {}, .constant = number}};
}

}  // namespace

SecretBytes encode(const Sm2QuorumShare& share) {
  Bytes out;
  out.reserve(kShareHeadSize + 2 * kScalarSize +
              (share.factor.commitments.size() + 1) * group().point_size());
  out.insert(out.end(),
             {kShareVersion, share.self.number, share.threshold.needed, share.threshold.total});
  append(out, share.factor.value);
  append(out, share.factor.blinding);
  for (const Point& point : share.factor.commitments) append(out, group(), point);
  append(out, group(), share.public_key);
  return SecretBytes{std::move(out)};
}

Result<Sm2QuorumShare> decode_sm2_quorum_share(BytesView encoded) {
  if (encoded.size() < kShareHeadSize || encoded[0] != kShareVersion) return fail(err::bad_length);
  Sm2QuorumShare out{.threshold = {.needed = encoded[2], .total = encoded[3]},
                     .self = Party{encoded[1]},
                     .factor = {},
                     .public_key = {}};
  WUSONG_CHECK(check_quorum(out.threshold));
  if (out.self.number == 0 || out.self.number > out.threshold.total)
    return fail(err::unknown_party);
  if (encoded.size() !=
      kShareHeadSize + 2 * kScalarSize + (out.threshold.needed + 1) * group().point_size())
    return fail(err::bad_length);
  internal::Reader reader{group(), encoded.subspan(kShareHeadSize)};
  WUSONG_TRY(out.factor.value, reader.scalar());
  WUSONG_TRY(out.factor.blinding, reader.scalar());
  WUSONG_TRY(out.factor.commitments, reader.points(out.threshold.needed));
  WUSONG_TRY(out.public_key, reader.point());
  if (internal::sm2_curve().pedersen(out.factor.value, out.factor.blinding) !=
      committed_at(group(), out.factor.commitments, out.self))
    return fail(err::wrong_share);
  return out;
}

Result<Sm2QuorumKeys> Sm2QuorumKeys::create(const Config& config, io::Entropy& entropy) {
  WUSONG_CHECK(check_quorum(config.threshold));
  if (config.self.number == 0 || config.self.number > config.threshold.total)
    return fail(err::unknown_party);
  Sm2QuorumKeys out{config};
  out.products_ = std::make_unique<internal::MaskedProducts>(
      internal::MaskedProducts::Config{.curve = &internal::sm2_curve(),
                                       .protocol = Protocol::sm2_keys,
                                       .session = config.session,
                                       .self = config.self,
                                       .needed = config.threshold.needed,
                                       .parties = all_parties(config.threshold.total),
                                       .about = Transcript{group(), "quorum keys"}.digest(),
                                       .factor = std::nullopt,
                                       .key = std::nullopt,
                                       .operands = [](const Point&) { return random_plus({}); }},
      entropy);
  return out;
}

Letters Sm2QuorumKeys::start() const {
  return products_ == nullptr ? Letters{} : products_->start();
}

Outcome<Letters> Sm2QuorumKeys::receive(Party from, BytesView message) {
  auto out = internal::receive(products_, from, message);
  if (!out || !products_->is_done()) return out;
  const auto products = std::exchange(products_, nullptr);
  if (products->product().is_zero()) return blame_nobody(err::degenerate);
  // (1 + d) G = B / (f b)
  const Point public_key =
      group().subtract(group().times(products->base(), group().invert(products->product())),
                       group().base_times(group().scalar(1)));
  if (public_key == group().identity()) return blame_nobody(err::degenerate);
  result_ = Sm2QuorumShare{.threshold = config_.threshold,
                           .self = config_.self,
                           .factor = products->factor(),
                           .public_key = public_key};
  return out;
}

Result<Sm2QuorumSigning> Sm2QuorumSigning::create(const Sm2QuorumShare& share, Config config,
                                                  io::Entropy& entropy) {
  WUSONG_CHECK(check_signers(share.threshold, config.signers, share.self));
  const Hash digest = crypto::sm2_digest(group().encoded(share.public_key), config.message);
  const Hash about =
      Transcript{group(), "quorum signing"}.add(share.public_key).add(digest).digest();
  Sm2QuorumSigning out{share.public_key, digest, std::move(config)};
  out.products_ = std::make_unique<internal::MaskedProducts>(
      internal::MaskedProducts::Config{
          .curve = &internal::sm2_curve(),
          .protocol = Protocol::sm2_signing,
          .session = out.config_.session,
          .self = share.self,
          .needed = share.threshold.needed,
          .parties = out.config_.signers,
          .about = about,
          .factor = share.factor,
          .key = std::nullopt,
          .operands =
              [digest](const Point& nonce) { return random_plus(internal::sm2_r(nonce, digest)); }},
      entropy);
  return out;
}

Letters Sm2QuorumSigning::start() const {
  return products_ == nullptr ? Letters{} : products_->start();
}

Outcome<Letters> Sm2QuorumSigning::receive(Party from, BytesView message) {
  auto out = internal::receive(products_, from, message);
  if (!out || !products_->is_done()) return out;
  const auto products = std::exchange(products_, nullptr);
  const auto signature =
      internal::sm2_signature(public_key_, config_.message,
                              internal::sm2_r(products->base(), digest_), products->product());
  if (!signature) return blame_nobody(signature.error());
  signature_ = *signature;
  return out;
}

}  // namespace wusong::threshold
