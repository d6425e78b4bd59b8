// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/trie_root.hpp"

#include "wusong/state/internal/node_rlp.hpp"

namespace wusong::state {
namespace {

/// The node that holds `entries`, which share their first `from` nibbles.
NodeRef build(std::span<const TrieEntry> entries, std::size_t from) {
  if (entries.empty()) return {};
  const TrieEntry& first = entries.front();
  if (entries.size() == 1) return leaf_ref(first.key, from, first.value);

  // The order makes the shortest common prefix that of the ends.
  const BytesView last = entries.back().key;
  const std::size_t depth =
      common_nibbles(first.key, last, 2 * std::min(first.key.size(), last.size()));
  BytesView value;
  if (2 * first.key.size() == depth) {
    value = first.value;
    entries = entries.subspan(1);
  }
  BranchRefs children;
  while (!entries.empty()) {
    const std::uint8_t nibble = nibble_at(entries.front().key, depth);
    std::size_t count = 1;
    while (count < entries.size() && nibble_at(entries[count].key, depth) == nibble) ++count;
    children[nibble] = build(entries.first(count), depth + 1);
    entries = entries.subspan(count);
  }
  if (value.empty()) return branch_ref(children, last, from, depth);

  Bytes rlp;
  write_value_branch_rlp(children, value, rlp);
  const NodeRef branch = NodeRef::of_rlp(rlp);
  if (from == depth) return branch;
  std::array<std::uint8_t, kExtensionRlpMax> extension;
  return NodeRef::of_rlp(
      {extension.data(), write_extension_rlp(last, from, depth, branch, extension)});
}

}  // namespace

Hash trie_root(std::span<const TrieEntry> entries) {
  return build(entries, 0).root_hash();
}

}  // namespace wusong::state
