// SPDX-License-Identifier: Apache-2.0
// The RLP of Merkle Patricia nodes, built on the stack.
// @source Ethereum yellow paper, appendices C (hex-prefix) and D (trie)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wusong/base/bytes.hpp"

namespace wusong::state {

/// The nibble at `index` of a key, high half first.
inline std::uint8_t nibble_at(BytesView key, std::size_t index) noexcept {
  const std::uint8_t byte = key[index / 2];
  return index % 2 == 0 ? byte >> 4 : byte & 0x0f;
}
/// Nibbles two keys share from the start, at most `limit`.
std::size_t common_nibbles(BytesView a, BytesView b, std::size_t limit) noexcept;

/// How a parent names a child: the hash of its RLP, or the RLP itself where that is shorter.
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
/// Longest RLP of a branch without value: list prefix, 16 hashes, one empty string.
inline constexpr std::size_t kBranchRlpMax = 3 + 16 * 33 + 1;
/// Longest RLP of an extension: list prefix, path of 33 bytes, hash.
inline constexpr std::size_t kExtensionRlpMax = 2 + 34 + 33;

/// Both return the bytes written to `out`.
std::size_t write_branch_rlp(const BranchRefs& children,
                             std::array<std::uint8_t, kBranchRlpMax>& out) noexcept;
/// Path: nibbles [from, to) of `key`.
std::size_t write_extension_rlp(BytesView key, std::size_t from, std::size_t to,
                                const NodeRef& child,
                                std::array<std::uint8_t, kExtensionRlpMax>& out) noexcept;
/// A leaf with the nibbles of `key` from `from` on. Clears `out` first.
void write_leaf_rlp(BytesView key, std::size_t from, BytesView value, Bytes& out);
/// A branch that holds a value too, as only keys of several lengths have. Clears `out` first.
void write_value_branch_rlp(const BranchRefs& children, BytesView value, Bytes& out);

NodeRef leaf_ref(BytesView key, std::size_t from, BytesView value);
/// The branch at nibble `depth` of `prefix`, behind an extension where `from` is smaller.
NodeRef branch_ref(const BranchRefs& children, BytesView prefix, std::size_t from,
                   std::size_t depth) noexcept;

}  // namespace wusong::state
