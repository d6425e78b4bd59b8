// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/messages.hpp"

#include <algorithm>
#include <string_view>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/wire.hpp"

namespace wusong::consensus {
namespace {

using internal::Reader;
using internal::Writer;

constexpr std::string_view kVoteDomain = "wusong/vote/v1";
constexpr std::string_view kAttestationDomain = "wusong/attest/v1";
constexpr std::string_view kSliceDomain = "wusong/slice/v1";

enum class Tag : std::uint8_t {
  proposal = 1,
  vote = 2,
  certificate = 3,
  block = 4,
  block_request = 5,
  certificate_request = 6,
  status = 7,
  attestation = 8,
  fragment = 9,
  slice_status = 10,
};

Bytes read_signature(Reader& in) {
  const std::size_t size = in.u16();
  if (size == 0 || size > kSignatureBytesMax) in.refuse();
  return in.ok() ? to_bytes(in.take(size)) : Bytes{};
}

ValidatorIndex read_validator(Reader& in) {
  const ValidatorIndex validator = in.u16();
  if (validator >= kValidatorsMax) in.refuse();
  return validator;
}

View read_vote_view(Reader& in) {
  const View view{in.u64()};
  if (view == View{0}) in.refuse();  // view 0 is genesis: nobody votes in it
  return view;
}

void write_header(Writer& out, const Block& block) {
  out.u64(block.ref.view.value);
  out.u64(block.ref.height.value);
  out.raw(block.ref.id);
  out.u64(block.parent_view.value);
  out.raw(block.parent_id);
}

Block read_header(Reader& in) {
  Block block;
  block.ref.view = read_vote_view(in);
  block.ref.height = Height{in.u64()};
  block.ref.id = in.hash();
  block.parent_view = View{in.u64()};
  block.parent_id = in.hash();
  if (block.parent_view >= block.ref.view || block.ref.height == Height{0}) in.refuse();
  return block;
}

void write_slice(Writer& out, const SliceHeader& header) {
  out.u64(header.block.view.value);
  out.u64(header.block.height.value);
  out.raw(header.block.id);
  out.u64(header.parent_view.value);
  out.raw(header.parent_id);
  out.u32(header.payload_bytes);
  out.u32(header.slice_bytes);
  out.u32(header.index);
  out.raw(header.commitment);
}

SliceHeader read_slice(Reader& in) {
  const Block block = read_header(in);
  SliceHeader header{.block = block.ref,
                     .parent_view = block.parent_view,
                     .parent_id = block.parent_id,
                     .payload_bytes = in.u32(),
                     .slice_bytes = in.u32(),
                     .index = in.u32(),
                     .commitment = {}};
  header.commitment = coding::Commitment{in.hash().bytes};
  if (header.payload_bytes == 0 || header.payload_bytes > kPayloadBytesMax ||
      header.slice_bytes == 0 || header.slice_bytes > coding::kPayloadBytesMax ||
      slice_count(header) > kSlicesMax || header.index >= slice_count(header))
    in.refuse();
  return header;
}

void write_payload(Writer& out, BytesView payload) {
  out.u32(static_cast<std::uint32_t>(payload.size()));
  out.raw(payload);
}

Bytes read_payload(Reader& in) {
  const std::size_t size = in.u32();
  if (size > kPayloadBytesMax) in.refuse();
  return in.ok() ? to_bytes(in.take(size)) : Bytes{};
}

struct Encoder {
  Writer& out;

  void tag(Tag value) { out.u8(static_cast<std::uint8_t>(value)); }
  void operator()(const Proposal& m) {
    tag(Tag::proposal);
    write_header(out, m.block);
    out.short_bytes(m.signature);
    write_payload(out, m.block.payload);
  }
  void operator()(const Vote& m) {
    tag(Tag::vote);
    internal::write_subject(out, m.subject);
    out.u16(m.validator);
    out.short_bytes(m.signature);
  }
  void operator()(const Certificate& m) {
    tag(Tag::certificate);
    internal::write_subject(out, m.subject);
    internal::write_signatures(out, m.signatures);
  }
  void operator()(const BlockMessage& m) {
    tag(Tag::block);
    write_header(out, m.block);
    write_payload(out, m.block.payload);
    if (m.offset == 0 && m.rest == 0) return;
    out.u32(m.offset);
    out.u32(m.rest);
  }
  void operator()(const BlockRequest& m) {
    tag(Tag::block_request);
    out.u64(m.view.value);
    out.raw(m.block_id);
    if (m.offset != 0) out.u32(m.offset);
  }
  void operator()(const CertificateRequest& m) {
    tag(Tag::certificate_request);
    out.u64(m.from.value);
    out.u64(m.to.value);
  }
  void operator()(const StatusMessage& m) {
    tag(Tag::status);
    out.u64(m.view.value);
    out.u64(m.finalized_view.value);
    out.u64(m.finalized_height.value);
  }
  void operator()(const Attestation& m) {
    tag(Tag::attestation);
    out.u64(m.height.value);
    out.raw(m.block_id);
    out.u16(m.validator);
    out.short_bytes(m.signature);
  }
  void operator()(const FragmentMessage& m) {
    tag(Tag::fragment);
    write_slice(out, m.slice);
    out.short_bytes(m.signature);
    write_payload(out, m.fragment);
  }
  void operator()(const SliceStatus& m) {
    tag(Tag::slice_status);
    out.u64(m.view.value);
    out.raw(m.block_id);
    out.u32(m.next);
  }
};

std::size_t size_hint(const Message& message) noexcept {
  if (const auto* proposal = std::get_if<Proposal>(&message))
    return proposal->block.payload.size() + proposal->signature.size() + 128;
  if (const auto* block = std::get_if<BlockMessage>(&message))
    return block->block.payload.size() + 128;
  if (const auto* fragment = std::get_if<FragmentMessage>(&message))
    return fragment->fragment.size() + fragment->signature.size() + 256;
  return 256;
}

/// Parts have one cut: at multiples of kPartBytes, and all but the last are full.
BlockMessage read_block_message(Reader& in) {
  BlockMessage m{.block = read_header(in), .offset = 0, .rest = 0};
  m.block.payload = read_payload(in);
  if (m.block.payload.size() > kPartBytes) in.refuse();
  if (!in.at_end()) {
    m.offset = in.u32();
    m.rest = in.u32();
    const bool is_part = m.offset != 0 || m.rest != 0;
    if (!is_part || m.block.payload.empty() || m.offset % kPartBytes != 0 ||
        (m.rest != 0 && m.block.payload.size() != kPartBytes))
      in.refuse();
  }
  return m;
}

Message read_body(Tag tag, Reader& in) {
  switch (tag) {
    case Tag::proposal: {
      Proposal m{read_header(in), read_signature(in)};
      m.block.payload = read_payload(in);
      return m;
    }
    case Tag::vote: {
      Vote m;
      m.subject = internal::read_subject(in);
      m.validator = read_validator(in);
      m.signature = read_signature(in);
      return m;
    }
    case Tag::certificate: {
      Certificate m;
      m.subject = internal::read_subject(in);
      m.signatures = internal::read_signatures(in);
      return m;
    }
    case Tag::block: {
      return read_block_message(in);
    }
    case Tag::block_request: {
      BlockRequest m{View{in.u64()}, in.hash()};
      if (in.at_end()) return m;
      m.offset = in.u32();
      if (m.offset == 0 || m.offset % kPartBytes != 0) in.refuse();
      return m;
    }
    case Tag::certificate_request: {
      const View from{in.u64()};
      return CertificateRequest{from, View{in.u64()}};
    }
    case Tag::status: {
      StatusMessage m;
      m.view = View{in.u64()};
      m.finalized_view = View{in.u64()};
      m.finalized_height = Height{in.u64()};
      return m;
    }
    case Tag::attestation: {
      Attestation m;
      m.height = Height{in.u64()};
      m.block_id = in.hash();
      m.validator = read_validator(in);
      m.signature = read_signature(in);
      return m;
    }
    case Tag::fragment: {
      FragmentMessage m{read_slice(in), read_signature(in), {}};
      m.fragment = read_payload(in);
      return m;
    }
    case Tag::slice_status: {
      SliceStatus m{View{in.u64()}, in.hash(), 0};
      m.next = in.u32();
      if (m.next >= kSlicesMax) in.refuse();
      return m;
    }
  }
  in.refuse();
  return StatusMessage{};
}

}  // namespace

namespace internal {

void write_signatures(Writer& out, const SignatureSet& set) {
  Bytes bitmap;
  for (const auto& entry : set.entries) {
    const std::size_t byte = entry.validator / 8u;
    if (bitmap.size() <= byte) bitmap.resize(byte + 1);
    bitmap[byte] = static_cast<std::uint8_t>(bitmap[byte] | 1u << (entry.validator % 8u));
  }
  out.short_bytes(bitmap);
  for (const auto& entry : set.entries) out.short_bytes(entry.signature);
}

SignatureSet read_signatures(Reader& in) {
  SignatureSet set;
  const std::size_t size = in.u16();
  if (size == 0 || size > kValidatorsMax / 8) in.refuse();
  if (!in.ok()) return set;
  const BytesView bitmap = in.take(size);
  if (!in.ok() || bitmap.back() == 0) {
    in.refuse();
    return set;
  }
  for (std::size_t i = 0; i < bitmap.size() * 8 && in.ok(); ++i) {
    if ((bitmap[i / 8] >> (i % 8) & 1u) == 0) continue;
    set.entries.push_back({static_cast<ValidatorIndex>(i), read_signature(in)});
  }
  return set;
}

void write_subject(Writer& out, const VoteSubject& subject) {
  out.u8(static_cast<std::uint8_t>(subject.kind));
  out.u64(subject.view.value);
  if (subject.kind == VoteKind::nullify) return;
  out.u64(subject.height.value);
  out.raw(subject.block_id);
  if (subject.kind == VoteKind::notarize) out.u64(subject.parent_view.value);
}

VoteSubject read_subject(Reader& in) {
  VoteSubject subject;
  const std::uint8_t kind = in.u8();
  if (kind < 1 || kind > 3) in.refuse();
  subject.kind = static_cast<VoteKind>(kind);
  subject.view = read_vote_view(in);
  if (!in.ok() || subject.kind == VoteKind::nullify) return subject;
  subject.height = Height{in.u64()};
  if (subject.height == Height{0}) in.refuse();
  subject.block_id = in.hash();
  if (subject.kind == VoteKind::notarize) {
    subject.parent_view = View{in.u64()};
    if (subject.parent_view >= subject.view) in.refuse();
  }
  return subject;
}

}  // namespace internal

Bytes vote_sign_bytes(const Hash& genesis, const VoteSubject& subject) {
  Writer out{128};
  out.raw(as_bytes(kVoteDomain));
  out.raw(genesis);
  internal::write_subject(out, subject);
  return out.take();
}

Bytes attestation_sign_bytes(const Hash& genesis, Height height, const Hash& block_id) {
  Writer out{96};
  out.raw(as_bytes(kAttestationDomain));
  out.raw(genesis);
  out.u64(height.value);
  out.raw(block_id);
  return out.take();
}

Bytes slice_sign_bytes(const Hash& genesis, const SliceHeader& header) {
  Writer out{192};
  out.raw(as_bytes(kSliceDomain));
  out.raw(genesis);
  write_slice(out, header);
  return out.take();
}

Bytes encode(const Message& message) {
  Writer out{size_hint(message)};
  std::visit(Encoder{out}, message);
  return out.take();
}

BlockMessage part_of(const Block& block, std::uint32_t offset) {
  const BytesView rest = BytesView{block.payload}.subspan(offset);
  const BytesView part = rest.first(std::min<std::size_t>(rest.size(), kPartBytes));
  return {.block = {.ref = block.ref,
                    .parent_view = block.parent_view,
                    .parent_id = block.parent_id,
                    .payload = to_bytes(part)},
          .offset = offset,
          .rest = static_cast<std::uint32_t>(rest.size() - part.size())};
}

Result<Message> decode_message(BytesView bytes, std::size_t payload_bytes_max) {
  // Checked before anything is copied.
  constexpr std::size_t kSmallMax =
      kValidatorsMax / 8 + kValidatorsMax * (kSignatureBytesMax + 2) + 256;
  Reader in{bytes};
  const auto tag = static_cast<Tag>(in.u8());
  if (tag < Tag::proposal || tag > Tag::slice_status) return fail(err::bad_message);
  const bool bulky = tag == Tag::proposal || tag == Tag::block || tag == Tag::fragment;
  if (bytes.size() > (bulky ? kBulkMessageBytesMax : kSmallMax))
    return fail(err::payload_too_large);
  Message message = read_body(tag, in);
  if (!in.complete()) return fail(err::bad_message);
  std::size_t payload_bytes = 0;
  if (const auto* proposal = std::get_if<Proposal>(&message)) {
    payload_bytes = proposal->block.payload.size();
  } else if (const auto* block = std::get_if<BlockMessage>(&message)) {
    payload_bytes = block->offset + block->block.payload.size() + block->rest;
  } else if (const auto* fragment = std::get_if<FragmentMessage>(&message)) {
    payload_bytes = fragment->slice.payload_bytes;
  }
  if (payload_bytes > payload_bytes_max) return fail(err::payload_too_large);
  return message;
}

}  // namespace wusong::consensus
