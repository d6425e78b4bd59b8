// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/subtree.hpp"

#include <algorithm>
#include <span>

#include "wusong/state/errors.hpp"
#include "wusong/state/internal/node_rlp.hpp"

namespace wusong::state {
namespace {

constexpr std::size_t kKeyNibbles = TriePath::kDepthMax;

/// The node that holds `leaves`, which share their first `from` nibbles.
NodeRef build(std::span<const TrieLeaf> leaves, std::size_t from) {
  const TrieLeaf& first = leaves.front();
  if (leaves.size() == 1) return leaf_ref(first.key, from, first.value);
  // The order makes the shortest common prefix that of the ends.
  const Hash& last = leaves.back().key;
  const std::size_t depth = common_nibbles(first.key, last, kKeyNibbles);
  BranchRefs children;
  while (!leaves.empty()) {
    const std::uint8_t nibble = nibble_at(leaves.front().key, depth);
    std::size_t count = 1;
    while (count < leaves.size() && nibble_at(leaves[count].key, depth) == nibble) ++count;
    children[nibble] = build(leaves.first(count), depth + 1);
    leaves = leaves.subspan(count);
  }
  return branch_ref(children, last, from, depth);
}

Result<NodeRef> ref_of_leaves(const std::vector<TrieLeaf>& leaves, const TriePath& path) {
  if (leaves.empty()) return fail(err::bad_subtree);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].value.empty() || !path.covers(leaves[i].key)) return fail(err::bad_subtree);
    if (i > 0 && !(leaves[i - 1].key < leaves[i].key)) return fail(err::bad_subtree);
  }
  return build(leaves, path.depth);
}

Result<NodeRef> ref_of_branch(const TrieBranch& branch, const TriePath& path) {
  const auto children =
      std::ranges::count_if(branch.children, [](const NodeRef& child) { return !child.empty(); });
  if (children < 2 || branch.depth >= kKeyNibbles || branch.depth < path.depth ||
      !path.covers(branch.prefix))
    return fail(err::bad_subtree);
  return branch_ref(branch.children, branch.prefix, path.depth, branch.depth);
}

}  // namespace

bool TriePath::covers(const Hash& key) const noexcept {
  return common_nibbles(key, nibbles, depth) == depth;
}

TriePath TriePath::child(const Hash& prefix, std::uint8_t depth, std::uint8_t nibble) noexcept {
  TriePath out{.nibbles = {}, .depth = static_cast<std::uint8_t>(depth + 1)};
  std::memcpy(out.nibbles.data(), prefix.data(), (depth + 1u) / 2);
  std::uint8_t& byte = out.nibbles.bytes[depth / 2];
  byte = depth % 2 == 0 ? static_cast<std::uint8_t>(nibble << 4)
                        : static_cast<std::uint8_t>((byte & 0xf0) | nibble);
  return out;
}

Result<NodeRef> ref_of(const Subtree& subtree, const TriePath& path) {
  if (const auto* leaves = std::get_if<std::vector<TrieLeaf>>(&subtree))
    return ref_of_leaves(*leaves, path);
  return ref_of_branch(std::get<TrieBranch>(subtree), path);
}

}  // namespace wusong::state
