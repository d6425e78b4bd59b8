// SPDX-License-Identifier: Apache-2.0
// What peers send. Cheap checks come first; a signature is verified only when its vote can matter.
#include <algorithm>

#include "wusong/consensus/internal/core.hpp"

namespace wusong::consensus::internal {

Result<void> Core::receive(PeerId from, BytesView bytes) {
  if (peer(from) == nullptr) return fail(err::too_many_requests);
  WUSONG_TRY(Message message, decode_message(bytes, config_.payload_bytes_max));
  return std::visit([&](auto& m) { return receive(from, std::move(m)); }, message);
}

PeerState* Core::peer(PeerId id) {
  const auto found = peers_.find(id);
  if (found != peers_.end()) return &found->second;
  if (peers_.size() >= kPeersMax) return nullptr;
  return &peers_[id];
}

void Core::send(std::optional<PeerId> to, const Message& message, bool bulk) {
  actions_.sends.push_back(
      Send{.to = to, .bytes = std::make_shared<const Bytes>(encode(message)), .bulk = bulk});
}

Result<void> Core::receive(PeerId from, Proposal proposal) {
  const Block& block = proposal.block;
  const View view = block.ref.view;
  if (view <= final_.view) return {};
  const auto wanted = wants_.find(block.ref.id);
  if (wanted == wants_.end() || !wanted->second.certified) {
    if (view < current_ || leader(view) >= validators_) return {};
    if (view.value > current_.value + kProposalWindow) return fail(err::view_out_of_window);
    if (ports_.signer != nullptr && leader(view) == ports_.signer->index()) return {};
    Vote vote{.subject = {.kind = VoteKind::notarize,
                          .view = view,
                          .height = block.ref.height,
                          .block_id = block.ref.id,
                          .parent_view = block.parent_view},
              .validator = leader(view),
              .signature = proposal.signature};
    WUSONG_CHECK(receive(from, std::move(vote)));
    const ViewState& state = view_state(view);
    const Vote* counted = state.notarize.find(leader(view));
    if (counted == nullptr || counted->subject.block_id != block.ref.id) return {};
  }
  if (blocks_.contains(block.ref.id)) return {};
  if (!ports_.identity->matches(block)) return fail(err::block_mismatch);
  if (view >= current_) last_proposal_at_ = now_;
  const bool certified = wanted != wants_.end() && wanted->second.certified;
  hold(std::move(proposal.block), from, certified);
  return {};
}

Result<void> Core::receive(PeerId /*from*/, Vote vote) {
  if (vote.validator >= validators_) return fail(err::unknown_validator);
  if (ports_.signer != nullptr && vote.validator == ports_.signer->index()) return {};
  const View view = vote.subject.view;
  if (view <= final_.view) return {};
  if (view.value > current_.value + kViewWindow) return fail(err::view_out_of_window);
  ViewState& state = view_state(view);
  const VoteKind kind = vote.subject.kind;
  if (const Vote* known = state.tally(kind).find(vote.validator)) {
    if (known->subject == vote.subject) return {};
    return check_conflict(state, *known, vote);
  }
  if (state.certificate(kind)) return {};
  if (!signature_ok(vote)) return fail(err::bad_signature);
  note_vote(state, vote);
  count(std::move(vote));
  return {};
}

/// `vote` differs from the one of the same kind that this validator is known for.
Result<void> Core::check_conflict(ViewState& state, const Vote& known, const Vote& vote) {
  const auto kind = vote.subject.kind == VoteKind::notarize ? MisbehaviourKind::two_notarize_votes
                                                            : MisbehaviourKind::two_finalize_votes;
  if (state.reported.contains({vote.validator, kind})) return fail(err::equivocation);
  if (!signature_ok(vote)) return fail(err::bad_signature);
  report(state, kind, known, vote);
  return fail(err::equivocation);
}

/// A first vote with a good signature: what it says beyond being counted.
void Core::note_vote(ViewState& state, const Vote& vote) {
  const VoteSubject& subject = vote.subject;
  if (subject.view >= current_) hinted_ = true;
  if (subject.kind == VoteKind::nullify) {
    if (const Vote* other = state.finalize.find(vote.validator))
      report(state, MisbehaviourKind::nullify_and_finalize, *other, vote);
  } else if (subject.kind == VoteKind::finalize) {
    if (const Vote* other = state.nullify.find(vote.validator))
      report(state, MisbehaviourKind::nullify_and_finalize, *other, vote);
  } else if (vote.validator == leader(subject.view) && !state.proposal) {
    state.proposal = subject.block_id;
  }
}

Result<void> Core::receive(PeerId from, Certificate message) {
  const VoteSubject& subject = message.subject;
  if (subject.view <= final_.view) {
    // Old news, unless it says that another block is final.
    const auto known = recent_finals_.find(subject.height);
    const bool fork = subject.kind == VoteKind::finalize && known != recent_finals_.end() &&
                      known->second.id != subject.block_id;
    if (!fork) return {};
    WUSONG_CHECK(certificate_ok(message));
    halt(err::conflicting_finality, encode(message),
         final_certificate_ ? encode(*final_certificate_) : Bytes{});
    return {};
  }
  if (const auto known = views_.find(subject.view); known != views_.end()) {
    const auto& held = known->second.certificate(subject.kind);
    if (held && held->subject == subject) return {};
  }
  WUSONG_CHECK(certificate_ok(message));
  install(std::move(message), from);
  return {};
}

Result<void> Core::receive(PeerId from, FragmentMessage message) {
  const BlockRef ref = message.slice.block;
  const View view = ref.view;
  if (view <= final_.view || too_far(ref.height) || leader(view) >= validators_) return {};
  if (ports_.signer != nullptr && leader(view) == ports_.signer->index()) return {};
  if (view.value > current_.value + kProposalWindow) return fail(err::view_out_of_window);
  // What is over, or here already, is worth no new beginning.
  const bool starts = !dissemination_.knows(view);
  if (starts && (view < current_ || blocks_.contains(ref.id))) return {};
  WUSONG_TRY(auto arrival,
             dissemination_.receive(from, std::move(message), current_, now_, actions_));
  if (ViewState& state = view_state(view); !state.proposal) state.proposal = ref.id;
  if (view >= current_) hinted_ = true;
  take_arrival(view, std::move(arrival));
  return {};
}

Result<void> Core::receive(PeerId from, SliceStatus message) {
  dissemination_.receive(from, message, now_, actions_);
  return {};
}

void Core::take_arrival(View view, Dissemination::Arrival arrival) {
  if (view == current_) allow_for(arrival.bytes);
  const PeerId source = leader(view);
  const auto blame = [&](Error error) {
    view_state(view).leader_is_faulty = true;
    actions_.rejection = Rejection{source, error};
  };
  if (arrival.leader_is_faulty) return blame(err::inconsistent_encoding);
  if (!arrival.block || blocks_.contains(arrival.block->ref.id)) return;
  if (!ports_.identity->matches(*arrival.block)) {
    dissemination_.refuse(view);
    return blame(err::block_mismatch);
  }
  if (view >= current_) last_proposal_at_ = now_;
  hold(std::move(*arrival.block), source, false);
}

void Core::send_certificates(PeerId to, View view) {
  const ViewState* state = find_view(view);
  if (state == nullptr) return;
  if (state->notarization) send(to, *state->notarization);
  if (state->nullification) send(to, *state->nullification);
  if (state->finalization) send(to, *state->finalization);
}

Result<void> Core::receive(PeerId from, CertificateRequest message) {
  if (message.to < message.from) return fail(err::bad_message);
  PeerState& state = *peer(from);
  if (now_ < state.certificates_answer_after) return {};
  state.certificates_answer_after = now_ + config_.retransmit_min / 2;
  if (message.from <= final_.view && final_certificate_) send(from, *final_certificate_);
  std::uint64_t answered = 0;
  for (auto it = views_.lower_bound(message.from);
       it != views_.end() && it->first <= message.to && answered < kViewWindow; ++it, ++answered)
    send_certificates(from, it->first);
  return {};
}

Result<void> Core::receive(PeerId from, StatusMessage message) {
  PeerState& state = *peer(from);
  if (now_ < state.status_answer_after) return {};
  state.status_answer_after = now_ + config_.retransmit_min / 2;
  const View finality = std::max(final_.view, highest_finalization_);
  if (message.finalized_view < finality) {
    if (lags())
      send(from, *view_state(highest_finalization_).finalization);
    else if (final_certificate_)
      send(from, *final_certificate_);
  }
  if (message.view < current_) {
    send_certificates(from, View{current_.value - 1});
    if (highest_notarized_ >= message.view && highest_notarized_.value + 1 != current_.value)
      send_certificates(from, highest_notarized_);
  }
  if (message.view <= current_) send_own_votes(from);
  if (own_attestation_ && message.finalized_height >= own_attestation_->height)
    send(from, *own_attestation_);
  if (message.view > current_ || message.finalized_view > finality)
    send(from, StatusMessage{current_, final_.view, final_.height});
  return {};
}

Result<void> Core::receive(PeerId /*from*/, Attestation message) {
  if (message.validator >= validators_) return fail(err::unknown_validator);
  if (ports_.signer != nullptr && message.validator == ports_.signer->index()) return {};
  if (message.height.value + kAttestationsBehind < final_.height.value ||
      message.height.value > final_.height.value + kAttestationsAhead)
    return {};
  AttestationState& state = attestations_[message.height];
  const auto known = recent_finals_.find(message.height);
  const bool matches = known == recent_finals_.end() || known->second.id == message.block_id;
  if (state.complete && matches) return {};
  if (state.reported.contains(message.validator)) return fail(err::equivocation);
  for (const auto& [id, signers] : state.by_id)
    if (id == message.block_id && signers.contains(message.validator)) return {};
  if (!ports_.verifier->verify(
          message.validator,
          attestation_sign_bytes(config_.genesis, message.height, message.block_id),
          message.signature))
    return fail(err::bad_signature);
  for (const auto& [id, signers] : state.by_id) {
    const auto other = signers.find(message.validator);
    if (other == signers.end()) continue;
    state.reported.insert(message.validator);
    actions_.misbehaviour.push_back(
        {.validator = message.validator,
         .kind = MisbehaviourKind::two_attestations,
         .first = encode(Attestation{message.height, id, message.validator, other->second}),
         .second = encode(message)});
    return fail(err::equivocation);
  }
  state.by_id[message.block_id].emplace(message.validator, message.signature);
  check_attested(message.height);
  return {};
}

}  // namespace wusong::consensus::internal
