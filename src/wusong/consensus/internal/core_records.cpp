// SPDX-License-Identifier: Apache-2.0
// The machine's records: what a restart must know so that no vote is cast twice.
//   'v' || view || kind  a vote of ours        'b' || view || id  a block we voted for
//   'c' || view || kind  a certificate
#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/consensus/internal/core.hpp"
#include "wusong/consensus/internal/wire.hpp"

namespace wusong::consensus::internal {
namespace {

Bytes record_key(char type, View view, BytesView rest) {
  Writer out{48};
  out.u8(static_cast<std::uint8_t>(type));
  out.u64(view.value);
  out.raw(rest);
  return out.take();
}

Bytes kind_key(char type, View view, VoteKind kind) {
  const std::uint8_t number = static_cast<std::uint8_t>(kind);
  return record_key(type, view, {&number, 1});
}

}  // namespace

void Core::write_record(View view, Bytes key, Bytes value) {
  record_keys_[view].insert(key);
  actions_.persist.push_back(RecordWrite{std::move(key), std::move(value)});
}

void Core::persist_vote(const Vote& vote) {
  if (has_defect(Defect::vote_not_persisted)) return;
  write_record(vote.subject.view, kind_key('v', vote.subject.view, vote.subject.kind),
               encode(vote));
  actions_.sync = !has_defect(Defect::vote_before_sync);
}

void Core::persist_block(HeldBlock& held) {
  if (held.stored) return;
  held.stored = true;
  const BlockRef& ref = held.block->ref;
  write_record(ref.view, record_key('b', ref.view, ref.id), encode(BlockMessage{*held.block}));
}

void Core::persist_certificate(const Certificate& certificate) {
  const VoteSubject& subject = certificate.subject;
  write_record(subject.view, kind_key('c', subject.view, subject.kind), encode(certificate));
}

/// Everything of views up to `through`, apart from the certificate that proves it final.
void Core::erase_records(View through) {
  const Bytes keep = kind_key('c', through, VoteKind::finalize);
  for (auto it = record_keys_.begin(); it != record_keys_.end() && it->first <= through;) {
    std::set<Bytes> kept;
    for (const Bytes& key : it->second) {
      if (key == keep) {
        kept.insert(key);
      } else {
        actions_.persist.push_back(RecordWrite{key, std::nullopt});
      }
    }
    it->second = std::move(kept);
    it = it->second.empty() ? record_keys_.erase(it) : std::next(it);
  }
}

Result<void> Core::restore(std::span<const Record> records) {
  for (const Record& record : records) WUSONG_CHECK(restore_record(record));
  if (const ViewState* state = find_view(current_))
    hinted_ = state->own_notarize || state->own_nullify;
  return {};
}

Result<void> Core::restore_record(const Record& record) {
  if (record.key.empty()) return fail(err::record_corrupt);
  const auto decoded = decode_message(record.value, kPayloadBytesMax);
  if (!decoded) return fail(err::record_corrupt);
  View view;
  if (const auto* vote = std::get_if<Vote>(&*decoded)) {
    view = vote->subject.view;
    if (record.key != kind_key('v', view, vote->subject.kind) || ports_.signer == nullptr ||
        ports_.signer->index() != vote->validator)
      return fail(err::record_corrupt);
    if (view > final_.view) {
      view_state(view).own(vote->subject.kind) = *vote;
      count(*vote);
      current_ = std::max(current_, view);
    }
  } else if (const auto* block = std::get_if<BlockMessage>(&*decoded)) {
    const BlockRef& ref = block->block.ref;
    view = ref.view;
    if (record.key != record_key('b', view, ref.id)) return fail(err::record_corrupt);
    if (view > final_.view) {
      hold(block->block, ports_.signer != nullptr ? ports_.signer->index() : 0, false);
      if (const auto held = blocks_.find(ref.id); held != blocks_.end()) held->second.stored = true;
    }
  } else if (const auto* certificate = std::get_if<Certificate>(&*decoded)) {
    const VoteSubject& subject = certificate->subject;
    view = subject.view;
    if (record.key != kind_key('c', view, subject.kind)) return fail(err::record_corrupt);
    if (view > final_.view) {
      view_state(view).certificate(subject.kind) = *certificate;
      current_ = std::max(current_, view.next());
      if (subject.kind != VoteKind::nullify)
        highest_notarized_ = std::max(highest_notarized_, view);
      if (subject.kind == VoteKind::finalize)
        highest_finalization_ = std::max(highest_finalization_, view);
    } else if (subject.kind == VoteKind::finalize && subject.block_id == final_.id) {
      final_certificate_ = *certificate;
    }
  } else {
    return fail(err::record_corrupt);
  }
  record_keys_[view].insert(record.key);
  return {};
}

}  // namespace wusong::consensus::internal
