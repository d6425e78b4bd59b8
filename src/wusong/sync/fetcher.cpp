// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/fetcher.hpp"

#include <algorithm>

#include "wusong/sync/errors.hpp"

namespace wusong::sync {

Fetcher::Fetcher(const Config& config, const EpochVoters& voters, Height final_height,
                 const Hash& final_hash, Instant now)
    : config_{config},
      voters_{voters},
      now_{now},
      final_{final_height},
      final_hash_{final_hash},
      advanced_at_{now},
      span_{net::kRangeBlocksMax},
      peers_{config.peers} {}

Actions Fetcher::step(Event event, Instant now) {
  now_ = std::max(now, now_);
  out_ = {};
  std::visit([this](auto& each) { on(each); }, event);
  expire();
  update_activity();
  deliver();
  ask();
  set_wake();
  return std::move(out_);
}

Height Fetcher::target() const noexcept {
  return std::max(final_, peers_.highest().value_or(final_));
}

bool Fetcher::out_of_reach() const noexcept {
  bool ahead = false;
  for (const auto& [id, peer] : peers_.all()) {
    if (peer.finalised <= final_) continue;
    if (peer.oldest <= final_.next()) return false;
    ahead = true;
  }
  return ahead;
}

// ---- events

void Fetcher::on(const PeerStatus& event) {
  peers_.told(event);
}

void Fetcher::on(const PeerGone& event) {
  for (auto& [first, segment] : segments_)
    if (segment.state == State::asked && segment.peer == event.peer) want_again(segment);
  peers_.gone(event.peer);
}

void Fetcher::on(const FarBehind& event) {
  peers_.has(event.peer, event.finalised);
}

void Fetcher::on(const Tick& /*event*/) {}

void Fetcher::on(const FinalAdvanced& event) {
  if (event.height <= final_) return;
  final_ = event.height;
  final_hash_ = event.hash;
  advanced_at_ = now_;
  if (outstanding_ && outstanding_->last <= final_.value) outstanding_.reset();
  drop_final();
}

void Fetcher::on(const DeliveryRefused& /*event*/) {
  if (!outstanding_) return;
  const Outstanding refused = *outstanding_;
  outstanding_.reset();
  blame(refused.peer, err::bad_block);
  const std::uint64_t first = final_.value + 1;
  if (refused.last < first) return;
  Segment& again = segments_[first];
  release(again);
  again = Segment{};
  again.count = refused.last - first + 1;
}

Fetcher::Segments::iterator Fetcher::asked_of(consensus::PeerId peer, std::uint64_t id) {
  return std::ranges::find_if(segments_, [&](const auto& entry) {
    return entry.second.state == State::asked && entry.second.peer == peer && entry.second.id == id;
  });
}

/// The next range only, and when the one before it is no longer held: one bounds memory.
bool Fetcher::may_hold_large(std::uint64_t first) const noexcept {
  return !outstanding_ && first <= final_.value + 1;
}

void Fetcher::on(RangePartReceived& event) {
  const auto found = asked_of(event.peer, event.part.id);
  if (found == segments_.end()) return;
  const std::uint64_t first = found->first;
  Segment& segment = found->second;
  segment.is_large = true;
  if (!may_hold_large(first)) return want_again(segment);
  const bool is_good = segment.parts.take(std::move(event.part));
  if (is_good && !segment.parts.complete()) {
    const auto due = segment.parts.due();
    if (!due) return;
    segment.deadline = now_ + config_.peers.request_timeout;
    out_.part_requests.push_back({event.peer, {segment.id, Height{first}, *due}});
    return;
  }
  Result<net::SyncMessage> message = fail(err::wrong_range);
  if (is_good) message = net::decode_sync(segment.parts.release());
  auto* const range = message ? std::get_if<net::RangeResponse>(&*message) : nullptr;
  if (range == nullptr) {
    want_again(segment);
    return blame(event.peer, err::wrong_range);
  }
  range->id = segment.id;
  RangeReceived whole{event.peer, std::move(*range)};
  on(whole);
}

void Fetcher::on(RangeReceived& event) {
  const auto found = asked_of(event.peer, event.range.id);
  if (found == segments_.end()) return;  // too late, or for a segment that is final by now
  const std::uint64_t first = found->first;
  Segment& segment = found->second;
  want_again(segment);
  if (event.range.from.value != first) return blame(event.peer, err::wrong_range);
  if (event.range.blocks.empty()) {
    peers_.lower_claim(event.peer, Height{first});
    return;
  }
  auto verified = check_links(event.range);
  if (!verified) return blame(event.peer, verified.error());
  peers_.answered_well(event.peer);
  span_ = std::min<std::uint64_t>(span_ * 2, net::kRangeBlocksMax);

  const std::uint64_t wanted = segment.count;
  const std::uint64_t got = event.range.blocks.size();
  segment.count = got;
  segment.state = State::ready;
  segment.peer = event.peer;
  segment.bytes = size_of(event.range);
  segment.range = std::move(event.range);
  segment.verified = *std::move(verified);
  buffered_bytes_ += segment.bytes;
  // More than was asked for overlaps its successor, which deliver() trims.
  if (got < wanted) cover(first + got, wanted - got);
}

// ---- what follows from them

void Fetcher::update_activity() {
  const std::uint64_t best = target().value;
  const std::uint64_t here = final_.value;
  const bool far = best > here && best - here >= config_.gap_min;
  const bool stalled = best > here && now_ - advanced_at_ >= config_.stall;
  if (active_ && here < goal_ && best > here) {
    // A wrong claim that nobody can serve must not keep the goal out of reach.
    goal_ = std::min(goal_, best);
    if (far) goal_ = best;
    return;
  }
  if (far || stalled) {
    active_ = true;
    goal_ = best;
    frontier_ = std::max(frontier_, here + 1);
    return;
  }
  active_ = false;
  while (!segments_.empty()) erase(segments_.begin());
  frontier_ = 0;
}

void Fetcher::expire() {
  for (auto& [first, segment] : segments_) {
    if (segment.state != State::asked || segment.deadline > now_) continue;
    peers_.rest(segment.peer, now_);
    span_ = std::max<std::uint64_t>(span_ / 2, 1);
    want_again(segment);
  }
}

void Fetcher::drop_final() {
  for (auto at = segments_.begin(); at != segments_.end();) {
    const auto next = std::next(at);
    const std::uint64_t first = at->first;
    Segment& segment = at->second;
    if (first > final_.value) break;
    if (first + segment.count <= final_.value + 1) {
      erase(at);
    } else if (segment.state == State::wanted) {
      const std::uint64_t rest = first + segment.count - (final_.value + 1);
      erase(at);
      cover(final_.value + 1, rest);
      break;
    }
    at = next;
  }
  frontier_ = std::max(frontier_, final_.value + 1);
}

void Fetcher::deliver() {
  while (!outstanding_ && !segments_.empty()) {
    const auto first = segments_.begin();
    if (first->first > final_.value + 1 || first->second.state != State::ready) return;
    if (!hand_over(first)) return;
  }
}

/// False when the segment is wanted again.
bool Fetcher::hand_over(Segments::iterator segment) {
  Segment& ready = segment->second;
  const std::uint64_t skip = final_.value + 1 - segment->first;  // final by other means
  if (skip >= ready.count) {
    erase(segment);
    return true;
  }
  // Whoever votes for these is known only now: the epochs before are final.
  const auto proven = check_certificate(ready.range, ready.verified, voters_);
  const Hash& parent = skip == 0 ? ready.verified.parent : ready.verified.hashes[skip - 1];
  if (!proven || parent != final_hash_) {
    // A proven one with another parent: more than a third of the validators lied to somebody.
    const consensus::PeerId peer = ready.peer;
    release(ready);
    ready.state = State::wanted;
    blame(peer, proven ? Error{err::broken_link} : proven.error());
    return false;
  }
  Delivery delivery{ready.peer, final_.next(), std::move(ready.range.blocks),
                    std::move(ready.range.certificate)};
  delivery.blocks.erase(delivery.blocks.begin(),
                        delivery.blocks.begin() + static_cast<std::ptrdiff_t>(skip));
  outstanding_ = Outstanding{ready.peer, final_.value + 1, segment->first + ready.count - 1};
  erase(segment);
  out_.delivery = std::move(delivery);
  return true;
}

void Fetcher::ask() {
  if (!active_) return;
  for (auto& [first, segment] : segments_) {
    if (asked_ >= config_.requests_max) return;
    if (segment.state == State::wanted) ask_for(first, segment);
  }
  if (outstanding_) frontier_ = std::max(frontier_, outstanding_->last + 1);
  while (asked_ < config_.requests_max && frontier_ <= goal_ &&
         frontier_ <= final_.value + config_.window_blocks) {
    Segment fresh;
    fresh.count = std::min(span_, goal_ - frontier_ + 1);
    // A segment that overlaps an existing one would be fetched twice.
    if (const auto next = segments_.lower_bound(frontier_); next != segments_.end()) {
      if (next->first == frontier_) {
        frontier_ += next->second.count;
        continue;
      }
      fresh.count = std::min(fresh.count, next->first - frontier_);
    }
    if (!ask_for(frontier_, fresh)) return;
    frontier_ += fresh.count;
    segments_.insert_or_assign(frontier_ - fresh.count, std::move(fresh));
  }
}

bool Fetcher::ask_for(std::uint64_t first, Segment& segment) {
  if (segment.is_large && !may_hold_large(first)) return false;
  // The head of the line is always asked for: all that is buffered waits for it.
  const std::uint64_t head = outstanding_ ? outstanding_->last + 1 : final_.value + 1;
  const std::size_t committed = buffered_bytes_ + (asked_ + 1) * net::kRangeBytesMax;
  if (first > head && committed > config_.buffered_bytes_max) return false;
  const auto id = peers_.choose(now_, [first](consensus::PeerId, const Peers::Peer& peer) {
    return peer.finalised.value >= first && peer.oldest.value <= first;
  });
  if (!id) return false;
  segment.state = State::asked;
  segment.peer = *id;
  segment.id = next_id_++;
  segment.deadline = peers_.ask(*id, segment.id, now_);
  ++asked_;
  const auto count = static_cast<std::uint32_t>(
      std::min<std::uint64_t>({segment.count, span_, net::kRangeBlocksMax}));
  out_.requests.push_back({*id, {segment.id, Height{first}, count, config_.headers_only}});
  return true;
}

/// Takes back what a segment holds: memory, or a place among the requests.
void Fetcher::release(Segment& segment) {
  if (segment.state == State::asked) {
    --asked_;
    peers_.finished(segment.peer);
  }
  buffered_bytes_ -= segment.bytes;
  segment.bytes = 0;
  segment.range = {};
  segment.verified = {};
  segment.parts = {};
}

/// Makes sure that somebody is asked for these heights.
void Fetcher::cover(std::uint64_t first, std::uint64_t count) {
  Segment& segment = segments_[first];
  if (segment.state != State::ready) segment.count = std::max(segment.count, count);
}

void Fetcher::want_again(Segment& segment) {
  release(segment);
  segment.state = State::wanted;
}

void Fetcher::erase(Segments::iterator segment) {
  release(segment->second);
  segments_.erase(segment);
}

void Fetcher::blame(consensus::PeerId id, Error reason) {
  out_.misbehaviour.push_back({id, reason});
  peers_.condemn(id, now_);
}

void Fetcher::set_wake() {
  std::optional<Instant> wake;
  const auto by = [&](Instant at) {
    if (!wake || at < *wake) wake = at;
  };
  bool waiting = active_ && frontier_ <= goal_;
  for (const auto& [first, segment] : segments_) {
    if (segment.state == State::asked) by(segment.deadline);
    waiting = waiting || segment.state == State::wanted;
  }
  if (const auto awake = peers_.next_awake(now_); awake && waiting) by(*awake);
  if (!active_ && target() > final_) by(advanced_at_ + config_.stall);
  out_.wake_at = wake;
}

}  // namespace wusong::sync
