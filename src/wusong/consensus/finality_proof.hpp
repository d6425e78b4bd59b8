// SPDX-License-Identifier: Apache-2.0
// Proof to a third party that a block is final. Needs nothing else of this module at run time.
#pragma once

#include "wusong/base/error.hpp"
#include "wusong/consensus/messages.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

/// Either attestations of f+1 validators (each signs only after it saw finality, so one honest is
/// enough), or the 2f+1 finalize votes themselves.
struct FinalityProof {
  enum class Kind : std::uint8_t { attestations = 1, certificate = 2 };
  Kind kind{Kind::attestations};
  Height height;
  Hash block_id;
  View view;  // certificate only, else 0
  SignatureSet signatures;
  friend bool operator==(const FinalityProof&, const FinalityProof&) = default;
};

FinalityProof make_finality_proof(Height height, const Hash& block_id, SignatureSet attestations);
/// `certificate.subject.kind` is finalize.
FinalityProof make_finality_proof(const Certificate& certificate);

/// @shape kind u8 || height u64 || id [|| view u64] || signature set
Bytes encode(const FinalityProof& proof);
/// @errors err::bad_message
[[nodiscard]] Result<FinalityProof> decode_finality_proof(BytesView bytes);

/// @errors err::unknown_validator, err::no_quorum (too few signers), err::bad_signature,
///         err::bad_finality_proof (ill-formed)
[[nodiscard]] Result<void> verify_finality_proof(const VoteVerifier& validators,
                                                 const Hash& genesis, const FinalityProof& proof);

}  // namespace wusong::consensus
