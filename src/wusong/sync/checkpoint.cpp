// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/checkpoint.hpp"

#include <algorithm>

#include "wusong/sync/errors.hpp"

namespace wusong::sync {
namespace {

/// Headers asked for below the end that a peer claims: what a checkpoint needs, and room for blocks
/// whose roots are still to come.
constexpr std::uint64_t kBelowEnd = 2 * kCheckpointHashes;

}  // namespace

CheckpointFinder::CheckpointFinder(const CheckpointConfig& config, light::Follower epochs,
                                   Height least, Instant now)
    : config_{config},
      epochs_{std::move(epochs)},
      least_{least},
      gives_up_at_{now + config.patience},
      now_{now},
      peers_{config.peers} {}

CheckpointFinder::Actions CheckpointFinder::step(Event event, Instant now) {
  now_ = std::max(now, now_);
  out_ = {};
  std::visit([this](const auto& each) { on(each); }, event);
  if (outstanding_ && outstanding_->deadline <= now_) {
    peers_.finished(outstanding_->peer);
    peers_.rest(outstanding_->peer, now_);
    start_over();
  }
  if (out_.found) return std::move(out_);
  out_.gave_up = now_ >= gives_up_at_;
  if (out_.gave_up) return std::move(out_);
  ask();
  out_.wake_at = gives_up_at_;
  if (outstanding_) {
    out_.wake_at = std::min(gives_up_at_, outstanding_->deadline);
  } else if (const auto awake = peers_.next_awake(now_)) {
    out_.wake_at = std::min(gives_up_at_, *awake);
  }
  return std::move(out_);
}

void CheckpointFinder::on(const PeerStatus& event) {
  peers_.told(event);
}

void CheckpointFinder::on(const PeerGone& event) {
  peers_.gone(event.peer);
  if (source_ == event.peer) start_over();
}

void CheckpointFinder::on(const Tick& /*event*/) {}

void CheckpointFinder::on(const RangeReceived& event) {
  if (!answered(event.peer, event.range.id)) return;
  if (event.range.blocks.empty()) {
    peers_.rest(event.peer, now_);
    start_over();
    return;
  }
  took(event.peer, take(event.range));
  if (!chain_.empty()) out_.found = complete();
}

void CheckpointFinder::on(const EpochsReceived& event) {
  if (answered(event.peer, event.response.id)) took(event.peer, take(event.response));
}

bool CheckpointFinder::answered(consensus::PeerId peer, std::uint64_t id) {
  if (!asked(peer, id)) return false;
  outstanding_.reset();
  peers_.finished(peer);
  return true;
}

void CheckpointFinder::took(consensus::PeerId peer, const Result<void>& taken) {
  if (taken) return peers_.answered_well(peer);
  out_.misbehaviour.push_back({peer, taken.error()});
  peers_.condemn(peer, now_);
  start_over();
}

/// What was proven stays, whoever showed it.
Result<void> CheckpointFinder::take(const net::EpochsResponse& response) {
  followed_ = response.ends.empty();
  for (const net::EpochEnd& end : response.ends) {
    WUSONG_CHECK(epochs_.advance({.header = end.header, .proof = end.certificate}));
    ends_.emplace_back(epochs_.newest().first.minus(1), end);
  }
  return {};
}

/// Appends what a range proves.
Result<void> CheckpointFinder::take(const net::RangeResponse& range) {
  const Height wanted = chain_.empty() ? range.from : chain_.back().header.number.next();
  if (range.from != wanted) return fail(err::wrong_range);
  if (!followed_) return fail(err::wrong_range);  // ends of epochs were asked for
  const std::uint64_t epoch = epochs_.newest().number;
  WUSONG_TRY(const VerifiedRange verified, verify_range(range, epochs_));
  const Height last = range.from.plus(range.blocks.size() - 1);
  if (epochs_.newest().number != epoch) {
    const auto header = types::header_of(range.blocks.back());
    if (!header) return fail(err::bad_block);
    ends_.emplace_back(last, net::EpochEnd{types::encode(*header), range.certificate});
  }
  if (!chain_.empty() && verified.parent != chain_.back().hash) return fail(err::broken_link);
  for (std::size_t i = 0; i < range.blocks.size(); ++i) {
    const auto parts = types::split_block(range.blocks[i]);
    if (!parts) return fail(err::bad_block);
    chain_.push_back({.header = parts->header, .hash = verified.hashes[i]});
  }
  certificates_[last] = range.certificate;
  return {};
}

/// The newest height whose roots the headers carry, if there are enough headers below it.
std::optional<Checkpoint> CheckpointFinder::complete() const {
  const Height first = chain_.front().header.number;
  const Height height = chain_.back().header.executed;
  if (height < least_ || height < first) return std::nullopt;
  if (first > Height{1} && height.value - first.value + 1 < kCheckpointHashes) return std::nullopt;
  Checkpoint out;
  out.height = height;
  const std::size_t count = static_cast<std::size_t>(height.value - first.value) + 1;
  out.blocks.assign(chain_.begin(), chain_.begin() + static_cast<std::ptrdiff_t>(count));
  const Height known = out.blocks.back().header.executed;
  for (const Checkpoint::Block& block : chain_) {
    Height at = block.header.executed.minus(block.header.roots.size());
    for (const types::ExecutionRoots& roots : block.header.roots) {
      at = at.next();
      if (at > known && at <= height) out.roots[at] = roots;
    }
  }
  if (out.roots.size() != height.value - known.value) return std::nullopt;
  out.certificates.insert(certificates_.begin(), certificates_.upper_bound(height));
  for (const auto& [at, end] : ends_)
    if (at <= height) out.epochs.push_back(end);
  return out;
}

/// Who claims most is asked first; a claim that it cannot prove puts it behind the others.
void CheckpointFinder::choose() {
  for (const auto& [id, peer] : peers_.all()) {
    if (peer.rests_until > now_ || peer.finalised < least_ || peer.finalised == Height{0}) continue;
    if (source_ && peer.finalised <= claim_) continue;
    claim_ = peer.finalised;
    source_ = id;
  }
}

Height CheckpointFinder::next_wanted() const {
  if (!chain_.empty()) return chain_.back().header.number.next();
  return std::max(claim_.minus(kBelowEnd), Height{1});
}

void CheckpointFinder::ask() {
  if (outstanding_) return;
  if (!source_) choose();
  if (!source_) return;
  if (!chain_.empty() && next_wanted() > peers_.all().at(*source_).finalised) {
    // It has shown all it has, and that is not enough.
    peers_.rest(*source_, now_);
    start_over();
    return;
  }
  const std::uint64_t id = next_id_++;
  outstanding_ =
      Outstanding{.peer = *source_, .id = id, .deadline = peers_.ask(*source_, id, now_)};
  if (!followed_) {
    out_.requests.push_back({*source_, net::EpochsRequest{id, epochs_.newest().number}});
    return;
  }
  const auto count = static_cast<std::uint32_t>(net::kRangeBlocksMax);
  out_.requests.push_back({*source_, net::RangeRequest{id, next_wanted(), count, true}});
}

void CheckpointFinder::start_over() {
  outstanding_.reset();
  chain_.clear();
  certificates_.clear();
  source_.reset();
  followed_ = false;
}

}  // namespace wusong::sync
