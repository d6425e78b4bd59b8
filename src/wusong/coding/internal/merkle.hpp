// SPDX-License-Identifier: Apache-2.0
// A Merkle tree over fragments, of a shape that their number and size alone decide.
//
// A leaf is the hash of the hashes of a fragment's pieces end to end: pieces are hashed many at a
// time, so that a fragment of half a mebibyte is checked as fast as many small ones. A parent is
// the hash of its two children end to end. Where a level has an odd number of nodes, above one, it
// ends in 32 zero bytes. All paths have one length, so a leaf and an inner node cannot be taken for
// each other.
#pragma once

#include <bit>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/coding/dispersal.hpp"

namespace wusong::coding::internal {

constexpr std::size_t path_bytes(std::size_t leaves) noexcept {
  return static_cast<std::size_t>(std::bit_width(leaves - 1)) * sizeof(Hash);
}

/// A fragment's pieces are of this size, but for its last.
inline constexpr std::size_t kPieceBytes = 4096;

/// @shape `fragments` end to end, each of `fragment_bytes`
std::vector<Hash> hash_fragments(BytesView fragments, std::size_t fragment_bytes, HashBatch hash);

/// Level after level; the root is last. @shape at least one leaf
std::vector<Hash> merkle_tree(std::vector<Hash> leaves, HashBatch hash);

/// Siblings from the leaf up. @shape `path` holds path_bytes(leaves)
void copy_path(const std::vector<Hash>& tree, std::size_t leaves, std::size_t leaf,
               std::uint8_t* path) noexcept;

/// The root that a leaf and its path lead to. @shape `path` is whole digests
Hash root_from(const Hash& leaf, std::size_t index, BytesView path, HashBatch hash) noexcept;

/// One message's digest.
Hash hash_one(HashBatch hash, BytesView message) noexcept;

}  // namespace wusong::coding::internal
