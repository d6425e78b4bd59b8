// SPDX-License-Identifier: Apache-2.0
// Blocks on their way to finality, and what is said about them afterwards.
#include <algorithm>

#include "wusong/consensus/internal/core.hpp"

namespace wusong::consensus::internal {

bool Core::verified(const Hash& id) const {
  if (id == final_.id) return true;
  const auto found = blocks_.find(id);
  return found != blocks_.end() && found->second.state == HeldBlock::State::ok;
}

bool Core::too_far(Height height) const noexcept {
  return height.value > final_.height.value + config_.catchup_blocks_max;
}

void Core::hold(Block block, PeerId from, bool certified) {
  const Hash id = block.ref.id;
  if (const auto wanted = wants_.find(id); wanted != wants_.end()) {
    certified |= wanted->second.certified;
    wants_.erase(wanted);
  }
  dissemination_.arrived(block.ref.view, id);
  if (block.ref.view <= final_.view || too_far(block.ref.height)) return;
  const ViewState* state = find_view(block.ref.view);
  const Certificate* certificate = state ? state->block_certificate() : nullptr;
  certified |= certificate != nullptr && certificate->subject.block_id == id;
  blocks_.try_emplace(id, HeldBlock{.block = std::make_shared<const Block>(std::move(block)),
                                    .state = HeldBlock::State::unchecked,
                                    .certified = false,
                                    .stored = false,
                                    .from = from});
  if (certified) mark_certified(id, from);
}

/// A quorum stands behind `id`, so behind its ancestors too: they are needed, whoever holds them.
void Core::mark_certified(Hash id, std::optional<PeerId> source) {
  View view = highest_notarized_;
  for (auto found = blocks_.find(id); found != blocks_.end(); found = blocks_.find(id)) {
    HeldBlock& held = found->second;
    if (held.certified) return;
    held.certified = true;
    // Refused for what is this replica's own, such as its clock: judged again by what all share.
    if (held.state == HeldBlock::State::bad) held.state = HeldBlock::State::unchecked;
    if (held.block->parent_view <= final_.view) return;
    id = held.block->parent_id;
    view = held.block->parent_view;
  }
  // One's own proposal copy is probably on its way when the votes have just come in.
  const bool live = !source && view.value + 1 >= current_.value;
  want(id, view, true, source, live ? config_.retransmit_min / 2 : Duration{0});
}

void Core::want_certified_blocks() {
  for (const auto& [view, state] : views_) {
    const Certificate* certificate = state.block_certificate();
    if (halted_ || certificate == nullptr || too_far(certificate->subject.height)) continue;
    if (const Hash& id = certificate->subject.block_id; blocks_.contains(id)) {
      mark_certified(id, std::nullopt);
    } else {
      want(id, view, true, std::nullopt, Duration{0});
    }
  }
}

/// Hands every block that is worth it to the application, parents first.
bool Core::verify_blocks() {
  for (auto& [id, held] : blocks_) {
    const Block& block = *held.block;
    if (held.state != HeldBlock::State::unchecked) continue;
    if ((!held.certified && block.ref.view < current_) || !verified(block.parent_id)) continue;
    const BlockRef& parent =
        block.parent_id == final_.id ? final_ : blocks_.at(block.parent_id).block->ref;
    if (block.parent_view == parent.view && block.ref.height == parent.height.next()) {
      held.state = HeldBlock::State::checking;
      held.judged_as_certified = held.certified;
      actions_.verify.push_back(VerifyPayload{held.block, held.certified});
      continue;
    }
    held.state = HeldBlock::State::bad;
    actions_.rejection = Rejection{held.from, err::bad_block_link};
    if (held.certified) {
      halt(err::certified_block_refused, encode(part_of(block, 0)), {});
      return true;
    }
  }
  return false;
}

bool Core::deliver() {
  if (!lags()) return false;
  for (auto it = views_.rbegin(); it != views_.rend(); ++it) {
    if (!it->second.finalization) continue;
    const Certificate certificate = *it->second.finalization;
    const auto path = final_path(certificate);
    if (halted_) return true;
    if (path.empty()) continue;
    finalize_path(path, certificate);
    return true;
  }
  return false;
}

/// The blocks after the last final one up to the certified one, oldest first; empty while one is
/// missing or not yet verified.
std::vector<BlockPtr> Core::final_path(const Certificate& certificate) {
  std::vector<BlockPtr> path;
  bool complete = true;
  Hash id = certificate.subject.block_id;
  Height expected = certificate.subject.height;
  while (true) {
    const auto found = blocks_.find(id);
    if (found == blocks_.end() || found->second.block->ref.height != expected) return {};
    const HeldBlock& held = found->second;
    complete &= held.state == HeldBlock::State::ok;
    path.push_back(held.block);
    if (held.block->parent_id == final_.id) break;
    if (held.block->ref.height <= final_.height.next()) {
      halt(err::conflicting_finality, encode(certificate),
           final_certificate_ ? encode(*final_certificate_) : Bytes{});
      return {};
    }
    id = held.block->parent_id;
    expected = expected.minus(1);
  }
  if (!complete) return {};
  std::ranges::reverse(path);
  return path;
}

void Core::finalize_path(const std::vector<BlockPtr>& path, const Certificate& certificate) {
  if (!actions_.finalized) actions_.finalized.emplace();
  for (const BlockPtr& block : path) {
    actions_.finalized->blocks.push_back(block);
    note_final(block->ref);
    turns_.on_final(block->parent_view, block->ref.view);
    retain(block);
  }
  actions_.finalized->certificate = certificate;
  std::vector<BlockRef> certified;  // those with a certificate of their own
  for (const BlockPtr& block : path) {
    const ViewState* state = find_view(block->ref.view);
    if (state != nullptr && state->finalization) certified.push_back(block->ref);
  }
  final_ = path.back()->ref;
  final_certificate_ = certificate;
  forget_final_views();
  for (const BlockPtr& block : path) check_attested(block->ref.height);
  for (const BlockRef& ref : certified) attest(ref);
  want_certified_blocks();  // some may have been too far ahead until now
}

void Core::forget_final_views() {
  views_.erase(views_.begin(), views_.upper_bound(final_.view));
  std::erase_if(blocks_,
                [&](const auto& entry) { return entry.second.block->ref.view <= final_.view; });
  std::erase_if(wants_, [&](const auto& entry) { return entry.second.view <= final_.view; });
  dissemination_.forget(final_.view);
  std::erase_if(attestations_, [&](const auto& entry) {
    return entry.first.value + kAttestationsBehind < final_.height.value;
  });
}

void Core::retain(const BlockPtr& block) {
  retained_.push_back(block);
  retained_bytes_ += block->payload.size();
  while (!retained_.empty() &&
         (retained_.size() > config_.retained_blocks || retained_bytes_ > config_.retained_bytes)) {
    retained_bytes_ -= retained_.front()->payload.size();
    retained_.pop_front();
  }
}

void Core::note_final(const BlockRef& ref) {
  recent_finals_[ref.height] = ref;
  if (recent_finals_.size() > kRecentFinals) recent_finals_.erase(recent_finals_.begin());
}

void Core::report_behind() {
  const ViewState* state = find_view(highest_finalization_);
  if (state == nullptr || !state->finalization || !too_far(state->finalization->subject.height)) {
    behind_again_at_.reset();
    return;
  }
  if (behind_again_at_ && now_ < *behind_again_at_) return;
  behind_again_at_ = now_ + config_.retransmit_max;
  actions_.behind =
      Behind{ahead_peer_.value_or(leader(highest_finalization_)), *state->finalization};
}

void Core::attest(const BlockRef& ref) {
  if (ports_.signer == nullptr) return;
  Attestation own{.height = ref.height,
                  .block_id = ref.id,
                  .validator = ports_.signer->index(),
                  .signature = ports_.signer->sign(
                      attestation_sign_bytes(config_.genesis, ref.height, ref.id))};
  attestations_[ref.height].by_id[ref.id].emplace(own.validator, own.signature);
  send(std::nullopt, own);
  own_attestation_ = std::move(own);
  attestation_repeats_ = 0;
  check_attested(ref.height);
}

void Core::check_attested(Height height) {
  const auto known = recent_finals_.find(height);
  const auto found = attestations_.find(height);
  if (known == recent_finals_.end() || found == attestations_.end()) return;
  AttestationState& state = found->second;
  for (const auto& [id, signers] : state.by_id) {
    if (signers.size() < witness_) continue;
    if (id != known->second.id) {
      const auto& [validator, signature] = *signers.begin();
      return halt(err::conflicting_finality, encode(Attestation{height, id, validator, signature}),
                  final_certificate_ ? encode(*final_certificate_) : Bytes{});
    }
    if (state.complete) continue;
    state.complete = true;
    Attested attested{.height = height, .block_id = id, .signatures = {}};
    for (const auto& [validator, signature] : signers) {
      if (attested.signatures.entries.size() == witness_) break;
      attested.signatures.entries.push_back({validator, signature});
    }
    actions_.attested.push_back(std::move(attested));
  }
  if (state.complete && own_attestation_ && own_attestation_->height == height)
    attestation_repeats_ = kAttestationRepeats;
}

void Core::halt(Error reason, Bytes first, Bytes second) {
  halted_ = true;
  actions_ = {};
  actions_.halt = Halt{reason, std::move(first), std::move(second)};
}

}  // namespace wusong::consensus::internal
