// SPDX-License-Identifier: Apache-2.0
// Verifiable dispersal: a payload as fragments that each prove to belong to one commitment.
//
// A leader disperses a payload and sends message i to validator i, who opens it against the
// commitment and echoes it to the others. Whoever has opened as many as are needed reconstructs the
// payload, or learns that the leader has encoded it wrongly; everybody comes to the same verdict,
// whichever fragments they have.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/coding/reed_solomon.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/hash/merkle.hpp"

namespace wusong::coding {

using hash::HashBatch;

/// What fragments are checked against: it binds the shape, the payload's size and every fragment. A
/// payload has one commitment, and a commitment at most one payload.
///
/// @shape the hash of "wusong/dispersal/1\n", then total, needed and the payload's size, each of 4
///        bytes, big-endian, then the root of a Merkle tree over the fragments: a leaf is the hash
///        of the hashes of a fragment's pieces of 4,096 bytes end to end, a node that of its two
///        children, and a level of an odd number of nodes, above one, ends in 32 zero bytes
using Commitment = FixedBytes<32, struct CommitmentTag>;

/// Larger payloads are dispersed as slices.
inline constexpr std::uint32_t kPayloadBytesMax = 4u << 20;

/// A fragment that has proved to belong to its commitment. It borrows the message that held it.
struct Fragment {
  Commitment commitment;
  std::uint32_t payload_bytes{0};
  std::uint16_t index{0};
  BytesView bytes{};
};

/// A payload with all of its fragments, made by `Disperser`.
class Dispersal {
 public:
  const Commitment& commitment() const noexcept { return commitment_; }
  BytesView payload() const noexcept { return {fragments_.get(), payload_bytes_}; }

  /// What validator `index` is sent, and echoes.
  ///
  /// @shape index, 2 bytes, and the payload's size, 4 bytes, big-endian; the Merkle path from the
  ///        leaf up; the fragment. `index` is below the shape's total
  Bytes message(std::uint16_t index) const;

 private:
  friend class Disperser;
  Dispersal() noexcept = default;

  Commitment commitment_;
  std::uint32_t payload_bytes_{0};
  std::size_t fragment_bytes_{0};
  std::uint32_t total_{0};
  std::unique_ptr<std::uint8_t[]> fragments_;  // end to end; the payload comes first
  hash::MerkleTree tree_;                      // over them
};

/// Disperses payloads among a fixed number of validators.
/// @cost   of 1 MiB: coding a fraction of a millisecond, hashing `total / needed` times the payload
/// @thread safe: const functions share nothing that changes
class Disperser {
 public:
  /// @errors err::bad_shape  as ReedSolomon::create
  [[nodiscard]] static Result<Disperser> create(Shape shape, HashBatch hash);

  /// @errors err::payload_too_large  above kPayloadBytesMax
  [[nodiscard]] Result<Dispersal> disperse(BytesView payload) const;

  /// Reads a message and checks that its fragment belongs to the commitment.
  /// @errors err::bad_size           not the size that a message of its payload has
  ///         err::payload_too_large  claims more than kPayloadBytesMax
  ///         err::bad_index          not below the shape's total
  ///         err::bad_path           well formed, but not of this commitment
  [[nodiscard]] Result<Fragment> open(const Commitment& commitment, BytesView message) const;

  /// The payload, and all fragments, from those of one commitment and different indexes, in any
  /// order; the first as many as are needed decide.
  /// @errors err::wrong_count            fewer than are needed
  ///         err::bad_index              two of one index
  ///         err::mixed_commitments      of different commitments
  ///         err::inconsistent_encoding  the commitment is no payload's: its maker is at fault,
  ///                                     and any other fragments of it say the same
  [[nodiscard]] Result<Dispersal> reconstruct(std::span<const Fragment> fragments) const;

  /// What a leader who encodes wrongly would send: fragments of its choice, all committed to. For
  /// simulators and tests.
  /// @shape fragments end to end, of the size that a payload of this size has
  Dispersal forge(std::uint32_t payload_bytes, BytesView fragments) const;

  Shape shape() const noexcept { return code_.shape(); }
  /// Of one message for a payload of this size. @shape at most kPayloadBytesMax
  std::size_t message_bytes(std::uint32_t payload_bytes) const noexcept;

 private:
  Disperser(ReedSolomon code, HashBatch hash) noexcept;

  std::size_t fragment_bytes(std::uint32_t payload_bytes) const noexcept;
  Dispersal make(std::uint32_t payload_bytes) const;
  void commit(Dispersal& dispersal) const;
  Commitment commitment_of(std::uint32_t payload_bytes, const Hash& root) const noexcept;

  ReedSolomon code_;
  HashBatch hash_;
};

}  // namespace wusong::coding
