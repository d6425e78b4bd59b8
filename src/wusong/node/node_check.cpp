// SPDX-License-Identifier: Apache-2.0
// Judging proposals: taken apart and recovered on other threads, then decided here, perhaps only
// once this node has executed as far as the header claims.
#include "wusong/base/defect.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/internal/accounts.hpp"
#include "wusong/node/node.hpp"
#include "wusong/node/validation.hpp"

namespace wusong::node {

void Node::begin_check(const consensus::VerifyPayload& request) {
  const Hash id = request.block->ref.id;
  if (consensus::decode_closing(request.block->payload)) return check_closing(request);
  if (candidates_.contains(id)) {  // built here, or judged before
    answer(id, consensus::Verdict::ok);
    return;
  }
  const auto [found, fresh] = checks_.try_emplace(
      id, Check{.block = request.block, .certified = request.certified, .prepared = nullptr});
  if (!fresh) {
    found->second.certified = found->second.certified || request.certified;
    decide(id);
    return;
  }
  out_.splits.push_back({.block = request.block});
}

void Node::on_split(const consensus::BlockPtr& block,
                    Result<std::shared_ptr<const SplitBlock>> split) {
  const Hash id = block->ref.id;
  if (!checks_.contains(id)) return;
  if (!split || (*split)->hash != id) {
    // A body that does not fit its header is its relay's doing: the id says nothing about it.
    answer(id, consensus::Verdict::mismatch);
    return;
  }
  KnownTransactions known;
  known.reserve((*split)->transaction_hashes.size());
  for (const Hash& hash : (*split)->transaction_hashes) known.push_back(pool_->find(hash));
  out_.prepares.push_back({.split = *std::move(split), .known = std::move(known)});
}

void Node::on_prepared(const Hash& block, Result<PreparedPtr> prepared) {
  const auto found = checks_.find(block);
  if (found == checks_.end()) return;
  if (!prepared) {
    ++counters_.proposals_refused;
    answer(block, consensus::Verdict::bad);
    return;
  }
  found->second.prepared = *std::move(prepared);
  decide(block);
}

Result<void> Node::check(const PreparedBlock& block, const Tip& parent, bool certified) const {
  const types::Header& header = block.block.header;
  WUSONG_CHECK(check_header(header, parent.header, parent.hash, epoch()));
  if (!certified && !has_defect(Defect::timestamp_unchecked))
    WUSONG_CHECK(check_timestamp(header, parent.header, wall_));
  WUSONG_CHECK(check_transactions(block, rules_));
  Height height = parent.header.executed;
  for (const types::ExecutionRoots& roots : header.roots) {
    height = height.next();
    if (has_defect(Defect::roots_unchecked)) continue;
    const auto own = roots_.find(height);
    if (own == roots_.end() || own->second != roots) return fail(err::wrong_roots);
  }
  if (ends_this_epoch(parent.header)) return fail(err::wrong_epoch);
  // What a quorum of others has judged is taken where this node cannot judge.
  if (certified && !knows_registry_of(header.executed)) return {};
  const auto next = epoch_after(header);
  if (!knows_registry_of(header.executed) ||
      header.next_epoch != (next ? types::encode(*next) : Bytes{}))
    return fail(err::wrong_epoch);
  return {};
}

/// Answers as soon as everything the answer needs is here.
void Node::decide(const Hash& block_id) {
  const auto found = checks_.find(block_id);
  if (found == checks_.end() || found->second.prepared == nullptr) return;
  const PreparedPtr prepared = found->second.prepared;
  const auto parent = tip_of(prepared->block.header.parent_hash);
  if (!parent) {
    // Finality went past it: consensus no longer needs the answer.
    if (prepared->block.header.number <= final_.header.number) checks_.erase(found);
    return;
  }
  if (prepared->block.header.executed > executed_) return;  // on_executed() comes back to it
  const bool certified = found->second.certified;
  if (const auto verdict = check(*prepared, *parent, certified); !verdict) {
    ++counters_.proposals_refused;
    out_.refusals.push_back({.block = block_id, .error = verdict.error()});
    answer(block_id, consensus::Verdict::bad);
    return;
  }
  adopt(prepared, *parent);
  answer(block_id, consensus::Verdict::ok);
}

void Node::answer(const Hash& block_id, consensus::Verdict verdict) {
  checks_.erase(block_id);
  feed(consensus::PayloadVerified{.block_id = block_id, .verdict = verdict});
}

}  // namespace wusong::node
