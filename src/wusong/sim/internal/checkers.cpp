// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/checkers.hpp"

namespace wusong::sim::internal {
namespace {

constexpr std::size_t kViolationsMax = 50;

std::string who(std::size_t node) {
  return "node " + std::to_string(node) + " ";
}

}  // namespace

void Checkers::violate(std::string checker, std::string detail) {
  if (violations_.size() < kViolationsMax)
    violations_.push_back({std::move(checker), std::move(detail)});
}

void Checkers::on_vote(std::size_t node, const consensus::VoteSubject& subject) {
  using consensus::VoteKind;
  const auto [known, first] = votes_.try_emplace({node, subject.view, subject.kind}, subject);
  if (!first && known->second != subject)
    violate("one_vote", who(node) + "voted twice in view " + std::to_string(subject.view.value));
  if (!first || subject.kind == VoteKind::notarize) return;
  const VoteKind other = subject.kind == VoteKind::nullify ? VoteKind::finalize : VoteKind::nullify;
  if (votes_.contains({node, subject.view, other}))
    violate("one_vote",
            who(node) + "nullified and finalized view " + std::to_string(subject.view.value));
}

void Checkers::on_sent(std::size_t node, BytesView bytes) {
  const auto message = consensus::decode_message(bytes, consensus::kPayloadBytesMax);
  if (!message) return violate("one_vote", who(node) + "sent what does not decode");
  if (const auto* vote = std::get_if<consensus::Vote>(&*message)) {
    on_vote(node, vote->subject);
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&*message)) {
    const consensus::Block& block = proposal->block;
    on_vote(node, {.kind = consensus::VoteKind::notarize,
                   .view = block.ref.view,
                   .height = block.ref.height,
                   .block_id = block.ref.id,
                   .parent_view = block.parent_view});
  } else if (const auto* attestation = std::get_if<consensus::Attestation>(&*message)) {
    const auto [known, first] =
        attested_.try_emplace({node, attestation->height}, attestation->block_id);
    if (!first && known->second != attestation->block_id)
      violate("one_vote", who(node) + "attested two blocks at one height");
  }
}

void Checkers::on_final(std::size_t node, const consensus::Block& block, bool appended) {
  const std::string height = std::to_string(block.ref.height.value);
  if (!appended) violate("prefix", who(node) + "got height " + height + " out of order or invalid");
  const auto [known, first] = agreed_.try_emplace(block.ref.height, block.ref.id);
  if (!first && known->second != block.ref.id)
    violate("agreement", who(node) + "finalised another block at height " + height);
}

void Checkers::on_certificate(std::size_t node, const consensus::Certificate& certificate) {
  const auto proof = consensus::make_finality_proof(certificate);
  const auto decoded = consensus::decode_finality_proof(encode(proof));
  ++proofs_;
  if (!decoded || !consensus::verify_finality_proof(verifier_, genesis_, *decoded))
    violate("proof", who(node) + "holds a finality certificate that does not verify");
}

void Checkers::on_attested(std::size_t node, const consensus::Attested& attested) {
  const auto proof =
      consensus::make_finality_proof(attested.height, attested.block_id, attested.signatures);
  ++proofs_;
  if (!consensus::verify_finality_proof(verifier_, genesis_, proof))
    violate("proof", who(node) + "holds attestations that do not verify");
  const auto known = agreed_.find(attested.height);
  if (known == agreed_.end() || known->second != attested.block_id)
    violate("agreement", who(node) + "holds attestations of a block that is not final");
}

void Checkers::on_ledger_synced(std::size_t node, Height height) {
  synced_[node] = std::max(synced_[node], height);
}

void Checkers::on_restart(std::size_t node, const std::vector<consensus::BlockPtr>& ledger) {
  if (Height{ledger.size()} < synced_[node])
    violate("prefix", who(node) + "restarted at height " + std::to_string(ledger.size()) +
                          " after syncing " + std::to_string(synced_[node].value));
  for (const auto& block : ledger) {
    const auto known = agreed_.find(block->ref.height);
    if (known != agreed_.end() && known->second != block->ref.id)
      violate("agreement", who(node) + "restarted with another block");
  }
}

void Checkers::on_halt(std::size_t node, const consensus::Halt& halt) {
  violate("halt", who(node) + "stopped: " + std::string{halt.reason.name()});
}

}  // namespace wusong::sim::internal
