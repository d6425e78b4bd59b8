// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/dissemination.hpp"

#include <algorithm>
#include <set>

#include "wusong/coding/errors.hpp"
#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/wire.hpp"

namespace wusong::consensus {

SliceCoded SliceJob::run() const {
  const auto encoded = [&] {
    const BytesView rest = BytesView{block->payload}.subspan(std::size_t{slice} * slice_bytes);
    return disperser->disperse(rest.first(std::min<std::size_t>(rest.size(), slice_bytes)));
  };
  const auto reconstructed = [&] {
    std::vector<coding::Fragment> opened;
    opened.reserve(fragments.size());
    for (const HeldFragment& held : fragments) opened.push_back(held.fragment);
    return disperser->reconstruct(opened);
  };
  SliceCoded out{view, block_id, slice, fail(err::inconsistent_encoding)};
  if (auto coded = block != nullptr ? encoded() : reconstructed(); coded)
    out.coded = std::make_shared<const coding::Dispersal>(*std::move(coded));
  return out;
}

Bytes encode_encoding_proof(const std::vector<HeldFragment>& fragments) {
  internal::Writer out;
  for (const HeldFragment& held : fragments) {
    const Bytes message = encode(*held.message);
    out.u32(static_cast<std::uint32_t>(message.size()));
    out.raw(message);
  }
  return out.take();
}

Result<EncodingFault> verify_encoding_proof(BytesView proof, const VoteVerifier& validators,
                                            const Hash& genesis, coding::HashBatch hash) {
  const auto shape = coding::Shape::for_validators(static_cast<std::uint32_t>(validators.count()));
  const auto disperser = coding::Disperser::create(shape, hash);
  if (!disperser) return fail(err::bad_encoding_proof);
  std::vector<FragmentMessage> messages;
  internal::Reader in{proof};
  while (in.ok() && !in.at_end() && messages.size() <= shape.needed) {
    const std::size_t size = in.u32();
    const auto message = decode_message(in.take(size), kPayloadBytesMax);
    const auto* fragment = message ? std::get_if<FragmentMessage>(&*message) : nullptr;
    if (fragment == nullptr) return fail(err::bad_encoding_proof);
    messages.push_back(*fragment);
  }
  if (!in.complete() || messages.size() != shape.needed) return fail(err::bad_encoding_proof);
  const SliceHeader& header = messages.front().slice;
  const auto leader = static_cast<ValidatorIndex>(header.block.view.value % validators.count());
  if (!validators.verify(leader, slice_sign_bytes(genesis, header), messages.front().signature))
    return fail(err::bad_encoding_proof);
  std::vector<coding::Fragment> opened;
  std::set<std::uint16_t> indexes;
  for (const FragmentMessage& message : messages) {
    const auto fragment = disperser->open(header.commitment, message.fragment);
    if (message.slice != header || !fragment || !indexes.insert(fragment->index).second)
      return fail(err::bad_encoding_proof);
    opened.push_back(*fragment);
  }
  if (disperser->reconstruct(opened)) return fail(err::bad_encoding_proof);
  return EncodingFault{header.block.view, leader};
}

}  // namespace wusong::consensus
