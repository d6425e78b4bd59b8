// SPDX-License-Identifier: Apache-2.0
#include "wusong/coding/internal/merkle.hpp"

#include <cstring>
#include <utility>

namespace wusong::coding::internal {
namespace {

constexpr std::size_t kHashBytes = sizeof(Hash);

/// Nodes of a level, with its zero where it has one.
constexpr std::size_t padded(std::size_t nodes) noexcept {
  return nodes == 1 ? 1 : (nodes + 1) / 2 * 2;
}

}  // namespace

std::vector<Hash> hash_fragments(BytesView fragments, std::size_t fragment_bytes, HashBatch hash) {
  std::vector<BytesView> pieces;
  for (std::size_t start = 0; start < fragments.size(); start += fragment_bytes) {
    BytesView rest = fragments.subspan(start, fragment_bytes);
    for (; rest.size() > kPieceBytes; rest = rest.subspan(kPieceBytes))
      pieces.push_back(rest.first(kPieceBytes));
    pieces.push_back(rest);
  }
  std::vector<Hash> digests(pieces.size());
  hash(pieces, digests);

  std::vector<Hash> leaves(fragments.size() / fragment_bytes);
  std::vector<BytesView> messages(leaves.size());
  const std::size_t each = pieces.size() / leaves.size();
  for (std::size_t i = 0; i < leaves.size(); ++i)
    messages[i] = {digests[i * each].data(), each * kHashBytes};
  hash(messages, leaves);
  return leaves;
}

std::vector<Hash> merkle_tree(std::vector<Hash> leaves, HashBatch hash) {
  std::vector<Hash> tree = std::move(leaves);
  std::vector<BytesView> pairs;
  for (std::size_t start = 0, size = tree.size(); size > 1;) {
    const std::size_t next = start + padded(size);
    const std::size_t parents = padded(size) / 2;
    tree.resize(next + parents);
    pairs.clear();
    for (std::size_t i = start; i < next; i += 2)
      pairs.emplace_back(tree[i].data(), 2 * kHashBytes);
    hash(pairs, std::span{tree}.subspan(next));
    start = next;
    size = parents;
  }
  return tree;
}

void copy_path(const std::vector<Hash>& tree, std::size_t leaves, std::size_t leaf,
               std::uint8_t* path) noexcept {
  for (std::size_t start = 0, size = leaves; size > 1; size = (size + 1) / 2) {
    std::memcpy(path, tree[start + (leaf ^ 1)].data(), kHashBytes);
    path += kHashBytes;
    start += padded(size);
    leaf /= 2;
  }
}

Hash root_from(const Hash& leaf, std::size_t index, BytesView path, HashBatch hash) noexcept {
  Hash node = leaf;
  for (; !path.empty(); path = path.subspan(kHashBytes), index /= 2) {
    const bool is_right = index % 2 != 0;
    std::uint8_t pair[2 * kHashBytes];
    std::memcpy(pair + (is_right ? kHashBytes : 0), node.data(), kHashBytes);
    std::memcpy(pair + (is_right ? 0 : kHashBytes), path.data(), kHashBytes);
    node = hash_one(hash, pair);
  }
  return node;
}

Hash hash_one(HashBatch hash, BytesView message) noexcept {
  Hash digest;
  hash({&message, 1}, {&digest, 1});
  return digest;
}

}  // namespace wusong::coding::internal
