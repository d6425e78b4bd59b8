// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/keys.hpp"

#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold {
namespace {

using internal::append;

constexpr std::uint8_t kKeyShareVersion = 1;
constexpr std::uint8_t kHashes = 0;
constexpr std::uint8_t kOpenings = 1;
constexpr std::uint8_t kShares = 2;

std::vector<Party> others(std::uint8_t total, Party self) {
  std::vector<Party> out = all_parties(total);
  std::erase(out, self);
  return out;
}

/// A refresh leaves the constant out: it is zero.
std::size_t opening_size(const Group& group, std::uint8_t needed, bool is_refresh) noexcept {
  return is_refresh ? (needed - 1u) * group.point_size()
                    : needed * group.point_size() + internal::proof_size(group);
}

Rounds rounds_for(const KeyGeneration::Config& config, bool is_refresh) {
  return Rounds{
      {.protocol = is_refresh ? Protocol::refresh : Protocol::key_generation,
       .session = config.session,
       .senders = others(config.threshold.total, config.self),
       .body_sizes = {Hash::kSize, opening_size(*config.group, config.threshold.needed, is_refresh),
                      kScalarSize + Hash::kSize}}};
}

}  // namespace

Result<std::vector<KeyShare>> deal_key(const Group& group, Threshold threshold,
                                       const Polynomial& polynomial) {
  WUSONG_CHECK(check(threshold));
  if (polynomial.coefficients().size() != threshold.needed) return fail(err::bad_threshold);
  if (polynomial.coefficients()[0].is_zero()) return fail(err::bad_scalar);
  const PublicShares shares{
      .group = &group, .threshold = threshold, .commitments = polynomial.commitments()};
  std::vector<KeyShare> out;
  out.reserve(threshold.total);
  for (const Party party : all_parties(threshold.total))
    out.push_back({.shares = shares, .self = party, .secret = polynomial.at(party)});
  return out;
}

Result<std::vector<KeyShare>> deal_key(const Group& group, Threshold threshold,
                                       const Scalar& secret, io::Entropy& entropy) {
  WUSONG_CHECK(check(threshold));
  return deal_key(group, threshold, Polynomial{group, threshold.needed, secret, entropy});
}

Outcome<Scalar> reconstruct(const PublicShares& shares, std::span<const Share> from) {
  Fault wrong{err::bad_share, {}};
  for (const Share& share : from)
    if (!check_share(*shares.group, shares.commitments, share))
      wrong.parties.push_back(share.party);
  if (!wrong.parties.empty()) return std::unexpected{std::move(wrong)};
  auto out = interpolate(*shares.group, shares.threshold.needed, from);
  if (!out) return blame_nobody(out.error());
  return *std::move(out);
}

SecretBytes encode(const KeyShare& share) {
  const PublicShares& shares = share.shares;
  Bytes out;
  out.reserve(4 + kScalarSize + shares.commitments.size() * shares.group->point_size());
  out.insert(out.end(), {kKeyShareVersion, share.self.number, shares.threshold.needed,
                         shares.threshold.total});
  append(out, share.secret);
  for (const Point& point : shares.commitments) append(out, *shares.group, point);
  return SecretBytes{std::move(out)};
}

Result<KeyShare> decode_key_share(const Group& group, BytesView encoded) {
  if (encoded.size() < 4 || encoded[0] != kKeyShareVersion) return fail(err::bad_length);
  const Threshold threshold{.needed = encoded[2], .total = encoded[3]};
  WUSONG_CHECK(check(threshold));
  const Party self{encoded[1]};
  if (self.number == 0 || self.number > threshold.total) return fail(err::unknown_party);
  if (encoded.size() != 4 + kScalarSize + threshold.needed * group.point_size())
    return fail(err::bad_length);
  internal::Reader reader{group, encoded.subspan(4)};
  KeyShare out{.shares = {.group = &group, .threshold = threshold, .commitments = {}},
               .self = self,
               .secret = {}};
  WUSONG_TRY(out.secret, reader.scalar());
  WUSONG_TRY(out.shares.commitments, reader.points(threshold.needed));
  if (!check_share(group, out.shares.commitments, {self, out.secret}))
    return fail(err::wrong_share);
  return out;
}

Result<KeyGeneration> KeyGeneration::create(const Config& config, io::Entropy& entropy) {
  WUSONG_CHECK(check(config.threshold));
  if (config.threshold.total < 2) return fail(err::bad_threshold);
  if (config.self.number == 0 || config.self.number > config.threshold.total)
    return fail(err::unknown_party);
  return KeyGeneration{config, std::nullopt, entropy};
}

Result<KeyGeneration> KeyGeneration::refresh(const KeyShare& old, const Hash& session,
                                             io::Entropy& entropy) {
  // With one needed every share is the key itself: there is nothing to refresh.
  if (old.shares.threshold.needed < 2) return fail(err::bad_threshold);
  const Config config{.group = old.shares.group,
                      .threshold = old.shares.threshold,
                      .self = old.self,
                      .session = session};
  return KeyGeneration{config, old, entropy};
}

KeyGeneration::KeyGeneration(const Config& config, std::optional<KeyShare> old,
                             io::Entropy& entropy)
    : config_{config},
      old_{std::move(old)},
      polynomial_{*config.group, config.threshold.needed,
                  old_ ? Scalar{} : config.group->random_nonzero(entropy), entropy},
      rounds_{rounds_for(config, old_.has_value())} {
  const Group& group = *config_.group;
  const std::vector<Point> commitments = polynomial_.commitments();
  for (std::size_t i = is_refresh() ? 1 : 0; i < commitments.size(); ++i)
    append(opening_, group, commitments[i]);
  if (!is_refresh())
    append(opening_, group,
           prove_knowledge(group, context(config_.self), polynomial_.coefficients()[0], entropy));
}

Hash KeyGeneration::context(Party party) const {
  Transcript out{*config_.group, "key generation"};
  out.add(config_.session)
      .add(config_.threshold.needed)
      .add(config_.threshold.total)
      .add(std::uint8_t{is_refresh()})
      .add(party.number);
  // Who missed an earlier refresh would add this one to a share of another polynomial.
  if (is_refresh())
    for (const Point& commitment : old_->shares.commitments) out.add(commitment);
  return out.digest();
}

Hash KeyGeneration::commitment_of(Party party, BytesView opening) const {
  return Transcript{*config_.group, "opening"}.add(context(party)).add(opening).digest();
}

Letters KeyGeneration::start() const {
  return {{.to = std::nullopt,
           .message = rounds_.message(kHashes, commitment_of(config_.self, opening_))}};
}

Outcome<Letters> KeyGeneration::receive(Party from, BytesView message) {
  if (is_over_) return blame_nobody(err::session_over);
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    is_over_ = !Rounds::is_harmless(accepted.error());
    return std::unexpected{accepted.error()};
  }
  auto out = advance();
  is_over_ = !out || result_.has_value();
  return out;
}

Outcome<Letters> KeyGeneration::advance() {
  Letters out;
  while (round_ <= kShares && rounds_.has_all(round_)) {
    if (round_ == kHashes) {
      out.push_back({.to = std::nullopt, .message = rounds_.message(kOpenings, opening_)});
    } else if (round_ == kOpenings) {
      if (auto checked = check_openings(); !checked) return std::unexpected{checked.error()};
      for (Letter& letter : share_letters()) out.push_back(std::move(letter));
    } else if (auto collected = collect(); !collected) {
      return std::unexpected{collected.error()};
    }
    ++round_;
  }
  return out;
}

Outcome<void> KeyGeneration::check_openings() {
  const Group& group = *config_.group;
  Transcript view{group, "view"};
  for (const Party party : all_parties(config_.threshold.total)) {
    const bool is_self = party == config_.self;
    const BytesView opening = is_self ? BytesView{opening_} : rounds_.body(kOpenings, party);
    view.add(opening);
    if (is_self) {
      commitments_.push_back(polynomial_.commitments());
      continue;
    }
    if (commitment_of(party, opening) != Hash::from(rounds_.body(kHashes, party)))
      return blame(err::wrong_opening, party);
    internal::Reader reader{group, opening};
    std::vector<Point> commitments;
    if (is_refresh()) commitments.push_back(group.identity());
    auto points = reader.points(config_.threshold.needed - commitments.size());
    if (!points) return blame(points.error(), party);
    commitments.insert(commitments.end(), points->begin(), points->end());
    if (!is_refresh()) {
      const auto proof = reader.proof();
      if (!proof) return blame(proof.error(), party);
      if (!check_knowledge(group, context(party), commitments[0], *proof))
        return blame(err::bad_proof, party);
    }
    commitments_.push_back(std::move(commitments));
  }
  view_ = view.digest();
  return {};
}

Letters KeyGeneration::share_letters() {
  Letters out;
  for (const Party party : rounds_.senders()) {
    Bytes body;
    body.reserve(kScalarSize + Hash::kSize);
    append(body, polynomial_.at(party));
    append(body, view_);
    const SecretBytes secret{std::move(body)};
    out.push_back({.to = party, .message = rounds_.message(kShares, secret.view())});
  }
  return out;
}

Outcome<void> KeyGeneration::collect() {
  const Group& group = *config_.group;
  KeyShare sum{
      .shares = {.group = &group,
                 .threshold = config_.threshold,
                 .commitments = std::vector<Point>(config_.threshold.needed, group.identity())},
      .self = config_.self,
      .secret = polynomial_.at(config_.self)};
  if (is_refresh()) {
    sum.shares.commitments = old_->shares.commitments;
    sum.secret = group.add(sum.secret, old_->secret);
  }
  for (const Party party : all_parties(config_.threshold.total)) {
    const auto& commitments = commitments_[party.number - 1u];
    for (std::size_t i = 0; i < commitments.size(); ++i)
      sum.shares.commitments[i] = group.add(sum.shares.commitments[i], commitments[i]);
    if (party == config_.self) continue;
    internal::Reader reader{group, rounds_.body(kShares, party)};
    const auto share = reader.scalar();
    if (!share) return blame(share.error(), party);
    if (reader.hash() != view_) return blame(err::split_view, party);
    if (!check_share(group, commitments, {config_.self, *share}))
      return blame(err::bad_share, party);
    sum.secret = group.add(sum.secret, *share);
  }
  if (sum.shares.key() == group.identity()) return blame_nobody(err::degenerate);
  WUSONG_ASSERT(check_share(group, sum.shares.commitments, {sum.self, sum.secret}).has_value());
  result_ = std::move(sum);
  return {};
}

}  // namespace wusong::threshold
