// SPDX-License-Identifier: Apache-2.0
// Events, time, repetition and the leader's wish for a block.
#include "wusong/consensus/internal/core.hpp"
#include "wusong/base/defect.hpp"

#include <algorithm>

namespace wusong::consensus::internal {

Core::Core(const Config& config, Ports ports, const BlockRef& finalized)
    : config_{config},
      ports_{ports},
      validators_{ports.verifier->count()},
      quorum_{quorum_size(validators_) - (has_defect(Defect::quorum_off_by_one) ? 1 : 0)},
      witness_{honest_witness_size(validators_)},
      pacemaker_{config.pacemaker, validators_},
      turns_{validators_},
      dissemination_{config, ports},
      current_{finalized.view.next()},
      repeat_interval_{config.retransmit_min},
      final_{finalized} {
  note_final(finalized);
}

Actions Core::start(Instant now) {
  now_ = now;
  actions_ = {};
  want_certified_blocks();
  if (final_.height > Height{0}) attest(final_);
  advance();
  if (!halted_) broadcast_own_state();
  return finish();
}

Actions Core::step(const Event& event, Instant now) {
  now_ = now;
  actions_ = {};
  if (halted_) return {};
  std::visit([this](const auto& e) { on(e); }, event);
  if (!halted_) advance();
  return finish();
}

void Core::on(const MessageReceived& event) {
  if (const auto result = receive(event.from, event.bytes); !result)
    actions_.rejection = Rejection{event.from, result.error()};
}

void Core::on(const PayloadBuilt& event) {
  ViewState& state = view_state(current_);
  if (event.view != current_ || !build_asked_ || state.own_notarize || state.own_nullify) return;
  if (event.payload.size() > config_.payload_bytes_max) return on(PayloadDeclined{event.view});
  hold(Block{.ref = {.view = current_, .height = build_parent_.height.next(), .id = event.block_id},
             .parent_view = build_parent_.view,
             .parent_id = build_parent_.id,
             .payload = event.payload},
       0, false);
  HeldBlock& held = blocks_.at(event.block_id);
  held.state = HeldBlock::State::ok;
  persist_block(held);
  state.proposal = event.block_id;
  proposed_at_ = now_;
  const bool whole = dissemination_.goes_whole(event.payload.size());
  const Vote& vote = cast({.kind = VoteKind::notarize,
                           .view = current_,
                           .height = held.block->ref.height,
                           .block_id = event.block_id,
                           .parent_view = build_parent_.view},
                          !whole);
  if (whole) return send(std::nullopt, Proposal{*held.block, vote.signature});
  dissemination_.spread(held.block, actions_);
  allow_for(held.block->payload.size());
}

/// Bytes that are on their way put the view's end off, as long as they take at the least rate.
void Core::allow_for(std::size_t bytes) {
  const std::uint64_t rate = config_.dispersal.bytes_per_second_min;
  if (deadline_)
    *deadline_ += std::chrono::nanoseconds{bytes * std::uint64_t{1'000'000'000} / rate};
}

void Core::on(const PayloadDeclined& event) {
  if (event.view != current_ || !build_asked_) return;
  build_asked_ = false;
  declined_ = true;
}

void Core::on(const PayloadVerified& event) {
  const auto found = blocks_.find(event.block_id);
  if (found == blocks_.end() || found->second.state != HeldBlock::State::checking) return;
  HeldBlock& held = found->second;
  switch (event.verdict) {
    case Verdict::ok:
      held.state = HeldBlock::State::ok;
      return;
    case Verdict::bad:
      if (held.certified && !held.judged_as_certified) {
        held.state = HeldBlock::State::unchecked;
        return;
      }
      held.state = HeldBlock::State::bad;
      if (held.certified)
        return halt(err::certified_block_refused,
                    encode(BlockRequest{held.block->ref.view, event.block_id}), {});
      actions_.rejection = Rejection{held.from, err::bad_block};
      return;
    case Verdict::mismatch: {
      // The id may be honest: forget the bytes, blame the carrier, fetch again from someone else.
      const PeerId carrier = held.from;
      const View view = held.block->ref.view;
      const bool certified = held.certified;
      blocks_.erase(found);
      actions_.rejection = Rejection{carrier, err::block_mismatch};
      if (certified) want(event.block_id, view, true, std::nullopt, Duration{0});
      return;
    }
  }
}

void Core::on(const WorkPending& event) {
  work_pending_ = event.pending;
  if (event.pending) declined_ = false;
}

void Core::on(const PeerConnected& event) {
  if (peer(event.peer) == nullptr) return;
  dissemination_.connected(event.peer);
  send(event.peer, StatusMessage{current_, final_.view, final_.height});
  send_own_votes(event.peer);
}

void Core::on(const PeerDisconnected& event) {
  peers_.erase(event.peer);
  dissemination_.disconnected(event.peer);
}

void Core::on(const FinalizedStored& event) {
  const auto found = recent_finals_.find(event.height);
  if (found != recent_finals_.end()) erase_records(found->second.view);
}

void Core::on(const SyncedTo& event) {
  if (event.block.height <= final_.height) return;
  final_ = event.block;
  final_certificate_ = event.certificate;
  note_final(final_);
  if (final_certificate_) persist_certificate(*final_certificate_);
  forget_final_views();
  erase_records(final_.view);
  if (current_ <= final_.view) enter(final_.view.next(), VoteKind::notarize);
  behind_again_at_.reset();
  want_certified_blocks();
}

void Core::on(const SliceCoded& event) {
  take_arrival(event.view, dissemination_.coded(event, now_, actions_));
}

void Core::on(const Tick& /*event*/) {}

void Core::advance() {
  bool progress = true;
  while (progress && !halted_) {
    progress = form_certificate();
    if (!halted_) progress |= vote_finalize();
    if (!halted_) progress |= verify_blocks();
    if (!halted_) progress |= vote_notarize();
    if (!halted_) progress |= vote_nullify();
    if (!halted_) progress |= deliver();
    if (!progress) update_timers();
  }
  if (halted_) return;
  maybe_build();
  report_behind();
  pump_wants();
  dissemination_.repeat(now_, actions_);
  repeat_if_due();
}

bool Core::unsettled() const {
  return highest_notarized_ > final_.view && highest_notarized_ > highest_finalization_;
}

/// Others have made blocks final that this replica does not hold yet.
bool Core::lags() const {
  return highest_finalization_ > final_.view;
}

/// Who lags takes for work what may long be done, and would keep those awake who have done it. If
/// there is work, their votes tell.
bool Core::awake() const {
  return (work_pending_ && !lags()) || hinted_ || unsettled();
}

void Core::update_timers() {
  if (!awake()) {
    waiting_since_.reset();
    deadline_.reset();
    return;
  }
  if (waiting_since_) return;
  // Before that the leader may not propose.
  const std::optional<Instant> last = std::max(last_proposal_at_, proposed_at_);
  waiting_since_ = last ? std::max(now_, *last + config_.min_block_interval) : now_;
  if (may_nullify() && !has_defect(Defect::timeout_never))
    deadline_ = *waiting_since_ + pacemaker_.timeout(leader(current_));
}

bool Core::needs_repetition() const {
  const bool unattested = own_attestation_ && attestation_repeats_ < kAttestationRepeats;
  return awake() || lacks_certificates_ || unattested || lags();
}

void Core::repeat_if_due() {
  if (!needs_repetition()) {
    repeat_at_.reset();
    repeat_interval_ = config_.retransmit_min;
    if (!rest_status_at_) rest_status_at_ = now_ + config_.rest_status_interval;
    if (now_ >= *rest_status_at_) {
      send(std::nullopt, StatusMessage{current_, final_.view, final_.height});
      rest_status_at_ = now_ + config_.rest_status_interval;
    }
    return;
  }
  rest_status_at_.reset();
  if (!repeat_at_) repeat_at_ = now_ + repeat_interval_;
  if (now_ < *repeat_at_) return;
  broadcast_own_state();
  repeat_interval_ = std::min(repeat_interval_ * 2, config_.retransmit_max);
  repeat_at_ = now_ + repeat_interval_;
}

void Core::broadcast_own_state() {
  send(std::nullopt, StatusMessage{current_, final_.view, final_.height});
  send_own_votes(std::nullopt);
  if (own_attestation_ && attestation_repeats_ < kAttestationRepeats) {
    ++attestation_repeats_;
    send(std::nullopt, *own_attestation_);
  }
}

/// The votes that others may still need: in the current view, and for the youngest notarized block.
void Core::send_own_votes(std::optional<PeerId> to) {
  if (const ViewState* state = find_view(current_)) {
    if (state->own_notarize) send(to, *state->own_notarize);
    if (state->own_nullify) send(to, *state->own_nullify);
  }
  if (const ViewState* state = find_view(highest_notarized_); state && state->own_finalize)
    send(to, *state->own_finalize);
}

bool Core::wants_block(bool& for_finality) {
  for_finality = false;
  if ((unsettled() || hinted_) && waiting_since_ && !asked_for_finality_) {
    // Without work of our own a block is proposed only when the others have waited for a while: the
    // last block's finality is overdue, or somebody has work that did not reach this leader.
    const Instant overdue = *waiting_since_ + pacemaker_.timeout(leader(current_)) / 2;
    for_finality = now_ >= overdue;
    if (!for_finality) build_at_ = overdue;
  }
  return for_finality || ((work_pending_ || hinted_) && !declined_);
}

void Core::maybe_build() {
  build_at_.reset();
  if (ports_.signer == nullptr || leader(current_) != ports_.signer->index() || build_asked_)
    return;
  const ViewState& state = view_state(current_);
  if (state.own_notarize || state.own_nullify) return;
  bool for_finality = false;
  if (!wants_block(for_finality)) return;
  const auto parent = choose_parent();
  // A chain that finality or this application cannot follow is not made longer.
  if (!parent || !verified(parent->id) || too_far(parent->height.next())) return;
  if (last_proposal_at_ && now_ < *last_proposal_at_ + config_.min_block_interval) {
    build_at_ = *last_proposal_at_ + config_.min_block_interval;
    return;
  }
  build_parent_ = *parent;
  build_asked_ = true;
  asked_for_finality_ |= for_finality;
  actions_.build = BuildPayload{current_, *parent, for_finality};
}

/// The youngest block that every view since has been nullified after.
std::optional<BlockRef> Core::choose_parent() {
  for (View view{current_.value - 1}; view > final_.view; view = View{view.value - 1}) {
    const ViewState* state = find_view(view);
    if (const Certificate* found = state ? state->block_certificate() : nullptr)
      return BlockRef{view, found->subject.height, found->subject.block_id};
    if (!state || !state->nullification) {
      request_certificates(final_.view.next(), view, std::nullopt);
      return std::nullopt;
    }
  }
  return final_;
}

Instant Core::earliest_wake() const {
  Instant wake = now_ + config_.rest_status_interval;
  const auto consider = [&](const std::optional<Instant>& at) {
    if (at) wake = std::min(wake, *at);
  };
  consider(deadline_);
  consider(repeat_at_);
  consider(rest_status_at_);
  consider(build_at_);
  consider(behind_again_at_);
  // Afterwards repetitions see to it: a time that is over would wake the driver again and again.
  if (lacks_certificates_ &&
      (certificates_asked_until_ > now_ || has_defect(Defect::wake_in_the_past)))
    consider(certificates_asked_until_);
  consider(dissemination_.wake_at());
  for (const auto& [id, wanted] : wants_) consider(wanted.next_try);
  return wake;
}

Actions Core::finish() {
  if (!halted_) actions_.wake_at = std::max(earliest_wake(), now_ + std::chrono::microseconds{1});
  return std::move(actions_);
}

std::vector<Gauge> Core::gauges() const {
  // Views without finality are kept until it comes: one for each timeout, and those that peers may
  // vote ahead in.
  const std::size_t views = current_.value - final_.view.value + kViewWindow + 1;
  const std::size_t heights = kAttestationsBehind + kAttestationsAhead + 2;
  const std::size_t blocks = views * validators_;  // a leader may sign many, each is seen once
  return {{"consensus.views", views_.size(), views},
          {"consensus.blocks", blocks_.size(), blocks},
          {"consensus.wanted_blocks", wants_.size(), blocks},
          {"consensus.recorded_views", record_keys_.size(), views + config_.retained_blocks},
          {"consensus.recent_finals", recent_finals_.size(), kRecentFinals},
          {"consensus.retained_blocks", retained_.size(), config_.retained_blocks},
          {"consensus.retained_bytes", retained_bytes_, config_.retained_bytes},
          {"consensus.attested_heights", attestations_.size(), heights},
          {"consensus.dispersal_bytes", dissemination_.held_bytes(),
           views * 3 * config_.payload_bytes_max},
          {"consensus.peers", peers_.size(), kPeersMax}};
}

Status Core::status() const {
  return {.view = current_,
          .leader = leader(current_),
          .finalized = final_,
          .notarized = std::max(highest_notarized_, final_.view),
          .resting = !awake(),
          .halted = halted_,
          .timeout = pacemaker_.timeout(leader(current_)),
          .views_nullified = views_nullified_,
          .views_passed_over = views_passed_over_,
          .blocks_held = blocks_.size(),
          .dispersal_bytes = dissemination_.held_bytes()};
}

}  // namespace wusong::consensus::internal
