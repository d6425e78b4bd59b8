// SPDX-License-Identifier: Apache-2.0
// Binary Merkle trees, a whole level at a time through the lanes of a hash function.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"

namespace wusong::hash {

/// Hashes each message into the digest of the same place: keccak256_batch, sm3_batch, sha256_batch.
using HashBatch = void (*)(std::span<const BytesView> messages, std::span<Hash> digests) noexcept;

/// What a tree's digests are of. A leaf is hash(leaf_prefix || its bytes), a node hash(node_prefix
/// || left || right). Prefixes that differ keep leaves and nodes apart; so does a number of leaves
/// that is known, for then all know how long a path is.
struct MerkleRule {
  /// A level's last node where it has no neighbour: it is hashed with 32 zero bytes, or is its own
  /// parent.
  enum class Odd : std::uint8_t { with_zeros, promoted };

  HashBatch hash;
  BytesView leaf_prefix{};  // both outlive the rule's use
  BytesView node_prefix{};
  Odd odd = Odd::with_zeros;
};

/// That of Certificate Transparency.
/// @source RFC 6962, section 2.1
MerkleRule rfc6962_rule(HashBatch hash) noexcept;

class MerkleTree {
 public:
  MerkleTree() noexcept = default;
  /// @shape at least one leaf
  static MerkleTree of(const MerkleRule& rule, std::span<const BytesView> leaves);
  /// Over digests that the caller has made. @shape at least one
  static MerkleTree over(const MerkleRule& rule, std::vector<Hash> leaves);

  std::size_t leaves() const noexcept { return leaves_; }
  const Hash& root() const noexcept { return nodes_.back(); }
  /// A level's digests, the leaves' first.
  std::span<const Hash> level(std::size_t height) const noexcept;
  /// What proves that a leaf belongs: siblings from the leaf up. @shape `leaf` below leaves()
  std::vector<Hash> path(std::size_t leaf) const;

 private:
  std::vector<Hash> nodes_;  // level after level, each of an even number but the root's
  std::size_t leaves_ = 0;
  MerkleRule::Odd odd_{};
};

/// How many digests the path of a leaf has.
std::size_t merkle_path_length(MerkleRule::Odd odd, std::size_t leaf, std::size_t leaves) noexcept;

/// The root that a leaf's digest and its path lead to; nothing where the path is not as long as
/// that leaf's is, or there is no such leaf.
std::optional<Hash> merkle_root_from(const MerkleRule& rule, const Hash& digest, std::size_t leaf,
                                     std::size_t leaves, std::span<const Hash> path) noexcept;

}  // namespace wusong::hash
