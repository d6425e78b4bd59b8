// SPDX-License-Identifier: Apache-2.0
// The words of consensus: validators, peers, blocks, votes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "wusong/base/bytes.hpp"
#include "wusong/base/strong.hpp"

namespace wusong::consensus {

inline constexpr std::size_t kValidatorsMax = 4096;
inline constexpr std::size_t kSignatureBytesMax = 4096;  // room for post-quantum schemes
inline constexpr std::size_t kPayloadBytesMax = std::size_t{1}
                                                << 30;  // absolute; Config has the real limit

/// No message with bytes of a block is larger: payloads that do not fit travel in slices and parts.
inline constexpr std::size_t kBulkMessageBytesMax = std::size_t{1} << 20;
/// Of a payload or a fragment in one message; the rest is for headers, paths and signatures.
inline constexpr std::uint32_t kPartBytes = (std::uint32_t{1} << 20) - (std::uint32_t{8} << 10);
inline constexpr std::uint32_t kPartsPerRequest = 8;
inline constexpr std::uint32_t kSlicesMax = 2048;  // of one block

using ValidatorIndex = std::uint16_t;  // position in the validator set

/// A connected peer. Numbers below the size of the validator set are validators by index (the
/// driver knows who is who from the authenticated connection); observers get any higher number.
using PeerId = std::uint32_t;

/// How many of `count` validators may be faulty: f of n = 3f+1 (any n is allowed).
constexpr std::size_t faulty_max(std::size_t count) noexcept {
  return count == 0 ? 0 : (count - 1) / 3;
}
/// Votes that make a certificate: two quorums share at least one honest validator.
constexpr std::size_t quorum_size(std::size_t count) noexcept {
  return count - faulty_max(count);
}
/// Signers of whom at least one is honest.
constexpr std::size_t honest_witness_size(std::size_t count) noexcept {
  return faulty_max(count) + 1;
}

/// A block's place in the chain. Genesis is view 0, height 0, id = genesis hash.
struct BlockRef {
  View view;
  Height height;
  Hash id;
  friend bool operator==(const BlockRef&, const BlockRef&) noexcept = default;
};

/// What is ordered: opaque bytes under an id that the application computed over them.
struct Block {
  BlockRef ref;
  View parent_view;
  Hash parent_id;
  Bytes payload;
  friend bool operator==(const Block&, const Block&) = default;
};
using BlockPtr =
    std::shared_ptr<const Block>;  // machine, driver and outgoing queues share payloads

enum class VoteKind : std::uint8_t { notarize = 1, nullify = 2, finalize = 3 };

}  // namespace wusong::consensus
