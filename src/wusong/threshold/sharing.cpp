// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/sharing.hpp"

#include <sodium.h>

namespace wusong::threshold {

Polynomial::Polynomial(const Group& group, std::size_t needed, const Scalar& secret,
                       io::Entropy& entropy)
    : group_{group}, coefficients_(needed) {
  WUSONG_ASSERT(needed > 0);
  coefficients_[0] = secret;
  for (std::size_t i = 1; i < needed; ++i) coefficients_[i] = group.random(entropy);
}

Polynomial::Polynomial(const Group& group, std::vector<Scalar> coefficients) noexcept
    : group_{group}, coefficients_{std::move(coefficients)} {
  WUSONG_ASSERT(!coefficients_.empty());
}

namespace {

Scalar value_at(const Group& group, std::span<const Scalar> coefficients, Party party) noexcept {
  const Scalar x = group.scalar(party.number);
  Scalar out = coefficients.back();
  for (std::size_t i = coefficients.size() - 1; i-- > 0;)
    out = group.add(group.multiply(out, x), coefficients[i]);
  return out;
}

}  // namespace

Scalar Polynomial::at(Party party) const noexcept {
  return value_at(group_, coefficients_, party);
}

std::vector<Point> Polynomial::commitments() const {
  std::vector<Point> out;
  out.reserve(coefficients_.size());
  for (const Scalar& coefficient : coefficients_) out.push_back(group_.base_times(coefficient));
  return out;
}

namespace {

/// A few additions cost less than a multiplication whose time must not show its number.
Point times(const Group& group, const Point& point, Party by) noexcept {
  Point out = group.identity();
  for (int bit = 7; bit >= 0; --bit) {
    out = group.add(out, out);
    if ((by.number >> bit & 1) != 0) out = group.add(out, point);
  }
  return out;
}

}  // namespace

Point committed_at(const Group& group, std::span<const Point> commitments, Party party) noexcept {
  Point out = commitments.back();
  for (std::size_t i = commitments.size() - 1; i-- > 0;)
    out = group.add(times(group, out, party), commitments[i]);
  return out;
}

Result<void> check_share(const Group& group, std::span<const Point> commitments,
                         const Share& share) noexcept {
  if (group.base_times(share.value) != committed_at(group, commitments, share.party))
    return fail(err::bad_share);
  return {};
}

Scalar lagrange(const Group& group, std::span<const Party> parties, Party of, Party at) noexcept {
  const Scalar x = group.scalar(at.number);
  const Scalar own = group.scalar(of.number);
  Scalar numerator = group.scalar(1);
  Scalar denominator = group.scalar(1);
  for (const Party party : parties) {
    if (party == of) continue;
    const Scalar other = group.scalar(party.number);
    numerator = group.multiply(numerator, group.subtract(x, other));
    denominator = group.multiply(denominator, group.subtract(own, other));
  }
  return group.multiply(numerator, group.invert(denominator));
}

Result<Scalar> interpolate(const Group& group, std::size_t needed, std::span<const Share> shares,
                           Party at) {
  if (shares.size() < needed || shares.empty()) return fail(err::too_few_shares);
  std::vector<Party> parties;
  for (const Share& share : shares) parties.push_back(share.party);
  WUSONG_CHECK(check(parties));
  Scalar out;
  for (const Share& share : shares)
    out = group.add(out, group.multiply(share.value, lagrange(group, parties, share.party, at)));
  return out;
}

namespace {

Hash salted(const Group& group, BytesView context, const SaltedShare& share, const Scalar& mask) {
  return Transcript{group, "hashed share"}
      .add(context)
      .add(share.share.party.number)
      .add(share.share.value.view())
      .add(mask.view())
      .add(share.salt)
      .digest();
}

Scalar dealing_challenge(const Group& group, BytesView context, Threshold threshold,
                         std::span<const Hash> commitments) {
  Transcript transcript{group, "hashed dealing"};
  transcript.add(context).add(threshold.needed).add(threshold.total);
  for (const Hash& commitment : commitments) transcript.add(commitment);
  return transcript.challenge();
}

}  // namespace

Result<HashDealt> deal_by_hashes(const Group& group, BytesView context, Threshold threshold,
                                 const Scalar& secret, io::Entropy& entropy) {
  WUSONG_CHECK(check(threshold));
  const Polynomial values{group, threshold.needed, secret, entropy};
  const Polynomial masks{group, threshold.needed, group.random(entropy), entropy};
  HashDealt out{.dealing = {.threshold = threshold, .commitments = {}, .response = {}},
                .shares = {}};
  out.shares.reserve(threshold.total);
  for (const Party party : all_parties(threshold.total)) {
    SaltedShare& share = out.shares.emplace_back(
        SaltedShare{.share = {.party = party, .value = values.at(party)}, .salt = {}});
    entropy.fill(share.salt.bytes);
    out.dealing.commitments.push_back(salted(group, context, share, masks.at(party)));
  }
  const Scalar challenge = dealing_challenge(group, context, threshold, out.dealing.commitments);
  for (std::size_t i = 0; i < threshold.needed; ++i)
    out.dealing.response.push_back(
        group.add(masks.coefficients()[i], group.multiply(challenge, values.coefficients()[i])));
  return out;
}

Result<void> check_share(const Group& group, BytesView context, const HashDealing& dealing,
                         const SaltedShare& share) {
  WUSONG_CHECK(check(dealing.threshold));
  if (dealing.commitments.size() != dealing.threshold.total ||
      dealing.response.size() != dealing.threshold.needed)
    return fail(err::bad_length);
  const Party party = share.share.party;
  if (party.number == 0 || party.number > dealing.threshold.total) return fail(err::unknown_party);
  const Scalar challenge =
      dealing_challenge(group, context, dealing.threshold, dealing.commitments);
  const Scalar mask = group.subtract(value_at(group, dealing.response, party),
                                     group.multiply(challenge, share.share.value));
  if (salted(group, context, share, mask) != dealing.commitments[party.number - 1u])
    return fail(err::bad_share);
  return {};
}

}  // namespace wusong::threshold
