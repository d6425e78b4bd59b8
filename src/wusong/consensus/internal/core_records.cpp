// SPDX-License-Identifier: Apache-2.0
// The machine's records: what a restart must know so that no vote is cast twice.
//   'v' || view || kind  a vote of ours        'b' || view || id  a block we voted for, and where
//   'c' || view || kind  a certificate         it is large || offset u32, the later parts of it
#include <algorithm>
#include <utility>

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

Bytes block_key(const BlockRef& ref, std::uint32_t offset) {
  Writer rest{36};
  rest.raw(ref.id);
  if (offset != 0) rest.u32(offset);
  return record_key('b', ref.view, rest.take());
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
  std::uint32_t offset = 0;
  do {
    write_record(ref.view, block_key(ref, offset), encode(part_of(*held.block, offset)));
    offset += kPartBytes;
  } while (offset < held.block->payload.size());
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
  std::optional<Block> partial;
  for (const Record& record : records) WUSONG_CHECK(restore_record(record, partial));
  if (partial) return fail(err::record_corrupt);
  if (const ViewState* state = find_view(current_))
    hinted_ = state->own_notarize || state->own_nullify;
  return {};
}

/// Parts of one block are records in a row.
Result<void> Core::restore_part(const BlockMessage& part, std::optional<Block>& partial) {
  if (part.offset == 0) {
    if (partial) return fail(err::record_corrupt);
    partial = part.block;
  } else {
    if (!partial || partial->ref != part.block.ref || partial->payload.size() != part.offset)
      return fail(err::record_corrupt);
    append(partial->payload, part.block.payload);
  }
  if (part.rest != 0) return {};
  Block block = *std::exchange(partial, std::nullopt);
  if (block.ref.view <= final_.view) return {};
  const Hash id = block.ref.id;
  hold(std::move(block), ports_.signer != nullptr ? ports_.signer->index() : 0, false);
  if (const auto held = blocks_.find(id); held != blocks_.end()) held->second.stored = true;
  return {};
}

Result<void> Core::restore_record(const Record& record, std::optional<Block>& partial) {
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
    if (record.key != block_key(ref, block->offset)) return fail(err::record_corrupt);
    WUSONG_CHECK(restore_part(*block, partial));
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
