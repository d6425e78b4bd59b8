// SPDX-License-Identifier: Apache-2.0
#include "wusong/hash/merkle.hpp"

#include <algorithm>
#include <utility>

namespace wusong::hash {
namespace {

constexpr std::size_t kPair = 2 * sizeof(Hash);
/// Messages that are laid out behind their prefixes at a time.
constexpr std::size_t kChunk = 256;

constexpr std::uint8_t kRfc6962Leaf[] = {0};
constexpr std::uint8_t kRfc6962Node[] = {1};

/// Of a level's nodes; any number of them.
constexpr std::size_t parents_of(std::size_t nodes) noexcept {
  return nodes / 2 + nodes % 2;
}
/// Places of a level, with an unused or zero one where its number is odd.
constexpr std::size_t padded(std::size_t nodes) noexcept {
  return nodes == 1 ? 1 : parents_of(nodes) * 2;
}

void hash_behind(BytesView prefix, HashBatch hash, std::span<const BytesView> messages,
                 std::span<Hash> out) {
  if (prefix.empty()) return hash(messages, out);
  Bytes laid_out;
  std::vector<BytesView> views;
  for (std::size_t done = 0; done < messages.size(); done += kChunk) {
    const auto some = messages.subspan(done, std::min(kChunk, messages.size() - done));
    laid_out.clear();
    for (const BytesView each : some) {
      append(laid_out, prefix);
      append(laid_out, each);
    }
    views.clear();
    BytesView rest = laid_out;
    for (const BytesView each : some) {
      views.push_back(rest.first(prefix.size() + each.size()));
      rest = rest.subspan(prefix.size() + each.size());
    }
    hash(views, out.subspan(done, some.size()));
  }
}

/// Whether a level's node has no sibling in the path.
constexpr bool is_alone(MerkleRule::Odd odd, std::size_t node, std::size_t nodes) noexcept {
  return odd == MerkleRule::Odd::promoted && node % 2 == 0 && node + 1 == nodes;
}

}  // namespace

MerkleRule rfc6962_rule(HashBatch hash) noexcept {
  return {hash, kRfc6962Leaf, kRfc6962Node, MerkleRule::Odd::promoted};
}

MerkleTree MerkleTree::of(const MerkleRule& rule, std::span<const BytesView> leaves) {
  std::vector<Hash> digests(leaves.size());
  hash_behind(rule.leaf_prefix, rule.hash, leaves, digests);
  return over(rule, std::move(digests));
}

MerkleTree MerkleTree::over(const MerkleRule& rule, std::vector<Hash> leaves) {
  WUSONG_ASSERT(!leaves.empty());
  MerkleTree out;
  out.leaves_ = leaves.size();
  out.odd_ = rule.odd;
  out.nodes_ = std::move(leaves);
  std::vector<BytesView> pairs;
  for (std::size_t start = 0, size = out.leaves_; size > 1;) {
    const std::size_t next = start + padded(size);
    const std::size_t parents = parents_of(size);
    out.nodes_.resize(next + parents);
    const bool is_promoted = is_alone(rule.odd, size - 1, size);
    pairs.clear();
    for (std::size_t i = start; i < next - (is_promoted ? 2 : 0); i += 2)
      pairs.emplace_back(out.nodes_[i].data(), kPair);
    hash_behind(rule.node_prefix, rule.hash, pairs,
                std::span{out.nodes_}.subspan(next, pairs.size()));
    if (is_promoted) out.nodes_.back() = out.nodes_[next - 2];
    start = next;
    size = parents;
  }
  return out;
}

std::span<const Hash> MerkleTree::level(std::size_t height) const noexcept {
  std::size_t start = 0;
  std::size_t size = leaves_;
  for (; height > 0; --height) {
    WUSONG_ASSERT(size > 1);
    start += padded(size);
    size = parents_of(size);
  }
  return std::span{nodes_}.subspan(start, size);
}

std::vector<Hash> MerkleTree::path(std::size_t leaf) const {
  WUSONG_ASSERT(leaf < leaves_);
  std::vector<Hash> out;
  for (std::size_t start = 0, size = leaves_; size > 1; size = parents_of(size), leaf /= 2) {
    if (!is_alone(odd_, leaf, size)) out.push_back(nodes_[start + (leaf ^ 1)]);
    start += padded(size);
  }
  return out;
}

std::size_t merkle_path_length(MerkleRule::Odd odd, std::size_t leaf, std::size_t leaves) noexcept {
  std::size_t out = 0;
  for (; leaves > 1; leaves = parents_of(leaves), leaf /= 2)
    if (!is_alone(odd, leaf, leaves)) ++out;
  return out;
}

std::optional<Hash> merkle_root_from(const MerkleRule& rule, const Hash& digest, std::size_t leaf,
                                     std::size_t leaves, std::span<const Hash> path) noexcept {
  if (leaf >= leaves || path.size() != merkle_path_length(rule.odd, leaf, leaves)) return {};
  Hash node = digest;
  for (; leaves > 1; leaves = parents_of(leaves), leaf /= 2) {
    if (is_alone(rule.odd, leaf, leaves)) continue;
    Hash pair[2];
    pair[leaf % 2] = node;
    pair[1 - leaf % 2] = path.front();
    path = path.subspan(1);
    const BytesView message{pair[0].data(), kPair};
    hash_behind(rule.node_prefix, rule.hash, {&message, 1}, {&node, 1});
  }
  return node;
}

}  // namespace wusong::hash
