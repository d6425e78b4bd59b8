// SPDX-License-Identifier: Apache-2.0
// Parts of a trie that prove themselves: whoever knows how a parent names a subtree can check its
// leaves, or the branch at its top, against that name alone (ADR 0015).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/state/node_ref.hpp"

namespace wusong::state {

/// A place in a trie with keys of 32 bytes: the keys that begin with these nibbles.
struct TriePath {
  static constexpr std::uint8_t kDepthMax = 64;

  Hash nibbles;  // the first `depth` of them; the rest is zero
  std::uint8_t depth{0};

  bool covers(const Hash& key) const noexcept;
  /// One nibble deeper than `depth` nibbles of `prefix`.
  static TriePath child(const Hash& prefix, std::uint8_t depth, std::uint8_t nibble) noexcept;
  friend bool operator==(const TriePath&, const TriePath&) = default;
};

struct TrieLeaf {
  Hash key;
  Bytes value;  // as in the trie, not empty
  friend bool operator==(const TrieLeaf&, const TrieLeaf&) = default;
};

/// A branch with whatever extension is above it.
struct TrieBranch {
  Hash prefix;            // its first `depth` nibbles; the rest is zero
  std::uint8_t depth{0};  // the nibble it decides on, 63 at most
  BranchRefs children;    // two of them at least
  friend bool operator==(const TrieBranch&, const TrieBranch&) = default;
};

/// All the leaves, in order of their keys, or only the branch that they hang from.
using Subtree = std::variant<std::vector<TrieLeaf>, TrieBranch>;

/// How the parent at `path` names this subtree: equal names mean equal leaves.
/// @errors err::bad_subtree  no leaf, out of order, not below the path, an empty value; a branch
///                           that is not below the path or has fewer than two children
[[nodiscard]] Result<NodeRef> ref_of(const Subtree& subtree, const TriePath& path);

/// Parts of one height's tries. Keeps the height readable as long as it lives.
/// @thread one at a time
class TrieReader {
 public:
  virtual ~TrieReader() = default;
  virtual const Hash& root() const noexcept = 0;
  /// What is at `path` of the accounts' trie, or of the storage of the account whose key is
  /// keccak(address): its leaves where keys and values take at most `bytes_max`, else its branch.
  /// A single leaf is always given. Nothing where there is nothing.
  /// @cost what it returns, and up to `bytes_max` of leaves that were too many
  [[nodiscard]] virtual Result<std::optional<Subtree>> subtree(const std::optional<Hash>& account,
                                                               const TriePath& path,
                                                               std::size_t bytes_max) = 0;
  [[nodiscard]] virtual Result<std::optional<Bytes>> code(const Hash& code_hash) = 0;
};

}  // namespace wusong::state
