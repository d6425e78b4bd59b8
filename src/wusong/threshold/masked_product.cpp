// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/internal/masked_product.hpp"

#include "wusong/crypto/hash.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/threshold/internal/sm2_numbers.hpp"
#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold::internal {
namespace {

constexpr std::uint8_t kHashes = 0;
constexpr std::uint8_t kOpenings = 1;
constexpr std::uint8_t kShares = 2;
constexpr std::uint8_t kProducts = 3;

const Group& group() noexcept {
  return sm2_group();
}

std::size_t opening_points(std::uint8_t needed, bool makes_factor) noexcept {
  return needed + (2u * needed - 2) + (makes_factor ? needed : 0);
}
std::size_t share_size(bool makes_factor) noexcept {
  return (makes_factor ? 5 : 3) * kScalarSize + Hash::kSize;
}
std::size_t product_size() noexcept {
  return kScalarSize + 3 * group().point_size() + 4 * kScalarSize;
}

Rounds rounds_for(const MaskedProduct::Config& config) {
  std::vector<Party> senders = config.parties;
  std::erase(senders, config.self);
  const bool makes_factor = !config.factor;
  return Rounds{{.protocol = config.protocol,
                 .session = config.session,
                 .senders = std::move(senders),
                 .body_sizes = {Hash::kSize,
                                opening_points(config.needed, makes_factor) * group().point_size(),
                                share_size(makes_factor), product_size()}}};
}

void add_to(std::vector<Point>& sum, const std::vector<Point>& more) {
  if (sum.empty()) sum.assign(more.size(), group().identity());
  for (std::size_t i = 0; i < more.size(); ++i) sum[i] = group().add(sum[i], more[i]);
}

std::vector<Point> commit_to(const Polynomial& values, const Polynomial& blindings) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < values.coefficients().size(); ++i)
    out.push_back(pedersen(values.coefficients()[i], blindings.coefficients()[i]));
  return out;
}

}  // namespace

const Point& second_generator() noexcept {
  static const Point kPoint = [] {
    // The first hash that is the first coordinate of a point; about every second one is.
    for (std::uint8_t counter = 0;; ++counter) {
      Bytes label = to_bytes(as_bytes("wusong.threshold second generator of sm2"));
      label.push_back(counter);
      Bytes compressed{2};
      append(compressed, crypto::sm3(label));
      if (const auto found = crypto::decompress_point(crypto::Curve::sm2, compressed))
        return Point{.bytes = *found};
    }
  }();
  return kPoint;
}

Point pedersen(const Scalar& value, const Scalar& blinding) noexcept {
  return group().add(group().base_times(value), group().times(second_generator(), blinding));
}

MaskedProduct::MaskedProduct(Config config, io::Entropy& entropy)
    : config_{std::move(config)},
      makes_factor_{!config_.factor},
      dealt_{.random = {group(), config_.needed, group().random_nonzero(entropy), entropy},
             .mask = {group(), 2u * config_.needed - 1, Scalar{}, entropy},
             .mask_blinding = {group(), 2u * config_.needed - 1, Scalar{}, entropy},
             .factor = {group(), config_.needed, group().random_nonzero(entropy), entropy},
             .factor_blinding = {group(), config_.needed, group().random(entropy), entropy}},
      rounds_{rounds_for(config_)} {
  const Hash about = config_.digest.value_or(Hash{});
  std::uint8_t index = 0;
  for (Scalar& nonce : proof_nonces_)
    nonce = hedged_nonce(config_.factor ? config_.factor->value : dealt_.factor.coefficients()[0],
                         config_.session, about, ++index, entropy);
  opening_ = opening();
}

Bytes MaskedProduct::opening() const {
  Bytes out;
  for (const Point& point : dealt_.random.commitments()) append(out, group(), point);
  const auto mask = commit_to(dealt_.mask, dealt_.mask_blinding);
  // The constant is zero for all to see: it is not sent.
  for (std::size_t i = 1; i < mask.size(); ++i) append(out, group(), mask[i]);
  if (makes_factor())
    for (const Point& point : commit_to(dealt_.factor, dealt_.factor_blinding))
      append(out, group(), point);
  return out;
}

Hash MaskedProduct::commitment_of(Party party, BytesView opening) const {
  Transcript transcript{group(), "product opening"};
  transcript.add(config_.session).add(config_.about).add(config_.needed).add(party.number);
  for (const Party of : config_.parties) transcript.add(of.number);
  return transcript.add(opening).digest();
}

Letters MaskedProduct::start() const {
  return {{.to = std::nullopt,
           .message = rounds_.message(kHashes, commitment_of(config_.self, opening_))}};
}

Outcome<Letters> MaskedProduct::receive(Party from, BytesView message) {
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    is_over_ = !Rounds::is_harmless(accepted.error());
    return std::unexpected{accepted.error()};
  }
  auto out = advance();
  is_over_ = !out || is_done_;
  return out;
}

Outcome<Letters> MaskedProduct::advance() {
  Letters out;
  for (; !is_done_ && rounds_.has_all(round_); ++round_) {
    if (round_ == kHashes) {
      out.push_back({.to = std::nullopt, .message = rounds_.message(kOpenings, opening_)});
    } else if (round_ == kOpenings) {
      if (auto done = check_openings(); !done) return std::unexpected{done.error()};
      for (Letter& letter : share_letters()) out.push_back(std::move(letter));
    } else if (round_ == kShares) {
      if (auto done = collect(); !done) return std::unexpected{done.error()};
      out.push_back({.to = std::nullopt, .message = rounds_.message(kProducts, shown())});
    } else {
      if (auto done = finish(); !done) return std::unexpected{done.error()};
      is_done_ = true;
    }
  }
  return out;
}

Outcome<void> MaskedProduct::check_openings() {
  Transcript view{group(), "product view"};
  for (const Party party : config_.parties) {
    const BytesView opening =
        party == config_.self ? BytesView{opening_} : rounds_.body(kOpenings, party);
    view.add(party.number).add(opening);
    if (party != config_.self &&
        commitment_of(party, opening) != Hash::from(rounds_.body(kHashes, party)))
      return blame(err::wrong_opening, party);
    Reader reader{group(), opening};
    auto points = reader.points(opening_points(config_.needed, makes_factor()));
    if (!points) return blame(points.error(), party);
    const auto mask = points->begin() + config_.needed;
    const auto factor = mask + 2 * config_.needed - 2;
    Commitments commitments{.random = {points->begin(), mask},
                            .mask = {group().identity()},
                            .factor = {factor, points->end()}};
    commitments.mask.insert(commitments.mask.end(), mask, factor);
    add_to(random_commitments_, commitments.random);
    add_to(mask_commitments_, commitments.mask);
    commitments_.emplace(party, std::move(commitments));
  }
  view_ = view.digest();
  if (base() == group().identity()) return blame_nobody(err::degenerate);
  if (config_.digest) offset_ = sm2_r(base(), *config_.digest);
  return {};
}

Letters MaskedProduct::share_letters() const {
  Letters out;
  for (const Party party : rounds_.senders()) {
    Bytes body;
    body.reserve(share_size(makes_factor()));
    append(body, dealt_.random.at(party));
    append(body, dealt_.mask.at(party));
    append(body, dealt_.mask_blinding.at(party));
    if (makes_factor()) {
      append(body, dealt_.factor.at(party));
      append(body, dealt_.factor_blinding.at(party));
    }
    append(body, view_);
    const crypto::SecretBytes secret{std::move(body)};
    out.push_back({.to = party, .message = rounds_.message(kShares, secret.view())});
  }
  return out;
}

Outcome<void> MaskedProduct::collect() {
  random_ = dealt_.random.at(config_.self);
  mask_ = dealt_.mask.at(config_.self);
  mask_blinding_ = dealt_.mask_blinding.at(config_.self);
  if (makes_factor()) {
    config_.factor = FactorShare{.value = dealt_.factor.at(config_.self),
                                 .blinding = dealt_.factor_blinding.at(config_.self),
                                 .commitments = {}};
    for (const auto& [party, commitments] : commitments_)
      add_to(config_.factor->commitments, commitments.factor);
  }
  for (const Party party : rounds_.senders())
    if (auto taken = take_share(party); !taken) return taken;
  return {};
}

Outcome<void> MaskedProduct::take_share(Party from) {
  Reader reader{group(), rounds_.body(kShares, from)};
  std::array<Scalar, 5> numbers;  // random, mask, its blinding, factor, its blinding
  for (std::size_t i = 0; i < (makes_factor() ? 5u : 3u); ++i) {
    auto number = reader.scalar();
    if (!number) return blame(number.error(), from);
    numbers[i] = *std::move(number);
  }
  if (reader.hash() != view_) return blame(err::split_view, from);
  const Commitments& commitments = commitments_.at(from);
  if (!check_share(group(), commitments.random, {config_.self, numbers[0]}) ||
      pedersen(numbers[1], numbers[2]) != committed_at(group(), commitments.mask, config_.self))
    return blame(err::bad_share, from);
  random_ = group().add(random_, numbers[0]);
  mask_ = group().add(mask_, numbers[1]);
  mask_blinding_ = group().add(mask_blinding_, numbers[2]);
  if (!makes_factor()) return {};
  if (pedersen(numbers[3], numbers[4]) != committed_at(group(), commitments.factor, config_.self))
    return blame(err::bad_share, from);
  config_.factor->value = group().add(config_.factor->value, numbers[3]);
  config_.factor->blinding = group().add(config_.factor->blinding, numbers[4]);
  return {};
}

Point MaskedProduct::random_at(Party party) const {
  return group().add(committed_at(group(), random_commitments_, party),
                     group().base_times(offset_));
}

Scalar MaskedProduct::challenge(Party party, const Scalar& shown, const Proof& proof) const {
  return Transcript{group(), "product"}
      .add(config_.session)
      .add(config_.about)
      .add(view_)
      .add(party.number)
      .add(shown.view())
      .add(proof.factor_commitment)
      .add(proof.mask_commitment)
      .add(proof.product_commitment)
      .challenge();
}

/// This party's product with its proof: that one pair (factor, blinding) opens the factor's
/// commitment, another the mask's, and factor (x + offset) + mask is what is shown.
Bytes MaskedProduct::shown() {
  const auto& [factor_nonce, factor_blinding, mask_nonce, mask_blinding] = proof_nonces_;
  own_product_ =
      group().add(group().multiply(config_.factor->value, group().add(random_, offset_)), mask_);
  Proof proof{
      .factor_commitment = pedersen(factor_nonce, factor_blinding),
      .mask_commitment = pedersen(mask_nonce, mask_blinding),
      .product_commitment = group().add(group().times(random_at(config_.self), factor_nonce),
                                        group().base_times(mask_nonce)),
      .factor = {},
      .factor_blinding = {},
      .mask = {},
      .mask_blinding = {}};
  const Scalar c = challenge(config_.self, own_product_, proof);
  const auto respond = [&](const Scalar& nonce, const Scalar& secret) {
    return group().add(nonce, group().multiply(c, secret));
  };
  Bytes out;
  out.reserve(product_size());
  append(out, own_product_);
  append(out, group(), proof.factor_commitment);
  append(out, group(), proof.mask_commitment);
  append(out, group(), proof.product_commitment);
  append(out, respond(factor_nonce, config_.factor->value));
  append(out, respond(factor_blinding, config_.factor->blinding));
  append(out, respond(mask_nonce, mask_));
  append(out, respond(mask_blinding, mask_blinding_));
  return out;
}

Outcome<Scalar> MaskedProduct::checked(Party party) const {
  Reader reader{group(), rounds_.body(kProducts, party)};
  auto shown = reader.scalar();
  if (!shown) return blame(shown.error(), party);
  Proof proof;
  for (Point* const point :
       {&proof.factor_commitment, &proof.mask_commitment, &proof.product_commitment}) {
    const auto decoded = reader.point();
    if (!decoded) return blame(decoded.error(), party);
    *point = *decoded;
  }
  for (Scalar* const number :
       {&proof.factor, &proof.factor_blinding, &proof.mask, &proof.mask_blinding}) {
    const auto decoded = reader.scalar();
    if (!decoded) return blame(decoded.error(), party);
    *number = *decoded;
  }
  const Scalar c = challenge(party, *shown, proof);
  const auto holds = [&](const Point& left, const Point& commitment, const Point& statement) {
    return left == group().add(commitment, group().times(statement, c));
  };
  if (!holds(pedersen(proof.factor, proof.factor_blinding), proof.factor_commitment,
             committed_at(group(), config_.factor->commitments, party)) ||
      !holds(pedersen(proof.mask, proof.mask_blinding), proof.mask_commitment,
             committed_at(group(), mask_commitments_, party)) ||
      !holds(group().add(group().times(random_at(party), proof.factor),
                         group().base_times(proof.mask)),
             proof.product_commitment, group().base_times(*shown)))
    return blame(err::bad_signature_share, party);
  return *std::move(shown);
}

Outcome<void> MaskedProduct::finish() {
  std::vector<Share> shares;
  Fault wrong{err::bad_signature_share, {}};
  for (const Party party : config_.parties) {
    if (party == config_.self) {
      shares.push_back({party, own_product_});
      continue;
    }
    auto share = checked(party);
    if (!share) {
      if (share.error().error != wrong.error) return std::unexpected{share.error()};
      wrong.parties.push_back(party);
      continue;
    }
    shares.push_back({party, *std::move(share)});
  }
  if (!wrong.parties.empty()) return std::unexpected{std::move(wrong)};
  auto product = interpolate(group(), 2u * config_.needed - 1, shares);
  WUSONG_ASSERT(product.has_value());  // the parties were checked when the session began
  product_ = *std::move(product);
  return {};
}

}  // namespace wusong::threshold::internal
