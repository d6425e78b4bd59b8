// SPDX-License-Identifier: Apache-2.0
// Messages between replicas and the bytes that votes sign. One encoding per value, all big-endian.
#pragma once

#include <variant>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

/// What a vote is about. Fields that the kind does not use are zero.
struct VoteSubject {
  VoteKind kind{VoteKind::nullify};
  View view;
  Height height;     // notarize, finalize
  Hash block_id;     // notarize, finalize
  View parent_view;  // notarize
  friend bool operator==(const VoteSubject&, const VoteSubject&) noexcept = default;
};

/// The bytes a vote signs.
/// @shape "wusong/vote/v1" || genesis || kind || view u64 [|| height u64 || id] [|| parent view
/// u64]
Bytes vote_sign_bytes(const Hash& genesis, const VoteSubject& subject);
/// @shape "wusong/attest/v1" || genesis || height u64 || block id
Bytes attestation_sign_bytes(const Hash& genesis, Height height, const Hash& block_id);

struct Vote {
  VoteSubject subject;
  ValidatorIndex validator{0};
  Bytes signature;
  friend bool operator==(const Vote&, const Vote&) = default;
};

/// Signatures of several validators over the same bytes, ascending by index, no index twice.
struct SignatureSet {
  struct Entry {
    ValidatorIndex validator;
    Bytes signature;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::vector<Entry> entries;
  friend bool operator==(const SignatureSet&, const SignatureSet&) = default;
};

/// A quorum of equal votes.
struct Certificate {
  VoteSubject subject;
  SignatureSet signatures;
  friend bool operator==(const Certificate&, const Certificate&) = default;
};

/// A leader's block. Its signature is the leader's own notarize vote.
struct Proposal {
  Block block;
  Bytes signature;
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// Answer to a BlockRequest: taken only for an id that was asked for.
struct BlockMessage {
  Block block;
  friend bool operator==(const BlockMessage&, const BlockMessage&) = default;
};
struct BlockRequest {
  View view;
  Hash block_id;
  friend bool operator==(const BlockRequest&, const BlockRequest&) noexcept = default;
};
/// Asks for every certificate held of the views in [from, to].
struct CertificateRequest {
  View from;
  View to;
  friend bool operator==(const CertificateRequest&, const CertificateRequest&) noexcept = default;
};
/// Where the sender stands; whoever is ahead answers with what it lacks.
struct StatusMessage {
  View view;
  View finalized_view;
  Height finalized_height;
  friend bool operator==(const StatusMessage&, const StatusMessage&) noexcept = default;
};
/// "This block is final", signed only after finality was seen.
struct Attestation {
  Height height;
  Hash block_id;
  ValidatorIndex validator{0};
  Bytes signature;
  friend bool operator==(const Attestation&, const Attestation&) = default;
};

using Message = std::variant<Proposal, Vote, Certificate, BlockMessage, BlockRequest,
                             CertificateRequest, StatusMessage, Attestation>;

/// @shape type u8 || body; README.md has the table
Bytes encode(const Message& message);
/// @errors err::bad_message, err::payload_too_large
[[nodiscard]] Result<Message> decode_message(BytesView bytes, std::size_t payload_bytes_max);

}  // namespace wusong::consensus
