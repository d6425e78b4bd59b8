// SPDX-License-Identifier: Apache-2.0
// Votes, certificates and the passage from view to view: the part that safety rests on.
#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/consensus/internal/core.hpp"

namespace wusong::consensus::internal {

const ViewState* Core::find_view(View view) const {
  const auto found = views_.find(view);
  return found == views_.end() ? nullptr : &found->second;
}

ValidatorIndex Core::leader(View view) const noexcept {
  return static_cast<ValidatorIndex>(view.value % validators_);
}

bool Core::signature_ok(const Vote& vote) const {
  if (has_defect(Defect::vote_signature_unchecked)) return true;
  return ports_.verifier->verify(vote.validator, vote_sign_bytes(config_.genesis, vote.subject),
                                 vote.signature);
}

Result<void> Core::certificate_ok(const Certificate& certificate) const {
  const auto& entries = certificate.signatures.entries;  // decoded: ascending, nobody twice
  if (entries.size() < quorum_) return fail(err::no_quorum);
  if (entries.back().validator >= validators_) return fail(err::unknown_validator);
  if (has_defect(Defect::certificate_unchecked)) return {};
  const Bytes message = vote_sign_bytes(config_.genesis, certificate.subject);
  std::vector<VoteVerifier::Item> items;
  items.reserve(entries.size());
  for (const auto& entry : entries) items.push_back({entry.validator, message, entry.signature});
  if (!ports_.verifier->verify_all(items)) return fail(err::bad_signature);
  return {};
}

/// Signs and records a vote. It leaves only after its record is durable: see Actions.
const Vote& Core::cast(const VoteSubject& subject, bool broadcast) {
  ViewState& state = view_state(subject.view);
  WUSONG_ASSERT(!state.own(subject.kind));
  Vote vote{.subject = subject,
            .validator = ports_.signer->index(),
            .signature = ports_.signer->sign(vote_sign_bytes(config_.genesis, subject))};
  state.own(subject.kind) = vote;
  persist_vote(vote);
  repeat_at_.reset();  // it has just been said
  if (broadcast) send(std::nullopt, vote);
  count(std::move(vote));
  return *state.own(subject.kind);
}

void Core::count(Vote vote) {
  const VoteSubject subject = vote.subject;
  ViewState& state = view_state(subject.view);
  const ValidatorIndex voter = vote.validator;
  const std::size_t equal = state.tally(subject.kind).add(std::move(vote));
  // One honest voter has seen the leader's signature on this id.
  if (subject.kind == VoteKind::notarize && equal >= witness_ && !state.proposal)
    state.proposal = subject.block_id;
  // One honest voter holds the certificate that this replica may never form: a leader who signs two
  // blocks is counted for the one that came first.
  if (subject.kind == VoteKind::finalize && equal == witness_ && subject.view >= current_)
    request_certificates(current_, subject.view, voter);
  if (equal == quorum_) complete_.push_back(subject);
}

bool Core::form_certificate() {
  if (complete_.empty()) return false;
  const VoteSubject subject = complete_.back();
  complete_.pop_back();
  if (subject.view <= final_.view) return true;
  ViewState& state = view_state(subject.view);
  if (!state.certificate(subject.kind))
    install(state.tally(subject.kind).certificate(subject, quorum_), std::nullopt);
  return true;
}

/// Two certificates that cannot both exist while at most f validators are faulty.
bool Core::contradicts(const Certificate& certificate) {
  const ViewState& state = view_state(certificate.subject.view);
  const auto clash = [&](const std::optional<Certificate>& other) {
    if (!other) return false;
    const bool nullified =
        certificate.subject.kind == VoteKind::nullify || other->subject.kind == VoteKind::nullify;
    const bool bad = nullified ? certificate.subject.kind == VoteKind::finalize ||
                                     other->subject.kind == VoteKind::finalize
                               : certificate.subject.block_id != other->subject.block_id;
    if (bad) halt(err::conflicting_finality, encode(certificate), encode(*other));
    return bad;
  };
  return clash(state.notarization) || clash(state.finalization) || clash(state.nullification);
}

void Core::install(Certificate certificate, std::optional<PeerId> from) {
  if (contradicts(certificate)) return;
  const VoteSubject subject = certificate.subject;
  persist_certificate(certificate);
  ViewState& state = view_state(subject.view);
  state.certificate(subject.kind) = std::move(certificate);
  if (subject.kind == VoteKind::nullify) {
    if (subject.view >= current_)
      ++(passes_over(subject.view) ? views_passed_over_ : views_nullified_);
  } else {
    highest_notarized_ = std::max(highest_notarized_, subject.view);
    if (subject.kind == VoteKind::finalize)
      highest_finalization_ = std::max(highest_finalization_, subject.view);
    if (from) ahead_peer_ = from;
    if (!too_far(subject.height)) mark_certified(subject.block_id, from);
  }
  if (!halted_ && subject.view >= current_) enter(subject.view.next(), subject.kind);
}

/// How long the current view, which has just ended with a block, took; nothing where this replica
/// gave it up or rested. Time in which a leader without work let others wait says nothing about the
/// network, and counting it would make timeouts grow by themselves.
std::optional<Duration> Core::view_time() const {
  const ViewState* state = find_view(current_);
  if (!waiting_since_ || (state != nullptr && state->own_nullify)) return std::nullopt;
  const Duration elapsed = std::max(now_ - *waiting_since_, Duration{0});
  if (work_pending_ || !last_proposal_at_) return elapsed;
  return std::min(elapsed, 2 * (now_ - *last_proposal_at_));
}

void Core::enter(View view, VoteKind because) {
  const ValidatorIndex previous = leader(View{view.value - 1});
  if (because == VoteKind::nullify) {
    if (!passes_over(View{view.value - 1})) pacemaker_.on_nullified();
  } else if (const auto elapsed = view == current_.next() ? view_time() : std::nullopt) {
    pacemaker_.on_notarized(previous, *elapsed);
  } else {
    pacemaker_.on_notarized();
  }
  current_ = view;
  const ViewState* state = find_view(view);
  hinted_ = state != nullptr && !state->empty_of_votes();
  build_asked_ = false;
  asked_for_finality_ = false;
  waiting_since_.reset();
  deadline_.reset();
  repeat_at_.reset();
  repeat_interval_ = config_.retransmit_min;
  lacks_certificates_ = false;
  certificate_asks_ = 0;
  certificates_asked_until_.reset();
  std::erase_if(wants_, [&](const auto& entry) {
    return !entry.second.certified && entry.second.view < current_;
  });
  dissemination_.prune(current_, [this](View past, const Hash& id) {
    const ViewState* known = find_view(past);
    const Certificate* found = known != nullptr ? known->block_certificate() : nullptr;
    return found != nullptr && found->subject.block_id == id;
  });
}

bool Core::vote_notarize() {
  if (ports_.signer == nullptr) return false;
  ViewState& state = view_state(current_);
  if (state.own_notarize || state.own_nullify || !state.proposal || state.leader_is_faulty)
    return false;
  const auto found = blocks_.find(*state.proposal);
  if (found == blocks_.end()) {
    want(*state.proposal, current_, false, leader(current_), config_.retransmit_min / 2);
    return false;
  }
  HeldBlock& held = found->second;
  const Block& block = *held.block;
  if (block.ref.view != current_ || held.state == HeldBlock::State::bad) return false;
  if (!parent_is_certified(block) || held.state != HeldBlock::State::ok) return false;
  persist_block(held);
  cast({.kind = VoteKind::notarize,
        .view = current_,
        .height = block.ref.height,
        .block_id = block.ref.id,
        .parent_view = block.parent_view},
       true);
  return true;
}

/// The block that ended the last view is finalized by those who did not give the view up.
bool Core::vote_finalize() {
  if (ports_.signer == nullptr || current_.value < 2) return false;
  const auto found = views_.find(View{current_.value - 1});
  if (found == views_.end()) return false;
  ViewState& state = found->second;
  if (!state.notarization || state.own_finalize) return false;
  if (state.own_nullify && !has_defect(Defect::finalize_after_nullify)) return false;
  const VoteSubject& notarized = state.notarization->subject;
  cast({.kind = VoteKind::finalize,
        .view = notarized.view,
        .height = notarized.height,
        .block_id = notarized.block_id,
        .parent_view = View{}},
       true);
  return true;
}

bool Core::may_nullify() const {
  if (ports_.signer == nullptr) return false;
  const ViewState* state = find_view(current_);
  return state == nullptr || (!state->own_nullify && !state->own_finalize);
}

bool Core::vote_nullify() {
  if (ports_.signer == nullptr) return false;
  const bool late = deadline_ && now_ >= *deadline_;
  const ViewState* state = find_view(current_);
  // f+1 have given up: an honest one among them has waited long enough for all of us.
  const bool joined = state != nullptr && state->nullify.size() >= witness_;
  const bool hopeless = state != nullptr && state->leader_is_faulty;
  if (late) deadline_.reset();
  const bool voted = state != nullptr && state->own_notarize;
  const bool passed = awake() && !voted && passes_over(current_);
  if ((!late && !joined && !hopeless && !passed) || !may_nullify()) return false;
  deadline_.reset();
  cast({.kind = VoteKind::nullify,
        .view = current_,
        .height = Height{},
        .block_id = Hash{},
        .parent_view = View{}},
       true);
  return true;
}

/// Never itself: what it remembers of its own failures since it started is not what the others
/// remember, and the one turn that they wait for would be lost each time.
bool Core::passes_over(View view) const {
  if (ports_.signer != nullptr && leader(view) == ports_.signer->index()) return false;
  return !has_defect(Defect::failed_leader_waited_for) && turns_.passed_over(view);
}

void Core::report(ViewState& state, MisbehaviourKind kind, const Vote& first, const Vote& second) {
  if (!state.reported.insert({second.validator, kind}).second) return;
  actions_.misbehaviour.push_back({.validator = second.validator,
                                   .kind = kind,
                                   .first = encode(first),
                                   .second = encode(second)});
}

void Core::request_certificates(View from, View to, std::optional<PeerId> from_peer) {
  lacks_certificates_ = true;
  if (certificates_asked_until_ && now_ < *certificates_asked_until_) return;
  certificates_asked_until_ = now_ + config_.retransmit_min;
  if (certificate_asks_++ > 0) from_peer.reset();  // the one asked first may be the faulty one
  send(from_peer, CertificateRequest{from, std::min(to, from.plus(kViewWindow - 1))});
}

/// Holds the certificates that make the block's parent legitimate; asks for those it lacks.
bool Core::parent_is_certified(const Block& block) {
  const View parent = block.parent_view;
  const View last{block.ref.view.value - 1};
  const PeerId source = leader(block.ref.view);
  if (parent < final_.view) return false;
  if (parent == final_.view) {
    if (block.parent_id != final_.id || block.ref.height != final_.height.next()) return false;
  } else {
    const ViewState* state = find_view(parent);
    const Certificate* found = state ? state->block_certificate() : nullptr;
    if (found == nullptr) {
      request_certificates(parent, last, source);
      return false;
    }
    if (found->subject.block_id != block.parent_id ||
        found->subject.height.next() != block.ref.height)
      return false;
  }
  if (has_defect(Defect::wrong_fork_accepted)) return true;
  for (View view = parent.next(); view <= last; view = view.next()) {
    const ViewState* state = find_view(view);
    if (state != nullptr && state->nullification) continue;
    request_certificates(view, last, source);
    return false;
  }
  return true;
}

}  // namespace wusong::consensus::internal
