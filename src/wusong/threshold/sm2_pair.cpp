// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/sm2_pair.hpp"

#include "wusong/threshold/internal/hedged_entropy.hpp"
#include "wusong/threshold/internal/sm2_numbers.hpp"
#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold {
namespace {

using internal::append;

constexpr std::uint8_t kShareVersion = 1;

const Group& group() noexcept {
  return sm2_group();
}
Party other_than(Party self) noexcept {
  return self == kReceiver ? kHelper : kReceiver;
}
std::size_t element_size() noexcept {
  return group().point_size() + internal::proof_size(group());
}

/// (1 + d) G is the one's factor times the other's element. @errors err::degenerate
Result<Sm2PairShare> pair_share(Party self, const Scalar& factor, const Point& other) noexcept {
  const Point public_key =
      group().subtract(group().times(other, factor), group().base_times(group().scalar(1)));
  if (public_key == group().identity()) return fail(err::degenerate);
  return Sm2PairShare{.self = self, .factor = factor, .other = other, .public_key = public_key};
}

}  // namespace

SecretBytes encode(const Sm2PairShare& share) {
  Bytes out;
  out.reserve(2 + kScalarSize + group().point_size());
  out.push_back(kShareVersion);
  out.push_back(share.self.number);
  append(out, share.factor);
  append(out, group(), share.other);
  return SecretBytes{std::move(out)};
}

Result<Sm2PairShare> decode_sm2_pair_share(BytesView encoded) {
  if (encoded.size() != 2 + kScalarSize + group().point_size() || encoded[0] != kShareVersion)
    return fail(err::bad_length);
  const Party self{encoded[1]};
  if (self != kReceiver && self != kHelper) return fail(err::unknown_party);
  internal::Reader reader{group(), encoded.subspan(2)};
  WUSONG_TRY(const Scalar factor, reader.scalar());
  if (factor.is_zero()) return fail(err::bad_scalar);
  WUSONG_TRY(const Point other, reader.point());
  return pair_share(self, factor, other);
}

// Rounds of key generation: 0 party 1's hash, 1 party 2's element, 2 party 1's element.

Sm2PairKeys::Sm2PairKeys(Party self, const Hash& session, io::Entropy& entropy)
    : self_{self},
      factor_{group().random_nonzero(entropy)},
      rounds_{{.protocol = Protocol::sm2_pair_keys,
               .session = session,
               .senders = {other_than(self)},
               .body_sizes = self == kReceiver
                                 ? std::vector<std::size_t>{0, element_size()}
                                 : std::vector<std::size_t>{Hash::kSize, 0, element_size()}}} {
  append(element_, group(), group().base_times(factor_));
  append(element_, group(), prove_knowledge(group(), context(self), factor_, entropy));
}

Result<Sm2PairKeys> Sm2PairKeys::create(Party self, const Hash& session, io::Entropy& entropy) {
  if (self != kReceiver && self != kHelper) return fail(err::unknown_party);
  return Sm2PairKeys{self, session, entropy};
}

Hash Sm2PairKeys::context(Party party) const {
  return Transcript{group(), "pair keys"}.add(rounds_.session()).add(party.number).digest();
}

Letters Sm2PairKeys::start() const {
  if (self_ != kReceiver) return {};
  const Hash hash = Transcript{group(), "opening"}.add(context(self_)).add(element_).digest();
  return {{.to = kHelper, .message = rounds_.message(0, hash)}};
}

Outcome<Letters> Sm2PairKeys::receive(Party from, BytesView message) {
  if (is_over_) return blame_nobody(err::session_over);
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    is_over_ = !Rounds::is_harmless(accepted.error());
    return std::unexpected{accepted.error()};
  }
  auto out = answer(from, message[1]);
  is_over_ = !out || result_.has_value();
  return out;
}

Outcome<Letters> Sm2PairKeys::answer(Party from, std::uint8_t round) {
  if (self_ == kReceiver) {
    if (auto done = finish(from, round); !done) return std::unexpected{done.error()};
    return Letters{{.to = from, .message = rounds_.message(2, element_)}};
  }
  Letters out;
  if (round == 0) out.push_back({.to = from, .message = rounds_.message(1, element_)});
  // Party 1 opens after our element; a second message before its hash waits for that.
  if (rounds_.has_all(0) && rounds_.has_all(2)) {
    const BytesView opening = rounds_.body(2, from);
    const Hash hash = Transcript{group(), "opening"}.add(context(from)).add(opening).digest();
    if (hash != Hash::from(rounds_.body(0, from))) return blame(err::wrong_opening, from);
    if (auto done = finish(from, 2); !done) return std::unexpected{done.error()};
  }
  return out;
}

Outcome<void> Sm2PairKeys::finish(Party from, std::uint8_t round) {
  internal::Reader reader{group(), rounds_.body(round, from)};
  const auto element = reader.point();
  if (!element) return blame(element.error(), from);
  const auto proof = reader.proof();
  if (!proof) return blame(proof.error(), from);
  if (!check_knowledge(group(), context(from), *element, *proof))
    return blame(err::bad_proof, from);
  auto share = pair_share(self_, factor_, *element);
  if (!share) return blame_nobody(share.error());
  result_ = *std::move(share);
  return {};
}

// Rounds of signing: 0 party 2's hash, 1 party 1's element, 2 party 2's opening and numbers.

Sm2PairSigning::Sm2PairSigning(std::unique_ptr<Secrets> secrets, const Hash& session)
    : secrets_{std::move(secrets)},
      rounds_{{.protocol = Protocol::sm2_pair_signing,
               .session = session,
               .senders = {other_than(secrets_->share.self)},
               .body_sizes = secrets_->share.self == kReceiver
                                 ? std::vector<std::size_t>{Hash::kSize, 0,
                                                            group().point_size() + element_size() +
                                                                2 * kScalarSize}
                                 : std::vector<std::size_t>{0, element_size()}}} {}

Sm2PairSigning Sm2PairSigning::create(const Sm2PairShare& share, BytesView message,
                                      const Hash& session, io::Entropy& entropy) {
  auto secrets = std::make_unique<Secrets>(
      Secrets{.share = share,
              .first = {},
              .second = {},
              .message = to_bytes(message),
              .digest = crypto::sm2_digest(group().encoded(share.public_key), message),
              .announcement = {}});
  Sm2PairSigning out{std::move(secrets), session};
  internal::HedgedEntropy hedged{group(), share.factor, out.context(share.self), entropy};
  out.secrets_->first = group().random_nonzero(hedged);
  out.secrets_->second = group().random_nonzero(hedged);
  // k1 G with its proof, or k3 G, k2 G and the latter's proof.
  Secrets& own = *out.secrets_;
  if (share.self == kHelper) append(own.announcement, group(), group().base_times(own.second));
  append(own.announcement, group(), group().base_times(own.first));
  append(own.announcement, group(),
         prove_knowledge(group(), out.context(share.self), own.first, hedged));
  return out;
}

Hash Sm2PairSigning::context(Party party) const {
  return Transcript{group(), "pair signing"}
      .add(rounds_.session())
      .add(secrets_->share.public_key)
      .add(secrets_->digest)
      .add(party.number)
      .digest();
}

Hash Sm2PairSigning::commitment_of(BytesView announcement) const {
  return Transcript{group(), "opening"}.add(context(kHelper)).add(announcement).digest();
}

Letters Sm2PairSigning::start() const {
  if (is_over() || secrets_->share.self != kHelper) return {};
  return {{.to = kReceiver, .message = rounds_.message(0, commitment_of(secrets_->announcement))}};
}

Outcome<Letters> Sm2PairSigning::receive(Party from, BytesView message) {
  if (is_over()) return blame_nobody(err::session_over);
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    if (!Rounds::is_harmless(accepted.error())) secrets_.reset();
    return std::unexpected{accepted.error()};
  }
  if (secrets_->share.self == kHelper) {
    auto out = help();
    secrets_.reset();
    return out;
  }
  Letters out;
  if (message[1] == 0)
    out.push_back({.to = from, .message = rounds_.message(1, secrets_->announcement)});
  if (rounds_.has_all(0) && rounds_.has_all(2)) {
    auto done = complete();
    secrets_.reset();
    if (!done) return std::unexpected{done.error()};
  }
  return out;
}

Outcome<Letters> Sm2PairSigning::help() {
  const Secrets& own = *secrets_;
  internal::Reader reader{group(), rounds_.body(1, kReceiver)};
  const auto element = reader.point();
  if (!element) return blame(element.error(), kReceiver);
  const auto proof = reader.proof();
  if (!proof) return blame(proof.error(), kReceiver);
  if (!check_knowledge(group(), context(kReceiver), *element, *proof))
    return blame(err::bad_proof, kReceiver);
  const Point nonce =
      group().add(group().times(*element, own.first), group().base_times(own.second));
  if (nonce == group().identity()) return blame_nobody(err::degenerate);
  const Scalar r = internal::sm2_r(nonce, own.digest);
  const Scalar inverse = group().invert(own.share.factor);
  Bytes body = own.announcement;
  append(body, group().multiply(inverse, own.first));
  append(body, group().multiply(inverse, group().add(own.second, r)));
  return Letters{{.to = kReceiver, .message = rounds_.message(2, body)}};
}

Outcome<void> Sm2PairSigning::complete() {
  const Secrets& own = *secrets_;
  const BytesView body = rounds_.body(2, kHelper);
  const BytesView announcement = body.first(body.size() - 2 * kScalarSize);
  if (commitment_of(announcement) != Hash::from(rounds_.body(0, kHelper)))
    return blame(err::wrong_opening, kHelper);
  internal::Reader reader{group(), body};
  const auto points = reader.points(2);
  if (!points) return blame(points.error(), kHelper);
  const Point& added = (*points)[0];
  const Point& factor = (*points)[1];
  const auto proof = reader.proof();
  if (!proof) return blame(proof.error(), kHelper);
  if (!check_knowledge(group(), context(kHelper), factor, *proof))
    return blame(err::bad_proof, kHelper);
  const auto s2 = reader.scalar();
  if (!s2) return blame(s2.error(), kHelper);
  const auto s3 = reader.scalar();
  if (!s3) return blame(s3.error(), kHelper);

  const Point nonce = group().add(group().times(factor, own.first), added);
  if (nonce == group().identity()) return blame_nobody(err::degenerate);
  const Scalar r = internal::sm2_r(nonce, own.digest);
  // Both numbers are what was announced, divided by the other's factor.
  if (group().times(own.share.other, *s2) != factor ||
      group().times(own.share.other, *s3) != group().add(added, group().base_times(r)))
    return blame(err::bad_signature_share, kHelper);
  const Scalar sum = group().multiply(group().invert(own.share.factor),
                                      group().add(group().multiply(own.first, *s2), *s3));
  auto signature = internal::sm2_signature(own.share.public_key, own.message, r, sum);
  if (!signature) return blame_nobody(signature.error());
  signature_ = *signature;
  return {};
}

}  // namespace wusong::threshold
