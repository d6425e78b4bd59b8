// SPDX-License-Identifier: Apache-2.0
#include "wusong/sim/internal/checkers.hpp"

#include "wusong/consensus/errors.hpp"
#include "wusong/node/epoch_frame.hpp"

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

void Checkers::on_vote(std::size_t node, std::uint64_t epoch,
                       const consensus::VoteSubject& subject) {
  using consensus::VoteKind;
  const auto [known, first] =
      votes_.try_emplace({node, epoch, subject.view, subject.kind}, subject);
  if (!first && known->second != subject)
    violate("one_vote", who(node) + "voted twice in view " + std::to_string(subject.view.value));
  if (!first || subject.kind == VoteKind::notarize) return;
  const VoteKind other = subject.kind == VoteKind::nullify ? VoteKind::finalize : VoteKind::nullify;
  if (votes_.contains({node, epoch, subject.view, other}))
    violate("one_vote",
            who(node) + "nullified and finalized view " + std::to_string(subject.view.value));
}

void Checkers::on_sent(std::size_t node, BytesView bytes) {
  const auto frame = node::untag_frame(bytes);
  const auto message = frame
                           ? consensus::decode_message(frame->message, consensus::kPayloadBytesMax)
                           : Result<consensus::Message>{fail(consensus::err::bad_message)};
  if (!message) return violate("one_vote", who(node) + "sent what does not decode");
  if (const auto* vote = std::get_if<consensus::Vote>(&*message)) {
    on_vote(node, frame->epoch, vote->subject);
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&*message)) {
    const consensus::Block& block = proposal->block;
    on_vote(node, frame->epoch,
            {.kind = consensus::VoteKind::notarize,
             .view = block.ref.view,
             .height = block.ref.height,
             .block_id = block.ref.id,
             .parent_view = block.parent_view});
  } else if (const auto* attestation = std::get_if<consensus::Attestation>(&*message)) {
    const auto [known, first] =
        attested_.try_emplace({node, frame->epoch, attestation->height}, attestation->block_id);
    if (!first && known->second != attestation->block_id)
      violate("one_vote", who(node) + "attested two blocks at one height");
  }
}

void Checkers::on_final(std::size_t node, const types::Header& header, const Hash& hash) {
  const std::string height = std::to_string(header.number.value);
  Height& last = last_[node];
  if (header.number != last.next())
    violate("prefix", who(node) + "got height " + height + " after " + std::to_string(last.value));
  last = header.number;
  const auto [known, first] = agreed_.try_emplace(header.number, hash);
  if (!first && known->second != hash)
    violate("agreement", who(node) + "finalised another block at height " + height);
  const auto parent = agreed_.find(header.number.minus(1));
  if (parent != agreed_.end() && parent->second != header.parent_hash)
    violate("agreement", who(node) + "finalised height " + height + " on another parent");
}

void Checkers::on_ledger_synced(std::size_t node, Height height) {
  synced_[node] = std::max(synced_[node], height);
}

void Checkers::on_restart(std::size_t node, const storage::Ledger& ledger) {
  const Height head = *ledger.final_head();
  if (head < synced_[node])
    violate("prefix", who(node) + "restarted at height " + std::to_string(head.value) +
                          " after syncing " + std::to_string(synced_[node].value));
  last_[node] = head;
  for (Height h{1}; h <= head; h = h.next()) {
    const auto hash = ledger.block_hash(h);
    if (!hash) return;                                 // damaged: the node will stop over it
    if (!*hash && h < ledger.kept().blocks) continue;  // it joined above
    const auto [known, first] = agreed_.try_emplace(h, hash->value_or(Hash{}));
    if (!first && known->second != hash->value_or(Hash{}))
      violate("agreement",
              who(node) + "restarted with another block at " + std::to_string(h.value));
  }
}

void Checkers::on_obtained(std::size_t node, const Hash& block) {
  if (unobtainable_.contains(block))
    violate("encoding", who(node) + "took a block whose slices are no code words");
}

void Checkers::on_joined(std::size_t node, const storage::Ledger& ledger) {
  const Height head = *ledger.final_head();
  const auto hash = ledger.block_hash(head);
  last_[node] = head;
  if (!hash || !*hash) return violate("prefix", who(node) + "joined at a block it does not have");
  const auto [known, first] = agreed_.try_emplace(head, **hash);
  if (!first && known->second != **hash)
    violate("agreement", who(node) + "joined at another block at " + std::to_string(head.value));
}

void Checkers::on_wiped(std::size_t node) {
  synced_.erase(node);
}

}  // namespace wusong::sim::internal
