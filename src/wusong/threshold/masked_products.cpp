// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/internal/masked_products.hpp"

#include "wusong/threshold/internal/hedged_entropy.hpp"
#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold::internal {
namespace {

constexpr std::uint8_t kHashes = 0;
constexpr std::uint8_t kOpenings = 1;
constexpr std::uint8_t kShares = 2;
constexpr std::uint8_t kProducts = 3;

std::size_t opening_points(const MaskedProducts::Config& config) noexcept {
  return config.needed + config.count * (2u * config.needed - 2) +
         (config.factor ? 0 : config.needed);
}

Rounds rounds_for(const MaskedProducts::Config& config) {
  std::vector<Party> senders = config.parties;
  std::erase(senders, config.self);
  const std::size_t point_size = config.curve->point_size();
  const std::size_t share_scalars = 1 + 2 * config.count + (config.factor ? 0 : 2);
  const std::size_t shown_scalars = config.count + 2 + 2 * config.count;
  return Rounds{
      {.protocol = config.protocol,
       .session = config.session,
       .senders = std::move(senders),
       .body_sizes = {Hash::kSize, opening_points(config) * point_size,
                      share_scalars * kScalarSize + Hash::kSize,
                      shown_scalars * kScalarSize + (1 + 2 * config.count) * point_size}}};
}

void add_to(const Group& group, std::vector<Point>& sum, const std::vector<Point>& more) {
  if (sum.empty()) sum.assign(more.size(), group.identity());
  for (std::size_t i = 0; i < more.size(); ++i) sum[i] = group.add(sum[i], more[i]);
}

/// For public scalars, of which most are zero or one.
Point scaled(const Group& group, const Point& point, const Scalar& by) noexcept {
  if (by.is_zero()) return group.identity();
  return by == group.scalar(1) ? point : group.times(point, by);
}

}  // namespace

std::vector<Point> MaskedProducts::Blinded::commitments(const ShortCurve& curve) const {
  std::vector<Point> out;
  for (std::size_t i = 0; i < values.coefficients().size(); ++i)
    out.push_back(curve.pedersen(values.coefficients()[i], blindings.coefficients()[i]));
  return out;
}

void MaskedProducts::Commitments::add(const ShortCurve& curve, const Commitments& more) {
  masks.resize(more.masks.size());
  add_to(curve, random, more.random);
  add_to(curve, factor, more.factor);
  for (std::size_t i = 0; i < masks.size(); ++i) add_to(curve, masks[i], more.masks[i]);
}

MaskedProducts::Dealt MaskedProducts::deal(const Config& config, io::Entropy& entropy) {
  const ShortCurve& curve = *config.curve;
  const Hash context = Transcript{curve, "products"}
                           .add(config.session)
                           .add(config.about)
                           .add(config.self.number)
                           .digest();
  const Scalar secret = config.key      ? config.key->secret
                        : config.factor ? config.factor->value
                                        : Scalar{};
  HedgedEntropy hedged{curve, secret, context, entropy};
  const std::size_t full = 2u * config.needed - 1;
  Dealt out{.random = {curve, config.needed, curve.random_nonzero(hedged), hedged},
            .masks = {},
            .factor = std::nullopt,
            .proof_nonces = {}};
  for (std::size_t i = 0; i < config.count; ++i)
    out.masks.push_back(
        {.values = {curve, full, Scalar{}, hedged}, .blindings = {curve, full, Scalar{}, hedged}});
  if (!config.factor)
    out.factor.emplace(
        Blinded{.values = {curve, config.needed, curve.random_nonzero(hedged), hedged},
                .blindings = {curve, config.needed, curve.random(hedged), hedged}});
  for (std::size_t i = 0; i < 2 + 2 * config.count; ++i)
    out.proof_nonces.push_back(curve.random_nonzero(hedged));
  return out;
}

MaskedProducts::MaskedProducts(Config config, io::Entropy& entropy)
    : config_{std::move(config)},
      dealt_{deal(config_, entropy)},
      opening_{opening()},
      rounds_{rounds_for(config_)} {}

Bytes MaskedProducts::opening() const {
  Bytes out;
  for (const Point& point : dealt_.random.commitments()) append(out, curve(), point);
  for (const Blinded& mask : dealt_.masks) {
    const auto points = mask.commitments(curve());
    // The constant is zero for all to see: it is not sent.
    for (std::size_t i = 1; i < points.size(); ++i) append(out, curve(), points[i]);
  }
  if (makes_factor())
    for (const Point& point : dealt_.factor->commitments(curve())) append(out, curve(), point);
  return out;
}

Hash MaskedProducts::commitment_of(Party party, BytesView opening) const {
  Transcript transcript{curve(), "product opening"};
  transcript.add(config_.session).add(config_.about).add(config_.needed).add(party.number);
  for (const Party of : config_.parties) transcript.add(of.number);
  return transcript.add(opening).digest();
}

Letters MaskedProducts::start() const {
  return {{.to = std::nullopt,
           .message = rounds_.message(kHashes, commitment_of(config_.self, opening_))}};
}

Outcome<Letters> MaskedProducts::receive(Party from, BytesView message) {
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    is_over_ = !Rounds::is_harmless(accepted.error());
    return std::unexpected{accepted.error()};
  }
  auto out = advance();
  is_over_ = !out || is_done_;
  return out;
}

Outcome<Letters> MaskedProducts::advance() {
  Letters out;
  for (; !is_done_ && rounds_.has_all(round_); ++round_) {
    if (round_ == kHashes) {
      out.push_back({.to = std::nullopt, .message = rounds_.message(kOpenings, opening_)});
    } else if (round_ == kOpenings) {
      if (auto done = check_openings(); !done) return std::unexpected{done.error()};
      for (Letter& letter : share_letters()) out.push_back(std::move(letter));
    } else if (round_ == kShares) {
      if (auto done = collect(); !done) return std::unexpected{done.error()};
      out.push_back({.to = std::nullopt, .message = rounds_.message(kProducts, show())});
    } else {
      if (auto done = finish(); !done) return std::unexpected{done.error()};
      is_done_ = true;
    }
  }
  return out;
}

Outcome<void> MaskedProducts::check_openings() {
  Transcript view{curve(), "product view"};
  for (const Party party : config_.parties) {
    const BytesView opening =
        party == config_.self ? BytesView{opening_} : rounds_.body(kOpenings, party);
    view.add(party.number).add(opening);
    if (party != config_.self &&
        commitment_of(party, opening) != Hash::from(rounds_.body(kHashes, party)))
      return blame(err::wrong_opening, party);
    auto commitments = read_opening(party, opening);
    if (!commitments) return std::unexpected{commitments.error()};
    all_.add(curve(), *commitments);
    commitments_.emplace(party, *std::move(commitments));
  }
  view_ = view.digest();
  if (base() == curve().identity()) return blame_nobody(err::degenerate);
  choose_operands();
  return {};
}

auto MaskedProducts::read_opening(Party from, BytesView opening) const -> Outcome<Commitments> {
  Reader reader{curve(), opening};
  auto points = reader.points(opening_points(config_));
  if (!points) return blame(points.error(), from);
  auto next = points->begin();
  const auto take = [&next](std::ptrdiff_t count) {
    const auto first = std::exchange(next, next + count);
    return std::vector<Point>{first, next};
  };
  Commitments out{.random = take(config_.needed), .masks = {}, .factor = {}};
  for (std::size_t i = 0; i < config_.count; ++i) {
    out.masks.push_back(take(2 * config_.needed - 2));
    out.masks.back().insert(out.masks.back().begin(), curve().identity());
  }
  if (makes_factor()) out.factor = take(config_.needed);
  return out;
}

void MaskedProducts::choose_operands() {
  operands_ = config_.operands(base());
  WUSONG_ASSERT(operands_.size() == config_.count);
  for (const Operand& operand : operands_) {
    std::vector<Point>& commitments = operand_commitments_.emplace_back();
    for (std::size_t i = 0; i < config_.needed; ++i) {
      commitments.push_back(scaled(curve(), all_.random[i], operand.of_random));
      if (config_.key)
        commitments[i] = curve().add(
            commitments[i], scaled(curve(), config_.key->shares.commitments[i], operand.of_key));
    }
    commitments[0] = curve().add(commitments[0], curve().base_times(operand.constant));
  }
}

Letters MaskedProducts::share_letters() const {
  Letters out;
  for (const Party party : rounds_.senders()) {
    Bytes body;
    // In one piece, so that growing leaves no copies behind.
    body.reserve((3 + 2 * config_.count) * kScalarSize + Hash::kSize);
    append(body, dealt_.random.at(party));
    const auto append_both = [&](const Blinded& of) {
      append(body, of.values.at(party));
      append(body, of.blindings.at(party));
    };
    for (const Blinded& mask : dealt_.masks) append_both(mask);
    if (makes_factor()) append_both(*dealt_.factor);
    append(body, view_);
    const SecretBytes secret{std::move(body)};
    out.push_back({.to = party, .message = rounds_.message(kShares, secret.view())});
  }
  return out;
}

Outcome<void> MaskedProducts::collect() {
  const auto own = [&](const Blinded& of) {
    return std::array{of.values.at(config_.self), of.blindings.at(config_.self)};
  };
  random_ = dealt_.random.at(config_.self);
  for (const Blinded& mask : dealt_.masks) masks_.push_back(own(mask));
  if (makes_factor()) {
    const auto& [value, blinding] = own(*dealt_.factor);
    config_.factor = FactorShare{.value = value, .blinding = blinding, .commitments = all_.factor};
  }
  for (const Party party : rounds_.senders())
    if (auto taken = take_share(party); !taken) return taken;
  return {};
}

Outcome<void> MaskedProducts::take_share(Party from) {
  Reader reader{curve(), rounds_.body(kShares, from)};
  const Commitments& commitments = commitments_.at(from);
  std::vector<Scalar> numbers;  // random, then value and blinding of masks and factor
  for (std::size_t i = 0; i < 1 + 2 * config_.count + (makes_factor() ? 2u : 0u); ++i) {
    auto number = reader.scalar();
    if (!number) return blame(number.error(), from);
    numbers.push_back(*std::move(number));
  }
  if (reader.hash() != view_) return blame(err::split_view, from);
  if (!check_share(curve(), commitments.random, {config_.self, numbers[0]}))
    return blame(err::bad_share, from);
  random_ = curve().add(random_, numbers[0]);
  const auto take = [&](std::size_t at, const std::vector<Point>& committed, Scalar& value,
                        Scalar& blinding) {
    value = curve().add(value, numbers[at]);
    blinding = curve().add(blinding, numbers[at + 1]);
    return curve().pedersen(numbers[at], numbers[at + 1]) ==
           committed_at(curve(), committed, config_.self);
  };
  for (std::size_t i = 0; i < config_.count; ++i)
    if (!take(1 + 2 * i, commitments.masks[i], masks_[i][0], masks_[i][1]))
      return blame(err::bad_share, from);
  if (makes_factor() && !take(1 + 2 * config_.count, commitments.factor, config_.factor->value,
                              config_.factor->blinding))
    return blame(err::bad_share, from);
  return {};
}

Scalar MaskedProducts::challenge(Party party, const Shown& shown) const {
  Transcript transcript{curve(), "product"};
  transcript.add(config_.session).add(config_.about).add(view_).add(party.number);
  for (const Scalar& product : shown.products) transcript.add(product.view());
  transcript.add(shown.proof.factor);
  for (const Point& mask : shown.proof.masks) transcript.add(mask);
  for (const Point& product : shown.proof.products) transcript.add(product);
  return transcript.challenge();
}

Bytes MaskedProducts::show() {
  Shown shown;
  const std::vector<Scalar>& nonces = dealt_.proof_nonces;
  shown.proof.factor = curve().pedersen(nonces[0], nonces[1]);
  std::vector<Scalar> secrets{config_.factor->value, config_.factor->blinding};
  for (std::size_t i = 0; i < config_.count; ++i) {
    const Operand& operand = operands_[i];
    Scalar value = curve().add(curve().multiply(operand.of_random, random_), operand.constant);
    if (config_.key)
      value = curve().add(value, curve().multiply(operand.of_key, config_.key->secret));
    shown.products.push_back(
        curve().add(curve().multiply(config_.factor->value, value), masks_[i][0]));
    const Scalar& mask_nonce = nonces[2 + 2 * i];
    shown.proof.masks.push_back(curve().pedersen(mask_nonce, nonces[3 + 2 * i]));
    // (factor's nonce) value + mask's nonce, by the generator
    shown.proof.products.push_back(
        curve().base_times(curve().add(curve().multiply(nonces[0], value), mask_nonce)));
    secrets.insert(secrets.end(), masks_[i].begin(), masks_[i].end());
  }
  const Scalar c = challenge(config_.self, shown);
  Bytes out;
  for (const Scalar& product : shown.products) append(out, product);
  append(out, curve(), shown.proof.factor);
  for (const Point& mask : shown.proof.masks) append(out, curve(), mask);
  for (const Point& product : shown.proof.products) append(out, curve(), product);
  for (std::size_t i = 0; i < secrets.size(); ++i)
    append(out, curve().add(nonces[i], curve().multiply(c, secrets[i])));
  own_products_ = std::move(shown.products);
  return out;
}

auto MaskedProducts::read_shown(Party from) const -> Outcome<Shown> {
  Reader reader{curve(), rounds_.body(kProducts, from)};
  const auto scalars = [&reader](std::size_t count) -> Result<std::vector<Scalar>> {
    std::vector<Scalar> out;
    for (std::size_t i = 0; i < count; ++i) {
      WUSONG_TRY(out.emplace_back(), reader.scalar());
    }
    return out;
  };
  const auto read = [&]() -> Result<Shown> {
    Shown out;
    WUSONG_TRY(out.products, scalars(config_.count));
    WUSONG_TRY(out.proof.factor, reader.point());
    WUSONG_TRY(out.proof.masks, reader.points(config_.count));
    WUSONG_TRY(out.proof.products, reader.points(config_.count));
    WUSONG_TRY(out.proof.responses, scalars(2 + 2 * config_.count));
    return out;
  };
  auto out = read();
  if (!out) return blame(out.error(), from);
  return *std::move(out);
}

bool MaskedProducts::is_right(Party party, const Shown& shown) const {
  const std::vector<Scalar>& responses = shown.proof.responses;
  const Scalar c = challenge(party, shown);
  const auto holds = [&](const Point& left, const Point& commitment, const Point& statement) {
    return left == curve().add(commitment, curve().times(statement, c));
  };
  if (!holds(curve().pedersen(responses[0], responses[1]), shown.proof.factor,
             committed_at(curve(), config_.factor->commitments, party)))
    return false;
  for (std::size_t i = 0; i < config_.count; ++i) {
    const Scalar& mask = responses[2 + 2 * i];
    const Point operand = committed_at(curve(), operand_commitments_[i], party);
    if (!holds(curve().pedersen(mask, responses[3 + 2 * i]), shown.proof.masks[i],
               committed_at(curve(), all_.masks[i], party)) ||
        !holds(curve().add(curve().times(operand, responses[0]), curve().base_times(mask)),
               shown.proof.products[i], curve().base_times(shown.products[i])))
      return false;
  }
  return true;
}

Outcome<void> MaskedProducts::finish() {
  std::vector<std::vector<Share>> shares(config_.count);
  Fault wrong{err::bad_signature_share, {}};
  for (const Party party : config_.parties) {
    Shown shown;
    if (party == config_.self) {
      shown.products = own_products_;
    } else {
      auto read = read_shown(party);
      if (!read) return std::unexpected{read.error()};
      if (!is_right(party, *read)) wrong.parties.push_back(party);
      shown = *std::move(read);
    }
    for (std::size_t i = 0; i < config_.count; ++i) shares[i].push_back({party, shown.products[i]});
  }
  if (!wrong.parties.empty()) return std::unexpected{std::move(wrong)};
  for (const std::vector<Share>& of_one : shares) {
    auto product = interpolate(curve(), 2u * config_.needed - 1, of_one);
    WUSONG_ASSERT(product.has_value());  // the parties were checked when the session began
    products_.push_back(*std::move(product));
  }
  return {};
}

Outcome<Letters> receive(std::unique_ptr<MaskedProducts>& products, Party from, BytesView message) {
  if (products == nullptr) return blame_nobody(err::session_over);
  auto out = products->receive(from, message);
  if (!out && products->is_over()) products.reset();
  return out;
}

}  // namespace wusong::threshold::internal
