// SPDX-License-Identifier: Apache-2.0
#include "wusong/consensus/finality_proof.hpp"

#include "wusong/consensus/errors.hpp"
#include "wusong/consensus/internal/wire.hpp"

namespace wusong::consensus {

FinalityProof make_finality_proof(Height height, const Hash& block_id, SignatureSet attestations) {
  return {.kind = FinalityProof::Kind::attestations,
          .height = height,
          .block_id = block_id,
          .view = View{},
          .closing_height = {},
          .closing_parent = {},
          .signatures = std::move(attestations)};
}

FinalityProof make_finality_proof(const Certificate& certificate) {
  return {.kind = FinalityProof::Kind::certificate,
          .height = certificate.subject.height,
          .block_id = certificate.subject.block_id,
          .view = certificate.subject.view,
          .closing_height = {},
          .closing_parent = {},
          .signatures = certificate.signatures};
}

FinalityProof make_finality_proof(const ClosingBlock& closing, const Certificate& certificate) {
  return {.kind = FinalityProof::Kind::closing,
          .height = closing.last_height,
          .block_id = closing.last_id,
          .view = closing.view,
          .closing_height = closing.height,
          .closing_parent = closing.parent_id,
          .signatures = certificate.signatures};
}

Bytes encode(const FinalityProof& proof) {
  internal::Writer out{256};
  out.u8(static_cast<std::uint8_t>(proof.kind));
  out.u64(proof.height.value);
  out.raw(proof.block_id);
  if (proof.kind != FinalityProof::Kind::attestations) out.u64(proof.view.value);
  if (proof.kind == FinalityProof::Kind::closing) {
    out.u64(proof.closing_height.value);
    out.raw(proof.closing_parent);
  }
  internal::write_signatures(out, proof.signatures);
  return out.take();
}

Result<FinalityProof> decode_finality_proof(BytesView bytes) {
  internal::Reader in{bytes};
  FinalityProof proof;
  const std::uint8_t kind = in.u8();
  if (kind < 1 || kind > 3) return fail(err::bad_message);
  proof.kind = static_cast<FinalityProof::Kind>(kind);
  proof.height = Height{in.u64()};
  proof.block_id = in.hash();
  if (proof.kind != FinalityProof::Kind::attestations) {
    proof.view = View{in.u64()};
    if (proof.view == View{0}) return fail(err::bad_message);
  }
  if (proof.kind == FinalityProof::Kind::closing) {
    proof.closing_height = Height{in.u64()};
    proof.closing_parent = in.hash();
    if (proof.closing_height <= proof.height) return fail(err::bad_message);
  }
  proof.signatures = internal::read_signatures(in);
  if (!in.complete() || proof.height == Height{0}) return fail(err::bad_message);
  return proof;
}

namespace {

/// What the signers of a proof signed.
Bytes signed_bytes(const Hash& genesis, const FinalityProof& proof) {
  if (proof.kind == FinalityProof::Kind::attestations)
    return attestation_sign_bytes(genesis, proof.height, proof.block_id);
  VoteSubject subject{.kind = VoteKind::finalize,
                      .view = proof.view,
                      .height = proof.height,
                      .block_id = proof.block_id,
                      .parent_view = View{}};
  if (proof.kind == FinalityProof::Kind::closing) {
    subject.height = proof.closing_height;
    subject.block_id = closing_id({.view = proof.view,
                                   .height = proof.closing_height,
                                   .parent_id = proof.closing_parent,
                                   .last_height = proof.height,
                                   .last_id = proof.block_id});
  }
  return vote_sign_bytes(genesis, subject);
}

}  // namespace

Result<void> verify_finality_proof(const VoteVerifier& validators, const Hash& genesis,
                                   const FinalityProof& proof) {
  const bool attested = proof.kind == FinalityProof::Kind::attestations;
  const std::size_t needed =
      attested ? honest_witness_size(validators.count()) : quorum_size(validators.count());
  const Bytes message = signed_bytes(genesis, proof);
  if (validators.count() == 0 || proof.signatures.entries.size() < needed)
    return fail(err::no_quorum);
  const auto& entries = proof.signatures.entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && entries[i].validator <= entries[i - 1].validator)
      return fail(err::bad_finality_proof);  // ascending, so that nobody counts twice
    if (entries[i].validator >= validators.count()) return fail(err::unknown_validator);
  }
  std::vector<VoteVerifier::Item> items;
  items.reserve(entries.size());
  for (const auto& entry : entries) items.push_back({entry.validator, message, entry.signature});
  if (!validators.verify_all(items)) return fail(err::bad_signature);
  return {};
}

}  // namespace wusong::consensus
