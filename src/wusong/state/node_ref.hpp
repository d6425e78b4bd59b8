// SPDX-License-Identifier: Apache-2.0
// How a node of a Merkle Patricia trie is named by its parent.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "wusong/base/bytes.hpp"

namespace wusong::state {

/// The hash of a node's RLP, or the RLP itself where that is shorter.
struct NodeRef {
  std::array<std::uint8_t, 32> bytes{};
  std::uint8_t size{0};  // 0: no child; 1..31: RLP; 32: hash

  bool empty() const noexcept { return size == 0; }
  bool is_hash() const noexcept { return size == 32; }
  BytesView view() const noexcept { return {bytes.data(), size}; }
  /// What the root of a trie is called: always a hash. The empty trie's hash for no node.
  Hash root_hash() const noexcept;
  static NodeRef of_hash(const Hash& hash) noexcept;
  static NodeRef of_rlp(BytesView rlp) noexcept;
  friend bool operator==(const NodeRef& a, const NodeRef& b) noexcept {
    return a.size == b.size && std::memcmp(a.bytes.data(), b.bytes.data(), a.size) == 0;
  }
};

using BranchRefs = std::array<NodeRef, 16>;

}  // namespace wusong::state
