// SPDX-License-Identifier: Apache-2.0
// Messages between replicas and the bytes that votes sign. One encoding per value, all big-endian.
#pragma once

#include <variant>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/coding/dispersal.hpp"
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

/// A leader's block, small enough to go whole. Its signature is the leader's own notarize vote.
struct Proposal {
  Block block;
  Bytes signature;
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// What a leader says of one slice of a block: which bytes of which block they are, and what their
/// fragments are checked against.
struct SliceHeader {
  BlockRef block;
  View parent_view;
  Hash parent_id;
  std::uint32_t payload_bytes{0};  // of the whole block
  std::uint32_t slice_bytes{0};    // of every slice but the last
  std::uint32_t index{0};
  coding::Commitment commitment;
  friend bool operator==(const SliceHeader&, const SliceHeader&) noexcept = default;
};
/// The bytes that a slice's leader signs: "wusong/slice/v1" || genesis || the header as encoded.
Bytes slice_sign_bytes(const Hash& genesis, const SliceHeader& header);
/// How many slices the block has, and the size of one of them. @shape slice_bytes is not zero
constexpr std::uint32_t slice_count(const SliceHeader& header) noexcept {
  return (header.payload_bytes - 1) / header.slice_bytes + 1;
}
constexpr std::uint32_t slice_size(const SliceHeader& header) noexcept {
  const std::uint64_t begin = std::uint64_t{header.index} * header.slice_bytes;
  return header.payload_bytes - begin < header.slice_bytes
             ? static_cast<std::uint32_t>(header.payload_bytes - begin)
             : header.slice_bytes;
}

/// One validator's fragment of a slice: from the leader to that validator, then from it to all.
struct FragmentMessage {
  SliceHeader slice;
  Bytes signature;  // the leader's
  Bytes fragment;   // coding::Dispersal::message
  friend bool operator==(const FragmentMessage&, const FragmentMessage&) = default;
};
/// "I have the first `next` slices of this block." Said again: what comes next has not arrived.
struct SliceStatus {
  View view;
  Hash block_id;
  std::uint32_t next{0};
  friend bool operator==(const SliceStatus&, const SliceStatus&) noexcept = default;
};

/// Answer to a BlockRequest, taken only for an id that was asked for: the block, or a part of its
/// payload where that is larger than kPartBytes.
struct BlockMessage {
  Block block;              // with the bytes of this part
  std::uint32_t offset{0};  // a multiple of kPartBytes
  std::uint32_t rest{0};    // bytes of the payload after this part
  friend bool operator==(const BlockMessage&, const BlockMessage&) = default;
};
/// Asks for the parts at `offset` and after, kPartsPerRequest at most.
struct BlockRequest {
  View view;
  Hash block_id;
  std::uint32_t offset{0};
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

using Message =
    std::variant<Proposal, Vote, Certificate, BlockMessage, BlockRequest, CertificateRequest,
                 StatusMessage, Attestation, FragmentMessage, SliceStatus>;

/// @shape type u8 || body; README.md has the table
Bytes encode(const Message& message);
/// The part of the block that begins at `offset`.
BlockMessage part_of(const Block& block, std::uint32_t offset);
/// @errors err::bad_message, err::payload_too_large
[[nodiscard]] Result<Message> decode_message(BytesView bytes, std::size_t payload_bytes_max);

}  // namespace wusong::consensus
