// SPDX-License-Identifier: Apache-2.0
// The Merkle Patricia trie on the log: keys of 32 bytes, copy on write.
//
// A branch record holds the whole prefix above it, so what Ethereum calls an extension is not a
// record of its own, and a node that moves up or down keeps its record: only the reference to it,
// which its parent holds, is computed again.
#pragma once

#include <span>

#include "wusong/state/internal/node_log.hpp"
#include "wusong/state/proof.hpp"
#include "wusong/state/subtree.hpp"

namespace wusong::state {

/// What becomes of one key.
struct Change {
  Hash key;
  BytesView value;      // empty: remove
  Position storage{0};  // for accounts
  bool rewrite{false};  // append the leaf again even if nothing changes
};

/// Applies changes, ordered by key and each key once, in one pass: every node above them is loaded,
/// hashed and appended once. Removals of what is not there change nothing.
/// @errors err::corrupt, and what append_node() gives
[[nodiscard]] Result<Link> update_trie(NodeLog& log, const Link& root,
                                       std::span<const Change> changes);

/// Everything below `path` becomes these leaves: ordered by key, all below it.
/// @errors as update_trie()
[[nodiscard]] Result<Link> replace_subtree(NodeLog& log, const Link& root, const TriePath& path,
                                           std::span<const Change> leaves);
/// Of what is below `path` only that stays which lies below a child of `branch`.
/// @errors as update_trie()
[[nodiscard]] Result<Link> keep_children(NodeLog& log, const Link& root, const TriePath& path,
                                         const TrieBranch& branch);
/// The node that holds exactly the keys below `path`; 0 for none.
/// @errors err::corrupt
[[nodiscard]] Result<Position> find_subtree(const NodeLog& log, Position root,
                                            const TriePath& path) noexcept;
/// How a parent that ends before nibble `from` names a node. @errors err::corrupt
[[nodiscard]] Result<NodeRef> name_of(const NodeLog& log, Position at, std::size_t from);

struct FoundLeaf {
  Position at{0};
  Position storage{0};
  BytesView value;  // in the log
};
/// @errors err::corrupt
[[nodiscard]] Result<std::optional<FoundLeaf>> find_leaf(const NodeLog& log, Position root,
                                                         const Hash& key) noexcept;
/// @errors err::corrupt
[[nodiscard]] Result<ProofNodes> prove(const NodeLog& log, Position root, const Hash& key);

}  // namespace wusong::state
