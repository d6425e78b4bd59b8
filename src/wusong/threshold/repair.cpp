// SPDX-License-Identifier: Apache-2.0
#include "wusong/threshold/repair.hpp"

#include "wusong/threshold/internal/wire.hpp"

namespace wusong::threshold {
namespace {

using internal::append;

constexpr std::uint8_t kCommitments = 0;
constexpr std::uint8_t kPieces = 1;  // between helpers
constexpr std::uint8_t kSums = 2;    // to the receiver
constexpr std::size_t kNumberSize = kScalarSize + Hash::kSize;

Result<void> check(const PublicShares& shares, const Repair::Config& config) {
  WUSONG_CHECK(check(config.helpers));
  // With one needed every share is the key: whoever has one can say it.
  if (shares.threshold.needed < 2) return fail(err::bad_threshold);
  if (config.helpers.size() < shares.threshold.needed) return fail(err::too_few_shares);
  if (config.helpers.back().number > shares.threshold.total || config.lost.number == 0 ||
      config.lost.number > shares.threshold.total)
    return fail(err::unknown_party);
  if (std::ranges::binary_search(config.helpers, config.lost)) return fail(err::bad_parties);
  return {};
}

Rounds rounds_for(const PublicShares& shares, const Repair::Config& config, Party self) {
  std::vector<Party> senders = config.helpers;
  std::erase(senders, self);
  const bool is_receiver = self == config.lost;
  return Rounds{{.protocol = Protocol::repair,
                 .session = config.session,
                 .senders = std::move(senders),
                 .body_sizes = {config.helpers.size() * shares.group->point_size(),
                                is_receiver ? 0 : kNumberSize, is_receiver ? kNumberSize : 0}}};
}

}  // namespace

Repair::Repair(PublicShares shares, Config config, Party self)
    : shares_{std::move(shares)},
      config_{std::move(config)},
      self_{self},
      rounds_{rounds_for(shares_, config_, self)} {}

Result<Repair> Repair::help(const KeyShare& own, Config config, io::Entropy& entropy) {
  WUSONG_CHECK(check(own.shares, config));
  if (!std::ranges::binary_search(config.helpers, own.self)) return fail(err::bad_parties);
  const Group& group = *own.shares.group;
  Repair out{own.shares, std::move(config), own.self};
  // Random pieces but for the last, which makes their sum right.
  Scalar rest =
      group.multiply(own.secret, lagrange(group, out.config_.helpers, own.self, out.config_.lost));
  out.pieces_.reserve(out.config_.helpers.size());
  while (out.pieces_.size() + 1 < out.config_.helpers.size()) {
    out.pieces_.push_back(group.random_nonzero(entropy));
    rest = group.subtract(rest, out.pieces_.back());
  }
  out.pieces_.push_back(rest);
  for (const Scalar& piece : out.pieces_) append(out.commitments_, group, group.base_times(piece));
  return out;
}

Result<Repair> Repair::restore(const PublicShares& shares, Config config) {
  WUSONG_CHECK(check(shares, config));
  const Party self = config.lost;
  return Repair{shares, std::move(config), self};
}

std::size_t Repair::index_of(Party helper) const noexcept {
  return static_cast<std::size_t>(std::ranges::find(config_.helpers, helper) -
                                  config_.helpers.begin());
}

Letters Repair::start() const {
  if (is_receiver()) return {};
  return {{.to = std::nullopt, .message = rounds_.message(kCommitments, commitments_)}};
}

Outcome<Letters> Repair::receive(Party from, BytesView message) {
  if (is_over_) return blame_nobody(err::session_over);
  if (auto accepted = rounds_.accept(from, message); !accepted) {
    is_over_ = !Rounds::is_harmless(accepted.error());
    return std::unexpected{accepted.error()};
  }
  auto out = advance();
  is_over_ = !out || round_ > kPieces;
  return out;
}

Outcome<Letters> Repair::advance() {
  Letters out;
  if (round_ == kCommitments && rounds_.has_all(kCommitments)) {
    if (auto checked = check_pieces(); !checked) return std::unexpected{checked.error()};
    for (const Party helper : rounds_.senders()) {
      if (is_receiver()) break;
      Bytes body;
      body.reserve(kNumberSize);
      append(body, pieces_[index_of(helper)]);
      append(body, view_);
      const SecretBytes secret{std::move(body)};
      out.push_back({.to = helper, .message = rounds_.message(kPieces, secret.view())});
    }
    round_ = kPieces;
  }
  if (round_ == kPieces && rounds_.has_all(is_receiver() ? kSums : kPieces)) {
    if (is_receiver()) {
      if (auto done = rebuild(); !done) return std::unexpected{done.error()};
    } else {
      auto sum = sum_for_receiver();
      if (!sum) return std::unexpected{sum.error()};
      out.push_back({.to = config_.lost, .message = rounds_.message(kSums, sum->view())});
    }
    round_ = kSums;
  }
  return out;
}

Outcome<void> Repair::check_pieces() {
  const Group& group = *shares_.group;
  Transcript view{group, "repair"};
  for (const Party helper : config_.helpers) {
    const BytesView body =
        helper == self_ ? BytesView{commitments_} : rounds_.body(kCommitments, helper);
    view.add(body);
    internal::Reader reader{group, body};
    auto points = reader.points(config_.helpers.size());
    if (!points) return blame(points.error(), helper);
    Point sum = group.identity();
    for (const Point& point : *points) sum = group.add(sum, point);
    const Scalar factor = lagrange(group, config_.helpers, helper, config_.lost);
    if (sum != group.times(shares_.of(helper), factor)) return blame(err::bad_share, helper);
    known_.emplace(helper, *std::move(points));
  }
  view_ = view.digest();
  return {};
}

Outcome<SecretBytes> Repair::sum_for_receiver() const {
  const Group& group = *shares_.group;
  Scalar sum = pieces_[index_of(self_)];
  for (const Party helper : rounds_.senders()) {
    internal::Reader reader{group, rounds_.body(kPieces, helper)};
    const auto piece = reader.scalar();
    if (!piece) return blame(piece.error(), helper);
    if (reader.hash() != view_) return blame(err::split_view, helper);
    if (group.base_times(*piece) != known_.at(helper)[index_of(self_)])
      return blame(err::bad_share, helper);
    sum = group.add(sum, *piece);
  }
  Bytes body;
  body.reserve(kNumberSize);
  append(body, sum);
  append(body, view_);
  return SecretBytes{std::move(body)};
}

Outcome<void> Repair::rebuild() {
  const Group& group = *shares_.group;
  Scalar secret;
  for (const Party helper : config_.helpers) {
    internal::Reader reader{group, rounds_.body(kSums, helper)};
    const auto sum = reader.scalar();
    if (!sum) return blame(sum.error(), helper);
    if (reader.hash() != view_) return blame(err::split_view, helper);
    Point expected = group.identity();
    for (const auto& [from, points] : known_)
      expected = group.add(expected, points[index_of(helper)]);
    if (group.base_times(*sum) != expected) return blame(err::bad_share, helper);
    secret = group.add(secret, *sum);
  }
  // Follows from the checks above.
  WUSONG_ASSERT(check_share(group, shares_.commitments, {self_, secret}).has_value());
  result_ = KeyShare{.shares = shares_, .self = self_, .secret = secret};
  return {};
}

}  // namespace wusong::threshold
