// SPDX-License-Identifier: Apache-2.0
// Proof to a third party that a block is final. Needs nothing else of this module at run time.
#pragma once

#include "wusong/base/error.hpp"
#include "wusong/consensus/closing.hpp"
#include "wusong/consensus/messages.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

/// Attestations of f+1 validators (each signs only after it saw finality, so one honest is enough);
/// or the 2f+1 finalize votes themselves; or those for a closing block that names this one.
struct FinalityProof {
  enum class Kind : std::uint8_t { attestations = 1, certificate = 2, closing = 3 };
  Kind kind{Kind::attestations};
  Height height;
  Hash block_id;
  View view;              // that the votes are of; 0 with attestations
  Height closing_height;  // closing only
  Hash closing_parent;
  SignatureSet signatures;
  friend bool operator==(const FinalityProof&, const FinalityProof&) = default;
};

FinalityProof make_finality_proof(Height height, const Hash& block_id, SignatureSet attestations);
/// `certificate.subject.kind` is finalize.
FinalityProof make_finality_proof(const Certificate& certificate);
/// Of the block that `closing` names, from a certificate for `closing`.
FinalityProof make_finality_proof(const ClosingBlock& closing, const Certificate& certificate);

/// @shape kind u8 || height u64 || id [|| view u64 [|| closing height u64 || closing parent]]
///        || signature set
Bytes encode(const FinalityProof& proof);
/// @errors err::bad_message
[[nodiscard]] Result<FinalityProof> decode_finality_proof(BytesView bytes);

/// @param genesis  the epoch's vote_domain(), which in the first epoch is the genesis hash
/// @errors err::unknown_validator, err::no_quorum (too few signers), err::bad_signature,
///         err::bad_finality_proof (ill-formed)
[[nodiscard]] Result<void> verify_finality_proof(const VoteVerifier& validators,
                                                 const Hash& genesis, const FinalityProof& proof);

}  // namespace wusong::consensus
