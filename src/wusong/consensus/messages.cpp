// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/messages.hpp"

#include <bit>
#include <string_view>

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/wire.hpp"

namespace wusong::consensus {
namespace {

using internal::Reader;
using internal::Writer;

constexpr std::string_view kVoteDomain = "wusong/vote/v1";
constexpr std::string_view kAttestationDomain = "wusong/attest/v1";

enum class Tag : std::uint8_t {
  proposal = 1,
  vote = 2,
  certificate = 3,
  block = 4,
  block_request = 5,
  certificate_request = 6,
  status = 7,
  attestation = 8,
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
  }
  void operator()(const BlockRequest& m) {
    tag(Tag::block_request);
    out.u64(m.view.value);
    out.raw(m.block_id);
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
};

std::size_t size_hint(const Message& message) noexcept {
  if (const auto* proposal = std::get_if<Proposal>(&message))
    return proposal->block.payload.size() + proposal->signature.size() + 128;
  if (const auto* block = std::get_if<BlockMessage>(&message))
    return block->block.payload.size() + 128;
  return 256;
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
      BlockMessage m{read_header(in)};
      m.block.payload = read_payload(in);
      return m;
    }
    case Tag::block_request: {
      const View view{in.u64()};
      return BlockRequest{view, in.hash()};
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

Bytes encode(const Message& message) {
  Writer out{size_hint(message)};
  std::visit(Encoder{out}, message);
  return out.take();
}

Result<Message> decode_message(BytesView bytes, std::size_t payload_bytes_max) {
  // Checked before anything is copied: a message is the payload and little more.
  constexpr std::size_t kOverhead =
      kValidatorsMax / 8 + kValidatorsMax * (kSignatureBytesMax + 2) + 256;
  Reader in{bytes};
  const std::uint8_t tag = in.u8();
  if (tag < 1 || tag > static_cast<std::uint8_t>(Tag::attestation)) return fail(err::bad_message);
  const bool bulky = tag == static_cast<std::uint8_t>(Tag::proposal) ||
                     tag == static_cast<std::uint8_t>(Tag::block);
  const std::size_t limit = bulky ? payload_bytes_max + kSignatureBytesMax + 256 : kOverhead;
  if (bytes.size() > limit) return fail(err::payload_too_large);
  Message message = read_body(static_cast<Tag>(tag), in);
  if (!in.complete()) return fail(err::bad_message);
  const auto too_large = [&](const Block& block) {
    return block.payload.size() > payload_bytes_max;
  };
  if (const auto* proposal = std::get_if<Proposal>(&message);
      proposal && too_large(proposal->block))
    return fail(err::payload_too_large);
  if (const auto* block = std::get_if<BlockMessage>(&message); block && too_large(block->block))
    return fail(err::payload_too_large);
  return message;
}

}  // namespace wusong::consensus
