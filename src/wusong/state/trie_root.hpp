// SPDX-License-Identifier: Apache-2.0
// The root of a Merkle Patricia trie built at once from all its entries.
#pragma once

#include <span>

#include "wusong/base/bytes.hpp"

namespace wusong::state {

struct TrieEntry {
  Bytes key;
  Bytes value;  // not empty
};

/// @shape `entries` ordered by key, each key once; keys may be of several lengths
/// @source Ethereum yellow paper, appendix D
Hash trie_root(std::span<const TrieEntry> entries);

}  // namespace wusong::state
