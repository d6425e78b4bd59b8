// SPDX-License-Identifier: Apache-2.0
// How a leader's block travels: whole to everybody, or as coded slices of which each validator
// passes on its own fragment (ePrint 2023/1916). ADR 0013 says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/coding/dispersal.hpp"
#include "wusong/consensus/messages.hpp"
#include "wusong/consensus/ports.hpp"
#include "wusong/hash/chain_hash.hpp"

namespace wusong::consensus {

struct DispersalConfig {
  /// A block goes whole while a copy for everybody takes no more than this and it fits a message.
  std::size_t whole_bytes_max{std::size_t{3} << 20};
  /// No slice is larger; the number of validators may make them smaller. 1 to 4 MiB.
  std::uint32_t slice_bytes_max{coding::kPayloadBytesMax};
  /// Slices on their way to one peer that it has not reported. At least 1.
  std::uint32_t window{8};
  /// Slices that arrive put a view's end off, by as long as they take at this rate.
  std::uint64_t bytes_per_second_min{std::uint64_t{8} << 20};
  coding::HashBatch hash{hash::chain_hash_batch};
};

/// A fragment that has proved to belong to its slice, with the bytes it lies in.
struct HeldFragment {
  std::shared_ptr<const FragmentMessage> message;
  coding::Fragment fragment;  // inside message->fragment
};

/// What a SliceJob gives.
struct SliceCoded {
  View view;
  Hash block_id;
  std::uint32_t slice{0};
  /// @errors err::inconsistent_encoding  the leader has committed to what is no code word
  Result<std::shared_ptr<const coding::Dispersal>> coded;
};

/// Coding one slice takes milliseconds: run() it on any thread, and feed back what it gives.
struct SliceJob {
  View view;
  Hash block_id;
  std::uint32_t slice{0};
  std::shared_ptr<const coding::Disperser> disperser;
  std::shared_ptr<const Block> block;  // encode this slice of it,
  std::uint32_t slice_bytes{0};
  std::vector<HeldFragment> fragments;  // or, without a block, reconstruct it from these
  SliceCoded run() const;
};

/// Proof that a leader has signed a slice whose fragments are no code word.
/// @shape as many fragments as are needed, each: length u32 || encoded FragmentMessage
Bytes encode_encoding_proof(const std::vector<HeldFragment>& fragments);
struct EncodingFault {
  View view;
  ValidatorIndex leader{0};
};
/// @errors err::bad_encoding_proof  the fragments are not of one signed slice, or are a code word
[[nodiscard]] Result<EncodingFault> verify_encoding_proof(
    BytesView proof, const VoteVerifier& validators, const Hash& genesis,
    coding::HashBatch hash = hash::chain_hash_batch);

}  // namespace wusong::consensus
